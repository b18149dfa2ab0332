"""One load generator against one target: requests that the target served and CPU seconds that the generator used."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import psutil

from bizra_load.measure.machine_readings import MachineReader

MEASURE_S = 4.0
SETTLE_S = 1.0
SPOILT = 0.02  # of the time that the hypervisor took: more is no measurement of a generator


@dataclass(frozen=True)
class Throughput:
    """requests_per_s on the wall clock, cpu_share in cores, and what counts for the number of machines: their ratio. Meanwhile
    the hypervisor took `steal` of the time, and something waited for a core in `pressure` of it.
    """

    requests_per_s: float
    cpu_share: float
    steal: float
    pressure: float

    @property
    def per_cpu_s(self) -> float:
        return self.requests_per_s / self.cpu_share

    @property
    def spoilt(self) -> bool:
        """Whether it is no measurement of a generator."""
        return self.steal > SPOILT


def measure(
    command: Sequence[str],
    served: Callable[[], int],
    core: int | None,
    log: Path,
    environment: dict[str, str],
    where: str = "",
) -> Throughput:
    """Start it pinned to one core, in the folder `where`, wait until it loads steadily, measure for MEASURE_S, end it. Raises
    SystemExit with the end of its output when it never gets there.
    """
    pin = (lambda: os.sched_setaffinity(0, {core})) if core is not None else None
    with log.open("w") as out:
        process = subprocess.Popen(
            command, stdout=out, stderr=out, env={**os.environ, **environment}, preexec_fn=pin, start_new_session=True,
            cwd=where or None,
        )  # fmt: skip
        try:
            _until_steady(process, served, log)
            machine, begin, cpu, count = MachineReader("benchmark"), time.monotonic(), cpu_s(process.pid), served()
            time.sleep(MEASURE_S)
            took, others = time.monotonic() - begin, machine.read(0)
            machine.close()
            rate, cores = (served() - count) / took, (cpu_s(process.pid) - cpu) / took
            return Throughput(rate, cores, others.steal, others.pressure)
        finally:
            _end(process)


def _until_steady(process: subprocess.Popen[bytes], served: Callable[[], int], log: Path) -> None:
    """Two half seconds in a row with as many requests, within a tenth."""
    end = time.monotonic() + 30
    last, before = served(), 0
    while time.monotonic() < end:
        time.sleep(SETTLE_S / 2)
        if process.poll() is not None:
            break
        now = served()
        rate, last = now - last, now
        if rate > 500 and before and abs(rate / before - 1) < 0.1:
            return
        before = rate
    raise SystemExit(f"{process.args} never loaded steadily:\n{log.read_text()[-2000:]}")  # type: ignore[str-bytes-safe]


def cpu_s(pid: int) -> float:
    """User and system time of a process and all that it has started."""
    total = 0.0
    for p in [psutil.Process(pid), *psutil.Process(pid).children(recursive=True)]:
        with contextlib.suppress(psutil.NoSuchProcess):
            times = p.cpu_times()
            total += times.user + times.system
    return total


def _end(process: subprocess.Popen[bytes]) -> None:
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGTERM)
    try:
        process.wait(timeout=20)
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()
