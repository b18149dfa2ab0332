"""Starts the real program as a user would, and reads what it left behind."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Collection, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar

import requests
from prometheus_client.parser import text_string_to_metric_families

from bizra_load.archive.latest import run_folders
from bizra_load.archive.store import read_run
from bizra_load.node.baseline import measure
from bizra_load.rehearsal.node_process import NodeProcess
from sla.estimators.node_baseline import NodeBaseline
from sla.values.measurements import Measurements
from sla.values.window import SCHEDULE

ROOT = Path(__file__).resolve().parents[2]
ATTEMPTS = {
    "generate": ("bizra_poi_generate_total", "bizra_poi_generate_fail_total"),
    "verify": ("bizra_poi_verify_total", "bizra_poi_verify_fail_total"),
    "finality": ("bizra_finality_checks_total",),
}

# of every run: as many workers on any number of cores; the fixture common_baseline adds a baseline
ENVIRONMENT = {"WORKERS": "2"}
HELD_UP = 0.03  # of its time: a machine that takes more from a process is no quiet one
BUSY = ("the machine was busy", "the target waited")  # what a run says of the machine under it


@dataclass
class Ended:
    """A finished run: exit code, output, and the run folder if there is one."""

    code: int
    out: str
    err: str
    folder: Path | None

    @property
    def assessment(self) -> dict[str, Any]:
        assert self.folder is not None, self.err
        assessment: dict[str, Any] = json.loads((self.folder / "assessment.json").read_text())
        return assessment

    def objective(self, key: str) -> dict[str, Any]:
        return next(o for o in self.assessment["objectives"] if o["key"] == key)

    def check(self, key: str) -> dict[str, Any]:
        return next(c for c in self.assessment["checks"] if c["key"] == key)

    @property
    def measurements(self) -> Measurements:
        assert self.folder is not None, self.err
        return read_run(self.folder)[0]

    def finished(self) -> dict[str, int]:
        """Client-side finished operations by name."""
        counts: dict[str, int] = {}
        for w in self.measurements.windows:
            if w.operation != SCHEDULE:
                counts[w.operation] = counts.get(w.operation, 0) + w.finished
        return counts


class Running:
    """`bizra-load run` under way; `prefix`: words of a command that starts it. What a failed test left is ended after
    it (conftest.py), or its processes would fail the tests that follow.
    """

    not_ended: ClassVar[set[Running]] = set()

    def __init__(
        self, out: Path, *arguments: str, environment: dict[str, str] | None = None, prefix: Sequence[str] = ()
    ) -> None:
        self._out = out
        command = [*prefix, sys.executable, "-m", "bizra_load.cli.main", "run", "--out", str(out), *arguments]
        self.process = subprocess.Popen(
            command,
            cwd=ROOT,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            start_new_session=True,
            env={**os.environ, **ENVIRONMENT, **(environment or {})},
        )
        self.not_ended.add(self)

    def wait_for(self, operations: int, *, or_its_end: bool = False) -> Path:
        """Until this many operations are on disk, or if asked until the run has ended; the run folder."""
        what = f"{operations} operations on disk"
        return until(lambda: self._folder_with(0 if or_its_end and self.process.poll() is not None else operations), what)

    def wait_for_the_drain(self) -> Path:
        """Until the load has ended and operations are still under way, which must take seconds; the run folder."""
        return draining(self.wait_for(0))

    def _folder_with(self, operations: int) -> Path | None:
        return next((folder for folder in run_folders(self._out) if kept(folder) >= operations), None)

    def interrupt(self) -> None:
        """Ctrl+C: the whole process group gets it."""
        os.killpg(self.process.pid, signal.SIGINT)

    def workers(self) -> list[int]:
        """Process ids of the Locust workers."""
        master = children(self.process.pid)[0]
        return until(lambda: children(master), "workers")

    def end(self, within_s: float = 90) -> Ended:
        out, err = self.process.communicate(timeout=within_s)
        self.not_ended.discard(self)
        folders = run_folders(self._out)
        return Ended(self.process.returncode, out, err, folders[-1] if folders else None)

    def kill(self) -> None:
        """With its master and workers, and the node of a rehearsal."""
        with suppress(ProcessLookupError):
            os.killpg(self.process.pid, signal.SIGKILL)
        self.end()


def draining(folder: Path) -> Path:
    """A run folder, when its load has ended as planned."""

    def since_ns() -> int:
        ended_ns: int = json.loads((folder / "run.json").read_text())["facts"]["load_ended_ns"]
        return time.time_ns() - ended_ns

    until(lambda: (folder / "run.json").exists() and since_ns() > 200_000_000, "the end of the load")
    return folder


def load(out: Path, node: NodeProcess | None, *arguments: str, **environment: str) -> Ended:
    target = ["-H", node.url, "--metrics-url", node.metrics_url, "--agreement", "local"] if node else []
    return Running(out, *target, *arguments, environment=environment).end()


def load_undisturbed(
    out: Path, node: NodeProcess | None, wanted: Collection[str], *arguments: str, **environment: str
) -> Ended:
    """A run for a test that needs a quiet machine. One without a `wanted` decision, on a machine that was busy by the run's own
    account (not by the generator's doing), kept the node waiting for a core, or is not quiet right after it, is made again once
    the machine is quiet, three times at most; the last one is returned as it is.
    """
    for attempt in range(3):
        wait_for_a_quiet_machine()
        ended = load(out / str(attempt), node, *arguments, **environment)
        account = ended.check("schedule_lag")["reason"]
        if ended.assessment["decision"] in wanted:
            break
        if not any(text in account for text in BUSY) and held_up(2.0) < HELD_UP:
            break
    return ended


def wait_for_a_quiet_machine(within_s: float = 300) -> None:
    """Until a process that does nothing but look at the clock is held up for less than a share HELD_UP of its time, for some
    looks in a row: by other machines on the same host (an idle machine knows nothing of these), or by what else runs on this
    one. No longer than `within_s`: it may never be.
    """
    with suppress(AssertionError):
        until(lambda: all(held_up(0.5) < HELD_UP for _ in range(3)), "a quiet machine", within_s)


def held_up(for_s: float) -> float:
    """Share of so many seconds in which the clock was not looked at for a fifth of a millisecond and longer."""
    began = before = time.perf_counter_ns()
    lost_ns = 0
    while before - began < for_s * 1e9:
        now = time.perf_counter_ns()
        lost_ns += now - before if now - before > 200_000 else 0
        before = now
    return lost_ns / (before - began)


def measured_baseline(path: Path) -> NodeBaseline:
    """What the node's operations take alone here and now, also written to `path` for --baseline: no test knows how fast this
    machine is.
    """
    baseline = measure(1.0)
    path.write_text(baseline.as_json())
    return baseline


def kept(folder: Path) -> int:
    """Right operations on disk so far; a line that is being written does not count yet."""
    path = folder / "windows.jsonl"
    rows = path.read_text().split("\n")[:-1] if path.exists() else []
    return sum(json.loads(row)["ok"] for row in rows)


def children(pid: int) -> list[int]:
    text = Path(f"/proc/{pid}/task/{pid}/children").read_text()
    return [int(p) for p in text.split()]


def attempts(node: NodeProcess) -> dict[str, int]:
    """The node's own counters."""
    values = metric_values(node)
    return {operation: int(sum(values[n, None] for n in names)) for operation, names in ATTEMPTS.items()}


def metric_values(node: NodeProcess) -> dict[tuple[str, str | None], float]:
    """Every sample of the node's /metrics, by name and bucket edge (None for what is no bucket)."""
    text = requests.get(node.metrics_url, timeout=10).text
    return {(s.name, s.labels.get("le")): s.value for f in text_string_to_metric_families(text) for s in f.samples}


def until(condition: Any, what: str, within_s: float = 30) -> Any:
    """What the condition gives once it holds. Asked once more when time is up: this process may have been held up itself."""
    end, asked = time.monotonic() + within_s, 0
    while True:
        last = time.monotonic() > end
        asked += 1
        if met := condition():
            return met
        if last:
            raise AssertionError(f"not within {within_s} s: {what} (looked {asked} times)")
        time.sleep(0.02)
