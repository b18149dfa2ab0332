"""What a trial is, and what trials share."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache

import numpy as np

from sla.values.health_rows import HealthRows
from sla.values.histogram import from_values
from sla.values.machine import MachineSecond
from sla.values.measurements import Measurements, PlannedSegment, RunFacts
from sla.values.window import Health, Window

QUANTILES = (0.5, 0.9, 0.95, 0.99, 0.999)
MOST = (0.5, 0.9, 0.95, 0.99)
MM1, WIDE = (0.92, 0.985), (0.93, 0.995)
START = 1_800_000_000


@dataclass(frozen=True)
class Trial:
    """One trial is one simulated run. Each of its outcomes is a bool (its share over all runs is held to the band), a number
    (its mean is), or None where the question did not arise. `bands` maps each outcome to (low, high); row is its number in the
    table of figures that the product is held to.
    """

    row: str
    title: str
    run: Callable[[np.random.Generator], dict[str, bool | float | None]]
    bands: dict[str, tuple[float, float]]


def named(q):
    return f"p{100 * q:g}"


def every(quantiles, band, label="{}"):
    return {label.format(named(q)): band for q in quantiles}


@cache
def on_time(length_s):
    """Rows of a worker that woke each arrival within 1 ns: what lag does is row 20's."""
    lag = from_values(np.zeros(1000, np.int64))
    return HealthRows.of([Health(START + s, "w", lag, machine=MachineSecond(START + s, "w")) for s in range(length_s)])


def measurements_of(finished_at_s, latency_ns, length_s):
    """Windows of one operation over a constant plan, in the way the recorder makes them."""
    windows = []
    seconds = np.floor(finished_at_s).astype(int)
    order = np.argsort(seconds, kind="stable")
    cuts = np.searchsorted(seconds[order], np.arange(length_s + 1))
    for second in range(length_s):
        values = latency_ns[order[cuts[second] : cuts[second + 1]]].astype(np.int64)
        total, h = int(values.sum()), from_values(values)
        windows.append(
            Window(START + second, "generate", planned=h.total, started=h.total, ok=h.total, in_flight_ns=total,
                   response_sum_ns=total, service_sum_ns=total, response=h, service=h)
        )  # fmt: skip
    rate = len(latency_ns) / length_s
    facts = RunFacts(START * 10**9, (START + length_s) * 10**9, plan=(PlannedSegment(length_s, rate, rate),))
    return Measurements(tuple(windows), on_time(length_s), (), facts)
