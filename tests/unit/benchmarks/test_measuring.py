"""A measurement of a generator: what its readings come to, which are workers, and when it is made again."""

import subprocess
import sys

import pytest

from benchmarks.measuring import AGAIN, Reading, Throughput, cpu_ns, throughput, undisturbed

TREE = """
import os, subprocess, sys
depth = int(sys.argv[1])
command = [sys.executable, __file__, str(depth - 1)]
children = [subprocess.Popen(command, stdin=subprocess.PIPE) for _ in range((0, 2, 1)[depth])]
os.write(1, f"{depth} {os.getpid()}\\n".encode())  # at once: others write too
sys.stdin.read()
for child in children:
    child.communicate()
"""


def test_cost_is_by_request_and_slice_and_the_rate_by_the_clock():
    readings = [
        Reading(clock_s=100.0, cpu_s=1.0, workers_ns=500_000_000, served=1_000),
        Reading(clock_s=102.0, cpu_s=2.0, workers_ns=1_300_000_000, served=5_000),
        Reading(clock_s=104.0, cpu_s=3.0, workers_ns=1_500_000_000, served=7_000),
    ]
    result = throughput(readings, began_s=1.8e9, steal=0.01, pressure=0.5)
    assert result == Throughput(1_500.0, 0.5, 0.01, 0.5, 1.8e9, 4.0, (200.0, 100.0))
    assert result.per_cpu_s == 3_000.0


def test_a_slice_in_which_nothing_was_served_is_no_measurement():
    readings = [Reading(0.0, 0.0, 0, 1), Reading(1.0, 1.0, 1, 2), Reading(2.0, 2.0, 2, 2)]
    with pytest.raises(SystemExit, match="nothing was served"):
        throughput(readings, 0.0, 0.0, 0.0)


def test_a_measurement_that_the_hypervisor_spoilt_is_made_again_and_reported(capsys):
    spoilt, good = (Throughput(1.0, 1.0, steal=steal, pressure=0.0) for steal in (0.05, 0.0))
    left = [spoilt, good]
    assert undisturbed(lambda: left.pop(0), "wrk") is good
    assert capsys.readouterr().out == "again: wrk: the hypervisor took 5.0 % of the time\n"
    left = [spoilt] * AGAIN
    assert undisturbed(lambda: left.pop(0), "wrk") is spoilt
    assert left == []


@pytest.mark.processes
def test_workers_are_the_processes_that_started_none(tmp_path):
    """As Locust starts them: bizra-load, then the master, then its forks."""
    script = tmp_path / "tree.py"
    script.write_text(TREE)
    command = [sys.executable, str(script), "2"]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        started = [process.stdout.readline().split() for _ in range(4)]
        workers = [int(pid) for depth, pid in started if depth == "0"]
        before_ns = sum(map(cpu_ns, workers))
        reading = Reading.now(process.pid, lambda: 7)
        after_ns = sum(map(cpu_ns, workers))
        process.stdin.close()
        process.wait(timeout=30)
    assert len(workers) == 2
    assert 0 < before_ns <= reading.workers_ns <= after_ns  # the others took some 20 ms each to start
    assert reading.served == 7
