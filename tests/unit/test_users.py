"""What an operation leaves behind, with a stand-in for the connection."""

import gc
import time
from types import SimpleNamespace

import pytest

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


@pytest.mark.parametrize(
    ("connection", "check"),
    [
        (Connection(), lambda _: True),
        (Connection(), refuse),
        (Connection(status=503), lambda _: True),
        (Connection(error=ResponseTimeout), lambda _: True),
        (Connection(error=TransportError), lambda _: True),
    ],
    ids=["right", "wrong answer", "status 503", "time-out", "cut"],
)
def test_no_operation_leaves_garbage_that_only_the_collector_finds(connection, check):
    """A collection stops the loop, the longer the more there is: at 50 % errors it was over a millisecond every second."""
    user, operation = user_of(connection), Operation("generate")
    user.perform(operation, None, b"", check)
    gc.collect()
    gc.disable()
    try:
        for _ in range(50):
            user.perform(operation, None, b"", check)
        assert gc.collect() == 0
    finally:
        gc.enable()
