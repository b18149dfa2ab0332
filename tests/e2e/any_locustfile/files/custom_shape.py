"""A LoadTestShape of its own: two steps."""

from locust import FastHttpUser, LoadTestShape, constant, task


class Steps(LoadTestShape):
    def tick(self):
        run_time = self.get_run_time()
        if run_time < 2:
            return 2, 10
        return (6, 10) if run_time < 10 else None


class Visitor(FastHttpUser):
    wait_time = constant(0.05)

    @task
    def browse(self):
        self.client.get("/items")
