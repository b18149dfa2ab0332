"""`make soak`: half an hour of load with faults from a seeded list, then every invariant with its figure and bound.

    SOAK_SECONDS=1800 SOAK_OPS=2000 SOAK_SEED=1 make soak

Exit code 0 when every invariant holds, 1 otherwise. The verdict of the run itself is shown and not judged: the faults are meant
to break the agreement.
"""

from __future__ import annotations

import os
import random
import signal
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import psutil
import requests

from bizra_load.engine.load_curve import ramp_and_hold
from bizra_load.rehearsal.node_process import NodeProcess, start_node
from tests.e2e.faults.proxy import Proxy
from tests.e2e.running import Ended, Running, attempts

RAMP_S = 5
SAMPLE_EVERY_S = 2.0
RSS_SHARE, RSS_BYTES = 0.05, 8 * 2**20  # a process may grow by 5 % and 8 MiB: histograms that fill, the allocator's slack
DESCRIPTORS = 4  # connections that are being opened again while we look
KINDS = ("latency", "errors", "stall", "cut", "half-close", "metrics down", "metrics slow", "worker stopped")
UNKNOWN = ("transport", "timeout")


@dataclass
class Invariant:
    name: str
    figure: str
    bound: str
    holds: bool


class Faults:
    """The seeded list: every ten seconds or so one fault, which ends by itself."""

    def __init__(self, seed: int, seconds: float) -> None:
        rng = random.Random(seed)
        self.plan: list[tuple[float, str, float]] = []
        at = RAMP_S + 4.0
        while at < seconds - 8:
            kind = rng.choice(
                ("latency", "errors", "stall", "cut", "half-close", "metrics down", "metrics slow", "worker stopped")
            )
            self.plan.append((at, kind, rng.uniform(0.3, 2.0)))
            at += rng.uniform(6, 14)
        self.counts: dict[str, int] = {}

    def apply(self, kind: str, size: float, node: NodeProcess, proxy: Proxy, workers: list[int]) -> None:
        """`size`: 0.3 to 2, seconds or how hard."""
        self.counts[kind] = self.counts.get(kind, 0) + 1
        if kind == "cut":
            proxy.cut()
        elif kind == "half-close":
            proxy.half_close()
        elif kind == "worker stopped":
            os.kill(workers[sum(self.counts.values()) % len(workers)], signal.SIGSTOP)
        else:
            faults = {
                "latency": {"generate.latency": f"lognormal({size * 5:.1f}ms,0.5)"},
                "errors": {"error_rate": f"{size * 5:.1f}%"},
                "stall": {"stall": f"{size:.2f}s"},
                "metrics down": {"metrics.down": "true"},
                "metrics slow": {"metrics.latency": f"{size:.2f}s"},
            }[kind]
            requests.post(f"{node.admin_url}/faults", json=faults, timeout=10).raise_for_status()

    def end(self, kind: str, node: NodeProcess, workers: list[int]) -> None:
        if kind == "worker stopped":
            for worker in workers:
                os.kill(worker, signal.SIGCONT)
        elif kind not in ("cut", "half-close"):
            requests.delete(f"{node.admin_url}/faults", timeout=10).raise_for_status()


class Watch:
    """RSS and open descriptors of every process, over time."""

    def __init__(self, processes: dict[str, int]) -> None:
        self._processes = {name: psutil.Process(pid) for name, pid in processes.items()}
        self.rss: dict[str, list[int]] = {name: [] for name in processes}
        self.descriptors: dict[str, list[int]] = {name: [] for name in processes}

    def look(self) -> None:
        for name, process in self._processes.items():
            try:
                rss, descriptors = process.memory_info().rss, process.num_fds()
            except psutil.Error:
                continue  # the run has ended
            self.rss[name].append(rss)
            self.descriptors[name].append(descriptors)

    def invariants(self) -> list[Invariant]:
        invariants = []
        for name, values in self.rss.items():
            # the first quarter fills caches; then the middle of the second is compared with that of the last
            quarter = max(len(values) // 4, 1)
            early, late = (float(np.median(v)) for v in (values[quarter : 2 * quarter] or values, values[-quarter:]))
            bound = early * (1 + RSS_SHARE) + RSS_BYTES
            figure = f"{early / 2**20:.1f} to {late / 2**20:.1f} MiB ({late / early - 1:+.1%})"
            invariants.append(Invariant(f"memory of the {name}", figure, f"<= {bound / 2**20:.1f} MiB", late <= bound))
        for name, values in self.descriptors.items():
            quarter = max(len(values) // 4, 1)
            early_n, late_n = max(values[: 2 * quarter]), int(np.median(values[-quarter:]))
            figure = f"{early_n} to {late_n}"
            invariants.append(
                Invariant(f"descriptors of the {name}", figure, f"<= {early_n + DESCRIPTORS}", late_n <= early_n + DESCRIPTORS)
            )
        return invariants


def counts(ended: Ended, node: NodeProcess, planned: float, users: int) -> list[Invariant]:
    """Client against node, sent against planned, reports against samples."""
    invariants, windows = [], ended.measurements.windows
    server = attempts(node)
    for operation in ("generate", "verify"):
        mine = [w for w in windows if w.operation == operation]
        finished, started = sum(w.finished for w in mine), sum(w.started for w in mine)
        unknown = sum(w.failed.get(c, 0) for w in mine for c in UNKNOWN) + started - finished
        sure = started - unknown
        figure = f"client {sure:,} sure and {unknown:,} of unknown fate, node {server[operation]:,}"
        holds = sure <= server[operation] <= sure + unknown
        invariants.append(Invariant(f"counts of {operation}", figure, "sure <= node <= sure + unknown", holds))
        invariants.append(
            Invariant(f"ends of {operation}", f"{started - finished:,} sent without an end", "0", started == finished)
        )
    due, unsent = sum(w.planned for w in windows), sum(w.unsent for w in windows)
    sent = sum(w.started for w in windows)
    invariants.append(
        Invariant("arrivals", f"{due:,} due, {sent:,} sent, {unsent:,} unsent", "due = sent + unsent", due == sent + unsent)
    )
    invariants.append(
        Invariant("plan", f"{due:,} due, {planned:,.0f} planned", f"+- {users} (one a slot)", abs(due - planned) <= users)
    )
    for key in ("workers", "reports", "clock_skew", "restarted"):
        check = ended.check(key)
        invariants.append(Invariant(f"check {key}", check["reason"], "PASS", check["status"] == "PASS"))
    invariants.append(Invariant("tracebacks", str(ended.err.count("Traceback")), "0", "Traceback" not in ended.err))
    invariants.append(Invariant("exit code", str(ended.code), "0, 3, 4 or 5", ended.code in (0, 3, 4, 5)))
    return invariants


def soak(seconds: float, rate: float, seed: int, out: Path) -> list[Invariant]:
    faults = Faults(seed, seconds)
    with start_node(["--seed", str(seed)]) as node, Proxy("127.0.0.1", int(node.url.rpartition(":")[2])) as proxy:
        running = Running(
            out, "-H", f"http://127.0.0.1:{proxy.port}", "--metrics-url", node.metrics_url, "--agreement", "local", "-f",
            "locustfiles/poi.py", "--target-ops", f"{rate:g}", "--ramp", f"{RAMP_S}s", "--duration", f"{seconds}s",
            "--request-timeout", "5s",
        )  # fmt: skip
        running.wait_for(100)
        begin = time.monotonic()
        workers = running.workers()
        master = psutil.Process(workers[0]).ppid()
        watch = Watch({"master": master, "node": node.process.pid, **{f"worker {n}": pid for n, pid in enumerate(workers, 1)}})
        todo, ends = list(faults.plan), list[tuple[float, str]]()
        while running.process.poll() is None and time.monotonic() - begin < seconds + RAMP_S + 120:
            now = time.monotonic() - begin
            if ends and now >= ends[0][0]:
                faults.end(ends.pop(0)[1], node, workers)
            elif todo and now >= todo[0][0] and not ends:
                _, kind, size = todo.pop(0)
                print(f"{now:6.0f} s  {kind} ({size:.2f})", flush=True)
                faults.apply(kind, size, node, proxy, workers)
                ends.append((now + size, kind))
            if now < seconds and len(watch.rss["master"]) < now / SAMPLE_EVERY_S:
                watch.look()
            time.sleep(0.05)
        ended = running.end(within_s=60)
        users = -(-int(rate) // 50)
        planned = ramp_and_hold(rate, RAMP_S, seconds).planned_count(seconds + RAMP_S)
        made = ", ".join(f"{count} {kind}" for kind, count in sorted(faults.counts.items()))
        print(f"{sum(faults.counts.values())} faults: {made}")
        print(f"The run itself: {ended.assessment['decision']}, exit code {ended.code}")
        return [*counts(ended, node, planned, users), *watch.invariants()]


def main() -> int:
    seconds, rate = float(os.environ.get("SOAK_SECONDS", "1800")), float(os.environ.get("SOAK_OPS", "2000"))
    seed = int(os.environ.get("SOAK_SEED", "1"))
    print(f"Soak: {seconds:g} s at {rate:g} ops/s, seed {seed}", flush=True)
    with tempfile.TemporaryDirectory(prefix="bizra-load-soak-") as folder:
        invariants = soak(seconds, rate, seed, Path(folder))
    width = [max(len(str(getattr(i, part))) for i in invariants) for part in ("name", "figure", "bound")]
    for i in invariants:
        print(f"{'ok  ' if i.holds else 'FAIL'}  {i.name:{width[0]}}  {i.figure:{width[1]}}  {i.bound:{width[2]}}")
    failed = sum(not i.holds for i in invariants)
    print(f"{len(invariants)} invariants: {len(invariants) - failed} hold, {failed} do not")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
