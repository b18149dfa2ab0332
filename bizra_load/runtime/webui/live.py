"""What the page shows while a run goes: sums of the last seconds, and no verdict before the end."""

from __future__ import annotations

import dataclasses
import math
from collections import Counter
from collections.abc import Mapping
from typing import Any

from bizra_load.measure.report import Report
from bizra_load.runtime.consumers import Consumer, RunView
from bizra_load.runtime.run_times import RunTimes
from reports.formats.json_report import finite
from reports.formats.table import check_rows, objective_columns, objective_rows
from sla.values import histogram
from sla.values.agreement import planned_of
from sla.values.assessment import Assessment
from sla.values.histogram import Histogram
from sla.values.window import SCHEDULE
from sla.values.window_sums import WindowSums

HISTORY_S = 300
SHOWN_S = 10  # percentiles are those of this many seconds
KEPT_S = SHOWN_S + 5  # of windows: the page may be asked a little later than they came
SETTLED_S = 2  # the last seconds may not have been reported by every worker yet
MOST_OPERATIONS = 200


@dataclasses.dataclass
class _Totals:
    ok: int = 0
    failed: dict[str, int] = dataclasses.field(default_factory=dict)


class Live(Consumer):
    """One run at a time; start() forgets the one before. Memory is bounded by HISTORY_S and MOST_OPERATIONS."""

    def __init__(self) -> None:
        self._run: RunView | None = None
        self._clear()

    def start(self, run: RunView) -> None:
        self._run = run
        self._clear()

    def _clear(self) -> None:
        self._finished: dict[int, Counter[str]] = {}  # by second and operation
        self._recent = WindowSums()
        self._totals: dict[str, _Totals] = {}
        self._unsent = 0
        self._assessment: Assessment | None = None

    def add(self, report: Report) -> None:
        for w in report.windows:
            self._unsent += w.unsent
            if w.operation == SCHEDULE:
                continue
            self._finished.setdefault(w.second, Counter())[w.operation] += w.finished
            self._recent.add(w)
            if w.operation in self._totals or len(self._totals) < MOST_OPERATIONS:
                totals = self._totals.setdefault(w.operation, _Totals())
                totals.ok += w.ok
                for category, count in w.failed.items():
                    totals.failed[category] = totals.failed.get(category, 0) + count
        while len(self._finished) > HISTORY_S:
            del self._finished[min(self._finished)]
        if self._finished:
            self._recent.forget_before(max(self._finished) - KEPT_S)

    def assessed(self, assessment: Assessment) -> None:
        self._assessment = assessment

    def values(self, now_s: float) -> dict[str, Any]:
        """Plain values for JSON; rates in operations per second, latencies in ms (None: unknown)."""
        last = int(now_s) - SETTLED_S
        return {
            "run": self._run.run_id if self._run else "",
            "history": self._history(self._run.times, last) if self._run and self._assessment is None else [],
            "operations": [self._operation(name, totals, last) for name, totals in sorted(self._totals.items())],
            "counters": {"Operations not sent in time": self._unsent, **(self._run.counters() if self._run else {})},
            "assessment": _shown(self._assessment) if self._assessment else None,
        }

    def _history(self, times: RunTimes, last: int) -> list[dict[str, Any]]:
        """The seconds (Unix) up to `last`, two minutes at most."""
        started_s, curve = times.started_ns / 1e9, times.curve
        return [
            {
                "s": second,
                "planned": curve.rate_at(second + 0.5 - started_s) if curve else None,
                "achieved": _achieved(self._finished.get(second, {})),
            }
            for second in range(last - 119, last + 1)
            if second >= started_s - 1
        ]

    def _operation(self, name: str, totals: _Totals, last: int) -> dict[str, Any]:
        shown = [w for w in self._recent.windows(name, last - SHOWN_S + 1) if w.second <= last]
        recent = histogram.merge(w.response for w in shown)
        quantiles = {f"p{100 * q:g}_ms": _ms(recent, q) for q in (0.5, 0.99)}
        return {"name": name, "ok": totals.ok, "failed": totals.failed, **quantiles}


def _achieved(finished: Mapping[str, int]) -> int:
    """Tasks, where there are any: not a task and its requests."""
    return sum(finished[name] for name in planned_of(finished))


def _ms(h: Histogram, q: float) -> float | None:
    value = h.quantile_ns(q) / 1e6 if h.total else math.nan
    return value if math.isfinite(value) else None


def _shown(a: Assessment) -> dict[str, Any]:
    rows = [list(r.cells) for r in objective_rows(a)]
    checks = [list(row.cells) for row in check_rows(a)]
    facts = {"decision": a.decision.value, "summary": a.summary, "rollout": a.rollout, "exit_code": a.exit_code}
    values: dict[str, Any] = finite(facts | {"columns": list(objective_columns(a)), "objectives": rows, "checks": checks})
    return values | {"notes": list(a.notes)}
