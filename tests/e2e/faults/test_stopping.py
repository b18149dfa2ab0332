"""Runs that are ended in an unusual way: twice Ctrl+C, a stop time-out, a test shorter than a window. (Once Ctrl+C, SIGTERM and
the web UI: tests/e2e/test_main_job.py and test_with_locust.py.)
"""

import os
import signal

import psutil
import pytest

from bizra_load.rehearsal.node_process import start_node
from tests.e2e.faults.cluster import (
    SHORT,
    SLOW,
    assert_counted,
    counted,
    failed_checks,
    missing_from_reports,
    reported,
    target,
    unknown,
)
from tests.e2e.running import Running, until


def test_ctrl_c_pressed_twice_still_drains_and_judges(tmp_path, node):
    running = Running(tmp_path, *target(node), *SHORT, "--duration", "300s")
    running.wait_for(500)
    running.interrupt()
    running.interrupt()
    ended = running.end(within_s=45)
    assert_counted(ended, node)
    assert ended.measurements.facts.interrupted
    assert ended.check("workers")["status"] == "PASS"
    assert ended.code in (4, 5)
    assert reported(ended) == []


@pytest.mark.parametrize("how", ["Ctrl+C", "SIGTERM twice"])
def test_a_run_that_is_stopped_while_it_drains_anyway_loses_nothing(tmp_path, how):
    with start_node(["--seed", "1", "--fault", "generate.latency=3s"]) as slow:
        running = Running(tmp_path, *target(slow), *SLOW)
        running.wait_for_the_drain()
        for _ in range(2):
            if how == "Ctrl+C":
                running.interrupt()
            else:
                running.process.terminate()
        ended = running.end(within_s=45)
        assert 0 <= missing_from_reports(ended, slow) <= unknown(ended)
    assert reported(ended) == []
    assert ended.measurements.facts.lost_workers == ()
    assert not ended.measurements.facts.interrupted
    assert ended.check("workers")["status"] == "PASS"
    assert list(ended.folder.glob("spool-*")) == []


def test_a_stop_timeout_changes_no_count_and_a_wrong_one_is_refused(tmp_path, node):
    running = Running(tmp_path / "a", *target(node), *SHORT, "--duration", "6s", "--stop-timeout", "5")
    ended = running.end()
    assert_counted(ended, node)
    assert ended.check("workers")["status"] == "PASS"
    refused = Running(tmp_path / "b", *target(node), *SHORT, "--stop-timeout", "soon").end()
    assert refused.code == 6
    assert reported(refused) == [
        "bizra-load run: --stop-timeout: 'soon' (allowed: 0 to 3600 seconds, such as 20, 20s or 1m30s)"
    ]


def test_a_test_shorter_than_a_window_is_counted_to_the_last_operation_and_judges_nothing(tmp_path, node):
    ended = Running(tmp_path, *target(node), *SHORT, "--ramp", "0s", "--duration", "300ms").end()
    assert_counted(ended, node)
    assert 50 <= sum(counted(node).values()) <= 64
    assert ended.code == 5
    assert failed_checks(ended) >= {"data"}
    assert ended.check("counters_generate")["status"] == "PASS"
    assert "no steady part" in " ".join(ended.out.split())


def test_the_master_alone_told_to_stop_ends_every_worker(tmp_path, node):
    running = Running(tmp_path, *target(node), *SHORT, "--duration", "300s")
    running.wait_for(300)
    workers = running.workers()
    os.kill(psutil.Process(workers[0]).ppid(), signal.SIGINT)
    ended = running.end(within_s=45)
    assert_counted(ended, node)
    assert ended.check("workers")["status"] == "PASS"
    until(lambda: not any(os.path.exists(f"/proc/{w}") for w in workers), "the workers have ended")
