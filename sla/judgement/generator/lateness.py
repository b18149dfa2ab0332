"""How late the generator was in each second, and what a perfect one would have measured at least and at most.

A perfect generator sends every arrival at its intended start. Let R be the latency with it, Y the response time (from the
intended start) and S the service time (from the sending) that were measured, l the lag of a request and L the largest lag so
far that still matters (below). For servers that take requests in their order of arrival (FIFO), for each request:

    Y - L <= R <= Y        and        S - L <= R <= min(Y, S + L)

R <= Y: departures are a monotone function of the sendings, D = f(s), f(s) >= f(a) where s >= a; so D - a >= f(a) - a.
Y - L <= R: f commutes with a shift of all times and is monotone (it is built from max and +: Lindley 1952 for one server,
Kiefer and Wolfowitz 1955 for several), hence f(s) <= f(a + L) = f(a) + L: delaying arrivals by at most L delays no departure
by more (such maps are non-expansive: Baccelli et al., Synchronization and Linearity, 1992). S = Y - l gives the second pair.
A user who waits for an earlier response is part of f: a perfect generator has as many users; and enough of them: see
sla.judgement.generator.connections.

L in a second is the largest lag of any worker that woke an arrival in it or in the second before; a lag longer than a second
counts for the seconds it lasted, too. A late bunch leaves a backlog behind: L is carried on, but not for longer than it can be.
A request whose response came Y after its intended start had at most Y less its own service time of backlog before it, so of
what was carried into a second no more is left than the smallest such wait in it (QUICK of its operations, less the least of the
run: a single one may have gone another way). An operation that took longer than a second looks back for as long as it took.

Limits: a target that responds out of order, and workers that are late at different times (order changes): not exact then. The
simulation (`make calibrate`, row 20) has both, and finds no wrong verdict.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from sla.estimators.dependence import FloatArray
from sla.estimators.proportions import proportion_estimate
from sla.judgement.generator.connections import Connections, connections
from sla.judgement.steady import constant_part
from sla.values import histogram
from sla.values.assessment import Steady
from sla.values.health_rows import HealthRows
from sla.values.histogram import EMPTY, HIGHEST_NS, Histogram, IntArray, bucket_edges_ns, bucket_high_ns, bucket_low_ns
from sla.values.measurements import Measurements
from sla.values.packed import packed
from sla.values.remedies import PLAIN, RemedyWords
from sla.values.window import Window

SECOND_NS = 1e9  # the length of a window
LONGEST_S = 3600  # a lag beyond a histogram's range counts for so long
FEW = (0.8, 0.9, 0.95, 0.98, 0.99, 0.995, 0.998)  # of the arrivals: quantiles of the lag that are tried
QUICK = 0.1  # of a second's operations have waited least
SKEW_NS = 250e6  # clocks further apart than this put a lag into a wrong second
DELAYED = 10.0  # operations that a late arrival can delay, itself included: a backlog lasts 1 / (1 - load), here up to 0.9
SLOWED = 5.0  # operations that one can slow down inside: those that are carried out beside the bunch, or in its backlog
HURRIED = 1.0  # operations that one can make quicker inside: itself, right behind another, in caches that are still warm
BURST_NS = 1e8  # a tenth of a second's arrivals at once: more than what a target must be ready for


@dataclass(frozen=True)
class Lateness:
    """`woken_ns`: the largest lag by the second of waking (ns; inf where it is longer than a histogram holds). Of the judged
    part: all lags of each second, the arrivals sent in it, shape (m,), the mean gap between planned arrivals, and whether any
    worker reported the second, shape (m,). `connections`: those that arrivals may have waited for (None: not known).
    """

    woken_ns: Mapping[int, float]
    lags: tuple[Histogram, ...]
    sent: FloatArray
    gap_ns: float
    reported: NDArray[np.bool_]
    connections: Connections | None = None

    @cached_property
    def whole(self) -> Histogram:
        return histogram.merge(self.lags)

    def __str__(self) -> str:
        p99_ns = self.whole.quantile_ns(0.99) if self.whole.total else 0.0
        return f"{LATE} {duration(self.whole.max_ns)} (p99 {duration(p99_ns)})"

    def usual_ns(self) -> list[float]:
        """Lags within a second that few arrivals exceed, in rising order: upper edges of buckets, or all that share a bucket
        with one would be later.
        """
        if not self.whole.total:
            return []
        buckets = {bucket for p in FEW if (bucket := self.whole.bucket_at(p)) is not None}
        return [high for bucket in sorted(buckets) if (high := bucket_edges_ns(bucket)[1]) <= SECOND_NS]

    def affected(self, lag_ns: float, level: float, each: float) -> float:
        """Share of the operations that arrivals later than `lag_ns` can have hurt, at most (upper limit of its interval), when
        one hurts `each`, itself included. 1 where the lag is not known.
        """
        return self._share(self._later_than(lag_ns), level, each)

    def slowed(self, lag_ns: float, sent: FloatArray) -> float:
        """Share of the operations of one kind, `sent` in each second, shape (m,), that arrivals later than `lag_ns` can have
        slowed down inside, at most: SLOWED each, and all of them of that kind. These arrivals were counted, all of them: that
        has no interval.
        """
        late = np.where(self.reported, self._later_than(lag_ns), self.sent)
        total = float(sent.sum())
        return float(np.minimum(SLOWED * late, sent).sum()) / total if total else 1.0

    def bunched(self, level: float) -> float:
        """Share of the operations that came right behind others because their arrivals were late, at most: by more than the
        usual gap later than the most punctual of their second. A lag that all have is a shift, not a bunch.
        """
        return self._share(self._bunched, level, HURRIED)

    def in_bursts(self) -> FloatArray:
        """How many operations of each second, shape (m,), came in a burst that the plan has not: what a hold of more than
        BURST_NS left behind is sent at once, and may be refused for that, until the second after.
        """
        largest = np.array([h.max_ns for h in self.lags])
        here = np.where(self.reported, np.where(largest > BURST_NS, self._bunched, 0.0), self.sent)
        before = np.concatenate((np.zeros(1), here[:-1]))
        return np.asarray(np.minimum(here + before, self.sent), dtype=np.float64)

    @cached_property
    def _bunched(self) -> FloatArray:
        """Arrivals of each second, shape (m,), later by more than the usual gap than the most punctual of it."""
        return np.array([h.count_over(h.min_ns + self.gap_ns) for h in self.lags], dtype=np.float64)

    @cached_property
    def _counted(self) -> dict[float, FloatArray]:
        return {}

    def _later_than(self, lag_ns: float) -> FloatArray:
        """Arrivals of each second, shape (m,), later than that: counted once, every objective asks for the same few lags."""
        if lag_ns not in self._counted:
            self._counted[lag_ns] = np.array([h.count_over(lag_ns) for h in self.lags], dtype=np.float64)
        return self._counted[lag_ns]

    def _share(self, counts: FloatArray, level: float, each: float) -> float:
        if not self.whole.total:
            return 1.0
        # in a second that nobody reported every arrival may have been late
        late = np.where(self.reported, counts, self.sent)
        share = proportion_estimate(np.minimum(late, self.sent), self.sent, level)
        return min(each * share.high, 1.0) if share else 1.0


LATE = "the generator was late by up to"
SHARED_HOST = "the target waits for the generator's own cores, which its timer can't see"


def lateness(measurements: Measurements, steady: Steady, words: RemedyWords = PLAIN) -> Lateness | None:
    """None without a plan: then no arrival has an intended start. `words`: how to say what can be done."""
    if not measurements.facts.plan:
        return None
    woken = _woken(measurements.health_rows)
    reported = _reported(measurements.health_rows)
    woken |= {w.second: math.inf for w in measurements.windows if w.started and w.second not in reported}
    length = steady.to_second - steady.from_second
    sums = measurements.health_rows.sums
    lags = tuple(sums[second][0] if second in sums else EMPTY for second in range(steady.from_second, steady.to_second))
    sent = np.zeros(length)
    for w in measurements.windows:
        if steady.holds(w.second):
            sent[w.second - steady.from_second] += w.started
    gap_ns = SECOND_NS / max(constant_part(measurements.facts)[2], 1e-9)
    known = np.array([second in reported for second in range(steady.from_second, steady.to_second)])
    return Lateness(woken, lags, sent, gap_ns, known, connections(measurements, steady, words))


def _woken(health: HealthRows) -> dict[int, float]:
    """The largest lag of any worker (ns) by the seconds in which it can have been."""
    rows = health.columns
    top, off_ns = rows["longest_lag_ns"], np.abs(rows["label_offset_ns"]) - np.maximum(rows["clock_error_ns"], 0)
    span = np.where(top > SECOND_NS, np.ceil(np.minimum(top, LONGEST_S * SECOND_NS) / SECOND_NS), 0)
    apart = np.where((rows["clock_error_ns"] >= 0) & (off_ns > SKEW_NS), np.ceil(off_ns / SECOND_NS), 0)
    apart = np.minimum(apart, LONGEST_S)  # however far off a damaged row says
    first, last = _first_seconds(health) - (span + apart).astype(np.int64), rows["second"] + apart.astype(np.int64)
    woken: dict[int, float] = {}
    for a, b, lag_ns in _largest(first, last, top):
        for second in range(a, b + 1):
            woken[second] = max(woken.get(second, 0.0), lag_ns)
    return woken


def _largest(first: IntArray, last: IntArray, value: FloatArray) -> list[tuple[int, int, float]]:
    """The largest value of each pair (first, last): many workers have the same seconds."""
    pairs, group = np.unique(np.stack((first, last)), axis=1, return_inverse=True)
    largest = np.zeros(pairs.shape[1])
    np.maximum.at(largest, group.ravel(), value)
    return list(zip(pairs[0].tolist(), pairs[1].tolist(), largest.tolist(), strict=True))


def _reported(health: HealthRows) -> set[int]:
    """Seconds for which a worker reported how late its arrivals were. Arrivals whose user was busy have no lag: their number
    proves nothing.
    """
    return set(_first_seconds(health).tolist()) | set(health.columns["second"].tolist())


def _first_seconds(health: HealthRows) -> IntArray:
    """The first of the seconds that each row may belong to, its own is the last. Rows without a machine come from versions that
    used the second after as label.
    """
    first: IntArray = health.columns["second"] - (health.columns["process"] < 0)
    return first


def judged(health: HealthRows, steady: Steady | None) -> HealthRows:
    """The rows of the judged part; all of them where there is none."""
    return health if steady is None else health.within(steady.from_second, steady.to_second)


def largest_by_second(late: Lateness, windows: Sequence[Window], operation: str, to_second: int) -> dict[int, float]:
    """L (ns) for the operations that ended in each second before `to_second`, from the first of `operation` on. inf where
    operations ended and no worker reported: what is not known is not small.
    """
    responses = {w.second: w.response for w in windows if w.operation == operation and w.second < to_second}
    largest: dict[int, float] = {}
    if not responses:
        return largest
    quickest_ns = min((h.min_ns for h in responses.values() if h.indices.size), default=0.0)
    carried = 0.0
    for second in range(min(responses), max(responses) + 1):
        response = responses.get(second, EMPTY)
        now = late.woken_ns.get(second, math.inf if response.total else 0.0)
        largest[second] = max(now, carried)
        quick = response.bucket_at(QUICK) if response.total else None
        left = bucket_edges_ns(quick)[1] - quickest_ns if quick is not None else math.inf
        carried = max(now, min(carried, left))  # all of its own: the second before counts whole
    return largest


def disturbed_seconds(late: Lateness, limit_ns: float) -> set[int]:
    """Seconds in which an arrival later than `limit_ns` was woken, and those until its backlog is over (DELAYED)."""
    seconds: set[int] = set()
    for second, ns in late.woken_ns.items():
        if ns > limit_ns:
            seconds |= set(range(second, second + 2 + math.ceil(DELAYED * min(ns, LONGEST_S * SECOND_NS) / SECOND_NS)))
    return seconds


def shifted(h: Histogram, second: int, largest: Mapping[int, float], sign: int) -> Histogram:
    """A second's latencies less (sign -1) or more (+1) its L, not under 0. A time-out has no value and stays one: it is a
    matter of seconds, which a lag within one does not make; with a longer lag it may have been anything.
    """
    if not h.total or (h.max_ns < SECOND_NS and not largest.get(second)):
        return h
    lows, highs = bucket_low_ns(h.indices), bucket_high_ns(h.indices)
    by = np.full(h.indices.size, largest.get(second, 0.0))
    for i in np.flatnonzero(highs >= SECOND_NS):  # ascending, and few
        first = second - math.ceil(float(highs[i]) / SECOND_NS)
        by[i] = max((largest.get(s, 0.0) for s in range(first, second + 1)), default=0.0)
    if sign > 0:
        values = np.minimum(highs + np.minimum(by, 2 * HIGHEST_NS), HIGHEST_NS + 1)
        return packed(histogram.from_counts(values.astype(np.int64), h.counts).with_over_range(h.over_range))
    values = np.maximum(lows - np.minimum(by, 2 * HIGHEST_NS), 0)
    moved = histogram.from_counts(values.astype(np.int64), h.counts)
    if h.over_range and largest.get(second, 0.0) > SECOND_NS:
        return packed(moved + histogram.from_counts(np.array([0]), np.array([h.over_range])))
    return packed(moved.with_over_range(h.over_range))


def duration(ns: float) -> str:
    """A time in words, three significant digits."""
    if math.isinf(ns):
        return "over 60 s"
    for factor, unit in ((1e9, "s"), (1e6, "ms")):
        if ns >= 0.9995 * factor:  # what three digits round up to it
            return f"{ns / factor:.3g} {unit}"
    return f"{ns / 1e3:.3g} us"
