"""All of a release's validation with one command: dashboard, load test, metrics, decision."""
