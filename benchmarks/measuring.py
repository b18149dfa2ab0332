"""One load generator against one target: requests that the target served and CPU seconds that the generator used."""

from __future__ import annotations

import contextlib
import itertools
import os
import signal
import subprocess
import time
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import psutil

from bizra_load.measure.machine_readings import MachineReader

MEASURE_S = 4.0
SETTLE_S = 1.0
SPOILT = 0.02  # of the time that the hypervisor took: more is no measurement of a generator
AGAIN = 3  # times that a spoilt measurement is made again
LEAST_PER_S = 1000.0  # under this a generator that shall load fully has not begun yet


@dataclass(frozen=True)
class Throughput:
    """requests_per_s on the wall clock, cpu_share in cores, and what counts for the number of machines: their ratio. Meanwhile
    the hypervisor took `steal` of the time, and something waited for a core in `pressure` of it. It began at `began_s` (epoch)
    and took `took_s`. `worker_us` is the CPU time of our workers by request, in each slice of that time.
    """

    requests_per_s: float
    cpu_share: float
    steal: float
    pressure: float
    began_s: float = 0.0
    took_s: float = 0.0
    worker_us: tuple[float, ...] = ()

    @property
    def per_cpu_s(self) -> float:
        return self.requests_per_s / self.cpu_share

    @property
    def spoilt(self) -> bool:
        """Whether it is no measurement of a generator."""
        return self.steal > SPOILT


@dataclass(frozen=True)
class Process:
    """How a generator is started: its command, the cores that it may use (none given: all), where its output goes, what its
    environment has besides, in which folder ("": this one), and by which signal it is ended.
    """

    command: Sequence[str]
    cores: Collection[int]
    log: Path
    environment: Mapping[str, str] = field(default_factory=dict)
    where: str = ""
    end_signal: signal.Signals = signal.SIGTERM


def undisturbed(once: Callable[[], Throughput], name: str) -> Throughput:
    """The first measurement that was not spoilt; the last one, which says so, where all were."""
    for _ in range(AGAIN):
        result = once()
        if not result.spoilt:
            return result
        print(f"again: {name}: the hypervisor took {100 * result.steal:.1f} % of the time", flush=True)
    return result


def measure(
    generator: Process,
    served: Callable[[], int],
    seconds: float = MEASURE_S,
    least_per_s: float = LEAST_PER_S,
    slices: int = 1,
) -> Throughput:
    """Start it, wait until it loads steadily and with `least_per_s` or more, measure for `seconds` in so many slices, end it.
    Raises SystemExit with the end of its output when it never gets there.
    """
    pin = (lambda: os.sched_setaffinity(0, generator.cores)) if generator.cores else None
    with generator.log.open("w") as out:
        process = subprocess.Popen(
            generator.command, stdout=out, stderr=out, env={**os.environ, **generator.environment}, preexec_fn=pin,
            start_new_session=True, cwd=generator.where or None,
        )  # fmt: skip
        try:
            _until_steady(process, served, generator.log, least_per_s)
            machine, began_s, readings = MachineReader("benchmark"), time.time(), [Reading.now(process.pid, served)]
            for number in range(1, slices + 1):
                time.sleep(max(readings[0].clock_s + seconds * number / slices - time.monotonic(), 0.0))
                readings.append(Reading.now(process.pid, served))
            others = machine.read(0)
            machine.close()
            return throughput(readings, began_s, others.steal, others.pressure)
        finally:
            _end(process, generator.end_signal)


@dataclass(frozen=True)
class Reading:
    """Of one moment: CPU time of a generator's processes and of those of them that are workers, and requests served."""

    clock_s: float
    cpu_s: float
    workers_ns: int
    served: int

    @classmethod
    def now(cls, pid: int, served: Callable[[], int]) -> Reading:
        """A generator's workers are the processes that started none themselves: Locust forks them from the master."""
        children = psutil.Process(pid).children(recursive=True)
        parents = {child.ppid() for child in children}
        workers_ns = sum(cpu_ns(child.pid) for child in children if child.pid not in parents)
        return cls(time.monotonic(), cpu_s(pid), workers_ns, served())


def throughput(readings: Sequence[Reading], began_s: float, steal: float, pressure: float) -> Throughput:
    """From the first reading to the last. Raises SystemExit where between two of them nothing was served."""
    pairs = list(itertools.pairwise(readings))
    if any(after.served <= before.served for before, after in pairs):
        raise SystemExit("nothing was served for a part of the measurement")
    worker_us = tuple((after.workers_ns - before.workers_ns) / 1e3 / (after.served - before.served) for before, after in pairs)
    first, last = readings[0], readings[-1]
    took_s = last.clock_s - first.clock_s
    rate, cores = (last.served - first.served) / took_s, (last.cpu_s - first.cpu_s) / took_s
    return Throughput(rate, cores, steal, pressure, began_s, took_s, worker_us)


def _until_steady(process: subprocess.Popen[bytes], served: Callable[[], int], log: Path, least_per_s: float) -> None:
    """Two seconds in a row with as many requests, within a tenth: what a generator does once a second is in each."""
    end = time.monotonic() + 30
    last, before = served(), 0
    while time.monotonic() < end:
        time.sleep(SETTLE_S)
        if process.poll() is not None:
            break
        now = served()
        rate, last = now - last, now
        if rate > least_per_s * SETTLE_S and before and abs(rate / before - 1) < 0.1:
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


def cpu_ns(pid: int) -> int:
    """A process on a CPU so far, all its threads (the first field of schedstat, proc(5)); 0 of one that has ended."""
    with contextlib.suppress(OSError):
        return sum(int((task / "schedstat").read_text().split()[0]) for task in Path(f"/proc/{pid}/task").iterdir())
    return 0


def _end(process: subprocess.Popen[bytes], how: signal.Signals) -> None:
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, how)
    try:
        process.wait(timeout=20)
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()
