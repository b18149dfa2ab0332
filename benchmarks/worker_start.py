"""What a worker imports before its first user. python -m benchmarks.worker_start [--rounds N] [--against CHECKOUT]

CPU time (user + system, with the interpreter's own start) and resident memory of a process that has imported what a worker of
the main scenario has, and of one that has imported what a worker of plain Locust has. Another checkout, with a .venv of its
own, takes turns. Workers that a master has forked share most of that memory.
"""

from __future__ import annotations

import argparse
import os
import statistics
import subprocess
import sys
from pathlib import Path

from benchmarks import results

HERE = Path(__file__).resolve().parents[1]
PLAIN = "locust.main"
OURS = "bizra_load.runtime.attached, bizra_load.poi.user, bizra_load.poi.product"
CODE = """
import os, psutil
import {modules}
process = psutil.Process()
times = process.cpu_times()
print(times.user + times.system, process.memory_info().rss / 1e6)
"""
ONE_THREAD = {"OPENBLAS_NUM_THREADS": "1"}  # as bizra-load starts its own


def imported(checkout: Path, python: str, modules: str) -> tuple[float, float]:
    """(CPU seconds, MB) of a process of that checkout with these modules."""
    command, environment = [python, "-c", CODE.format(modules=modules)], {**os.environ, **ONE_THREAD}
    done = subprocess.run(command, cwd=checkout, env=environment, capture_output=True, text=True, check=True)
    spent, memory = map(float, done.stdout.split())
    return spent, memory


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=9)
    parser.add_argument("--against", type=Path, metavar="CHECKOUT", help="another checkout with a .venv of its own")
    args = parser.parse_args()
    sides = {
        "plain Locust": (HERE, sys.executable, PLAIN),
        "plain Locust and numpy": (HERE, sys.executable, f"{PLAIN}, numpy"),
        "this checkout": (HERE, sys.executable, OURS),
    }
    if args.against is not None:
        other = args.against.resolve()
        sides[args.against.name] = (other, str(other / ".venv/bin/python"), OURS)
    taken: dict[str, list[tuple[float, float]]] = {side: [] for side in sides}
    for _ in range(args.rounds):
        for side, what in sides.items():
            taken[side].append(imported(*what))
    rows = [(side, *(_summary(values) for values in zip(*figures, strict=True))) for side, figures in taken.items()]
    columns = ("A worker's imports: median (least to most)", "CPU (s)", "Memory (MB)")
    results.keep("worker_start", taken, results.table(columns, rows))


def _summary(values: tuple[float, ...]) -> str:
    return f"{statistics.median(values):.2f} ({min(values):.2f} to {max(values):.2f})"


if __name__ == "__main__":
    main()
