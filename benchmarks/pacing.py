"""How late arrivals are sent: one timerfd with a heap of due users, against gevent.sleep. python -m benchmarks.pacing

50 users on 50 keep-alive connections to nginx, open model, constant arrivals; generator and target on a core each. The lag is
from the intended start to right before the send: all of it goes into every response time.
"""

from __future__ import annotations

import argparse
import functools
import json
import os
import random
import statistics
import subprocess
import sys
import time

import gevent
import numpy as np

from benchmarks import results
from benchmarks.target import target
from bizra_load.engine.client import Connection
from bizra_load.engine.load_curve import ramp_and_hold
from bizra_load.engine.pacer import Pacer
from bizra_load.engine.schedule import Schedule

USERS = 50
SECONDS = 4.0
RATES = (1_000, 10_000)
MODES = ("gevent.sleep", "timerfd")


class SleepPacer(Pacer):
    """What a scenario would do without a pacer."""

    def sleep_until(self, due_ns: int) -> int:
        gevent.sleep(max(due_ns - time.perf_counter_ns(), 0) / 1e9)
        return time.perf_counter_ns()


def run(mode: str, rate: float, url: str) -> dict[str, float]:
    """One measurement, in this process."""
    pacer = SleepPacer() if mode == "gevent.sleep" else Pacer()
    unsent: list[int] = []
    start_ns = time.perf_counter_ns() + 500_000_000
    schedule = Schedule(ramp_and_hold(rate, 0, SECONDS), USERS, "constant", start_ns, pacer, unsent.append, random.Random(1))
    lags: list[int] = []
    body = b'{"evidence":"' + b"e" * 40 + b'"}'

    def user() -> None:
        slot, connection = schedule.new_slot(), Connection(url)
        request = connection.prepare("POST", "/api/v1/poi/generate", {"Content-Type": "application/json"})
        while True:
            due = slot.take()
            response = connection.send(request, body, lambda _: None)
            lags.append(response.sent_ns - due)

    users = [gevent.spawn(user) for _ in range(USERS)]
    gevent.sleep(0.4)
    cpu = time.process_time()
    gevent.sleep(SECONDS + 0.1)
    cpu = time.process_time() - cpu
    schedule.drain(2)
    gevent.killall(users)
    p50, p99, p999 = np.percentile(lags, [50, 99, 99.9]) / 1e3
    return {"achieved_per_s": len(lags) / SECONDS, "p50_us": p50, "p99_us": p99, "p999_us": p999, "cpu_share": cpu / SECONDS}


def _measured(mode: str, rate: float, url: str, core: int) -> dict[str, float]:
    """The same in a process of its own, pinned."""
    command = [sys.executable, "-m", "benchmarks.pacing", "--one", mode, str(rate), url]
    pin = functools.partial(os.sched_setaffinity, 0, {core})
    done = subprocess.run(command, capture_output=True, text=True, check=True, preexec_fn=pin)
    figures: dict[str, float] = json.loads(done.stdout)
    return figures


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--one", nargs=3, metavar=("MODE", "RATE", "URL"), help=argparse.SUPPRESS)
    args = parser.parse_args()
    if args.one:
        print(json.dumps(run(args.one[0], float(args.one[1]), args.one[2])))
        return
    cores = sorted(os.sched_getaffinity(0))
    rows: dict[str, list[dict[str, float]]] = {f"{mode}, {rate:,}/s": [] for rate in RATES for mode in MODES}
    with target(cores[0]) as t:
        for _ in range(args.rounds):
            for rate in RATES:
                for mode in MODES:
                    rows[f"{mode}, {rate:,}/s"].append(_measured(mode, rate, t.url, cores[-1]))
    shown = []
    for name, figures in rows.items():
        m = {key: statistics.median(f[key] for f in figures) for key in figures[0]}
        lags = [f"{m[key]:,.0f} us" for key in ("p50_us", "p99_us", "p999_us")]
        shown.append((name, *lags, f"{m['cpu_share']:.2f} core", f"{m['achieved_per_s']:,.0f}/s"))
    lines = results.table(("Pacing", "Lag p50", "p99", "p99.9", "CPU", "Achieved"), shown)
    for rate in RATES:
        sleep, timer = (rows[f"{mode}, {rate:,}/s"] for mode in MODES)
        for key in ("p50_us", "p99_us"):
            ratio = statistics.median(a[key] / b[key] for a, b in zip(timer, sleep, strict=True))
            lines.append(f"\n{rate:,}/s: {key.removesuffix('_us')} of timerfd is {ratio:.3f} of gevent.sleep's")
    results.keep("pacing", rows, lines)


if __name__ == "__main__":
    main()
