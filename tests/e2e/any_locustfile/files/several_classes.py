"""Two user classes with weights, one with a fixed number, each with a host of its own."""

import os

from locust import FastHttpUser, HttpUser, constant, constant_pacing, task


class Many(FastHttpUser):
    host = os.environ.get("SHOP", "")
    weight = 3
    wait_time = constant(0.02)

    @task
    def browse(self):
        self.client.get("/items")


class One(HttpUser):
    host = os.environ.get("SHOP", "")
    fixed_count = 1
    wait_time = constant_pacing(0.05)

    @task
    def watch(self):
        self.client.get("/health")
