"""What the reference node itself can do, and what a request costs it. python -m benchmarks.node [--against CHECKOUT]

Saturated: wrk against the node, a core each, 16 connections: signed generates, verifies of a real attestation, finality checks
a second. Paced: 1,000 requests a second, the three in turn: CPU a request, the node's own p99 of what it observed.
`--against` measures the node of another checkout (with its own .venv) in turn with this one.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import re
import shutil
import statistics
import subprocess
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import requests

from benchmarks import paced, results
from benchmarks.measuring import cpu_ns
from bizra_load.io.children import die_with_parent
from bizra_load.poi.chain import block_hash

ROUNDS, SECONDS, CONNECTIONS = 3, 4, 16
PACED_PER_S = 1000
HERE = Path(__file__).resolve().parents[1]
TIMED = HERE / "benchmarks/timed_node"
HISTOGRAMS = {
    "generate": "bizra_poi_generate_seconds",
    "verify": "bizra_poi_verify_seconds",
    "finality": "bizra_finality_check_seconds",
}


@contextlib.contextmanager
def started(checkout: Path, cores: set[int], times: Path | None = None) -> Iterator[tuple[dict[str, Any], float]]:
    """The node of a checkout on `cores`: its ready file, and the seconds until it was there. With `times`, it leaves there what
    each operation took.
    """
    with tempfile.TemporaryDirectory() as name:
        ready = Path(name) / "ready.json"
        command = [
            str(checkout / ".venv/bin/python"),
            "-m",
            "bizra_load.cli.main",
            "node",
            "--port",
            "0",
            "--metrics-port",
            "0",
        ]
        begin = time.perf_counter()
        node = subprocess.Popen(
            [*command, "--ready-file", str(ready)],
            cwd=checkout,
            stdout=subprocess.DEVNULL,
            preexec_fn=die_with_parent,
            env={**os.environ, **({"NODE_TIMES": str(times), "PYTHONPATH": str(TIMED)} if times else {})},
        )
        try:
            while not ready.exists():
                if node.poll() is not None or time.perf_counter() - begin > 30:
                    raise SystemExit(f"the node of {checkout} did not start")
                time.sleep(0.001)
            took_s = time.perf_counter() - begin
            for task in Path(f"/proc/{node.pid}/task").iterdir():
                os.sched_setaffinity(int(task.name), cores)
            yield json.loads(ready.read_text()), took_s
        finally:
            node.terminate()
            node.wait(timeout=10)


def bodies(url: str) -> dict[str, tuple[str, str]]:
    """Path and content of each operation."""
    attestation = requests.post(f"{url}/api/v1/poi/generate", json={"evidence": "e" * 40}, timeout=10).json()
    contents = {
        "generate": ("/api/v1/poi/generate", {"evidence": "e" * 40}),
        "verify": ("/api/v1/poi/verify", {k: attestation[k] for k in ("body", "signature", "public_key")}),
        "finality": ("/api/v1/finality", {"block_hash": block_hash(1)}),
    }
    return {operation: (path, json.dumps(content)) for operation, (path, content) in contents.items()}


def wrk(url: str, body: str, core: int) -> float:
    with tempfile.NamedTemporaryFile("w", suffix=".lua") as script:
        script.write(f'wrk.method = "POST"\nwrk.body = {json.dumps(body)}\nwrk.headers["Content-Type"] = "application/json"\n')
        script.flush()
        command = ["wrk", "-t", "1", "-c", str(CONNECTIONS), "-d", f"{SECONDS}s", "-s", script.name, url]
        done = subprocess.run(
            command, capture_output=True, text=True, check=True, preexec_fn=lambda: os.sched_setaffinity(0, {core})
        )
    rate = re.search(r"Requests/sec:\s+([\d.]+)", done.stdout)
    if rate is None or "Non-2xx" in done.stdout:
        raise SystemExit(f"wrk: {done.stdout}{done.stderr}")
    return float(rate[1])


def measure_paced(node: dict[str, Any]) -> dict[str, float]:
    head = "POST {} HTTP/1.1\r\nHost: node\r\nContent-Type: application/json\r\nContent-Length: {}\r\n\r\n"
    whole = [(head.format(path, len(body)) + body).encode() for path, body in bodies(node["url"]).values()]
    paced.send(node["url"], whole, PACED_PER_S, 1)
    cpu = cpu_ns(node["pid"])
    answered_ns = paced.send(node["url"], whole, PACED_PER_S, SECONDS)
    figures = {"CPU a request, us": (cpu_ns(node["pid"]) - cpu) / len(answered_ns) / 1e3}
    figures["p99 from sending to the answer, us"] = statistics.quantiles(answered_ns, n=100)[-1] / 1e3
    return figures


def own_times_us(times: Path) -> dict[str, list[float]]:
    """What each operation took inside the node, sorted."""
    measured = json.loads(times.read_text())
    return {operation: sorted(1e6 * seconds for seconds in measured[name]) for operation, name in HISTOGRAMS.items()}


def measure(checkout: Path, cores: list[int]) -> dict[str, float]:
    with tempfile.TemporaryDirectory() as folder:
        times = Path(folder) / "times.json"
        with started(checkout, {cores[0]}, times) as (node, _):
            figures = measure_paced(node)
        for operation, took_us in own_times_us(times).items():
            figures[f"{operation}: own p99, us"] = statistics.quantiles(took_us, n=100)[-1]
    with started(checkout, {cores[0]}) as (node, took_s):
        figures["start until ready, ms"] = took_s * 1e3
        for operation, (path, body) in bodies(node["url"]).items():
            figures[f"{operation}, requests/s"] = wrk(node["url"] + path, body, cores[-1])
    return figures


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--against", type=Path, metavar="CHECKOUT", help="another checkout, measured in turn with this one")
    parser.add_argument("--rounds", type=int, default=ROUNDS)
    args = parser.parse_args()
    if shutil.which("wrk") is None:
        raise SystemExit("wrk is missing: apt-get install -y --no-install-recommends wrk")
    cores = sorted(os.sched_getaffinity(0))
    os.sched_setaffinity(0, {cores[-1]})
    checkouts = {"Reference node, one core": HERE, **({"The other checkout's": args.against.resolve()} if args.against else {})}
    measured: dict[str, list[dict[str, float]]] = {name: [] for name in checkouts}
    for _ in range(args.rounds):
        for name, checkout in checkouts.items():
            measured[name].append(measure(checkout, cores))
    rows = [
        [figure, *(shown([one[figure] for one in ones]) for ones in measured.values())]
        for figure in next(iter(measured.values()))[0]
    ]
    results.keep("node", measured, results.table(("Median (min to max)", *measured), rows))


def shown(values: list[float]) -> str:
    return f"{statistics.median(values):,.0f} ({min(values):,.0f} to {max(values):,.0f})"


if __name__ == "__main__":
    main()
