"""A checked request for load -> Locust's processes on this machine -> a run folder."""
