"""Is what we report what somebody else measures? python -m benchmarks.accuracy [--rounds 3]

At half of the saturated rate, and at a tenth: our service-time p50 against a plain blocking socket that asks the same nginx at
the same time, one request each millisecond.
"""

from __future__ import annotations

import argparse
import json
import os
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from urllib.parse import urlsplit

from benchmarks.generator import PATH, SATURATED, ours
from benchmarks.measuring import measure
from benchmarks.target import Target, target
from bizra_load.archive.store import read_run
from bizra_load.files import write_atomically
from sla import histogram

HERE = Path(__file__).parent
PROBE_S = 5.0


def probe(url: str, body: bytes) -> float:
    """Median service time, us, of a blocking socket."""
    parts = urlsplit(url)
    head = (
        f"POST {PATH} HTTP/1.1\r\nHost: {parts.netloc}\r\nContent-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
    )
    found, end = [], time.monotonic() + PROBE_S
    with socket.create_connection((parts.hostname or "", parts.port or 80)) as sock:
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        while time.monotonic() < end:
            begin = time.perf_counter_ns()
            sock.sendall(head.encode() + body)
            data = sock.recv(65_536)
            found.append(time.perf_counter_ns() - begin)
            if not data.startswith(b"HTTP/1.1 200"):
                raise SystemExit(f"the target answered {data[:60]!r}")
            time.sleep(0.001)
    return statistics.median(found) / 1e3


def once(t: Target, share: float) -> dict[str, float]:
    cores = sorted(os.sched_getaffinity(0))
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        top = measure(SATURATED.command(t, folder, 0), t.requests, cores[-1], folder / "log", {}).requests_per_s
        tool = ours("half", "constant", share)
        process = subprocess.Popen(
            tool.command(t, folder, top), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
            preexec_fn=lambda: os.sched_setaffinity(0, {cores[-1]}), start_new_session=True,
        )  # fmt: skip
        try:
            time.sleep(6)
            command = [sys.executable, "-m", "benchmarks.accuracy", "--probe", t.url]
            pin = {"preexec_fn": lambda: os.sched_setaffinity(0, {cores[0]})}
            outside = float(subprocess.run(command, capture_output=True, text=True, check=True, **pin).stdout)
        finally:
            process.terminate()
            process.wait(timeout=30)
        [run] = (folder / "half").iterdir()
        measurements = read_run(run)[0]
        first = measurements.facts.load_started_ns // 10**9 + 3
        seconds = [w for w in measurements.windows if w.ok and first <= w.second < first + PROBE_S + 2]
        service = histogram.merge(w.service for w in seconds).quantile_ns(0.5) / 1e3
        lag = histogram.merge(h.lag for h in measurements.health if h.second >= first).quantile_ns(0.5) / 1e3
        return {"rate_per_s": top * share, "ours_p50_us": service, "outside_p50_us": outside, "lag_p50_us": lag}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--probe", help=argparse.SUPPRESS)
    args = parser.parse_args()
    if args.probe:
        print(probe(args.probe, b'{"evidence":"' + b"e" * 40 + b'"}'))
        return
    rows = []
    for share in (0.1, 0.5):
        with target(sorted(os.sched_getaffinity(0))[0]) as t:
            found = [once(t, share) for _ in range(args.rounds)]
        rows.append({key: statistics.median(f[key] for f in found) for key in found[0]})
    lines = ["| Rate | Service p50, ours | Service p50, blocking socket | Difference | Lag p50 |", "|---|---|---|---|---|"]
    lines += [
        f"| {r['rate_per_s']:,.0f}/s | {r['ours_p50_us']:.0f} us | {r['outside_p50_us']:.0f} us | "
        f"{r['ours_p50_us'] - r['outside_p50_us']:+.0f} us | {r['lag_p50_us']:.0f} us |"
        for r in rows
    ]
    print("\n".join(lines))
    (HERE / "results").mkdir(exist_ok=True)
    write_atomically(HERE / "results/accuracy.json", json.dumps(rows, indent=2) + "\n")
    write_atomically(HERE / "results/accuracy.md", "\n".join(lines) + "\n")


if __name__ == "__main__":
    main()
