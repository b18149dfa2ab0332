"""A user who asks for what the service responds to, and from a moment on for what it never does."""

import os
import time

from locust import FastHttpUser, HttpUser, constant, task

from bizra_load import LeanHttpUser

BEGAN, HANG_AFTER_S = time.monotonic(), float(os.environ.get("HANG_AFTER_S", "1e9"))


def path():
    return "/never" if time.monotonic() - BEGAN > HANG_AFTER_S else "/items"


class Fast(FastHttpUser):
    wait_time = constant(0.05)
    network_timeout = connection_timeout = 60.0

    @task
    def read(self):
        self.client.get(path(), name="read")


class Requests(HttpUser):
    wait_time = constant(0.05)

    @task
    def read(self):
        self.client.get(path(), name="read")


class Lean(LeanHttpUser):
    wait_time = constant(0.05)

    @task
    def read(self):
        self.client.get(path(), name="read")
