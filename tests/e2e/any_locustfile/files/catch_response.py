"""Responses judged by the locustfile: a success that it calls a failure, a failure that it calls a success, a raised one."""

from locust import FastHttpUser, constant, task
from locust.exception import RescheduleTask


class Careful(FastHttpUser):
    wait_time = constant(0.02)

    @task
    def wrong(self):
        with self.client.get("/items", name="wrong", catch_response=True) as response:
            response.failure("the basket is empty")

    @task
    def right(self):
        with self.client.get("/broken", name="right", catch_response=True) as response:
            response.success()

    @task
    def plain(self):
        self.client.get("/broken", name="plain")

    @task
    def raised(self):
        with self.client.get("/items", name="raised", catch_response=True) as response:
            if response.ok:
                response.failure("no price")
                raise RescheduleTask
