"""What node and workers do to each other on one machine. python -m benchmarks.together [--against CHECKOUT] [--busy N]

One load, 1,000 ops/s by two workers, on the reference node: parted by cores (as `bizra-load run` does), as the scheduler places
them, and (`--against`) with the node of another checkout, which is not parted. In turn, so that all meet the same machine.
Shown: how late arrivals were, and what operations took inside the node. `--busy`: beside so many processes that only compute.
"""

from __future__ import annotations

import argparse
import contextlib
import os
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

from benchmarks import results
from benchmarks.node import TIMED, own_times_us, started
from bizra_load.archive.store import read_run
from bizra_load.io.children import die_with_parent
from sla.values import histogram

SECONDS = 12
LOAD = ["run", "--target-ops", "1000", "--ramp", "2s", "--duration", f"{SECONDS}s", "--workers", "2", "--agreement", "local"]
MAIN = "import sys\nfrom bizra_load.cli.main import main\nsys.exit(main(sys.argv[1:]))"
NEVER_PARTED = "import bizra_load.launch.parting as parting\nparting.CALM = 0.0\n"


@contextlib.contextmanager
def busy(count: int) -> Iterator[None]:
    processes = [subprocess.Popen([sys.executable, "-c", "while True: pass"], preexec_fn=die_with_parent) for _ in range(count)]
    try:
        yield
    finally:
        for process in processes:
            process.kill()
            process.wait()


def run(folder: Path, before: str, more: list[str], times: Path | None) -> dict[str, float]:
    """Lags in us; with `times` (of a node that has ended with the run) what its operations took."""
    environment = {**os.environ, **({"NODE_TIMES": str(times), "PYTHONPATH": str(TIMED)} if times else {})}
    command = [sys.executable, "-c", before + MAIN, *LOAD, "--out", str(folder), *more]
    code = subprocess.run(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, env=environment).returncode
    measurements, _ = read_run((folder / "latest").resolve())
    last = measurements.facts.load_ended_ns // 10**9
    health = [h for h in measurements.health if last - SECONDS < h.second < last]  # without the ramp
    lag = histogram.merge(h.lag for h in health)
    return {"exit code": float(code), "lag p50, us": lag.quantile_ns(0.5) / 1e3, "lag p99, us": lag.quantile_ns(0.99) / 1e3}


def measure(way: str, other: Path | None) -> dict[str, float]:
    with tempfile.TemporaryDirectory() as name:
        folder, times = Path(name), Path(name) / "times.json"
        if other:
            with started(other, os.sched_getaffinity(0), times) as (node, _):
                figures = run(folder, "", ["-H", node["url"], "--metrics-url", node["metrics_url"]], None)
        else:
            figures = run(folder, NEVER_PARTED if way == WAYS[1] else "", [], times)
        for operation, took_us in own_times_us(times).items():
            figures[f"{operation} in the node p99, us"] = statistics.quantiles(took_us, n=100)[-1]
    return figures


WAYS = ["parted", "left to the scheduler"]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--against", type=Path, metavar="CHECKOUT", help="another checkout, whose node is measured in turn")
    parser.add_argument("--busy", type=int, default=0, metavar="N")
    args = parser.parse_args()
    others: dict[str, Path | None] = dict.fromkeys(WAYS)
    if args.against:
        others["the other checkout's node"] = args.against.resolve()
    measured: dict[str, list[dict[str, float]]] = {way: [] for way in others}
    for _ in range(args.rounds):
        for way, other in others.items():
            with busy(args.busy):
                measured[way].append(measure(way, other))
    rows = []
    for key in measured[WAYS[0]][0]:
        cells = []
        for figures in measured.values():
            values = sorted(f[key] for f in figures)
            cells.append(f"{statistics.median(values):,.0f} ({values[0]:,.0f} to {values[-1]:,.0f})")
        rows.append((key, *cells))
    beside = f"beside {args.busy} busy" if args.busy else "calm"
    results.keep(f"together_{args.busy}", measured, results.table((f"Median (min to max), {beside}", *measured), rows))


if __name__ == "__main__":
    main()
