"""Is what we report what somebody else measures? python -m benchmarks.accuracy [--rounds 3]

A target of known constant latency (benchmarks/delay_server.c), asked by us at a planned rate and at the same time by a plain
blocking socket, one request after the other: the two medians of the service time must agree.
"""

from __future__ import annotations

import argparse
import functools
import json
import os
import shutil
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from benchmarks import results
from benchmarks.target import Target, wait_for
from benchmarks.tools import PATH, ours
from bizra_load.archive.latest import run_folders
from bizra_load.archive.store import read_run
from bizra_load.io.ports import free_port
from bizra_load.node.attestations import Attestor
from sla.values import histogram

DELAY_S = 0.002
RATES = (1_000.0, 10_000.0, 50_000.0)  # the last is half of what the generator does (benchmarks/generator.py), and more
PROBE_S = 5.0


def probe(port: int) -> float:
    """Median service time, us, of a blocking socket."""
    body = b'{"evidence":"x"}'
    request = f"POST {PATH} HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: {len(body)}\r\n\r\n".encode() + body
    timings_ns, end = [], time.monotonic() + PROBE_S
    with socket.create_connection(("127.0.0.1", port)) as sock:
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        while time.monotonic() < end:
            begin = time.perf_counter_ns()
            sock.sendall(request)
            data = sock.recv(65_536)
            timings_ns.append(time.perf_counter_ns() - begin)
            if not data.startswith(b"HTTP/1.1 200"):
                raise SystemExit(f"the target answered {data[:60]!r}")
    return statistics.median(timings_ns) / 1e3


def delay_server(folder: Path) -> list[str]:
    """The command of the target, but for its port: compiled into `folder`."""
    compiler = shutil.which("cc")
    if compiler is None:
        raise SystemExit("a C compiler is missing: apt-get install -y --no-install-recommends gcc libc6-dev")
    binary, response = folder / "delay_server", folder / "response"
    subprocess.run([compiler, "-O2", "-o", str(binary), str(Path(__file__).with_name("delay_server.c"))], check=True)
    body = json.dumps(Attestor(bytes(32)).generate("the same for everybody")).encode()
    head = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n" % len(body)
    response.write_bytes(head + body)
    return [str(binary), "{port}", str(int(DELAY_S * 1e9)), str(response)]


def once(rate: float, server_command: list[str]) -> dict[str, float]:
    cores = sorted(os.sched_getaffinity(0))
    pins = [functools.partial(os.sched_setaffinity, 0, {core}) for core in (cores[0], cores[-1])]
    port = free_port()
    server = subprocess.Popen([word.format(port=port) for word in server_command], preexec_fn=pins[0])
    with tempfile.TemporaryDirectory() as name:
        t = Target(f"http://127.0.0.1:{port}", "", Path(), b"")
        wait_for(port)
        # as many connections as are in flight at this rate and latency, and as many again
        command = ours("ours", "constant").command(t, Path(name), rate)
        command[command.index("--ops-per-user") + 1] = "200"
        log = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
        generator = subprocess.Popen(command, preexec_fn=pins[1], start_new_session=True, **log)
        try:
            time.sleep(6)
            asked = [sys.executable, "-m", "benchmarks.accuracy", "--probe", str(port)]
            outside = float(subprocess.run(asked, capture_output=True, text=True, check=True, preexec_fn=pins[0]).stdout)
        finally:
            generator.terminate()
            generator.wait(timeout=30)
            server.kill()
            server.wait()
        [run] = run_folders(Path(name) / "ours")
        measurements = read_run(run)[0]
    first = measurements.facts.load_started_ns // 10**9 + 2
    seconds = [w for w in measurements.windows if w.ok and first <= w.second < first + PROBE_S + 2]
    service = histogram.merge(w.service for w in seconds).quantile_ns(0.5) / 1e3
    lag = histogram.merge(h.lag for h in measurements.health if h.second >= first).quantile_ns(0.5) / 1e3
    return {"rate_per_s": rate, "ours_p50_us": service, "outside_p50_us": outside, "lag_p50_us": lag}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--probe", type=int, help=argparse.SUPPRESS)
    args = parser.parse_args()
    if args.probe:
        print(probe(args.probe))
        return
    rows = []
    with tempfile.TemporaryDirectory() as name:
        command = delay_server(Path(name))
        for rate in RATES:
            rounds = [once(rate, command) for _ in range(args.rounds)]
            rows.append({key: statistics.median(f[key] for f in rounds) for key in rounds[0]})
    shown = []
    for r in rows:
        off = r["ours_p50_us"] - r["outside_p50_us"]
        p50s = (f"{r['ours_p50_us']:,.0f} us", f"{r['outside_p50_us']:,.0f} us")
        off_by = f"{off:+.0f} us ({off / r['outside_p50_us']:+.1%})"
        shown.append((f"{r['rate_per_s']:,.0f}/s", *p50s, off_by, f"{r['lag_p50_us']:.0f} us"))
    columns = ("Rate", "Service p50, ours", "Service p50, blocking socket", "Difference", "Lag p50")
    results.keep("accuracy", rows, [f"Target: {DELAY_S * 1e3:.0f} ms constant.", "", *results.table(columns, shown)])


if __name__ == "__main__":
    main()
