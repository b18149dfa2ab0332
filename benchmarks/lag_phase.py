"""Is every part of a second as punctual? Lag by phase of the second, beside a bare loop. python -m benchmarks.lag_phase

The whole thing on this machine: reference node, master and workers, 1,000 ops/s. In the same minute a bare loop in a process of
its own sleeps until the arrivals of one worker, Poisson ones as the run's, and does nothing else: what it is late is the
machine's own lateness, and that an arrival can fall due while another is still being woken.
"""

from __future__ import annotations

import argparse
import itertools
import json
import os
import random
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np

from benchmarks import results
from bizra_load.archive.store import read_run
from bizra_load.engine.arrivals import due_times_ns
from bizra_load.engine.load_curve import ramp_and_hold
from bizra_load.engine.timerfd import TimerFd
from sla.values import histogram

SECONDS = 20
ARRIVALS = "poisson"
SEED = 1
EDGES_MS = (0, 50, 250, 500, 750, 1000)
PHASES = [f"{a} to {b} ms" for a, b in itertools.pairwise(EDGES_MS)]


def bare_loop(rate: float, seconds: float) -> None:
    """Prints the lags (ns) of a loop that sleeps until arrivals at `rate` per second, as JSON."""
    timer = TimerFd()
    os.set_blocking(timer.fd, True)
    start_ns = time.perf_counter_ns() + 200_000_000
    lags, clock = [], time.perf_counter_ns
    for after_ns in list(due_times_ns(ramp_and_hold(rate, 0, seconds), 1, ARRIVALS, random.Random(SEED))):
        due_ns = start_ns + after_ns
        if clock() < due_ns:
            timer.arm(due_ns)
            os.read(timer.fd, 8)
        lags.append(clock() - due_ns)
    print(json.dumps(lags))


def run(rate: float, workers: int, folder: Path) -> dict[str, float]:
    """One run beside one bare loop: lags in us, by phase of the second in which they were due."""
    here = [sys.executable, "-m"]
    loop = [*here, "benchmarks.lag_phase", "--bare", str(rate / workers), str(SECONDS - 5)]
    command = [*here, "bizra_load.cli.main", "run", "--target-ops", str(rate), "--ramp", "1s", "--duration", f"{SECONDS}s"]
    command += ["--workers", str(workers), "--out", str(folder), "-f", "benchmarks/scenarios/traced.py", "--arrivals", ARRIVALS]
    environment = {**os.environ, "LAG_TRACE_FOLDER": str(folder)}
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=sys.stderr, env=environment)
    while not _loads(folder) and process.poll() is None:
        time.sleep(0.05)
    beside = json.loads(subprocess.run(loop, capture_output=True, text=True, check=True).stdout)
    process.wait()
    alone = json.loads(subprocess.run(loop, capture_output=True, text=True, check=True).stdout)
    measurements, _ = read_run((folder / "latest").resolve())
    ended = range(measurements.facts.load_ended_ns // 10**9 - SECONDS + 1, measurements.facts.load_ended_ns // 10**9)
    health = [h for h in measurements.health if h.second in ended]  # without the ramp
    lag, own = (histogram.merge(getattr(h, key) for h in health) for key in ("lag", "own_lag"))
    operations = sum(w.finished for w in measurements.windows if w.second in ended)
    found = {
        "lag p50": lag.quantile_ns(0.5),
        "lag p99": lag.quantile_ns(0.99),
        "own part p99": own.quantile_ns(0.99),
        "bare loop beside it p99": float(np.percentile(beside, 99)),
        "bare loop alone p99": float(np.percentile(alone, 99)),
        "longest housekeeping step": float(max(h.housekeeping_ns for h in health)),
        "housekeeping step, median of seconds": float(np.median([h.housekeeping_ns for h in health])),
        "worker CPU per operation": sum(h.machine.cpu_s for h in health if h.machine) * 1e9 / operations,
    }
    due_ns, late_ns, waited_ns = (np.concatenate(a) for a in zip(*(np.load(f) for f in folder.glob("lags-*.npy")), strict=True))
    found["longest that a due arrival waited for housekeeping"] = float(waited_ns.max())
    for name, a, b in zip(PHASES, EDGES_MS[:-1], EDGES_MS[1:], strict=True):
        phase_ns = due_ns % 1_000_000_000
        inside = late_ns[(phase_ns >= a * 1_000_000) & (phase_ns < b * 1_000_000)]
        found[f"lag p99, due {name} into the second"] = float(np.percentile(inside, 99))
    return found


def _loads(folder: Path) -> bool:
    return any(p.stat().st_size for p in folder.glob("*/windows.jsonl"))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--rate", type=float, default=1000.0)
    parser.add_argument("--workers", type=int, nargs="+", default=[1, 2, 4])
    parser.add_argument("--bare", type=float, nargs=2, metavar=("RATE", "SECONDS"), help=argparse.SUPPRESS)
    args = parser.parse_args()
    if args.bare:
        bare_loop(*args.bare)
        return
    names = {n: f"{n} worker{'s' if n > 1 else ''}" for n in args.workers}
    rows: dict[str, list[dict[str, float]]] = {name: [] for name in names.values()}
    for _ in range(args.rounds):
        for n in args.workers:
            with tempfile.TemporaryDirectory() as name:
                rows[names[n]].append(run(args.rate, n, Path(name)))
    shown = []
    for key in next(iter(rows.values()))[0]:
        cells = []
        for found in rows.values():
            us = sorted(f[key] / 1e3 for f in found)
            cells.append(f"{statistics.median(us):,.0f} us [{us[0]:,.0f}, {us[-1]:,.0f}]")
        shown.append((key, *cells))
    lines = results.table((f"{args.rate:,.0f} ops/s, median [min, max]", *rows), shown)
    for name, found in rows.items():
        ratio = statistics.median(f["lag p99"] / f["bare loop beside it p99"] for f in found)
        lines.append(f"\n{name}: lag p99 is {ratio:.2f} of a bare loop's beside it")
    results.keep("lag_phase", rows, lines)


if __name__ == "__main__":
    main()
