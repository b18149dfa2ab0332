"""The second audit: few scrapes, slow correlation, periodic stalls, drift, outages, distant targets. All that decides about an
objective, where the band is one of verdicts.
"""

from __future__ import annotations

import dataclasses

import numpy as np

from sla.estimators.quantiles import quantile_results, windows_of
from sla.judgement.judge_all import judge_all
from sla.judgement.moving import REACHES
from sla.judgement.sequential import LEVEL
from sla.judgement.steady import find_steady
from sla.values.agreement import FIGURES_ONLY, Limit, Objective, OperationMetrics
from sla.values.assessment import Severity, Status
from sla.values.kinds import ClientLatency, ServerLatency
from tests.calibration import simulate, systems
from tests.calibration.server_side import EDGES_S, scrapes
from tests.calibration.trial import Trial, every, measurements_of, named

THREE = (0.5, 0.9, 0.99)


def objective(kind, target, key="latency"):
    return Objective(key, key, Severity.CRITICAL, kind, ("call",), target, None, "")


def agreement(*objectives):
    metrics = {"call": OperationMetrics("s", "total")}
    return dataclasses.replace(FIGURES_ONLY, operations=metrics, objectives=objectives)


def statuses(measurements, limits, kind=None):
    """Verdict of each quantile against its limit (ns). A family's level is of a FAIL: of several limits PASS alone is asked."""
    kind = kind or (lambda q: ClientLatency(q, "response"))
    objectives = [objective(kind(q), Limit("<", limit_ns), named(q)) for q, limit_ns in limits.items()]
    steady = find_steady(measurements)
    return dict(zip(limits, judge_all(measurements, agreement(*objectives), None, steady, LEVEL), strict=True))


def run_of(stream, length_s):
    windows = measurements_of(stream.finished_at_s, stream.latency_ns, length_s)
    return dataclasses.replace(windows, windows=tuple(dataclasses.replace(w, operation="call") for w in windows.windows))


def covered(row, title, make, quantiles, band):
    def run(rng):
        stream = make(rng)
        results = quantile_results(windows_of(stream.finished_at_s, stream.latency_ns), quantiles)
        return {named(r.quantile): r.estimate.low <= stream.true_ns(r.quantile) <= r.estimate.high for r in results}

    return Trial(row, f"coverage, {title}", run, every(quantiles, band))


def covered_or_said(row, title, make, length_s, quantiles, band):
    """Covered, or undecided with the reason that correlation reaches the length of the run."""

    def run(rng):
        stream = make(rng)
        judged = statuses(run_of(stream, length_s), {q: stream.true_ns(q) for q in quantiles})
        outcome = {}
        for q, o in judged.items():
            undecidable = o.status is Status.INCONCLUSIVE and REACHES in o.reason
            outcome[named(q)] = undecidable or o.estimate.low <= stream.true_ns(q) <= o.estimate.high
        return outcome

    return Trial(row, f"coverage, {title}", run, every(quantiles, band))


def at_the_limit(row, title, make, length_s, quantiles, highest):
    """P(PASS) where the truth lies at the limit."""

    def run(rng):
        stream = make(rng)
        judged = statuses(run_of(stream, length_s), {q: stream.true_ns(q) for q in quantiles})
        return {f"{named(q)} P(PASS), truth at the limit": o.status is Status.PASS for q, o in judged.items()}

    return Trial(row, f"verdicts, {title}", run, every(quantiles, (0.0, highest), "{} P(PASS), truth at the limit"))


def periodic(rng):
    stream, length_s = systems.stalls(rng, 300), 300
    [r] = quantile_results(windows_of(stream.finished_at_s, stream.latency_ns), (0.99,))
    e, truth = r.estimate, stream.true_ns(0.99)
    o = statuses(run_of(stream, length_s), {0.99: truth / 0.8})[0.99]
    return {
        "p99 coverage": e.low <= truth <= e.high,
        "p99 half-width over the truth": min((e.high - e.low) / 2 / truth, 10.0),
        "p99 P(PASS), truth at 0.8 of the limit": o.status is Status.PASS,
    }


def scraped(stream, length_s, every_s, limit_s, rng):
    """Scrapes of a histogram, one edge of which is the limit."""
    times_s = np.arange(rng.random() * every_s, length_s, every_s)
    return scrapes(stream.finished_at_s, stream.latency_ns / 1e9, times_s, np.unique([*EDGES_S, limit_s]))


def server_buckets(make, length_s, every_s):
    def run(rng):
        stream, outcome = make(rng, length_s), {}
        plain = run_of(stream, length_s)
        for q in (0.9, 0.99):
            edge_s = round(stream.true_ns(q) / 1e9, 6)
            snapshots = scraped(stream, length_s, every_s, edge_s, rng)
            measured = dataclasses.replace(plain, snapshots=snapshots)
            o = statuses(measured, {q: edge_s * 1e9}, ServerLatency)[q]
            outcome[f"{named(q)} P(PASS)"] = o.status is Status.PASS
            outcome[f"{named(q)} P(FAIL)"] = o.status is Status.FAIL
        return outcome

    return run


def far_off(rng):
    stream = simulate.mm1(rng, 0.8, 20)
    judged = statuses(run_of(stream, 20), {q: 4 * stream.true_ns(q) for q in (0.5, 0.9, 0.95, 0.99)})
    return {f"{named(q)} decided": o.status is Status.PASS for q, o in judged.items()}


BURSTY = {"M/M/1 at load 0.8": lambda rng, s: simulate.mm1(rng, 0.8, s), "bursts of 5 s": systems.mmpp}
SCRAPES = ((60, 1), (60, 15), (60, 30), (120, 15), (300, 30), (300, 60), (600, 60))  # s a run, s between scrapes

TRIALS = [
    covered("14", "cache, misses 1 %, 120 s", lambda rng: systems.cache(rng, 120, 0.01), (0.99,), (0.88, 1.0)),
    covered("14", "cache, misses 1 %, 600 s", lambda rng: systems.cache(rng, 600, 0.01), (0.99,), (0.92, 1.0)),
    at_the_limit("14", "cache, misses 1 %, 120 s", lambda rng: systems.cache(rng, 120, 0.01), 120, (0.99,), 0.08),
    covered_or_said("15", "cache, misses 5 %, 120 s", lambda rng: systems.cache(rng, 120, 0.05), 120, THREE, (0.9, 1.0)),
    Trial(
        "16",
        "stalls of 50 ms every 2.7 s, 300 s",
        periodic,
        {
            "p99 coverage": (0.93, 1.0),
            "p99 half-width over the truth": (0.0, 0.2),
            "p99 P(PASS), truth at 0.8 of the limit": (0.8, 1.0),
        },
    ),
    *(
        at_the_limit("17", f"a wave of four runs, {s} s", lambda rng, s=s: systems.diurnal(rng, s), s, THREE, 0.065)
        for s in (120, 600)
    ),
    *(
        Trial(
            "18",
            f"server's buckets, {name}, {length_s} s, a scrape every {every_s} s, truth at the limit",
            server_buckets(make, length_s, every_s),
            every((0.9, 0.99), (0.0, 0.065), "{} P(PASS)") | every((0.9, 0.99), (0.0, 0.035), "{} P(FAIL)"),
        )
        for name, make in BURSTY.items()
        for length_s, every_s in SCRAPES
    ),
    at_the_limit("23", "a backlog that wanders over 10 s", lambda rng: systems.backlog(rng, 120), 120, THREE, 0.08),
    Trial(
        "23",
        "server's buckets, a backlog that wanders over 10 s, 120 s, a scrape a second, truth at the limit",
        server_buckets(systems.backlog, 120, 1),
        every((0.9, 0.99), (0.0, 0.065), "{} P(PASS)") | every((0.9, 0.99), (0.0, 0.035), "{} P(FAIL)"),
    ),
    Trial(
        "22",
        "targets four times the truth, M/M/1 at load 0.8, 20 s",
        far_off,
        every((0.5, 0.9, 0.95, 0.99), (0.9, 1.0), "{} decided"),
    ),
]  # fmt: skip
