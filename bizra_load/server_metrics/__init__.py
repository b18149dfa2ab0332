"""The server's own metrics: read from /metrics, or queried from a Prometheus; one Snapshot type for both."""
