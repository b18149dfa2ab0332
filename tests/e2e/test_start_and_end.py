"""How a run begins and ends: every user is there before the first arrival, arrivals go first, scripts find the answer."""

import os
import signal
import socket
import subprocess
import sys
from contextlib import suppress
from itertools import takewhile

import psutil
import pytest

from bizra_load.exit_codes import INVALID
from bizra_load.io.ports import free_port
from tests.e2e.running import ROOT, Running, children, load, until

MINE = """
from locust import FastHttpUser, task

class Mine(FastHttpUser):
    @task
    def go(self):
        self.client.get("/")
"""
QUICK = ("--target-ops", "200", "--ramp", "0s", "--duration", "2s")


@pytest.mark.parametrize("workers", ["1", "2"])
def test_a_thousand_users_lose_no_arrival_of_a_schedule_that_begins_at_its_full_rate(tmp_path, node, workers):
    rate = ("--target-ops", "500", "--ops-per-user", "0.5", "--ramp", "0s", "--duration", "4s")
    ended = load(tmp_path, node, *rate, "--workers", workers)
    windows = ended.measurements.windows
    assert sum(w.planned for w in windows) == 2000, ended.err  # two arrivals for each user
    assert sum(ended.finished().values()) + sum(w.unsent for w in windows) == 2000
    facts = ended.measurements.facts
    assert facts.load_ended_ns - facts.load_started_ns == 4 * 10**9
    assert not facts.interrupted


def test_a_script_finds_the_newest_run_and_the_code_it_ended_with(tmp_path, node):
    for _ in range(2):
        ended = load(tmp_path, node, *QUICK)
        assert (tmp_path / "latest").resolve() == ended.folder
        assert os.readlink(tmp_path / "latest") == ended.folder.name
        assert (tmp_path / "latest/exit-code").read_text() == f"{ended.code}\n"
    wrong = load(tmp_path, node, "--duration", "0s")
    assert wrong.code == 6
    assert not (tmp_path / "latest").exists()


def test_a_run_under_way_is_the_latest_when_it_ends_though_another_was_refused_meanwhile(tmp_path, node):
    running = Running(tmp_path, "-H", node.url, *QUICK, "--duration", "30s")
    running.wait_for(10)
    refused = load(tmp_path, node, "--target-opz", "5")
    assert refused.code == 6
    assert not (tmp_path / "latest").exists()
    running.interrupt()
    ended = running.end()
    assert (tmp_path / "latest").resolve() == ended.folder
    assert (tmp_path / "latest/exit-code").read_text() == f"{ended.code}\n"


def test_workers_go_before_the_master_on_a_machine_they_share(tmp_path, node):
    running = Running(tmp_path, "-H", node.url, *QUICK, "--duration", "30s")
    running.wait_for(10)
    [master] = children(running.process.pid)
    workers = running.workers()
    own = psutil.Process().nice()
    assert [psutil.Process(w).nice() for w in workers] == [own, own]
    assert psutil.Process(master).nice() == min(own + 5, 19)
    assert [os.sched_getscheduler(w) for w in workers] == [os.SCHED_OTHER, os.SCHED_OTHER]
    assert os.sched_getscheduler(master) == os.SCHED_BATCH  # a report does not push the worker that sends it off its core
    running.interrupt()
    running.end()


def test_ctrl_c_before_the_first_arrival_ends_in_good_order(tmp_path, node):
    running = Running(tmp_path, "-H", node.url, *QUICK, "--duration", "30s")
    until(lambda: list(tmp_path.glob("2*/run.json")), "the record")
    running.interrupt()
    ended = running.end(within_s=40)
    assert "Traceback" not in ended.err, ended.err
    assert ended.code in (4, 5)
    assert (ended.folder / "exit-code").read_text() == f"{ended.code}\n"


def test_how_many_workers_there_are_is_said_unless_the_user_said_it(tmp_path, node):
    by_itself = load(tmp_path, node, *QUICK, WORKERS="")
    [line] = [line for line in by_itself.err.splitlines() if line.startswith("Workers: ")]
    assert line.startswith("Workers: 1 (200 ops/s; ")
    assert len(by_itself.measurements.facts.workers) == 1
    asked_for = load(tmp_path, node, *QUICK, "--workers", "3")
    assert "Workers: " not in asked_for.err
    assert len(asked_for.measurements.facts.workers) == 3


@pytest.mark.parametrize("how", ["Ctrl+C", "SIGTERM"])
def test_a_master_whose_workers_do_not_come_ends_on_a_signal(tmp_path, node, how):
    """Locust's own wait, which follows ours, is for a minute; then it says that it gave up."""
    (tmp_path / "mine.py").write_text(MINE)
    words = ("--master", "--expect-workers", "2", "--master-bind-port", str(free_port()), "--loglevel", "INFO")
    running = Running(tmp_path / "runs", "-f", str(tmp_path / "mine.py"), "-H", node.url, "-u", "2", "-t", "5", *words)
    seen = list(takewhile(lambda line: "Waiting for workers to be ready" not in line, running.process.stderr))
    assert "Gave up" not in "".join(seen)
    if how == "Ctrl+C":
        running.interrupt()
    else:
        running.process.send_signal(signal.SIGTERM)
    done = running.end(within_s=40)
    assert done.code == INVALID
    name = "SIGINT" if how == "Ctrl+C" else "SIGTERM"
    assert f"ended by {name} before the load began: " in done.err
    assert "Gave up" not in done.err
    assert "Traceback" not in done.err


@pytest.mark.parametrize("how", ["Ctrl+C", "SIGTERM"])
def test_a_worker_without_a_master_ends_on_a_signal_with_its_number(tmp_path, how):
    (tmp_path / "mine.py").write_text(MINE)
    with socket.create_server(("127.0.0.1", 0)) as master:  # that never says anything
        master.settimeout(30)
        words = ["run", "-f", "mine.py", "--worker", "--master-port", str(master.getsockname()[1])]
        worker = subprocess.Popen(
            [sys.executable, "-m", "bizra_load.cli.main", *words],
            cwd=tmp_path,
            env={**os.environ, "PYTHONPATH": str(ROOT)},
            stderr=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )
        try:
            master.accept()[0].close()  # of a process that is there, and has imported all it needs
            if how == "Ctrl+C":
                os.killpg(worker.pid, signal.SIGINT)
            else:
                worker.send_signal(signal.SIGTERM)
            err = worker.communicate(timeout=30)[1]
        finally:
            with suppress(ProcessLookupError):
                os.killpg(worker.pid, signal.SIGKILL)
    assert worker.returncode == 128 + (signal.SIGINT if how == "Ctrl+C" else signal.SIGTERM)
    assert "Traceback" not in err
