"""What a command costs beside its own work. python -m benchmarks.startup [--rounds N] [--against CHECKOUT] [--cpu-only]

CPU time of `bizra-load --help`, `--version` and the --help of every verb, and `bizra-load run` without a target, a ramp of 1 s
and 3 s at the rate: from the command to the first request that the reference node has counted, and to the end. Another
checkout, with a .venv of its own, takes turns. CPU times are user + system of the process, with the interpreter's own start.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import requests
from prometheus_client.parser import text_string_to_metric_families

from benchmarks import results
from bizra_load.cli.main import VERBS

HERE = Path(__file__).resolve().parents[1]
LOAD_S = 4.0
LOAD = ("--ramp", "1s", "--duration", "3s")
COUNTERS = {"bizra_poi_generate_total", "bizra_poi_verify_total", "bizra_finality_checks_total"}
RUN_FIGURES = {"first_request_s": "Command to first request", "whole_s": f"Whole of a run of {LOAD_S:g} s"}
EXPLAINED = ("--help", "--version", *(f"{verb} --help" for verb in VERBS))


def run(checkout: Path, python: str) -> dict[str, float]:
    """Seconds of one run of a checkout."""
    with tempfile.TemporaryDirectory() as name:
        began = time.monotonic()
        process = _start(checkout, python, "run", "--out", name, *LOAD)
        try:
            first_request_s = _first_request(process, Path(name)) - began
            process.wait(timeout=60)
            whole_s = time.monotonic() - began
        finally:
            process.terminate()
            process.wait()
    return {"first_request_s": first_request_s, "whole_s": whole_s}


def cpu_s(checkout: Path, python: str, words: str) -> float:
    """CPU seconds of one command that ends by itself."""
    usage = os.wait4(_start(checkout, python, *words.split()).pid, 0)[2]
    return usage.ru_utime + usage.ru_stime


def _start(checkout: Path, python: str, *words: str) -> subprocess.Popen[bytes]:
    command = [python, "-m", "bizra_load.cli.main", *words]
    return subprocess.Popen(command, cwd=checkout, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


def _first_request(process: subprocess.Popen[bytes], runs: Path) -> float:
    """When (monotonic) the node's own counters are not zero any more. Raises SystemExit where the run ends before."""
    url = ""
    while process.poll() is None:
        records = list(runs.glob("2*/run.json"))
        url = url or (json.loads(records[0].read_text())["server_metrics"] if records else "")
        if url and _count(url):
            return time.monotonic()
        time.sleep(0.01)
    raise SystemExit(f"{process.args} ended with {process.returncode} before its first request")  # type: ignore[str-bytes-safe]


def _count(url: str) -> float:
    text = requests.get(url, timeout=5).text
    return sum(s.value for f in text_string_to_metric_families(text) for s in f.samples if s.name in COUNTERS)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--against", type=Path, metavar="CHECKOUT", help="another checkout with a .venv of its own")
    parser.add_argument("--cpu-only", action="store_true", help="no runs")
    args = parser.parse_args()
    sides = {"this checkout": (HERE, sys.executable)}
    if args.against is not None:
        other = args.against.resolve()
        sides[args.against.name] = (other, str(other / ".venv/bin/python"))
    taken: dict[str, list[dict[str, float]]] = {side: [] for side in sides}
    for _ in range(args.rounds):
        for side, where in sides.items():
            taken[side].append({words: cpu_s(*where, words) for words in EXPLAINED})
            if not args.cpu_only:
                taken[side][-1] |= run(*where)
    titles = {words: f"CPU of bizra-load {words}" for words in EXPLAINED} | ({} if args.cpu_only else RUN_FIGURES)
    rows = [(title, *(_summary([figures[key] for figures in taken[side]]) for side in sides)) for key, title in titles.items()]
    results.keep("startup", taken, results.table(("Seconds: median (least to most)", *sides), rows))


def _summary(values: list[float]) -> str:
    return f"{statistics.median(values):.3f} ({min(values):.3f} to {max(values):.3f})"


if __name__ == "__main__":
    main()
