"""What a worker makes of the master's START: it took half of the round trip to arrive.

In a process of its own: importing Locust patches the standard library.
"""

import json
import subprocess
import sys

WORKER = """
import json, time
from types import SimpleNamespace as Some

from locust.event import EventHook
from locust.runners import STATE_INIT, WorkerRunner

from bizra_load.measure.cluster_key import ClusterKey
from bizra_load.measure.exchange import HELLO, START
from bizra_load.runtime import worker_events

UNIX_NS, ELAPSED_NS, TOOK_NS = 10**18, 5 * 10**9, 400_000_000
told, said = {}, []

class Worker(WorkerRunner):
    def __init__(self):
        self.client_id, self.worker_index = "w", 0

    worker_state = STATE_INIT

    def register_message(self, name, handler, concurrent=False):
        told[name] = handler

    def send_message(self, name, data=None, client_id=None):
        said.append(name)

    def __del__(self):
        pass

def made(environment, settings, name, index, run, elapsed_ns, send, key, clock):
    found.update(run=run, elapsed_ns=elapsed_ns, ahead_ns=clock.unix_ns() - UNIX_NS, took_ns=time.perf_counter_ns() - began_ns)

found = {}
worker_events.WorkerRun = Some(start=made)
worker_events.no_statistics = lambda environment: None
key = ClusterKey(b"k" * 32)
events = Some(quitting=EventHook(), heartbeat_received=EventHook())
worker = worker_events.WorkerEvents(Some(runner=Worker(), events=events, parsed_options=None), key)
worker.listen()
worker.test_started()
for _ in range(10):  # a slow answer is asked for again, some times
    began_ns = time.perf_counter_ns()
    signed = {"run": "r", "elapsed_ns": ELAPSED_NS, "unix_ns": UNIX_NS}
    data = signed | {"hello_ns": began_ns - TOOK_NS, "mac": key.sign(START, "r", "w", ELAPSED_NS, UNIX_NS)}
    told[START](None, Some(data=data))
    if found:
        break
print(json.dumps(found | {"hellos": said.count(HELLO)}))
"""


def test_a_start_is_dated_back_by_half_of_its_round_trip():
    done = subprocess.run([sys.executable, "-c", WORKER], capture_output=True, text=True, timeout=60, check=True)
    found = json.loads(done.stdout)
    assert found["run"] == "r"
    assert found["hellos"] == 5  # by a quicker answer the clocks would agree better
    # half of 400 ms, and what passed in this process between the answer and its use
    assert 200e6 <= found["ahead_ns"] <= 200e6 + found["took_ns"]
    assert 200e6 <= found["elapsed_ns"] - 5e9 <= 200e6 + found["took_ns"]
