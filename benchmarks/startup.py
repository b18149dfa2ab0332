"""How long one waits for a run beside the load itself. python -m benchmarks.startup [--rounds N] [--against CHECKOUT]

`bizra-load run` without a target, a ramp of 1 s and 3 s at the rate: from the command to the first request that the reference
node has counted, and to the end; CPU time of `bizra-load --help`. Another checkout, with a .venv of its own, takes turns.
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

HERE = Path(__file__).resolve().parents[1]
LOAD_S = 4.0
LOAD = ("--ramp", "1s", "--duration", "3s")
COUNTERS = {"bizra_poi_generate_total", "bizra_poi_verify_total", "bizra_finality_checks_total"}
FIGURES = {
    "first_request_s": "Command to first request",
    "whole_s": f"Whole of a run of {LOAD_S:g} s",
    "help_cpu_s": "CPU of bizra-load --help",
}


def run(checkout: Path, python: str) -> dict[str, float]:
    """Seconds of one run and one --help of a checkout."""
    command = [python, "-m", "bizra_load.cli.main"]
    quiet = {"cwd": checkout, "stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    with tempfile.TemporaryDirectory() as name:
        began = time.monotonic()
        process = subprocess.Popen([*command, "run", "--out", name, *LOAD], **quiet)
        try:
            first_request_s = _first_request(process, Path(name)) - began
            process.wait(timeout=60)
            whole_s = time.monotonic() - began
        finally:
            process.terminate()
            process.wait()
    shown = subprocess.Popen([*command, "--help"], **quiet)
    usage = os.wait4(shown.pid, 0)[2]
    return {"first_request_s": first_request_s, "whole_s": whole_s, "help_cpu_s": usage.ru_utime + usage.ru_stime}


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
    args = parser.parse_args()
    sides = {"this checkout": (HERE, sys.executable)}
    if args.against is not None:
        other = args.against.resolve()
        sides[args.against.name] = (other, str(other / ".venv/bin/python"))
    found: dict[str, list[dict[str, float]]] = {side: [] for side in sides}
    for _ in range(args.rounds):
        for side, where in sides.items():
            found[side].append(run(*where))
    rows = [(title, *(_shown([figures[key] for figures in found[side]]) for side in sides)) for key, title in FIGURES.items()]
    results.keep("startup", found, results.table(("Seconds: median (least to most)", *sides), rows))


def _shown(values: list[float]) -> str:
    return f"{statistics.median(values):.2f} ({min(values):.2f} to {max(values):.2f})"


if __name__ == "__main__":
    main()
