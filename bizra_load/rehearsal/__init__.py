"""Whatever starts processes around a load: the reference node, a Prometheus, the alert drill."""
