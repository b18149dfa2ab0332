"""URLs with ids and queries, of one path with GET and POST, and an abstract base class."""

import itertools
import uuid

from locust import FastHttpUser, constant, task

count = itertools.count(1)


class Base(FastHttpUser):
    abstract = True
    wait_time = constant(0.01)


class Visitor(Base):
    @task
    def item(self):
        self.client.get(f"/items/{next(count)}?page={next(count)}")

    @task
    def order(self):
        self.client.post(f"/items/{uuid.uuid4()}", json={})
