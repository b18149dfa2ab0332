"""A program: what operations leave to the garbage collector, by how they end; with a stand-in for the connection.

A process of its own, since Locust patches the standard library as it is imported.
"""

import gc
import json
import time
from types import SimpleNamespace

from bizra_load.engine.errors import ResponseTimeout, TransportError
from bizra_load.measure.recorder import Operation
from bizra_load.users import OpenModelUser, WrongAnswer


class Connection:
    """Answers with `status`, or raises `error`."""

    reconnects, last_started, last_sent_ns = 0, True, 0

    def __init__(self, status=200, error=None):
        self.status, self.error = status, error

    def send(self, request, body, started):
        started(time.perf_counter_ns())
        if self.error is not None:
            raise self.error("as planned")
        now_ns = time.perf_counter_ns()
        return SimpleNamespace(status=self.status, body=b"{}", sent_ns=now_ns, done_ns=now_ns)


def user_of(connection):
    class Plain(OpenModelUser):
        abstract = True

    user = Plain.__new__(Plain)
    user.connection, user._reconnects = connection, 0
    user.slot = SimpleNamespace(take=time.perf_counter_ns)
    user.measuring = SimpleNamespace(fire_request_events=False, reconnects=0)
    return user


def refuse(_):
    raise WrongAnswer("not_valid", "as planned")


ENDS = {
    "right": (Connection(), lambda _: True),
    "wrong answer": (Connection(), refuse),
    "status 503": (Connection(status=503), lambda _: True),
    "time-out": (Connection(error=ResponseTimeout), lambda _: True),
    "cut": (Connection(error=TransportError), lambda _: True),
}


def garbage(connection, check):
    """How many objects only a collection finds after 50 operations."""
    user, operation = user_of(connection), Operation("generate")
    user.perform(operation, None, b"", check)
    gc.collect()
    gc.disable()
    for _ in range(50):
        user.perform(operation, None, b"", check)
    found = gc.collect()
    gc.enable()
    return found


if __name__ == "__main__":
    print(json.dumps({name: garbage(*end) for name, end in ENDS.items()}))
