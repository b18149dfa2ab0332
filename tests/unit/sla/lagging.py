"""Simulated runs whose generator was late."""

import dataclasses

import numpy as np

from sla.values.agreement import Limit, Objective
from sla.values.assessment import Severity
from sla.values.histogram import from_values
from sla.values.kinds import ClientLatency
from sla.values.machine import MachineSecond
from tests.unit.sla.synthetic import measurements


def late(run, lag_ns, share=1.0, **fields):
    """The run with a `share` of the arrivals of each second woken `lag_ns` late, as rows that say which second they are of."""
    started = {}
    for w in run.windows:
        started[w.second] = started.get(w.second, 0) + w.started
    rows = []
    for h in run.health:
        n = started[h.second] // 2  # two workers
        lag = np.full(n, 50_000)
        lag[: round(n * share)] = lag_ns
        machine = MachineSecond(h.second, h.worker)
        rows.append(dataclasses.replace(h, lag=from_values(lag), **{"machine": machine, **fields}))
    return dataclasses.replace(run, health=tuple(rows))


def client(key="mine", target_ns=1e6, latency="response", operation="generate", **fields):
    """An objective on the p99 that a client sees."""
    limit = Limit("<", target_ns)
    plain = Objective(key, "Mine p99", Severity.CRITICAL, ClientLatency(0.99, latency), (operation,), limit, None, "")
    return dataclasses.replace(plain, **fields)


def with_objectives(agreement, *objectives):
    return dataclasses.replace(agreement, objectives=(*agreement.objectives, *objectives))


__all__ = ["client", "late", "measurements", "with_objectives"]
