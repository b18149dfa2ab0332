"""One server process that was scraped twice: by two replicas of a Prometheus, or in two of its jobs.

What both hold is the same and must not be added. Two targets are one when their counts agree and either their processes
started at the same moment, or they differ in nothing but who scraped them (labels job and *replica*).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from sla.estimators.dependence import FloatArray
from sla.estimators.series import by_target, counter_values, times_s
from sla.values.snapshot import Labels, Snapshot, labels_text, metric_of

START_TIME = "process_start_time_seconds"
CLOCKS_APART_S = 5.0  # of two Prometheus servers, at most
_START_APART_S = 0.005  # the kernel counts it in hundredths of a second


@dataclass(frozen=True)
class Duplicate:
    """`dropped` holds what `kept` holds."""

    kept: Labels
    dropped: Labels

    def __str__(self) -> str:
        apart = [set(self.kept) - set(self.dropped), set(self.dropped) - set(self.kept)]
        kept, dropped = (labels_text(sorted(labels)) or "no further label" for labels in apart)
        return f"one node was scraped twice ({kept} and {dropped} count the same): {kept} is judged"


def without_duplicates(snapshots: Sequence[Snapshot]) -> tuple[list[Snapshot], list[Duplicate]]:
    """The snapshots less those of targets that another one holds too; of each such pair the one with more scrapes stays."""
    targets = sorted(by_target(snapshots).items(), key=lambda item: (-len(item[1]), item[0]))
    kept: list[tuple[Labels, list[Snapshot]]] = []
    found: list[Duplicate] = []
    for labels, scrapes in targets:
        twin = next((k for k, others in kept if _one_process(k, others, labels, scrapes)), None)
        if twin is None:
            kept.append((labels, scrapes))
        else:
            found.append(Duplicate(twin, labels))
    dropped = {d.dropped for d in found}
    return [s for s in snapshots if s.target not in dropped], found


def _one_process(a: Labels, a_scrapes: Sequence[Snapshot], b: Labels, b_scrapes: Sequence[Snapshot]) -> bool:
    started = [_started_s(scrapes) for scrapes in (a_scrapes, b_scrapes)]
    if started[0] is not None and started[1] is not None:
        if abs(started[0] - started[1]) > _START_APART_S:
            return False
    elif not _differ_in_who_scraped(dict(a), dict(b)):
        return False
    return _counts_agree(a_scrapes, b_scrapes)


def _started_s(scrapes: Sequence[Snapshot]) -> float | None:
    return next((s.gauges[START_TIME] for s in reversed(scrapes) if START_TIME in s.gauges), None)


def _differ_in_who_scraped(a: dict[str, str], b: dict[str, str]) -> bool:
    differing = [name for name in a.keys() | b.keys() if a.get(name) != b.get(name)]
    return all(name == "job" or "replica" in name for name in differing)


def _counts_agree(a: Sequence[Snapshot], b: Sequence[Snapshot]) -> bool:
    """Whether every count of b is one that a had at that moment, as far as its scrapes and the clocks leave that open."""
    names = {metric_of(key) for s in a for key in s.counters}
    if names != {metric_of(key) for s in b for key in s.counters}:
        return False
    return all(
        _agrees(times_s(a), counter_values(a, n).sum(axis=1), times_s(b), counter_values(b, n).sum(axis=1)) for n in names
    )


def _agrees(a_s: FloatArray, a: FloatArray, b_s: FloatArray, b: FloatArray) -> bool:
    compared = 0
    for at_s, value in zip(b_s.tolist(), b.tolist(), strict=True):
        first = int(np.searchsorted(a_s, at_s - CLOCKS_APART_S, side="right")) - 1
        last = int(np.searchsorted(a_s, at_s + CLOCKS_APART_S))
        if first < 0 or last >= a_s.size:
            continue  # before the first scrape or after the last one anything is possible
        around = a[first : last + 1]
        if not around.min() <= value <= around.max():
            return False
        compared += 1
    return compared > 0
