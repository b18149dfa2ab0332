"""What an operation costs the generator: by workers and cores, rate, connections and duration. python -m benchmarks.scaling

Target: nginx with a fixed attestation, on one core; the generator (all its processes) on others, POST with a JSON body. Cost is
CPU time by request served, which does not depend on what the target can do: of the workers, and of all processes of the
generator. Where it is flat, the ratio to the first row of its table is 1. Rounds are interleaved,
ratios are taken within a round, medians shown with least and most. A measurement that the hypervisor took too much of is made
again. Between arrivals the processor sleeps and its caches grow cold, so a request costs more at a low rate, whoever makes it:
beside each rate a bare loop (benchmarks/lag_phase.py) waits, sends and receives at that rate, and checks and records nothing.

    --only PARTS     some of: workers, rate, connections, duration
    --seconds N      of the part "duration", which is one run; its slices are a sixth of it
"""

from __future__ import annotations

import argparse
import dataclasses
import functools
import os
import resource
import subprocess
import sys
import tempfile
from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path

from benchmarks import results
from benchmarks.latencies import LOG
from benchmarks.measuring import LEAST_PER_S, MEASURE_S, Process, Throughput, measure, undisturbed
from benchmarks.target import target
from benchmarks.tools import CONNECTIONS, ours

RATES_PER_S = (500, 2_000, 5_000, 10_000, 20_000)
OPENED = (5, 50, 500, 5_000)  # connections
LASTING_PER_S = 5_000.0  # of the long run: a quarter of what one worker does, so that nothing but time can make it dearer
SLICES = 6
SPARE_FILES = 500  # of a process with so many connections: libraries, the master's connection, logs
HEADS = {
    "workers": "Workers on cores, saturated",
    "rate": f"Open model, 1 worker, {CONNECTIONS} connections",
    "connections": "Connections, 1 worker, saturated",
    "duration": "",  # says its own
}
COSTS = ("To the first", "Workers' CPU by request")

Rounds = dict[str, dict[str, list[tuple[Throughput, float]]]]  # part -> name of the case -> rounds, each beside a bare loop


@dataclass(frozen=True)
class Case:
    """One row: a load by so many workers on so many cores, and how long it is measured. `rate_per_s` None: saturated."""

    part: str
    name: str
    workers: int = 1
    cores: int = 1
    connections: int = CONNECTIONS
    rate_per_s: float | None = None
    seconds: float = MEASURE_S
    slices: int = 1


def cases(parts: Collection[str], seconds: float) -> list[Case]:
    """All of the chosen parts, in the order of a round."""
    pairs = [(workers, cores) for cores in (1, 2) for workers in (1, 2)]
    every = [Case("workers", f"{w} on {c}", workers=w, cores=c) for w, c in pairs]
    every += [Case("rate", f"{rate:,}/s", rate_per_s=rate) for rate in RATES_PER_S]
    every += [Case("connections", f"{n:,}", connections=n) for n in OPENED]
    every += [Case("duration", f"{seconds:.0f} s", rate_per_s=LASTING_PER_S, seconds=seconds, slices=SLICES)]
    return [case for case in every if case.part in parts]


def measured(case: Case) -> tuple[Throughput, float]:
    """One measurement, with a target of its own; CPU time (us) of a bare loop by request, 0 but in the part "rate"."""
    target_core, cores, _ = placement()
    arrivals, least_per_s = ("saturate", LEAST_PER_S) if case.rate_per_s is None else ("constant", 0.9 * case.rate_per_s)
    tool = ours("run", arrivals, connections=case.connections, workers=case.workers, seconds=round(case.seconds) + 60)
    with target(target_core) as t, tempfile.TemporaryDirectory() as name:
        command = tool.command(t, Path(name), case.rate_per_s or 0.0)
        process = Process(command, cores[: case.cores], Path(name) / LOG)
        once = functools.partial(measure, process, t.requests, case.seconds, least_per_s, case.slices)
        bare = bare_us(t.url, case, cores[0]) if case.part == "rate" else 0.0
        return undisturbed(once, f"{case.part} {case.name}"), bare


def bare_us(url: str, case: Case, core: int) -> float:
    command = [sys.executable, "-m", "benchmarks.lag_phase", "--bare-requests", url, f"{case.rate_per_s}", f"{case.seconds}"]
    pin = functools.partial(os.sched_setaffinity, 0, {core})
    return float(subprocess.run(command, capture_output=True, text=True, check=True, preexec_fn=pin).stdout) / 1e3


def placement() -> tuple[int, list[int], str]:
    """The target's core, those of the generator in the order in which it gets them, and what that means here."""
    first, *others = sorted(os.sched_getaffinity(0))
    if len(others) >= 2:
        return first, others[:2], "Target and generator have cores of their own."
    if others:
        words = (
            "Two cores are all there are: a generator on both shares one of them with the target, so rates there are no limit."
        )
        return first, [*others, first], words
    return first, [first, first], "There is one core: the target and every generator share it, so rates are no limit."


def files_for(wanted: list[Case]) -> tuple[list[Case], list[str]]:
    """Raises the limit of open files as far as that is allowed; the cases that it permits, and which it does not."""
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
    possible = [case for case in wanted if most == resource.RLIM_INFINITY or case.connections + SPARE_FILES <= most]
    left_out = [f"{case.connections:,} connections: left out, ulimit -Hn is {most}" for case in wanted if case not in possible]
    return possible, left_out


def report(rounds: Rounds) -> list[str]:
    """A table for each part: ratios to its first row first."""
    lines: list[str] = []
    for part, by_name in rounds.items():
        lines += [*(_by_slice(by_name) if part == "duration" else _by_case(part, by_name)), ""]
    return lines


def _by_case(part: str, by_name: dict[str, list[tuple[Throughput, float]]]) -> list[str]:
    worker_us = {name: [m.worker_us[0] for m, _ in one] for name, one in by_name.items()}
    bare = ("To a bare loop", "CPU of a bare loop by request") if part == "rate" else ()
    rows = []
    for name, one in by_name.items():
        per_cpu_s, per_s = (results.spread(getattr(m, key) for m, _ in one) for key in ("per_cpu_s", "requests_per_s"))
        ratio, cost = _cost(worker_us, name)
        beside = [m.worker_us[0] / us for m, us in one if us]
        of_bare = (results.spread((us for _, us in one), ".1f", " us"),) if bare else ()
        rows.append((name, ratio, *([results.spread(beside, ".2f", " x")] if bare else []), cost, *of_bare, per_cpu_s, per_s))
    columns = (HEADS[part], COSTS[0], *bare[:1], COSTS[1], *bare[1:], "Requests per CPU second, all processes", "Requests/s")
    return results.table(columns, rows)


def _by_slice(by_name: dict[str, list[tuple[Throughput, float]]]) -> list[str]:
    [(name, one)] = by_name.items()
    worker_us = {f"{i + 1}": [m.worker_us[i] for m, _ in one] for i in range(SLICES)}
    rows = [(number, *_cost(worker_us, number)) for number in worker_us]
    return results.table((f"Sixth of {name}, open model at {LASTING_PER_S:,.0f}/s", *COSTS), rows)


def _cost(worker_us: dict[str, list[float]], name: str) -> tuple[str, str]:
    first = next(iter(worker_us.values()))
    ratios = [us / of_first for us, of_first in zip(worker_us[name], first, strict=True)]
    return results.spread(ratios, ".2f", " x"), results.spread(worker_us[name], ".1f", " us")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--only", nargs="+", choices=list(HEADS), default=list(HEADS), metavar="PART")
    parser.add_argument("--seconds", type=float, default=60.0)
    args = parser.parse_args()
    possible, left_out = files_for(cases(args.only, args.seconds))
    rounds: Rounds = {case.part: {} for case in possible}
    for number in range(args.rounds):
        for case in possible:
            result, bare = measured(case)
            rounds[case.part].setdefault(case.name, []).append((result, bare))
            workers = ", ".join(f"{us:.1f}" for us in result.worker_us) + (f" us, a bare loop {bare:.1f}" if bare else "")
            shown = f"{result.requests_per_s:10,.0f}/s, {result.per_cpu_s:8,.0f} per CPU second; workers {workers} us"
            print(f"round {number + 1}: {case.part:12} {case.name:10} {shown}, steal {100 * result.steal:.1f} %", flush=True)
    figures = {
        part: {name: [{**dataclasses.asdict(m), "bare_us": us} for m, us in one] for name, one in by_name.items()}
        for part, by_name in rounds.items()
    }
    results.keep("scaling", figures, [*report(rounds), *left_out, placement()[2]])


if __name__ == "__main__":
    main()
