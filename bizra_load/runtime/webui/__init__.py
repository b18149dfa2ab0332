"""Our page in Locust's web UI: what is measured now, and the assessment once there is one."""
