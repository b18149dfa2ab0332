"""How many checked requests one CPU second of a generator makes, beside its peers: make bench [BENCH_ROUNDS=5].

Target: nginx with a fixed attestation, on one core; the generator (all its processes) on another; 50 keep-alive connections,
POST with a JSON body. Rounds are interleaved, ratios are taken within a round, medians shown. A measurement that the hypervisor
took too much of is made again. --before PATH: another checkout of ours in the same rounds.
"""

from __future__ import annotations

import argparse
import dataclasses
import functools
import os
import shutil
import tempfile
from pathlib import Path

from benchmarks import results, tables
from benchmarks.latencies import LOG, Latency
from benchmarks.measuring import Process, Throughput, measure, undisturbed
from benchmarks.target import Target, target
from benchmarks.tools import BEFORE, SATURATED, Tool, all_tools


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
    latencies: dict[str, list[Latency]] = {}
    for number in range(args.rounds):
        a_round(number, tools, measured, latencies)
    figures = {
        "rounds": {name: [dataclasses.asdict(m) for m in rows] for name, rows in measured.items()},
        "latency_us": {name: [dataclasses.asdict(m) for m in rows] for name, rows in latencies.items()},
        "rows": {tool.name: tool.row for tool in tools},
        "checks": {tool.name: tool.checks for tool in tools},
    }
    results.keep("generator", figures, tables.of_generator(figures))


def a_round(number: int, tools: list[Tool], measured: dict[str, list[Throughput]], latencies: dict[str, list[Latency]]) -> None:
    """Each tool once, one after the other, against a target of this round."""
    cores = sorted(os.sched_getaffinity(0))
    target_core, generator_cores = (cores[0], cores[1:2]) if len(cores) > 1 else (None, [])
    with target(target_core) as t, tempfile.TemporaryDirectory() as name:
        folder, rate = Path(name), 50_000.0
        for tool in tools:
            result = undisturbed(functools.partial(once, tool, t, folder, rate, generator_cores), tool.name)
            rate = result.requests_per_s if tool is SATURATED else rate
            measured[tool.name].append(result)
            latency = tool.latency(folder, result) if tool.latency else None
            shown = ""
            if latency:
                latencies.setdefault(tool.name, []).append(latency)
                shown = f"  response p50 {latency.response_p50_us:.0f} us, p99 {latency.response_p99_us:.0f} us"
                if latency.lag_p50_us >= 0:
                    shown += f"; lag p50 {latency.lag_p50_us:.0f} us, p99 {latency.lag_p99_us:.0f} us"
            wall = f"{result.requests_per_s:10,.0f}/s {result.cpu_share:5.2f} cores, steal {100 * result.steal:.1f} %"
            print(f"round {number + 1}: {tool.name:38} {wall} {result.per_cpu_s:10,.0f} per CPU second{shown}", flush=True)


def once(tool: Tool, t: Target, folder: Path, rate: float, cores: list[int]) -> Throughput:
    process = Process(tool.command(t, folder, rate), cores, folder / LOG, tool.variables(), tool.where, tool.end_signal)
    return measure(process, t.requests)


if __name__ == "__main__":
    main()
