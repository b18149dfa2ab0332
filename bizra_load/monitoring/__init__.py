"""What watches the node between load tests: alert rules, panels, dashboards, Grafana."""
