"""What an operation leaves behind, with a stand-in for the connection. In a process of its own: importing Locust patches the
standard library."""

import json
import subprocess
import sys

import pytest

OPERATIONS = """
import gc, json, time

import gevent
import numpy as np
from locust.exception import StopUser
from types import SimpleNamespace as Some

from bizra_load.engine.client import PreparedRequest
from bizra_load.engine.core import BaseConnection
from bizra_load.engine.reactor import get_reactor
from bizra_load.engine.errors import GeneratorError, ResponseTimeout, TransportError
from bizra_load.engine.http_parser import Head
from bizra_load.measure.reasons import Reasons
from bizra_load.measure.recorder import Operation
from bizra_load.runtime.users import OpenModelUser, WrongResponse

REQUEST = PreparedRequest("POST", b"POST / HTTP/1.1\\r\\nContent-Length: ")

class Connection(BaseConnection):  # answers with `status`, or raises `error`
    reconnects = 0

    def __init__(self, status=200, error=None, location="", body=b"{}"):
        super().__init__(get_reactor(), 0)
        self.last_started = True
        self.status, self.error, self.location, self.body = status, error, location, body

    def exchange(self, request, body, started):
        started(time.perf_counter_ns())
        if self.error is not None:
            raise self.error("as planned")
        self.last_sent_ns = self.last_done_ns = time.perf_counter_ns()
        self.last_head = Head(self.status, None, False, True, self.location)
        return self.body

class Plain(OpenModelUser):
    abstract = True

def user_of(connection):
    user = Plain.__new__(Plain)
    user.connection, user._reconnects = connection, 0
    user.slot = Some(take=time.perf_counter_ns)
    user.test_run = Some(fire_request_events=False, reconnects=0, request_failed=lambda: None)
    return user

def accept(_):
    return True

def refuse(_):
    raise WrongResponse("not_valid", "as planned")

def deny(body):
    return b"pong" in body

def deny_as_numpy_does(body):
    return np.array([1, 2]).all() & False

def refuse_for(body):
    try:
        return json.loads(body)["balance"]
    except KeyError as error:
        raise WrongResponse("bad_json", "no balance") from error

def look_up(body):
    return json.loads(body)["balance"]

async def wait_for_it(body):
    return True

def one_by_one(body):
    yield True

async def one_by_one_later(body):
    yield True

def give_up(body):
    with gevent.Timeout(0.001):
        gevent.sleep(10)

class Silent(Exception):
    def __str__(self):
        raise ValueError

def fall_silent(body):
    raise Silent

def stop(body):
    raise StopUser

CASES = {
    "correct": (Connection(), accept),
    "wrong response": (Connection(), refuse),
    "wrong response with a cause": (Connection(), refuse_for),
    "check returns False": (Connection(), deny),
    "check returns numpy's False": (Connection(), deny_as_numpy_does),
    "check raises": (Connection(), look_up),
    "check raises what has no text": (Connection(), fall_silent),
    "check is a coroutine function": (Connection(), wait_for_it),
    "check is a generator function": (Connection(), one_by_one),
    "check is an asynchronous generator function": (Connection(), one_by_one_later),
    "check runs into a timer of its own": (Connection(), give_up),
    "no content": (Connection(status=204, body=b""), accept),
    "partial": (Connection(status=206), accept),
    "redirect": (Connection(status=302, location="https://node/login?token=a"), accept),
    "not modified": (Connection(status=304, body=b""), accept),
    "status 503": (Connection(status=503, body=b"<html><head>\\r\\n<title>503 Busy</title>"), accept),
    "no port": (Connection(error=GeneratorError), accept),
    "time-out": (Connection(error=ResponseTimeout), accept),
    "cut": (Connection(error=TransportError), accept),
}
outcomes = {}
for name, (connection, check) in CASES.items():
    user, operation = user_of(connection), Operation("generate", Reasons())
    user.perform(operation, REQUEST, b"", check)
    gc.collect()
    gc.disable()
    for _ in range(50):
        user.perform(operation, REQUEST, b"", check)
    garbage = gc.collect()
    gc.enable()
    cut, samples = operation.cut(2**63 - 1), None
    while samples is None:
        try:
            next(cut)
        except StopIteration as end:
            samples = end.value
    reasons = [[f.reason, f.count] for f in operation._reasons.take(0)]
    counts = {str(category): rows[0].size for category, rows in samples.finished.items() if rows[0].size}
    outcomes[name] = [garbage, reasons, counts]
user, operation = user_of(Connection()), Operation("generate", Reasons())
try:
    user.perform(operation, REQUEST, b"", stop)
except StopUser:
    outcomes["stopped"] = [[f.reason, f.count] for f in operation._reasons.take(0)]
print(json.dumps(outcomes))
"""
NOT_RUN = "the check has not run: it gave back a {} (allowed: def, no yield)"
OUTCOMES = {
    "correct": ("None", None),
    "no content": ("None", None),
    "partial": ("None", None),
    "wrong response": ("not_valid", "as planned"),
    "wrong response with a cause": ("bad_json", "no balance"),
    "check returns False": ("not_valid", "the check returned False"),
    "check returns numpy's False": ("not_valid", "the check returned False"),
    "check raises": ("not_valid", "the check raised KeyError: 'balance'"),
    "check raises what has no text": ("not_valid", "the check raised Silent"),
    "check is a coroutine function": ("not_valid", NOT_RUN.format("coroutine")),
    "check is a generator function": ("not_valid", NOT_RUN.format("generator")),
    "check is an asynchronous generator function": ("not_valid", NOT_RUN.format("async_generator")),
    "check runs into a timer of its own": ("not_valid", "the check raised Timeout: 0.001 seconds"),
    "redirect": ("http_3xx", "status 302, Location: https://node/login?***"),
    "not modified": ("http_3xx", "status 304"),
    "status 503": ("http_5xx", "status 503: 503 Busy"),
    "time-out": ("timeout", "as planned"),
    "no port": ("generator", "as planned"),
    "cut": ("transport", "as planned"),
}


@pytest.fixture(scope="module")
def left_behind():
    done = subprocess.run([sys.executable, "-c", OPERATIONS], capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


@pytest.mark.parametrize("case", OUTCOMES)
def test_no_operation_leaves_garbage_that_only_the_collector_finds(left_behind, case):
    """A collection stops the loop, the longer the more there is: at 50 % errors it was over a millisecond every second."""
    garbage, reasons, counted = left_behind[case]
    category, reason = OUTCOMES[case]
    assert counted == {category: 51}  # it was what the case says
    assert reasons == ([[reason, 51]] if reason else [])
    assert garbage == 0


def test_a_check_that_ends_its_user_does_and_its_operation_has_failed(left_behind):
    assert left_behind["stopped"] == [["the check raised StopUser", 1]]
