"""LeanHttpUser in place of FastHttpUser: all else is as in an ordinary locustfile."""

from locust import constant, task

from bizra_load import LeanHttpUser


class Visitor(LeanHttpUser):
    wait_time = constant(0.02)

    @task(3)
    def browse(self):
        self.client.get("/items")

    @task
    def buy(self):
        with self.client.post("/checkout", json={"item": 1}, name="checkout", catch_response=True) as response:
            if not response.json()["ok"]:
                response.failure("not bought")

    @task
    def fail(self):
        self.client.get("/broken")
