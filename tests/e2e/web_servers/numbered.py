"""A locustfile: each request has a path of its own, so that an access log says which operation it was. From the environment:
OPERATIONS, "read=GET write=POST" and so on, the first part of a path being the operation; FAILED, a folder for the workers'
files of failed operations, lines "PATH REASON" (with --fire-request-events).
"""

import itertools
import os
from pathlib import Path

from gevent import getcurrent
from locust import events, task

from bizra_load import OpenModelUser, StagesShape, register

register()
METHODS = dict(pair.split("=") for pair in os.environ["OPERATIONS"].split())
numbers = itertools.count()
asked = {}  # the path that each greenlet asked for last


@events.request.add_listener
def keep_reason(exception, **_):
    if exception is not None:
        with (Path(os.environ["FAILED"]) / str(os.getpid())).open("a", encoding="utf-8") as file:
            file.write(f"{asked[getcurrent()]} {exception}\n")


class Shape(StagesShape):
    """The ramp and the stages come from the options."""


class Numbered(OpenModelUser):
    def __init__(self, environment):
        super().__init__(environment)
        operations = [(name, METHODS[name], self.operation(name)) for name in METHODS]
        first = next(numbers) % len(operations)  # however few its turns are, all users together do everything
        self._turn = itertools.cycle(operations[first:] + operations[:first])

    @classmethod
    def operation_shares(cls, settings):
        return dict.fromkeys(METHODS, 1 / len(METHODS))

    @task
    def next_one(self) -> None:
        name, method, operation = next(self._turn)
        path = asked[getcurrent()] = f"/{name}/{os.getpid()}-{next(numbers)}"
        body = b'{"n": 1}' if method == "POST" else b""
        self.perform(operation, self.connection.prepare(method, path), body, lambda content: content)
