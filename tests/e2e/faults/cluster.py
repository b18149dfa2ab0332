"""A master and workers started by hand, each a process of its own that a test can hurt; what the run said and kept."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
from pathlib import Path
from types import TracebackType
from typing import Any

import psutil

from bizra_load.archive.latest import run_folders
from bizra_load.io.ports import free_port
from bizra_load.rehearsal.node_process import NodeProcess
from tests.e2e.running import ROOT, Ended, attempts, draining, kept, until

ASSESS = (sys.executable, "-m", "bizra_load.cli.main", "assess")
SHORT = ("-f", "locustfiles/poi.py", "--target-ops", "200", "--ramp", "1s", "--duration", "8s", "--request-timeout", "2s")
SHORT += ("--allow", "schedule-lag")  # of a machine that others use too: no fault is told by it
# with answers that take three seconds: the drain lasts as long
SLOW = (*SHORT, "--target-ops", "40", "--ramp", "0s", "--duration", "2s", "--ops-per-user", "0.5", "--request-timeout", "6s")
_EVERY_RUN = re.compile(
    r"Before the load: |No target given|Workers: |Cores: |Baseline[,:] |Stopping early|\s*\d+ s  |.*: \d+ s so far$|\s*$"
)


def target(node: NodeProcess, url: str | None = None) -> tuple[str, ...]:
    """Options that point at the node, or at `url` in front of it."""
    return ("-H", url or node.url, "--metrics-url", node.metrics_url, "--agreement", "local")


def reported(ended: Ended) -> list[str]:
    """What a user read on standard error besides what every run says; no traceback is ever among it."""
    assert "Traceback" not in ended.err, ended.err
    return [line for line in ended.err.splitlines() if not _EVERY_RUN.match(line)]


def the_line(ended: Ended) -> str:
    """The only one of those."""
    lines = reported(ended)
    assert len(lines) == 1, ended.err
    return lines[0]


def failed_checks(ended: Ended) -> set[str]:
    return {c["key"] for c in ended.assessment["checks"] if c["status"] == "FAIL"}


def counted(node: NodeProcess) -> dict[str, int]:
    """The node's own counters of what poi.py does."""
    return {operation: count for operation, count in attempts(node).items() if operation != "finality"}


def unknown(ended: Ended) -> int:
    """Operations that ended without any response: whether the node counted them nobody knows. On a machine that stops for as
    long as a request may take there are some, whatever a test does to the run.
    """
    return sum(w.failed.get("timeout", 0) + w.failed.get("transport", 0) for w in ended.measurements.windows)


def assert_counted(ended: Ended, node: NodeProcess) -> None:
    """The node counted what the client did, each operation once."""
    finished, by_node = ended.finished(), counted(node)
    assert finished.keys() == by_node.keys()
    ahead = {operation: finished[operation] - count for operation, count in by_node.items()}
    assert min(ahead.values()) >= 0, (finished, by_node)
    assert sum(ahead.values()) <= unknown(ended), (finished, by_node, unknown(ended))


def missing_from_reports(ended: Ended, node: NodeProcess) -> int:
    """Operations that the node counted and that no report holds with a response."""
    return sum(attempts(node).values()) - sum(ended.finished().values()) + unknown(ended)


def assess(folder: Path, *arguments: str) -> Ended:
    """`bizra-load assess` on a run folder."""
    done = subprocess.run([*ASSESS, str(folder), *arguments], cwd=ROOT, capture_output=True, text=True, check=False, timeout=60)
    return Ended(done.returncode, done.stdout, done.stderr, folder)


class Cluster:
    """Context manager; what still runs at its end is killed."""

    def __init__(
        self, out: Path, *options: str, workers: int = 2, prefix: tuple[str, ...] = (), host: str = "127.0.0.1"
    ) -> None:
        self.out, self.host, self.port = out, host, free_port()
        file = options[options.index("-f") + 1]
        self._locust = [sys.executable, "-m", "locust", "-f", file, "--loglevel", "WARNING"]
        rest = [o for n, o in enumerate(options) if o != "-f" and (n == 0 or options[n - 1] != "-f")]
        command = [*prefix, *self._locust, "--master", "--headless", "--only-summary", "--expect-workers", str(workers)]
        command += ["--master-bind-host", host, "--master-bind-port", str(self.port), "--out", str(out), *rest]
        command += ["--json-file", str(out.parent / "locust-stats")]  # instead of tables
        self.workers: list[subprocess.Popen[str]] = []
        self.master = self._start(command, {})

    def worker(self, port: int = 0, prefix: tuple[str, ...] = (), **environment: str) -> subprocess.Popen[str]:
        """Start one; `port`: of a proxy in front of the master."""
        command = [*prefix, *self._locust, "--worker", "--master-host", self.host, "--master-port", str(port or self.port)]
        self.workers.append(self._start(command, environment))
        return self.workers[-1]

    def _start(self, command: list[str], environment: dict[str, str]) -> subprocess.Popen[str]:
        pipes: dict[str, Any] = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True}
        return subprocess.Popen(command, cwd=ROOT, env={**os.environ, **environment}, start_new_session=True, **pipes)

    def wait_for(self, operations: int) -> Path:
        return until(
            lambda: next((f for f in run_folders(self.out) if kept(f) >= operations), None),
            f"{operations} operations on disk",
        )

    def wait_for_the_drain(self) -> Path:
        """Until the load has ended; the run folder."""
        return draining(self.wait_for(0))

    def end(self, within_s: float = 90) -> Ended:
        """When the master has ended."""
        out, err = self.master.communicate(timeout=within_s)
        folders = run_folders(self.out)
        return Ended(self.master.returncode, out, err, folders[-1] if folders else None)

    def __enter__(self) -> Cluster:
        return self

    def __exit__(self, kind: type[BaseException] | None, value: BaseException | None, tb: TracebackType | None) -> None:
        for process in (self.master, *self.workers):
            for each in [*_descendants(process.pid), process]:
                if each.poll() is None if isinstance(each, subprocess.Popen) else each.is_running():
                    each.send_signal(signal.SIGCONT)
                    each.kill()
            process.communicate()


def _descendants(pid: int) -> list[psutil.Process]:
    try:
        return psutil.Process(pid).children(recursive=True)
    except psutil.NoSuchProcess:
        return []


def sequences(folder: Path) -> dict[str, int]:
    """Highest report number of each worker in the run's own files."""
    highest: dict[str, int] = {}
    for line in (folder / "health.jsonl").read_text().split("\n")[:-1]:  # one that is being written does not count yet
        row = json.loads(line)
        highest[row["worker"]] = max(highest.get(row["worker"], -1), row["sequence"])
    return highest
