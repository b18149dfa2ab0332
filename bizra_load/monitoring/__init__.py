"""Alerts, dashboard, and what a Prometheus is asked outside a load test."""
