"""LeanHttpUser beside FastHttpUser in one locustfile, with plain Locust and with us: python -m benchmarks.drop_in [--rounds N]

Requests per CPU second, in turn, ratios within a round, medians shown. The same rounds tell what our recorder costs each of
them: with us (closed load, one process) against plain Locust. Target: nginx, as in benchmarks.generator.
"""

from __future__ import annotations

import argparse
import functools
import os
import statistics
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

from benchmarks import results
from benchmarks.generator import once
from benchmarks.measuring import undisturbed
from benchmarks.target import Target, target
from benchmarks.tools import CONNECTIONS, Tool

FILE = str(Path(__file__).parent / "scenarios/drop_in.py")
USERS = ("FastHttpUser", "LeanHttpUser")
TASKS = {"get": "GET", "post": "POST of JSON", "check": "POST, response's JSON checked"}
PLAIN, WITH_US = "locust", "bizra-load run"


def commands() -> dict[str, Callable[[Target, Path, float], list[str]]]:
    load = ("-u", str(CONNECTIONS), "-r", str(CONNECTIONS), "-t", "60s")

    def plain(t: Target, folder: Path, rate: float) -> list[str]:
        return [sys.executable, "-m", "locust", "-f", FILE, "-H", t.url, "--headless", "--only-summary", *load]

    def with_us(t: Target, folder: Path, rate: float) -> list[str]:
        ours = [sys.executable, "-m", "bizra_load.cli.main", "run", "-f", FILE, "-H", t.url]
        return [*ours, "--out", str(folder / "runs"), *load]

    return {PLAIN: plain, WITH_US: with_us}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=int(os.environ.get("BENCH_ROUNDS", "6")))
    parser.add_argument("--tasks", default=",".join(TASKS), help="of these, comma-separated")
    args = parser.parse_args()
    tasks = args.tasks.split(",")
    rates: dict[tuple[str, str, str], list[float]] = {}
    cores = sorted(os.sched_getaffinity(0))
    for number in range(args.rounds):
        with target(cores[0] if len(cores) > 1 else None) as t, tempfile.TemporaryDirectory() as folder:
            for what in tasks:
                for by, command in commands().items():
                    for user in USERS:
                        tool = Tool(
                            f"{user}, {what}, {by}", "", command, environment=(("DROP_IN", user), ("DROP_IN_TASK", what))
                        )
                        measured = functools.partial(once, tool, t, Path(folder), 0.0, cores[1:2])
                        result = undisturbed(measured, tool.name)
                        rates.setdefault((what, by, user), []).append(result.per_cpu_s)
                        wall = f"{result.requests_per_s:9,.0f}/s {result.cpu_share:.2f} cores"
                        print(f"round {number + 1}: {tool.name:40} {wall} {result.per_cpu_s:9,.0f} per CPU second", flush=True)
    rows = [row(what, by, rates) for what in tasks for by in commands()]
    cost = [f"Our recorder costs {user} {cost_of(user, tasks, rates)} of its rate." for user in USERS]
    lines = results.table(("Task", "With", "FastHttpUser", "LeanHttpUser", "Ratio"), rows)
    results.keep("drop_in", {" ".join(key): values for key, values in rates.items()}, [*lines, "", *cost])


def row(what: str, by: str, rates: dict[tuple[str, str, str], list[float]]) -> tuple[str, ...]:
    fast, lean = (rates[what, by, user] for user in USERS)
    shown = (f"{statistics.median(values):,.0f}" for values in (fast, lean))
    return (TASKS[what], by, *shown, results.spread([b / a for a, b in zip(fast, lean, strict=True)], ".2f", " x"))


def cost_of(user: str, tasks: list[str], rates: dict[tuple[str, str, str], list[float]]) -> str:
    pairs = [pair for what in tasks for pair in zip(rates[what, PLAIN, user], rates[what, WITH_US, user], strict=True)]
    return results.spread([100 * (1 - after / before) for before, after in pairs], ".2f", " %")


if __name__ == "__main__":
    main()
