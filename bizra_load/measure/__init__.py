"""Samples -> one-second windows -> reports from worker to master. No Locust."""
