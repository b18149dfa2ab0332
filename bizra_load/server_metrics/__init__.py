"""What the server says of itself: read from /metrics, or asked of a Prometheus; one Snapshot type for both."""
