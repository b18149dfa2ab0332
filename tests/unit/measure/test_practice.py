"""The first report of a worker, with and without one practised before it, in turn, each in a new process."""

import subprocess
import sys

ROUNDS = 5
FIRST_REPORT = """
import sys, time
from bizra_load.measure.practice import practise
from bizra_load.measure.recorder import Recorder
from bizra_load.measure.report import ReportMaker

if sys.argv[1] == "practised":
    practise()
recorder = Recorder(0, 0)
operation = recorder.operation("generate")
for at in range(500):
    operation.started(at * 10**6)
    operation.succeeded(at * 10**6 - 1000, at * 10**6, at * 10**6 + 100_000 + at * 977)

def pieces():
    maker = recorder.maker(10**9)
    yield from recorder.steps(maker)
    yield from ReportMaker().steps(maker.windows, [])

longest_ns, steps, left = 0, pieces(), True
while left:
    began_ns = time.thread_time_ns()
    left = next(steps, pieces) is not pieces
    longest_ns = max(longest_ns, time.thread_time_ns() - began_ns)
print(longest_ns)
"""


def _longest_ns(how):
    command = [sys.executable, "-c", FIRST_REPORT, how]
    return int(subprocess.run(command, capture_output=True, text=True, timeout=60, check=True).stdout)


def test_the_longest_piece_of_a_first_report_is_shorter_when_it_was_practised():
    cold_ns, warm_ns = zip(*((_longest_ns("cold"), _longest_ns("practised")) for _ in range(ROUNDS)), strict=True)
    assert min(warm_ns) < min(cold_ns) / 1.2, (cold_ns, warm_ns)  # the least: whatever else runs only adds to them
