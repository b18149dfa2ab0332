"""Measurements made by a seeded simulation, for tests of what judges them."""

from __future__ import annotations

import dataclasses
import json

import numpy as np

from bizra_load.judging.agreements import read_agreement
from sla.values.assessment import ObjectiveResult
from sla.values.baseline import baseline_from_mapping
from sla.values.failure import FailureReason, merge_failures
from sla.values.histogram import from_values
from sla.values.measurements import Measurements, PlannedSegment, RunFacts
from sla.values.snapshot import BucketCounts, Snapshot
from sla.values.window import SCHEDULE, Health, Window

START = 1_800_000_000
RAMP_S, HOLD_S = 5, 60
EDGES_S = (1e-6, 2e-6, 5e-6, 1e-5, 1.3e-5, 2e-5, 2.6e-5, 5e-5, 1e-4, 2e-4, 4e-4, 5e-4, 1e-3, 1e-2, float("inf"))
# a baseline that ten times of leaves the medians below some room
FIGURES = {
    "finality_p99_ms": {"value": 0.00217, "low": 0.0019, "high": 0.0026},
    "poi_generate_p75_us": {"value": 20.0, "low": 19.0, "high": 20.5},
    "poi_verify_p75_us": {"value": 40.0, "low": 38.5, "high": 42.0},
    "poi_generate_p90_us": {"value": 20.0, "low": 19.0, "high": 20.5},
    "poi_verify_p90_us": {"value": 40.0, "low": 38.5, "high": 42.0},
    "poi_generate_p99_us": {"value": 20.0, "low": 19.2, "high": 21.0},
    "poi_verify_p99_us": {"value": 40.0, "low": 38.5, "high": 42.0},
    "poi_throughput_ops_sec": 950.8,
    "poi_success_rate": 1.0,
    "machine": {"cpu": "a processor", "cores": 2},
}
# the agreement of rehearsals with a baseline that was measured
LOCAL = dataclasses.replace(
    read_agreement("local"), baseline=baseline_from_mapping(FIGURES, "measured"), baseline_text=json.dumps(FIGURES)
)
METRICS = {
    "generate": ("bizra_poi_generate_seconds", "bizra_poi_generate_total", "bizra_poi_generate_fail_total"),
    "verify": ("bizra_poi_verify_seconds", "bizra_poi_verify_total", "bizra_poi_verify_fail_total"),
    "finality": ("bizra_finality_check_seconds", "bizra_finality_checks_total", None),
}


def result_of(o, status, reason="", comparison="<", target=1.0, **more):
    """An objective judged without an estimate."""
    return ObjectiveResult(
        o.key, o.title, o.severity, o.unit, comparison, target, None, None, None, status, reason,
        **{"operations": o.operations, "kind": o.kind.name} | more,
    )  # fmt: skip


def measurements(
    seed=1, rate=300, server_us=None, failures=None, hold_s=HOLD_S, lost_samples=0.0, counter_factor=1.0, unsent=0, **facts
):
    """`rate` operations a second of each kind; `server_us` overrides the server's median per operation."""
    rng = np.random.default_rng(seed)
    medians = {"generate": 18.0, "verify": 45.0, "finality": 0.8, **(server_us or {})}
    windows, snapshots = [], []
    totals = {o: [0, 0, np.zeros(len(EDGES_S))] for o in METRICS}
    snapshots.append(_snapshot(START - 1, totals))
    for second in range(START, START + RAMP_S + hold_s):
        for o, median in medians.items():
            n = rate
            inside = rng.lognormal(np.log(median * 1e3), 0.2, n)
            service = (inside + rng.lognormal(np.log(150e3), 0.3, n)).astype(np.int64)
            bad = int(rng.binomial(n, (failures or {}).get(o, 0.0)))
            kept = service[bad:] if lost_samples == 0 else service[bad:][rng.random(n - bad) >= lost_samples]
            h, took = from_values(kept), from_values(service[:bad])
            windows.append(
                Window(
                    second, o, planned=n, started=n, ok=kept.size, failed={"http_5xx": bad} if bad else {},
                    in_flight_ns=int(service.sum()), service_sum_ns=int(kept.sum() + service[:bad].sum()),
                    response_sum_ns=int(kept.sum()), response=h, service=h,
                    failed_response=took, failed_service=took,
                )
            )  # fmt: skip
            counts = totals[o]
            counts[0] += round((n - bad) * counter_factor)
            counts[1] += bad
            counts[2] += np.histogram(inside[bad:] / 1e9, bins=(0.0, *EDGES_S))[0]
        snapshots.append(_snapshot(second + 1, totals))
    if unsent:
        windows.append(Window(START + 10, SCHEDULE, planned=unsent, unsent=unsent))
    snapshots.append(_snapshot(START + RAMP_S + hold_s + 2, totals))
    health = tuple(
        Health(s, w, from_values(rng.integers(30_000, 90_000, rate * len(METRICS) // 2)), cpu_share=0.3)
        for s in range(START, START + RAMP_S + hold_s)
        for w in ("w1", "w2")
    )
    total = float(rate * len(METRICS))
    plan = (PlannedSegment(RAMP_S, total, total / 2), PlannedSegment(hold_s, total, total))
    run = RunFacts(START * 10**9, (START + RAMP_S + hold_s) * 10**9, plan=plan, workers=("w1", "w2"), **facts)
    ordered = tuple(sorted(windows, key=lambda w: (w.operation, w.second)))
    reasons = [
        FailureReason(w.operation, category, "status 500: injected", count, w.second * 10**9, w.second * 10**9)
        for w in ordered
        for category, count in w.failed.items()
    ]
    return Measurements(ordered, health, tuple(snapshots), run, failures=merge_failures(reasons))


def _snapshot(second, totals):
    counters, histograms = {}, {}
    for o, (histogram, total, failed) in METRICS.items():
        counters[total] = float(totals[o][0])
        if failed:
            counters[failed] = float(totals[o][1])
        histograms[histogram] = BucketCounts(EDGES_S, tuple(np.cumsum(totals[o][2]).tolist()))
    return Snapshot(second * 10**9 + 5_000_000, 2_000_000, (), counters, {}, histograms)
