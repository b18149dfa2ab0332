"""What the server says of itself bounds its quantiles and finds what the client lost; so does Little's law, alone."""

from __future__ import annotations

import dataclasses

import numpy as np

from bizra_load.measure.recorder import Recorder
from sla.estimators.increments import bucket_increments
from sla.estimators.littles_law import littles_law
from sla.estimators.server_side import counter_increase, dominance_violation, reconcile, server_quantile
from sla.values.histogram import from_values
from sla.values.snapshot import BucketCounts, Snapshot
from sla.values.window import Window
from tests.calibration import simulate
from tests.calibration.trial import MOST, START, Trial, every, named

EDGES_S = np.array([0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, np.inf])


def scrapes(finished_at_s, latency_s, times_s, edges_s=EDGES_S):
    """What a scrape at each of `times_s`, ascending, reads."""
    first, bucket, k = np.searchsorted(times_s, finished_at_s), np.searchsorted(edges_s, latency_s), edges_s.size
    new = np.bincount(first * k + bucket, minlength=(len(times_s) + 1) * k).reshape(-1, k)[: len(times_s)]
    cumulative = new.cumsum(axis=0).cumsum(axis=1).astype(float)
    edges = tuple(edges_s)
    return tuple(
        Snapshot(round((START + t) * 1e9), 0, (), {"total": row[-1]}, {}, {"s": BucketCounts(edges, tuple(row))})
        for t, row in zip(times_s, cumulative.tolist(), strict=True)
    )


def server_side(rng):
    length = 120
    stream = simulate.mm1(rng, 0.8, length)
    latency_s = stream.latency_ns / 1e9
    phase = rng.random()
    idle = scrapes(stream.finished_at_s, latency_s, np.concatenate(([-1.0], np.arange(0, length) + phase, [length + 60.0])))
    increments = bucket_increments(idle, "s", (START - 2) * 10**9, (START + length + 100) * 10**9)
    outcome = {}
    for q in MOST:
        s = server_quantile(increments, q)
        exact = np.quantile(latency_s, q, method="inverted_cdf") * 1e9
        outcome[f"{named(q)} inside its bucket's edges"] = s.low_edge_ns <= exact <= s.high_edge_ns
        outcome[f"{named(q)} interval covers the truth"] = s.estimate.low <= stream.true_ns(q) <= s.estimate.high
    network_ns = rng.exponential(50e3, stream.latency_ns.size)
    client_ns = stream.latency_ns + network_ns
    shrunk = np.where(rng.random(client_ns.size) < 0.05, client_ns * 0.2, client_ns)
    for label, values in (("dominance: false alarm", client_ns), ("dominance: 5 % too fast found", shrunk)):
        client = from_values(values.astype(np.int64))
        outcome[label] = dominance_violation(client, increments, 0.0)[0] > 0
    return outcome | counters(rng, stream, length, idle)


def counters(rng, stream, length, idle):
    """Client counts per second against the server's counter: scrapes around the load, and scrapes in its middle only."""
    done = stream.finished_at_s + rng.exponential(50e-6, stream.finished_at_s.size)
    inside = scrapes(stream.finished_at_s, stream.latency_ns / 1e9, np.arange(5.0, length, 15.0) + 5 * rng.random())
    outcome = {}
    for where, snapshots in (("idle", idle), ("mid-load", inside)):
        increase = counter_increase(snapshots, ["total"], START * 10**9, (START + length) * 10**9)
        for label, kept in (("false alarm", np.ones(done.size, bool)), ("3 % loss found", rng.random(done.size) >= 0.03)):
            seconds, counts = np.unique(START + np.floor(done[kept]).astype(int), return_counts=True)
            result = reconcile(dict(zip(seconds.tolist(), counts.tolist(), strict=True)), 0, 60.0, increase)
            if where == "idle" or label == "false alarm":
                outcome[f"counters, {where}: {label}"] = not result.holds
    return outcome


def law(rng):
    """L from starts and finishes, W from samples: with all samples, and with 5 % of them lost."""
    length = 30
    stream = simulate.mm1(rng, 0.8, length)
    outcome = {}
    for label, lost in (("false alarm", 0.0), ("5 % loss found", 0.05)):
        recorder = Recorder(0, START * 10**9)
        operation = recorder.operation("generate")
        windows: list[Window] = []
        done = (stream.finished_at_s * 1e9).astype(np.int64)
        sent = done - stream.latency_ns.astype(np.int64)
        for value in np.sort(sent[sent >= 0]).tolist():
            operation.started(value)
        for s, d in zip(sent.tolist(), done.tolist(), strict=True):
            if s >= 0:
                operation.succeeded(s, s, d)
        windows = recorder.take((length + 60) * 10**9)
        kept = [without(w, lost, rng) for w in windows if w.operation == "generate"]
        result = littles_law(kept)
        outcome[label] = result is not None and not result.holds
    return outcome


def without(window, share, rng):
    """The window with some of its samples lost on the way."""
    if not share or not window.ok:
        return window
    gone = rng.binomial(window.ok, share) / window.ok
    return dataclasses.replace(window, service_sum_ns=int(window.service_sum_ns * (1 - gone)))


TRIALS = [
    Trial(
        "9",
        "server side, M/M/1 at load 0.8, default buckets, 120 s",
        server_side,
        every(MOST, (1.0, 1.0), "{} inside its bucket's edges")
        | every(MOST, (0.95, 1.0), "{} interval covers the truth")
        | {
            "dominance: false alarm": (0.0, 0.01),
            "dominance: 5 % too fast found": (0.95, 1.0),
            "counters, idle: false alarm": (0.0, 0.0),
            "counters, idle: 3 % loss found": (0.9, 1.0),
            "counters, mid-load: false alarm": (0.0, 0.0),
        },
    ),
    Trial("10", "Little's law, M/M/1 at load 0.8, 30 s", law, {"false alarm": (0.0, 0.01), "5 % loss found": (0.99, 1.0)}),
]
