"""Web servers as they are installed, each with a configuration of a test's own, and what their access logs hold."""
