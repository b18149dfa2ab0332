"""Node and workers apart while it is calm: real processes, real cores."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path, PosixPath
from types import SimpleNamespace

import psutil
import pytest

from bizra_load.io.children import die_with_parent
from bizra_load.launch import load, parting
from bizra_load.launch.parting import _waited_ns, parted

CORES = sorted(os.sched_getaffinity(0))
WORKER = "import signal\nsignal.signal(signal.SIGUSR1, lambda *_: exec('while True: pass'))\nwhile True: signal.pause()"
GENERATOR = f"import subprocess, sys\nw = [subprocess.Popen([sys.executable, '-c', {WORKER!r}]) for _ in range(4)]\nw[0].wait()"
WITHIN_S = 60.0

on_two_cores = pytest.mark.skipif(len(CORES) < 2, reason="on one core there is nothing to part")


def until(true: Callable[[], bool]) -> None:
    end = time.monotonic() + WITHIN_S
    while not true():
        assert time.monotonic() < end
        time.sleep(0.02)


def hears(process: int) -> bool:
    """Whether it has a handler for SIGUSR1 (proc(5), SigCgt)."""
    caught = re.search(r"^SigCgt:\s*([0-9a-f]+)", Path(f"/proc/{process}/status").read_text(), re.MULTILINE)
    return bool(caught and int(caught[1], 16) >> (signal.SIGUSR1 - 1) & 1)


class Awaited(PosixPath):
    """How often it was asked for while it was not there."""

    asked = 0

    def exists(self, *args: bool, **more: bool) -> bool:
        there = super().exists(*args, **more)
        Awaited.asked += not there
        return there


@pytest.fixture
def node() -> Iterator[int]:
    process = subprocess.Popen([sys.executable, "-c", "import signal; signal.pause()"], preexec_fn=die_with_parent)
    yield process.pid
    process.kill()
    process.wait()


@pytest.fixture
def generator() -> Iterator[psutil.Process]:
    process = subprocess.Popen([sys.executable, "-c", GENERATOR], preexec_fn=die_with_parent)
    parent = psutil.Process(process.pid)
    until(lambda: len(parent.children()) == 4 and all(hears(worker.pid) for worker in parent.children()))
    yield parent
    for worker in parent.children():
        worker.kill()
    process.kill()
    process.wait()


def cores_of(process: int) -> list[int]:
    return sorted(os.sched_getaffinity(process))


@on_two_cores
def test_apart_while_calm_and_free_again_when_a_worker_waits_for_its_core(
    node: int, generator: psutil.Process, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    two, begun = CORES[-2:], Awaited(tmp_path / "run.json")
    workers = [worker.pid for worker in generator.children()]
    with parted(node, generator.pid, begun, two):
        until(lambda: Awaited.asked > 2)
        assert cores_of(node) == cores_of(workers[0]) == CORES
        begun.touch()
        until(lambda: cores_of(node) == two[1:] and all(cores_of(worker) == two[:1] for worker in workers))
        assert cores_of(generator.pid) == CORES  # the master goes where there is room
        for worker in workers:
            os.kill(worker, signal.SIGUSR1)  # four busy ones on one core
        until(lambda: cores_of(node) == two and all(cores_of(worker) == two for worker in workers))
        until(lambda: "parting" not in {thread.name for thread in threading.enumerate()})
    assert capsys.readouterr().err.splitlines() == [
        f"Cores: the node has core {two[1]} alone, the workers the others, until one of them must wait for its own",
        "Cores: node and workers may use all of them again, since one of them had to wait",
    ]


@on_two_cores
def test_nobody_is_bound_where_this_kernel_counts_no_waiting(
    node: int, generator: psutil.Process, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    begun, thread = tmp_path / "run.json", threading.active_count() + 1
    begun.touch()
    monkeypatch.setattr(parting, "_PROC", tmp_path)
    with parted(node, generator.pid, begun, CORES[-2:]):
        until(lambda: threading.active_count() < thread)  # whoever watches has given up
        assert {tuple(cores_of(p)) for p in (node, *(w.pid for w in generator.children()))} == {tuple(CORES)}


@on_two_cores
def test_nobody_is_bound_while_a_worker_waits_for_a_core(node: int, generator: psutil.Process, tmp_path: Path) -> None:
    begun = tmp_path / "run.json"
    begun.touch()
    workers = [worker.pid for worker in generator.children()]
    places: dict[int, Sequence[int]] = dict.fromkeys(workers, CORES)
    for worker in workers:
        os.sched_setaffinity(worker, CORES[:1])
        os.kill(worker, signal.SIGUSR1)
    until(lambda: min(_waited_ns(places).values()) > 0.5e9)  # they have begun to wait for each other
    before_ns = min(_waited_ns(places).values())
    with parted(node, generator.pid, begun):
        until(lambda: min(_waited_ns(places).values()) > before_ns + 1.5e9)
        assert cores_of(node) == CORES
        assert all(cores_of(worker) == CORES[:1] for worker in workers)


def test_one_core_is_left_alone(node: int, generator: psutil.Process, tmp_path: Path) -> None:
    begun = tmp_path / "run.json"
    begun.touch()
    with parted(node, generator.pid, begun, CORES[:1]):
        assert "parting" not in {thread.name for thread in threading.enumerate()}
        assert cores_of(node) == CORES


@on_two_cores
def test_it_ends_with_the_run_whether_that_began_or_not(node: int, tmp_path: Path) -> None:
    def running() -> bool:
        return "parting" in {thread.name for thread in threading.enumerate()}

    with parted(node, 2**22 - 1, tmp_path / "run.json"):
        assert running()
    assert not running()
    (tmp_path / "run.json").touch()
    with parted(node, 2**22 - 1, tmp_path / "run.json"):  # a generator that has ended
        until(lambda: not running())
    assert cores_of(node) == CORES


def test_a_node_of_our_own_is_parted_from_its_generator_and_another_target_is_not(tmp_path, monkeypatch):
    asked = []
    monkeypatch.setattr(load, "parted", lambda *given: asked.append(given))
    load._apart(SimpleNamespace(process=SimpleNamespace(pid=7)), 9, tmp_path)
    with load._apart(None, 9, tmp_path):
        assert asked == [(7, 9, tmp_path / "run.json")]
