"""Reads its test data for seconds, when it is imported and again when Locust is ready."""

import time

from locust import FastHttpUser, constant, events, task

time.sleep(1.5)  # what a large file takes


@events.init.add_listener
def read_more(environment, **_):
    time.sleep(1.5)


class Visitor(FastHttpUser):
    wait_time = constant(0.02)

    @task
    def browse(self):
        self.client.get("/items")
