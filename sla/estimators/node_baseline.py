"""What a node's operations take alone, on this machine and in this minute: the figures that "10 x baseline" multiplies."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from dataclasses import dataclass

from sla.estimators.sample import Sample
from sla.values.baseline import SCHEMA
from sla.values.estimate import Estimate

FEWEST_TICKS = 10.0  # a median of fewer steps of the timer is known to a tenth at best
_NS = {"us": 1e3, "ms": 1e6}


@dataclass(frozen=True)
class OperationBaseline:
    """`paced`: as operations come under load; `hot_mean`: back to back in batches, as Criterion measures. ns.

    key    what its figures' keys begin with in agreements and baselines
    unit   of these figures: "us" or "ms"
    """

    name: str
    paced: Sample
    hot_mean: Estimate
    key: str
    unit: str


@dataclass(frozen=True)
class NodeBaseline:
    """What a node's operations take alone.

    tick_ns    the smallest step of the timer that was observed
    took_s     how long the measuring took, and `cpu_s` of CPU
    at         UTC, ISO 8601
    machine    shown and not judged: CPU model, cores, Python, load, share of stolen time
    """

    operations: tuple[OperationBaseline, ...]
    tick_ns: float
    took_s: float
    cpu_s: float
    seed: int
    at: str
    machine: Mapping[str, object]

    @property
    def coarse(self) -> tuple[str, ...]:
        """Operations whose median is fewer than FEWEST_TICKS steps of the timer."""
        return tuple(o.name for o in self.operations if o.paced.p50.point < FEWEST_TICKS * self.tick_ns)

    def as_json(self) -> str:
        """What sla.values.baseline.baseline_from_mapping() reads."""
        document: dict[str, object] = {"schema": SCHEMA, "measured_at": self.at}
        for o in self.operations:
            for name, estimate in (*o.paced.estimates.items(), ("hot_mean", o.hot_mean)):
                document[f"{o.key}_{name}_{o.unit}"] = _figure(estimate, _NS[o.unit])
        machine = {**self.machine, "timer_tick_ns": self.tick_ns, "seed": self.seed}
        machine |= {"measured_s": round(self.took_s, 3), "measuring_cpu_s": round(self.cpu_s, 3)}
        return json.dumps(document | {"machine": machine}, indent=2, allow_nan=False) + "\n"


def not_measured(reason: str) -> str:
    """The document that says why there is no baseline, where one was to be measured."""
    return json.dumps({"schema": SCHEMA, "not_measured": reason}, indent=2) + "\n"


def _figure(estimate: Estimate, unit_ns: float) -> dict[str, object]:
    e = estimate.scaled(1 / unit_ns)
    high = round(e.high, 9) if math.isfinite(e.high) else "inf"
    return {"value": round(e.point, 9), "low": round(e.low, 9), "high": high, "level": e.level, "n": int(e.n)}
