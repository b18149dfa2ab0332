"""What an operation leaves behind, with a stand-in for the connection. In a process of its own: importing Locust patches the
standard library."""

import json
import subprocess
import sys

import pytest

OPERATIONS = """
import gc, json, time
from types import SimpleNamespace as Some

from bizra_load.engine.errors import ResponseTimeout, TransportError
from bizra_load.measure.recorder import Operation
from bizra_load.runtime.users import OpenModelUser, WrongResponse

class Connection:  # answers with `status`, or raises `error`
    reconnects, last_started, last_sent_ns = 0, True, 0

    def __init__(self, status=200, error=None):
        self.status, self.error = status, error

    def send(self, request, body, started):
        started(time.perf_counter_ns())
        if self.error is not None:
            raise self.error("as planned")
        now_ns = time.perf_counter_ns()
        return Some(status=self.status, body=b"{}", sent_ns=now_ns, done_ns=now_ns)

class Plain(OpenModelUser):
    abstract = True

def user_of(connection):
    user = Plain.__new__(Plain)
    user.connection, user._reconnects = connection, 0
    user.slot = Some(take=time.perf_counter_ns)
    user.test_run = Some(fire_request_events=False, reconnects=0)
    return user

def accept(_):
    return True

def refuse(_):
    raise WrongResponse("not_valid", "as planned")

CASES = {
    "correct": (Connection(), accept),
    "wrong response": (Connection(), refuse),
    "status 503": (Connection(status=503), accept),
    "time-out": (Connection(error=ResponseTimeout), accept),
    "cut": (Connection(error=TransportError), accept),
}
found = {}
for name, (connection, check) in CASES.items():
    user, operation = user_of(connection), Operation("generate")
    user.perform(operation, None, b"", check)
    gc.collect()
    gc.disable()
    for _ in range(50):
        user.perform(operation, None, b"", check)
    garbage = gc.collect()
    gc.enable()
    samples = operation.cut(2**63 - 1)
    found[name] = [garbage, {str(category): rows[0].size for category, rows in samples.finished.items() if rows[0].size}]
print(json.dumps(found))
"""
OUTCOMES = {
    "correct": "None",
    "wrong response": "not_valid",
    "status 503": "http_5xx",
    "time-out": "timeout",
    "cut": "transport",
}


@pytest.fixture(scope="module")
def left_behind():
    done = subprocess.run([sys.executable, "-c", OPERATIONS], capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


@pytest.mark.parametrize("case", OUTCOMES)
def test_no_operation_leaves_garbage_that_only_the_collector_finds(left_behind, case):
    """A collection stops the loop, the longer the more there is: at 50 % errors it was over a millisecond every second."""
    garbage, counted = left_behind[case]
    assert counted == {OUTCOMES[case]: 51}  # it was what the case says
    assert garbage == 0
