"""What a worker makes of the master's START: it took half of the round trip to arrive.

In a process of its own: importing Locust patches the standard library.
"""

import json
import subprocess
import sys

import pytest

WORKER = """
import json, time
import gevent
from types import SimpleNamespace as Some

from locust.event import EventHook
from locust.runners import STATE_INIT, WorkerRunner

from bizra_load.measure.cluster_key import ClusterKey
from bizra_load.measure.exchange import DRAIN, HELLO, START
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
    begun.update(run=run, elapsed_ns=elapsed_ns, ahead_ns=clock.unix_ns() - UNIX_NS, took_ns=time.perf_counter_ns() - began_ns)
    recorded = begun["recorded"] = []
    requests = Some(succeeded=lambda *_: False)
    return Some(run_id=run, requests=requests, on_request=lambda done_ns, **event: recorded.append([done_ns, event]),
                drain=lambda hand_over_s: begun.update(drained=True), sender=Some(acknowledged=None))

began_ns = time.perf_counter_ns()
begun = {}
worker_events.WorkerRun = Some(start=made)
worker_events.no_statistics = lambda environment: None
key = ClusterKey(b"k" * 32)
events = Some(quitting=EventHook(), heartbeat_received=EventHook())
worker = worker_events.WorkerEvents(Some(runner=Worker(), events=events, parsed_options=None), key)
worker.listen()
worker.test_started()
def start(hello_ns, elapsed_ns=ELAPSED_NS, unix_ns=UNIX_NS):
    mac = key.sign(START, "r", "w", elapsed_ns, unix_ns)
    data = {"run": "r", "elapsed_ns": elapsed_ns, "unix_ns": unix_ns, "hello_ns": hello_ns, "mac": mac}
    told[START](None, Some(data=data))
"""
SLOW = """
first_ns = time.perf_counter_ns()
for _ in range(10):  # a slow answer is asked for again, some times
    began_ns = time.perf_counter_ns()
    start(began_ns - TOOK_NS)
    if begun:
        break
print(json.dumps(begun | {"hellos": said.count(HELLO), "all_ns": time.perf_counter_ns() - first_ns}))
"""
TOLD_LATE = """
began_ns = time.perf_counter_ns()
start(0, None)  # to all workers, and nobody knows how long it took to this one
unmeasured = dict(begun), said.count(HELLO)
late_ns = 600_000_000  # so long it took: by now the master's clock shows more
start(time.perf_counter_ns() - 1_000_000, None, UNIX_NS + late_ns)
print(json.dumps(begun | {"unmeasured": unmeasured}))
"""
BEGUN_LATE = """
began_ns = time.perf_counter_ns()
worker.pending = False  # Locust has said nothing of the test yet
start(time.perf_counter_ns() - 1_000_000, None, UNIX_NS)
start(0, ELAPSED_NS, UNIX_NS - 600_000_000)  # sent 0.6 s before the master's clock showed what it shows
worker.test_started()
print(json.dumps(begun))
"""
QUICKEST = """
for took_ns in (300_000_000, 40_000_000, 200_000_000, 300_000_000, 300_000_000):  # all of it on the way to the master
    start(time.perf_counter_ns() - took_ns, None, UNIX_NS + time.perf_counter_ns() - began_ns)
    if begun:
        break
print(json.dumps(begun))
"""
EARLY = """
start(0, None)
worker.on_request(name="first", response_time=1.0)
between_ns = time.perf_counter_ns()
worker.on_request(name="second", response_time=2.0)
start(time.perf_counter_ns() - 1_000_000, None)
worker.on_request(name="third", response_time=3.0)
names = [event["name"] for _, event in begun["recorded"]]
in_turn = begun["recorded"][0][0] < between_ns < begun["recorded"][1][0]
print(json.dumps({"names": names, "in_turn": in_turn}))
"""
NO_RESPONSE = """
worker_events.AGAIN_S = 0.01
start(0, None)
worker.on_request(name="kept", response_time=1.0)
with gevent.Timeout(20):
    while not begun:
        gevent.sleep(0.01)
print(json.dumps(begun | {"hellos": said.count(HELLO)}))
"""
ENDED_FIRST = """
start(0, None)
worker.on_request(name="kept", response_time=1.0)
END
print(json.dumps(begun))
"""


def what_becomes_of(scenario):
    done = subprocess.run([sys.executable, "-c", WORKER + scenario], capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def test_a_start_is_dated_back_by_half_of_its_round_trip():
    begun = what_becomes_of(SLOW)
    assert begun["run"] == "r"
    assert begun["hellos"] == 5  # by a quicker answer the clocks would agree better
    # half of 400 ms, and what passed in this process since the answer that was used
    assert 200e6 <= begun["ahead_ns"] <= 200e6 + begun["all_ns"]
    assert 200e6 <= begun["elapsed_ns"] - 5e9 <= 200e6 + begun["all_ns"]


def test_a_worker_that_was_told_late_asks_for_the_time_before_it_labels_anything():
    begun = what_becomes_of(TOLD_LATE)
    assert begun["unmeasured"] == [{}, 2]  # it has not begun; one hello was its own start's
    assert 600e6 <= begun["ahead_ns"] <= 601e6 + begun["took_ns"]


def test_a_schedule_that_begins_while_the_word_of_it_waits_begins_when_the_others_do():
    begun = what_becomes_of(BEGUN_LATE)
    assert 600e6 <= begun["elapsed_ns"] - 5e9 <= 601e6 + begun["took_ns"]


def test_of_slow_round_trips_the_quickest_sets_the_clock():
    """Each clock is wrong by half of its round trip: the one of 40 ms by 20 ms."""
    begun = what_becomes_of(QUICKEST)
    assert begun["ahead_ns"] - begun["took_ns"] == pytest.approx(20e6, abs=5e6)


def test_what_ends_before_the_run_is_there_is_recorded_when_it_is():
    assert what_becomes_of(EARLY) == {"names": ["first", "second", "third"], "in_turn": True}


def test_a_worker_whose_hello_gets_lost_asks_again_and_begins_in_the_end():
    begun = what_becomes_of(NO_RESPONSE)
    assert (begun["run"], begun["hellos"]) == ("r", 7)  # its own start's, the first question, and five more
    assert [event["name"] for _, event in begun["recorded"]] == ["kept"]


@pytest.mark.parametrize("end", ["worker.drain()", "told[DRAIN](None, Some(data={}))"])
def test_a_test_that_ends_before_the_time_is_known_loses_nothing(end):
    begun = what_becomes_of(ENDED_FIRST.replace("END", end))
    assert [event["name"] for _, event in begun["recorded"]] == ["kept"]
    assert begun.get("drained", False) == (end == "worker.drain()")  # the master's word is not signed here
