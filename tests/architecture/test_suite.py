"""How the suite runs itself: which tests run beside each other, in which order, and what its coverage must be."""

import fcntl
import os
import subprocess
import sys
import threading
import time
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.conftest import SharedMachine, _in_turn
from tests.coverage_table import percent, room, table, under_threshold

ROOT = Path(__file__).resolve().parents[2]


@contextmanager
def locked(path, how):
    """Whether the lock could be had at once."""
    with path.open("w") as file:
        try:
            fcntl.flock(file, how | fcntl.LOCK_NB)
            yield True
        except BlockingIOError:
            yield False


def test_many_share_the_machine_or_one_has_it_alone(tmp_path):
    machine = SharedMachine(tmp_path, "x")
    with machine.held(alone=False), machine.held(alone=False), locked(machine._room, fcntl.LOCK_EX) as had:
        assert not had
    with machine.held(alone=True), locked(machine._room, fcntl.LOCK_SH) as had:
        assert not had
    with locked(machine._room, fcntl.LOCK_EX) as had:
        assert had
    machine.remove()
    assert os.listdir(tmp_path) == []


GROUP = """
import os, pathlib, pytest

@pytest.mark.xdist_group("g")
@pytest.mark.parametrize("number", range(20))
def test_which_process(number):
    with pathlib.Path("processes").open("a") as file:
        file.write(os.environ["PYTEST_XDIST_WORKER"] + "\\n")
"""


def test_the_tests_of_a_group_run_in_one_process(tmp_path):
    """By the installed pytest and pytest-xdist, as `make test` asks for: else a fixture of a module is made for each test."""
    (tmp_path / "test_group.py").write_text(GROUP)
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "--dist", "loadgroup", "-n", "2"]
    command += ["-p", "no:locust", "-p", "no:cloudcoil"]  # as in pyproject.toml
    unset = {name: value for name, value in os.environ.items() if not name.startswith("PYTEST_")}
    done = subprocess.run(command, cwd=tmp_path, env=unset, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    processes = (tmp_path / "processes").read_text().split()
    assert (len(processes), len(set(processes))) == (20, 1)


def test_who_waits_to_be_alone_is_not_overtaken(tmp_path):
    machine = SharedMachine(tmp_path, "x")
    entered, leave = threading.Event(), threading.Event()

    def alone():
        with machine.held(alone=True):
            entered.set()
            leave.wait(30)

    waiting = threading.Thread(target=alone)
    with machine.held(alone=False):
        waiting.start()
        end = time.monotonic() + 30
        while time.monotonic() < end:
            with locked(machine._door, fcntl.LOCK_EX) as had:
                if not had:  # it stands in the door: nobody else comes in
                    break
        assert not had
        assert not entered.is_set()
    assert entered.wait(30)
    with locked(machine._room, fcntl.LOCK_SH) as had:
        assert not had
    leave.set()
    waiting.join()


class Item:
    def __init__(self, name):
        self.name = name

    def get_closest_marker(self, marker):
        return marker if marker in self.name.split() else None


def test_long_tests_go_first_quiet_ones_last_and_waiting_is_mixed_with_computing():
    names = ["1", "2", "e2e 1", "e2e 2", "slow 1", "slow 2", "e2e slow 1", "e2e slow 2", "e2e quiet 1", "e2e slow quiet 1"]
    assert [item.name for item in _in_turn([Item(name) for name in names])] == [
        "slow 1", "e2e slow 1", "slow 2", "e2e slow 2", "1", "e2e 1", "2", "e2e 2", "e2e slow quiet 1", "e2e quiet 1",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("target", "words"),
    [
        ("test", "-n 8"),
        (
            "test-fast",
            '-n $(($(nproc) + 1)) -m "not e2e and not slow and not processes" --ignore tests/e2e --ignore tests/calibration',
        ),
    ],
)
def test_both_test_commands_run_groups_in_the_order_of_the_suite(target, words):
    command = ["make", "-n", "-o", "setup-dev", "-o", "debian", target, "ARGS=-k x"]
    shown = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=60, check=True).stdout
    assert f"-m pytest --dist loadgroup --no-loadscope-reorder {words} -k x\n" in shown


def counts(covered_lines, statements, covered_branches=0, branches=0):
    return {
        "covered_lines": covered_lines, "num_statements": statements,
        "covered_branches": covered_branches, "num_branches": branches,
    }  # fmt: skip


def test_coverage_counts_statements_and_branches_by_room():
    assert percent(counts(80, 90, 5, 10)) == 85
    assert percent(counts(0, 0)) == 100
    assert [room(p) for p in ("sla/values/estimate.py", "bizra_load/runtime/webui/page.py", "sla/__init__.py")] == [
        "sla/values", "bizra_load/runtime", "sla",
    ]  # fmt: skip
    lines = table({"sla/values/a.py": counts(50, 100), "sla/values/b.py": counts(100, 100), "reports/c.py": counts(9, 10)})
    assert [" ".join(line.split()) for line in lines[1:]] == [
        "reports 10 0 90.0 %",
        "sla/values 200 0 75.0 %",
        "all 210 0 75.7 %",
    ]


def test_too_little_coverage_is_named():
    enough = {"sla/values/a.py": counts(97, 100), "bizra_load/io/b.py": counts(90, 100, 5, 5)}
    assert under_threshold(enough) == []
    assert under_threshold({**enough, "sla/values/c.py": counts(96, 100), "bizra_load/io/d.py": counts(60, 100)}) == [
        "all: 85.9 % (needed: 92 %)", "sla/values/c.py: 96.0 % (needed: 97 %)",
    ]  # fmt: skip
