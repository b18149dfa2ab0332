"""Users that end after some work, one task that raises what nobody expects, and one that waits without an end."""

import gevent
from locust import FastHttpUser, constant, task
from locust.exception import StopUser


class Short(FastHttpUser):
    wait_time = constant(0.02)

    def on_start(self):
        self.left = 20

    @task(5)
    def work(self):
        self.client.get("/items")
        self.left -= 1
        if not self.left:
            raise StopUser

    @task
    def bug(self):
        raise KeyError("price")


class Stuck(FastHttpUser):
    fixed_count = 1

    @task
    def wait(self):
        self.client.get("/slow")
        gevent.sleep(3600)
