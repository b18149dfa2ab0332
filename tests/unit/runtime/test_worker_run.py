"""How a worker makes its reports: at its own phase of the second, in many small pieces, between which others have their turn.

In a process of its own: importing Locust patches the standard library.
"""

import json
import statistics
import subprocess
import sys

import pytest

REPORTS = 4  # of each of the two workers
TWO_WORKERS = """
import json, random, sys, time
from types import SimpleNamespace as Some

import gevent
from locust.env import Environment

import bizra_load.runtime.worker_run
from bizra_load.engine.quiet import QuietMoments, phase_of
from bizra_load.measure.clock import SteadyClock
from bizra_load.measure.cluster_key import ClusterKey
from bizra_load.measure.seconds import SECOND_NS
from bizra_load.settings.settings import resolve

timings = {"pieces_cpu_ns": [], "after_phase_s": [[], []], "turns_of_others": []}
turns, rng = [0], random.Random(1)

class Watched(QuietMoments):
    def run(self, steps):
        timings["pieces_cpu_ns"].append([])
        before = turns[0]
        super().run(self.timed(steps, timings["pieces_cpu_ns"][-1]))
        timings["turns_of_others"].append(turns[0] - before)

    def timed(self, steps, taken_ns):
        while True:
            began_ns = time.thread_time_ns()
            ended = next(steps, self) is self
            taken_ns.append(time.thread_time_ns() - began_ns)
            if ended:
                return
            yield

def worker(index):
    clock = SteadyClock()
    arguments = Environment(), resolve(None), str(index), index, "r", None, lambda _: None, ClusterKey(), clock
    made = bizra_load.runtime.worker_run.WorkerRun.start(*arguments)
    maker = made.recorder.maker

    def begins(*when):  # a report
        timings["after_phase_s"][index].append((clock.unix_ns() / SECOND_NS - phase_of(index)) % 1)
        return maker(*when)

    made.recorder.maker = begins
    return made

def others():
    while True:
        turns[0] += 1
        gevent.sleep(0.0005)

bizra_load.runtime.worker_run.QuietMoments = Watched
workers = [worker(0), worker(1)]
gevent.spawn(others)
while min(map(len, timings["after_phase_s"])) <= int(sys.argv[1]):
    for w in workers:  # about ten thousand samples a second
        for name in range(12):
            operation, now_ns = w.recorder.operation(str(name)), time.perf_counter_ns()
            for _ in range(75):
                operation.started(now_ns)
                operation.succeeded(now_ns - 100_000, now_ns, now_ns + int(rng.lognormvariate(12, 1)))
    gevent.sleep(0.09)
print(json.dumps(timings))
"""


@pytest.fixture(scope="module")
def timings():
    command = [sys.executable, "-c", TWO_WORKERS, str(REPORTS)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def test_each_worker_reports_at_its_own_phase_of_the_second(timings):
    """A report at the second's edge would come 0.9 s after the first worker's phase and 0.5 s after the second's."""
    for after_s in timings["after_phase_s"]:
        assert min(after_s) < 0.4  # how late the others are is the machine's


def test_a_report_is_many_pieces_and_none_of_them_is_much_of_the_whole(timings):
    full = timings["pieces_cpu_ns"][2:-1]  # the first ones hold what came before a whole second was over
    assert len(full) >= REPORTS
    assert statistics.median(len(taken_ns) for taken_ns in full) > 50
    assert statistics.median(max(taken_ns) / sum(taken_ns) for taken_ns in full) < 1 / 16


def test_others_have_their_turn_all_through_a_report(timings):
    assert min(timings["turns_of_others"][2:], default=0) > 10


SETTLING = """
import gc, json, time
from types import SimpleNamespace as Some

import gevent

from locust.env import Environment

import bizra_load.runtime.worker_run as worker_run
from bizra_load.measure.clock import SteadyClock
from bizra_load.measure.cluster_key import ClusterKey
from bizra_load.settings.settings import resolve

events = []
practise, freeze = worker_run.practise, gc.freeze

def practised():
    events.append(["practised", made.schedule.start_ns - time.perf_counter_ns()])
    practise()

def frozen():
    events.append(["frozen", made.schedule.start_ns - time.perf_counter_ns()])
    freeze()

worker_run.practise, worker_run.gc = practised, Some(collect=gc.collect, freeze=frozen, set_threshold=gc.set_threshold)
clock = SteadyClock()
made = worker_run.WorkerRun.start(Environment(), resolve(None), "w", 0, "r", None, lambda _: None, ClusterKey(), clock)
made.begin(-1_500_000_000, clock.unix_ns() - 500_000_000)  # half a second ago: the first arrival is due in a second
while len(events) < 2:
    gevent.sleep(0.01)
print(json.dumps(events))
"""


def test_a_report_is_practised_before_the_load_and_what_that_left_is_frozen():
    command = [sys.executable, "-c", SETTLING]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stderr
    (first, left_ns), (second, _) = json.loads(done.stdout)
    assert (first, second) == ("practised", "frozen")
    assert left_ns > 0  # 0.3 s before the first arrival, or as soon as the machine lets it


BROKEN_REPORT = """
import json, time
from types import SimpleNamespace as Some

from locust.env import Environment

import bizra_load.runtime.worker_run as worker_run
from bizra_load.measure.clock import SteadyClock
from bizra_load.measure.cluster_key import ClusterKey
from bizra_load.measure.report import decode_report
from bizra_load.settings.settings import resolve

class Broken:
    def steps(self, *rows):
        raise RuntimeError("no such second")
        yield

def one_ends():
    now_ns = time.perf_counter_ns()
    made.recorder.operation("generate").succeeded(now_ns - 2, now_ns - 1, now_ns)

clock, sent = SteadyClock(), []
arguments = Environment(), resolve(None), "w", 0, "r", None, lambda _: None, ClusterKey(), clock
made = worker_run.WorkerRun.start(*arguments)
made._reporter.kill()
made.sender.report = lambda data, final: sent.append(data)
real, worker_run.ReportMaker = worker_run.ReportMaker, Broken
could = [made._reported(everything=False)]
worker_run.ReportMaker = real
one_ends()
could.append(made._reported(everything=True))
[report] = [decode_report("w", 0, True, data) for data in sent]
print(json.dumps([could, sum(w.ok for w in report.windows), sum(h.report_errors for h in report.health)]))
"""


def test_a_report_that_cannot_be_made_is_said_and_the_next_one_counts_it():
    command = [sys.executable, "-c", BROKEN_REPORT]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout) == [[False, True], 1, 1]
    assert done.stderr == "bizra-load: a report of w could not be made: RuntimeError('no such second')\n"
