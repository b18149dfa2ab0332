"""Is memory flat? python -m benchmarks.memory [--minutes 10]

RSS of worker and master between minute 2 and the end, at 10,000 ops/s.
"""

from __future__ import annotations

import argparse
import functools
import os
import subprocess
import tempfile
import time
from pathlib import Path

import psutil

from benchmarks import results
from benchmarks.target import target
from benchmarks.tools import ours
from bizra_load.archive.latest import run_folders
from bizra_load.archive.store import read_run

RATE = 10_000.0


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--minutes", type=float, default=10.0)
    args = parser.parse_args()
    cores = sorted(os.sched_getaffinity(0))
    master_rss: list[tuple[float, int]] = []
    with target(cores[0]) as t, tempfile.TemporaryDirectory() as name:
        command = ours("memory", "constant").command(t, Path(name), RATE)
        command[command.index("--duration") + 1] = f"{60 * args.minutes:.0f}s"
        pin = functools.partial(os.sched_setaffinity, 0, {cores[-1]})
        process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, preexec_fn=pin)
        begin = time.monotonic()
        while process.poll() is None:
            time.sleep(5)
            children = psutil.Process(process.pid).children() if process.poll() is None else []
            if children:
                master_rss.append((time.monotonic() - begin, children[0].memory_info().rss))
        [run] = run_folders(Path(name) / "memory")
        measurements = read_run(run)[0]
        disk = sum(f.stat().st_size for f in run.glob("*.jsonl"))
    started = measurements.facts.load_started_ns / 1e9
    worker_rss = [(h.second - started, h.rss_bytes) for h in measurements.health]
    length = measurements.facts.load_ended_ns / 1e9 - started
    figures = {
        "minutes": args.minutes,
        "operations": sum(w.ok for w in measurements.windows),
        "worker_growth": _growth(worker_rss, length),
        "master_growth": _growth(master_rss, length),
        "worker_rss_mb": worker_rss[-2][1] / 1e6,
        "master_rss_mb": master_rss[-2][1] / 1e6,
        "disk_mb_per_hour": disk / length * 3600 / 1e6,
        "longest_gc_pause_ms": max(h.gc_pause_ns for h in measurements.health if h.second > started + 1) / 1e6,
    }
    results.keep("memory", figures, results.table(("Figure", "Value"), [(k, f"{v:,.4g}") for k, v in figures.items()]))


def _growth(series: list[tuple[float, int]], length: float) -> float:
    """Relative growth from the mean about a fifth of the run (minute 2 of 10) to the mean of its last twentieth."""
    early = [rss for at, rss in series if 0.18 * length <= at <= 0.22 * length]
    late = [rss for at, rss in series if 0.93 * length <= at <= 0.99 * length]
    return (sum(late) / len(late)) / (sum(early) / len(early)) - 1


if __name__ == "__main__":
    main()
