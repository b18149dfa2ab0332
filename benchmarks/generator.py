"""How many checked requests one CPU second of a generator makes, beside its peers: make bench [BENCH_ROUNDS=5].

Target: nginx with a fixed attestation, on one core; the generator (all its processes) on another; 50 keep-alive connections,
POST with a JSON body. Rounds are interleaved, ratios are taken within a round, medians shown. A measurement that the hypervisor
took too much of is made again. --before PATH: another checkout of ours in the same rounds.
"""

from __future__ import annotations

import argparse
import dataclasses
import os
import shutil
import statistics
import tempfile
from pathlib import Path

from benchmarks import results
from benchmarks.measuring import Throughput, measure
from benchmarks.target import Target, target
from benchmarks.tools import BEFORE, OURS, SATURATED, Tool, all_tools
from bizra_load.archive.latest import run_folders
from bizra_load.archive.store import read_run
from sla.values import histogram

AGAIN = 3  # times that a spoilt measurement is made again


def lag_us(folder: Path) -> tuple[float, float] | None:
    """(p50, p99) of the schedule's own lag over a run's steady seconds, us."""
    runs = run_folders(folder)
    if not runs:
        return None
    health = read_run(runs[-1])[0].health[3:-2]
    lag = histogram.merge(h.lag for h in health)
    return (lag.quantile_ns(0.5) / 1e3, lag.quantile_ns(0.99) / 1e3) if lag.total else None


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=int(os.environ.get("BENCH_ROUNDS", "5")))
    parser.add_argument("--only", default="", help="names that contain one of these, comma-separated; ours is there always")
    parser.add_argument("--before", default="", help="another checkout of ours, measured in the same rounds")
    args = parser.parse_args()
    wanted = args.only.split(",")
    every = all_tools(os.path.abspath(args.before) if args.before else "")
    for tool in every:
        if tool.binary and not shutil.which(tool.binary):
            print(f"not on PATH, left out: {tool.name}")
    tools = [
        tool
        for tool in every
        if (tool.binary is None or shutil.which(tool.binary))
        and (tool in every[:1] or tool.name == BEFORE or any(word in tool.name for word in wanted))
    ]
    measured: dict[str, list[Throughput]] = {tool.name: [] for tool in tools}
    lags: dict[str, list[tuple[float, float]]] = {}
    for number in range(args.rounds):
        a_round(number, tools, measured, lags)
    kept = {name: [dataclasses.asdict(m) for m in rows] for name, rows in measured.items()}
    results.keep("generator", {"rounds": kept, "lag_us": lags}, report(tools, measured, lags))


def a_round(
    number: int, tools: list[Tool], measured: dict[str, list[Throughput]], lags: dict[str, list[tuple[float, float]]]
) -> None:
    """Each tool once, one after the other, against a target of this round."""
    cores = sorted(os.sched_getaffinity(0))
    target_core, generator_core = (cores[0], cores[1]) if len(cores) > 1 else (None, None)
    with target(target_core) as t, tempfile.TemporaryDirectory() as name:
        folder, rate = Path(name), 50_000.0
        for tool in tools:
            result = undisturbed(tool, t, folder, rate, generator_core)
            rate = result.requests_per_s if tool is SATURATED else rate
            measured[tool.name].append(result)
            lag = lag_us(folder / tool.folder) if "open" in tool.name else None
            if lag:
                lags.setdefault(tool.name, []).append(lag)
            shown = f"  lag p50 {lag[0]:.0f} us, p99 {lag[1]:.0f} us" if lag else ""
            wall = f"{result.requests_per_s:10,.0f}/s {result.cpu_share:5.2f} cores, steal {100 * result.steal:.1f} %"
            print(f"round {number + 1}: {tool.name:38} {wall} {result.per_cpu_s:10,.0f} per CPU second{shown}", flush=True)


def undisturbed(tool: Tool, t: Target, folder: Path, rate: float, core: int | None) -> Throughput:
    """The first measurement that was not spoilt; the last one, which says so, where all were."""
    for _ in range(AGAIN):
        result = measure(tool.command(t, folder, rate), t.requests, core, folder / "log", tool.variables(), tool.where)
        if not result.spoilt:
            return result
        print(f"again: {tool.name}: the hypervisor took {100 * result.steal:.1f} % of the time", flush=True)
    return result


def report(tools: list[Tool], measured: dict[str, list[Throughput]], lags: dict[str, list[tuple[float, float]]]) -> list[str]:
    """Ratios first: medians over rounds of (ours doing that work) / (this tool), with the least and the most."""
    rows = []
    for tool in tools:
        per_cpu_s = [m.per_cpu_s for m in measured[tool.name]]
        peer = next((p.name for p in tools if p.row == tool.row and p.name.startswith(OURS)), OURS)
        ratios = [b.per_cpu_s / r for b, r in zip(measured[peer], per_cpu_s, strict=False)]
        ratio = "-" if peer == tool.name else f"{statistics.median(ratios):.2f} x [{min(ratios):.2f}, {max(ratios):.2f}]"
        rate = f"{statistics.median(per_cpu_s):,.0f} [{min(per_cpu_s):,.0f}, {max(per_cpu_s):,.0f}]"
        rows.append((tool.name, ratio, rate, tool.checks))
    lines = results.table(("Generator", "Ours makes", "Requests per CPU second", "What it checks and records"), rows)
    for name, pairs in lags.items():
        p50, p99 = (f"{statistics.median(x[i] for x in pairs):.0f} us" for i in (0, 1))
        most = max(x[1] for x in pairs)
        lines += ["", f"Schedule lag, {name.removeprefix(f'{OURS}, ')}: p50 {p50}, p99 {p99} (at most {most:.0f} us)."]
    return lines


if __name__ == "__main__":
    main()
