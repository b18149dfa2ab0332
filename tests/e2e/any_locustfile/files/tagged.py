"""Tasks by tags, and a user class by name."""

from locust import FastHttpUser, constant, tag, task


class Reader(FastHttpUser):
    wait_time = constant(0.02)

    @tag("read")
    @task
    def read(self):
        self.client.get("/items")

    @tag("write")
    @task
    def write(self):
        self.client.post("/items", json={})


class Never(FastHttpUser):
    @task
    def never(self):
        self.client.get("/never")
