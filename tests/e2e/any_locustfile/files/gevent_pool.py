"""A page whose parts a user loads at once, as a browser does."""

import gevent.pool
from locust import FastHttpUser, constant, task


class Browser(FastHttpUser):
    wait_time = constant(0.1)
    concurrency = 4

    @task
    def page(self):
        self.client.get("/", name="page")
        pool = gevent.pool.Pool(4)
        for part in ("a.css", "b.js", "c.png", "d.png"):
            pool.spawn(self.client.get, f"/{part}")
        pool.join()
