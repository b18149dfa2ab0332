"""How often a rehearsal reaches the expected decision, on the machine as it is. python -m tests.dependable [--only NAME]

Real runs one after the other, each with a reference node of its own; a table of how many decided as expected, and what the
others decided. `make dependable` takes some hours with the numbers that a release is held to.
"""

from __future__ import annotations

import argparse
import collections
import contextlib
import os
import re
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import requests

from bizra_load.rehearsal.node_process import start_node
from sla.judgement.status import THIN_EVIDENCE
from tests.e2e.plain_http import answering
from tests.e2e.running import Ended, Running

SHORT = ("--ramp", "2s", "--duration", "20s")
GOOD = ("GO", "GO WITH CAUTION")


@dataclass(frozen=True)
class Situation:
    """`run(folder)` ends a run; `right` says whether its answer is the one that it should have given, in `least` of `runs`;
    `bearable`, whether it is one that it may give in the others.
    """

    name: str
    run: Callable[[Path], Ended]
    right: Callable[[Ended], bool]
    runs: int = 20
    least: int = 19
    bearable: Callable[[Ended], bool] = lambda _: True


def rehearsal(*arguments: str, busy: int = 0) -> Callable[[Path], Ended]:
    """`bizra-load run` without a target, as `make loadtest` has it, beside this many processes that never rest."""

    def run(folder: Path) -> Ended:
        with busy_processes(busy):
            return Running(folder, *arguments, environment={"WORKERS": ""}).end(within_s=180)

    return run


def faulty(
    *faults: str, load: tuple[str, ...] = SHORT, meanwhile: Callable[[Running, str], None] | None = None
) -> Callable[[Path], Ended]:
    """A run on a node with these faults; `meanwhile(running, admin_url)` happens under load."""

    def run(folder: Path) -> Ended:
        with start_node([word for fault in faults for word in ("--fault", fault)]) as node:
            given = ("-H", node.url, "--metrics-url", node.metrics_url, "--agreement", "local", "--workers", "2")
            running = Running(folder, *given, *load)
            if meanwhile is not None:
                running.wait_for(5000)
                meanwhile(running, node.admin_url)
            return running.end(within_s=180)

    return run


def lying(folder: Path) -> Ended:
    """The node's counter of generated attestations runs 2 % ahead of what it did."""
    with start_node() as node, metrics_of_a_liar(node.metrics_url) as url:
        return Running(folder, "-H", node.url, "--metrics-url", url, "--agreement", "local", *SHORT).end(within_s=180)


@contextlib.contextmanager
def metrics_of_a_liar(url: str) -> Iterator[str]:
    def lie(match: re.Match[str]) -> str:
        return f"{match[1]}{float(match[2]) * 1.02:.0f}"

    def body() -> bytes:
        return re.sub(r"(?m)^(bizra_poi_generate_total )(\S+)$", lie, requests.get(url, timeout=10).text).encode()

    with answering("text/plain; version=0.0.4", body) as address:
        yield f"http://{address}/metrics"


@contextlib.contextmanager
def busy_processes(count: int) -> Iterator[None]:
    running = [subprocess.Popen([sys.executable, "-c", "while True: pass"]) for _ in range(count)]
    try:
        yield
    finally:
        for process in running:
            process.kill()
            process.wait()


def post_stall(_: Running, admin_url: str) -> None:
    requests.post(f"{admin_url}/faults", json={"stall": "2s"}, timeout=10).raise_for_status()


def kill_a_worker(running: Running, _: str) -> None:
    os.kill(running.workers()[0], signal.SIGKILL)


def decided(*decisions: str) -> Callable[[Ended], bool]:
    return lambda ended: ended.assessment["decision"] in decisions


def go(ended: Ended) -> bool:
    return decided("GO")(ended) and ended.code == 0


def never_invalid_for_lag(ended: Ended) -> bool:
    failed = {c["key"] for c in ended.assessment["checks"] if c["status"] == "FAIL" and c["opens"]}
    of_lag = {"schedule_lag", "generator_cpu", "achieved_seconds"}
    return not (ended.assessment["decision"] == "INVALID" and failed <= of_lag)


def busy_and_said(ended: Ended) -> bool:
    return ended.assessment["decision"] in GOOD and "the machine was busy" in ended.check("schedule_lag")["reason"]


def stall_shows(ended: Ended) -> bool:
    verify = next(o for o in ended.assessment["operations"] if o["operation"] == "verify")
    response_ns, service_ns = (float(verify[k]["p99"]["point"]) for k in ("decision", "service"))
    return response_ns > 1e9 > 2 * service_ns


def generate_missed(ended: Ended) -> bool:
    of_generate = [ended.objective(f"poi_generate_{of}") for of in ("p75", "p90", "p99")]
    missed = [o for o in of_generate if o["status"] in ("FAIL", "WARN") and o["reason"] != THIN_EVIDENCE]
    return bool(missed) and ended.assessment["decision"] != "GO"


CORES = len(os.sched_getaffinity(0))
SITUATIONS = (
    Situation("nothing else running: GO", rehearsal(), go, bearable=never_invalid_for_lag),
    Situation(
        "a busy process per core: GO or GO WITH CAUTION, and said",
        rehearsal(busy=CORES), busy_and_said, 20, 18, never_invalid_for_lag,
    ),
    *(
        Situation(
            f"{rate} ops/s from {workers} workers: not INVALID for lag alone",
            rehearsal("--target-ops", str(rate), "--workers", str(workers), *SHORT), never_invalid_for_lag, 3, 3,
        )
        for rate in (200, 1000, 5000) for workers in (1, 2, 4)
    ),
    # of a latency of ten times as much on a noisy machine, 20 s are too few to be sure
    Situation("generate 1 ms slower: missed", faulty("generate.latency=1ms", load=()), generate_missed),
    Situation("3 % errors: NO-GO", faulty("error_rate=3%"), decided("NO-GO")),
    Situation("a stall of 2 s: in the decision time", faulty(meanwhile=post_stall), stall_shows),
    Situation("wrong signatures: NO-GO", faulty("wrong_signature_rate=20%"), decided("NO-GO")),
    Situation("a lost worker: INVALID", faulty(meanwhile=kill_a_worker), decided("INVALID")),
    Situation("counters that lie: INVALID", lying, decided("INVALID")),
)  # fmt: skip


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--only", default="", help="situations whose name holds this")
    parser.add_argument("--runs", type=int, default=0, help="instead of the number that a release is held to")
    args = parser.parse_args()
    missed = 0
    for situation in SITUATIONS:
        if args.only not in situation.name:
            continue
        runs = args.runs or situation.runs
        decisions: collections.Counter[str] = collections.Counter()
        right, unbearable, began = 0, 0, time.monotonic()
        for _ in range(runs):
            with tempfile.TemporaryDirectory() as name:
                ended = situation.run(Path(name))
                decision, fits = f"exit code {ended.code}: {ended.err[-300:]}", False
                if ended.folder is not None and (ended.folder / "assessment.json").exists():
                    decision, fits = ended.assessment["decision"], situation.right(ended)
                    decision += "" if fits else f" ({ended.assessment['summary']})"
                    unbearable += not situation.bearable(ended)
                right += fits
                decisions[decision] += 1
        enough = right >= runs - (situation.runs - situation.least) and not unbearable
        missed += not enough
        mark, took_s = "in " if enough else "OUT", time.monotonic() - began
        print(f"{mark} {right} of {runs}  {situation.name} ({took_s:.0f} s)", flush=True)
        for decision, count in decisions.most_common():
            print(f"      {count} x {decision}", flush=True)
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main())
