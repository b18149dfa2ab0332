"""Is every part of a second as punctual? Lag by phase of the second, beside a bare loop. python -m benchmarks.lag_phase

The whole thing on this machine: reference node, master and workers, 1,000 ops/s. In the same minute a bare loop in a process of
its own sleeps until the arrivals of one worker, Poisson ones as the run's, and does nothing else: what it is late is the
machine's own lateness, and that an arrival can fall due while another is still being woken. Right behind the run as many bare
loops as it had workers send finality requests at the same arrivals and read what comes, checking and recording nothing: the CPU
time that any generator in Python needs here, beside that of a worker.
"""

from __future__ import annotations

import argparse
import itertools
import json
import os
import random
import select
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from collections import deque
from pathlib import Path
from urllib.parse import urlsplit

import numpy as np

from benchmarks import results
from bizra_load.archive.store import read_run
from bizra_load.engine.arrivals import due_times_ns
from bizra_load.engine.load_curve import ramp_and_hold
from bizra_load.engine.timerfd import TimerFd
from bizra_load.poi.chain import block_hash
from bizra_load.rehearsal.node_process import start_node
from sla.values import histogram

SECONDS = 20
ARRIVALS = "poisson"
SEED = 1
EDGES_MS = (0, 50, 250, 500, 750, 1000)
PHASES = [f"{a} to {b} ms" for a, b in itertools.pairwise(EDGES_MS)]


def arrivals_from_now(rate: float, seconds: float) -> list[int]:
    """When one worker's arrivals are due (perf_counter_ns), the first of them in a moment."""
    start_ns = time.perf_counter_ns() + 200_000_000
    after_ns = due_times_ns(ramp_and_hold(rate, 0, seconds), 1, ARRIVALS, random.Random(SEED))
    return [start_ns + ns for ns in after_ns]


def bare_loop(rate: float, seconds: float) -> None:
    """Prints the lags (ns) of a loop that sleeps until arrivals at `rate` per second, as JSON."""
    timer = TimerFd()
    os.set_blocking(timer.fd, True)
    lags, clock = [], time.perf_counter_ns
    for due_ns in arrivals_from_now(rate, seconds):
        if clock() < due_ns:
            timer.arm(due_ns)
            os.read(timer.fd, 8)
        lags.append(clock() - due_ns)
    print(json.dumps(lags))


def bare_requests(url: str, rate: float, seconds: float) -> None:
    """Prints the CPU time (ns) of one request at `rate` per second that does nothing but wait, send and receive.

    Raises SystemExit on an answer other than 200.
    """
    place = urlsplit(url)
    body = b'{"block_hash":"%s"}' % block_hash(0).encode()
    request = b"POST %s HTTP/1.1\r\nHost: bare\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n%b"
    request %= (b"/api/v1/finality", len(body), body)
    timer, poll = TimerFd(), select.epoll()
    due_ns = deque(arrivals_from_now(rate, seconds))
    count, awaited, clock = len(due_ns), 0, time.perf_counter_ns
    with socket.create_connection((str(place.hostname), place.port or 80)) as connection:
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        for readable in (connection.fileno(), timer.fd):
            poll.register(readable, select.EPOLLIN)
        timer.arm(due_ns[0])
        began_ns = time.process_time_ns()
        while due_ns or awaited:
            for readable, _ in poll.poll():
                if readable == connection.fileno():
                    responses = connection.recv(65_536).count(b"HTTP/1.1 200 OK")
                    if not responses:  # they would be waited for without end
                        raise SystemExit("the node gave an answer other than 200")
                    awaited -= responses
                    continue
                while due_ns and due_ns[0] <= clock():
                    due_ns.popleft()
                    awaited += 1
                    connection.sendall(request)
                timer.arm(due_ns[0] if due_ns else 0)
    print((time.process_time_ns() - began_ns) / count)


def cpu_of_bare_requests(rate: float, workers: int) -> float:
    """CPU time (ns) a request of `workers` bare loops at the same time."""
    with start_node() as node:
        loop = [sys.executable, "-m", "benchmarks.lag_phase", "--bare-requests"]
        loop += [node.url, str(rate / workers), str(SECONDS / 2)]
        loops = [subprocess.Popen(loop, stdout=subprocess.PIPE, text=True) for _ in range(workers)]
        return statistics.mean(float(process.communicate()[0]) for process in loops)


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
    figures = {
        "lag p50": lag.quantile_ns(0.5),
        "lag p99": lag.quantile_ns(0.99),
        "own part p99": own.quantile_ns(0.99),
        "bare loop beside it p99": float(np.percentile(beside, 99)),
        "bare loop alone p99": float(np.percentile(alone, 99)),
        "longest housekeeping step": float(max(h.housekeeping_ns for h in health)),
        "housekeeping step, median of seconds": float(np.median([h.housekeeping_ns for h in health])),
        "worker CPU per operation": sum(h.machine.cpu_s for h in health if h.machine) * 1e9 / operations,
    }
    figures["CPU per request of a bare loop"] = cpu_of_bare_requests(rate, workers)
    rows = zip(*(np.load(f) for f in folder.glob("lags-*.npy")), strict=True)
    due_ns, late_ns, waited_ns, held_ns = (np.concatenate(a) for a in rows)
    figures["longest that a due arrival waited for housekeeping"] = float(waited_ns.max())
    figures["of that, CPU time of the step"] = float(held_ns.max())
    for name, a, b in zip(PHASES, EDGES_MS[:-1], EDGES_MS[1:], strict=True):
        phase_ns = due_ns % 1_000_000_000
        inside = late_ns[(phase_ns >= a * 1_000_000) & (phase_ns < b * 1_000_000)]
        figures[f"lag p99, due {name} into the second"] = float(np.percentile(inside, 99))
    return figures


def _loads(folder: Path) -> bool:
    return any(p.stat().st_size for p in folder.glob("*/windows.jsonl"))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--rate", type=float, default=1000.0)
    parser.add_argument("--workers", type=int, nargs="+", default=[1, 2, 4])
    parser.add_argument("--bare", type=float, nargs=2, metavar=("RATE", "SECONDS"), help=argparse.SUPPRESS)
    parser.add_argument("--bare-requests", nargs=3, metavar=("URL", "RATE", "SECONDS"), help=argparse.SUPPRESS)
    args = parser.parse_args()
    if args.bare:
        bare_loop(*args.bare)
        return
    if args.bare_requests:
        url, rate, seconds = args.bare_requests
        bare_requests(url, float(rate), float(seconds))
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
        for figures in rows.values():
            us = sorted(f[key] / 1e3 for f in figures)
            cells.append(f"{statistics.median(us):,.0f} us [{us[0]:,.0f}, {us[-1]:,.0f}]")
        shown.append((key, *cells))
    lines = results.table((f"{args.rate:,.0f} ops/s, median [min, max]", *rows), shown)
    for name, figures in rows.items():
        ratio = statistics.median(f["lag p99"] / f["bare loop beside it p99"] for f in figures)
        cpu = statistics.median(f["worker CPU per operation"] / f["CPU per request of a bare loop"] for f in figures)
        lines.append(f"\n{name}: lag p99 is {ratio:.2f} of a bare loop's beside it, CPU per operation {cpu:.2f} of one's")
    results.keep("lag_phase", rows, lines)


if __name__ == "__main__":
    main()
