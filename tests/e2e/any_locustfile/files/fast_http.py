"""The commonest of all: FastHttpUser with weighted tasks."""

from locust import FastHttpUser, constant, task


class Visitor(FastHttpUser):
    wait_time = constant(0.02)

    @task(3)
    def browse(self):
        self.client.get("/items")

    @task
    def buy(self):
        self.client.post("/checkout", json={"item": 1}, name="checkout")
