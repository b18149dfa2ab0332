"""Is what we report what somebody else measures? python -m benchmarks.accuracy [--rounds 3] [--rates 1000]

A target of known constant latency (benchmarks/delay_server.c), on a core of its own, asked in turn by a plain blocking socket
and by us, each in a process on the same other core: who runs on the target's core is woken sooner. The socket asks for a while
one request after the other, timed from sending as our service time is; then 1,000/s, timed from the intended start as our
response time is, with its own late waking in it. Differences of medians are taken within a round; rates are measured in turn.
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
from bizra_load.engine.timerfd import TimerFd
from bizra_load.io.ports import free_port
from bizra_load.node.attestations import Attestor
from sla.values import histogram

DELAY_S = 0.0005  # one socket has time for 1,000/s
RATES = (1_000.0, 10_000.0, 50_000.0)  # the last is half of what the generator does (benchmarks/generator.py), and more
START_S, MEASURE_S, PROBE_S = 5.0, 5.0, 5.0
PLANNED_S = 0.001  # between requests of the socket that has a schedule
AGREE_US, AGREE_AT_PER_S = 30.0, 1_000.0  # our response p50 is to be that near to the socket's at that rate


def probe(port: int) -> dict[str, float]:
    """Median times of a blocking socket, us: of one request after the other, and from the intended start of planned ones."""
    body = b'{"evidence":"x"}'
    request = f"POST {PATH} HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: {len(body)}\r\n\r\n".encode() + body
    with socket.create_connection(("127.0.0.1", port)) as sock:
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        service_ns, end_ns = [], time.perf_counter_ns() + int(PROBE_S / 2 * 1e9)
        while (begin_ns := time.perf_counter_ns()) < end_ns:
            service_ns.append(_received_ns(sock, request) - begin_ns)
        timer = TimerFd()
        os.set_blocking(timer.fd, True)
        response_ns = []
        for number in range(1, int(PROBE_S / 2 / PLANNED_S)):
            due_ns = end_ns + int(number * PLANNED_S * 1e9)
            if time.perf_counter_ns() < due_ns:
                timer.arm(due_ns)
                os.read(timer.fd, 8)
            response_ns.append(_received_ns(sock, request) - due_ns)
    return {"service": statistics.median(service_ns) / 1e3, "response": statistics.median(response_ns) / 1e3}


def _received_ns(sock: socket.socket, request: bytes) -> int:
    """When the response was there. Raises SystemExit on one other than 200."""
    sock.sendall(request)
    data = sock.recv(65_536)
    received_ns = time.perf_counter_ns()
    if not data.startswith(b"HTTP/1.1 200"):
        raise SystemExit(f"the target answered {data[:60]!r}")
    return received_ns


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
        asked = [sys.executable, "-m", "benchmarks.accuracy", "--probe", str(port)]
        outside = json.loads(subprocess.run(asked, capture_output=True, text=True, check=True, preexec_fn=pins[1]).stdout)
        # as many connections as are in flight at this rate and latency, and as many again
        command = ours("ours", "constant").command(t, Path(name), rate)
        command[command.index("--ops-per-user") + 1] = "200"
        log = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
        generator = subprocess.Popen(command, preexec_fn=pins[1], start_new_session=True, **log)
        try:
            time.sleep(START_S + MEASURE_S)
        finally:
            generator.terminate()
            generator.wait(timeout=30)
            server.kill()
            server.wait()
        [run] = run_folders(Path(name) / "ours")
        measurements = read_run(run)[0]
    first = measurements.facts.load_started_ns // 10**9 + 2
    seconds = [w for w in measurements.windows if w.ok and first <= w.second < first + MEASURE_S]
    service, response = (
        histogram.merge(getattr(w, key) for w in seconds).quantile_ns(0.5) / 1e3 for key in ("service", "response")
    )
    lag = histogram.merge(h.lag for h in measurements.health if h.second >= first).quantile_ns(0.5) / 1e3
    return {
        "rate_per_s": rate,
        "response_p50_us": response,
        "socket_response_p50_us": outside["response"],
        "service_p50_us": service,
        "socket_service_p50_us": outside["service"],
        "lag_p50_us": lag,
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--rates", type=float, nargs="+", default=RATES, metavar="PER_S")
    parser.add_argument("--probe", type=int, help=argparse.SUPPRESS)
    args = parser.parse_args()
    if args.probe:
        print(json.dumps(probe(args.probe)))
        return
    rounds: dict[float, list[dict[str, float]]] = {rate: [] for rate in args.rates}
    with tempfile.TemporaryDirectory() as name:
        command = delay_server(Path(name))
        for _ in range(args.rounds):
            for rate, figures in rounds.items():
                figures.append(once(rate, command))
    results.keep("accuracy", [figures for rate in args.rates for figures in rounds[rate]], report(rounds))


def report(rounds: dict[float, list[dict[str, float]]]) -> list[str]:
    """Differences, taken within a round, first; and whether responses are as near as they are to be."""
    rows, verdict = [], []
    for rate, figures in rounds.items():
        off_us = {what: [f[f"{what}_p50_us"] - f[f"socket_{what}_p50_us"] for f in figures] for what in ("response", "service")}
        keys = ("response_p50_us", "socket_response_p50_us", "service_p50_us", "socket_service_p50_us", "lag_p50_us")
        p50s = (results.spread((f[key] for f in figures), unit=" us") for key in keys)
        rows.append((f"{rate:,.0f}/s", *(results.spread(us, "+.0f", " us") for us in off_us.values()), *p50s))
        if rate == AGREE_AT_PER_S:
            median_us = statistics.median(off_us["response"])
            within = "within" if abs(median_us) <= AGREE_US else "not within"
            verdict = [
                "",
                f"Response p50 at {rate:,.0f}/s: {within} {AGREE_US:.0f} us of a blocking socket's ({median_us:+.0f} us).",
            ]
    p50s_of = ("Response p50, ours", "The socket's", "Service p50, ours", "The socket's", "Lag p50, ours")
    columns = ("Rate", "Response less the socket's", "Service less the socket's", *p50s_of)
    return [f"Target: {DELAY_S * 1e6:.0f} us constant.", "", *results.table(columns, rows), *verdict]


if __name__ == "__main__":
    main()
