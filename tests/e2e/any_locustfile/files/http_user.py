"""HttpUser, which is on python-requests; on_start logs in."""

from locust import HttpUser, between, task


class Shopper(HttpUser):
    wait_time = between(0.01, 0.03)

    def on_start(self):
        self.client.post("/login", {"user": "a"})

    @task
    def browse(self):
        self.client.get("/items", params={"page": 1}, name="/items")
