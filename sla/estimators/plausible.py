"""Counters that can't have counted what their values say: of several processes behind one address, or with a history."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from sla.estimators.dependence import FloatArray
from sla.estimators.duplicates import START_TIME
from sla.estimators.series import by_target, counter_values, observation_counts, times_s, went_back
from sla.values.snapshot import Snapshot, labels_text, metric_of

MOST_TIMES = 10.0  # the highest rate that was seen: what began within an interval may have counted so much in it
_FEW = 100.0  # operations: nobody wonders about so many
BOUNCES = 2  # a service that restarts regains what it had counted after a while, if at all: once may be chance
_SOON = 3  # scrapes


def implausible(snapshots: Sequence[Snapshot], names: Sequence[str]) -> str:
    """One line on the first of the counters and histograms `names` that can't be counted, "" where all can.

    A series that begins, or went back, counts from 0: only then is its value what was counted since the scrape before.
    """
    for labels, scrapes in by_target(snapshots).items():
        if ended := _ended(scrapes, names):
            what = "ended while others count on: what it would have counted since is not known"
            return f"{ended} of {labels_text(labels) or 'the node'} {what}"
        for name in names:
            for of_metric in (counter_values, observation_counts):
                values = of_metric(scrapes, name, math.nan)
                if values.size and (why := _bounces(values) or _history(values, times_s(scrapes))):
                    return f"{name} of {labels_text(labels) or 'the node'} {why}"
    return ""


def _ended(scrapes: Sequence[Snapshot], names: Sequence[str]) -> str:
    """A metric that was there and is no more, though its process went on: whatever it would have counted is lost. One that a
    restart took away comes back with its first event.
    """
    there = [{metric_of(key) for key in (*s.counters, *s.histograms)} for s in scrapes]
    last = {
        name: max(i for i, seen in enumerate(there) if name in seen) for name in names if any(name in seen for seen in there)
    }
    if not last or max(last.values()) < len(scrapes) - 1:
        return ""
    for name, at in sorted(last.items()):
        if at <= len(scrapes) - 1 - _SOON and not _restarted(scrapes[at:], [other for other in last if other != name]):
            return name
    return ""


def _restarted(scrapes: Sequence[Snapshot], names: Sequence[str]) -> bool:
    """By the start time of the process, or by any of its other counters."""
    if len({s.gauges[START_TIME] for s in scrapes if START_TIME in s.gauges}) > 1:
        return True
    observed = (np.diff(observation_counts(scrapes, name), axis=0) < 0 for name in names)
    return any(went_back(scrapes, names)) or any(fell.any() for fell in observed)


def _bounces(values: FloatArray) -> str:
    times = 0
    for i in range(1, len(values)):
        fell = values[i] < values[i - 1]
        regained = (values[i + 1 : i + 1 + _SOON] >= values[i - 1]).any(axis=0)
        times += bool((fell & regained).any())
    if times < BOUNCES:
        return ""
    return (
        f"went back and regained its value at once, {times} times: do several processes share that address (a load balancer)?"
    )


def _history(values: FloatArray, at_s: FloatArray) -> str:
    before, now = values[:-1], values[1:]
    length_s = np.diff(at_s)
    grown = np.where(now >= before, now - before, 0.0).sum(axis=1)
    most_per_s = float((grown[length_s > 0] / length_s[length_s > 0]).max(initial=0.0))
    from_zero = np.where((np.isnan(before) & ~np.isnan(now)) | (now < before), now, 0.0)
    beyond = from_zero > _FEW + MOST_TIMES * most_per_s * length_s[:, None]
    if not most_per_s or not beyond.any():
        return ""
    value = float(from_zero[beyond].max())
    return (
        f"began at {value:,.0f}, or went back to that, and never grew by a tenth of it in such a time: "
        "what it had counted before is not known"
    )
