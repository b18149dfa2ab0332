"""What the reference node itself can do, so that nobody takes its limit for the generator's. python -m benchmarks.node

wrk against the node, a core each, 16 connections: signed generates, verifies of a real attestation, finality checks a second.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import statistics
import subprocess
import tempfile
from pathlib import Path

import requests

from benchmarks import results
from bizra_load.node.chain import block_hash
from bizra_load.node.embedded import start_node

ROUNDS, SECONDS, CONNECTIONS = 3, 4, 16


def wrk(url: str, body: str, script: Path, core: int) -> float:
    script.write_text(f'wrk.method = "POST"\nwrk.body = {json.dumps(body)}\nwrk.headers["Content-Type"] = "application/json"\n')
    command = ["wrk", "-t", "1", "-c", str(CONNECTIONS), "-d", f"{SECONDS}s", "-s", str(script), url]
    done = subprocess.run(
        command, capture_output=True, text=True, check=True, preexec_fn=lambda: os.sched_setaffinity(0, {core})
    )
    found = re.search(r"Requests/sec:\s+([\d.]+)", done.stdout)
    if found is None or "Non-2xx" in done.stdout:
        raise SystemExit(f"wrk: {done.stdout}{done.stderr}")
    return float(found[1])


def main() -> None:
    if shutil.which("wrk") is None:
        raise SystemExit("wrk is missing: apt-get install -y --no-install-recommends wrk")
    cores = sorted(os.sched_getaffinity(0))
    rates: dict[str, list[float]] = {"generate": [], "verify": [], "finality": []}
    with start_node() as node, tempfile.TemporaryDirectory() as name:
        os.sched_setaffinity(node.process.pid, {cores[0]})
        attestation = requests.post(f"{node.url}/api/v1/poi/generate", json={"evidence": "e" * 40}, timeout=10).json()
        bodies = {
            "generate": ("/api/v1/poi/generate", {"evidence": "e" * 40}),
            "verify": ("/api/v1/poi/verify", {k: attestation[k] for k in ("body", "signature", "public_key")}),
            "finality": ("/api/v1/finality", {"block_hash": block_hash(1)}),
        }
        for _ in range(ROUNDS):
            for operation, (path, body) in bodies.items():
                rates[operation].append(wrk(node.url + path, json.dumps(body), Path(name) / "wrk.lua", cores[-1]))
    shown = [(operation, f"{statistics.median(found):,.0f}/s") for operation, found in rates.items()]
    results.keep("node", rates, results.table(("Operation", "Reference node, one core"), shown))


if __name__ == "__main__":
    main()
