"""Locust's idiom: the locustfile says with which exit code its process ends, EXIT_CODE here; or it ends it, by LEAVE."""

import os
import sys

from locust import FastHttpUser, constant, events, task


@events.quitting.add_listener
def on_quitting(environment, **_):
    if code := os.environ.get("EXIT_CODE"):
        environment.process_exit_code = int(code)
    if code := os.environ.get("LEAVE"):
        sys.exit(int(code))


class Visitor(FastHttpUser):
    wait_time = constant(0.05)

    @task
    def browse(self):
        self.client.get("/items")
