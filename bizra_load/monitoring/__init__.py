"""What watches the node between load tests: alert rules, their drill, dashboards."""
