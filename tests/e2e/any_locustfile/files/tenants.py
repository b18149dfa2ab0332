"""Requests with a context: of two tenants, and of none."""

import itertools

from locust import FastHttpUser, constant, task

TENANTS = itertools.cycle(("acme", "zeta"))


class Visitor(FastHttpUser):
    wait_time = constant(0.02)

    def context(self):
        return {"tenant": next(TENANTS)}

    @task
    def items(self):
        self.client.get("/items")

    @task
    def ping(self):
        self.client.get("/ping", context={"tenant": None})
