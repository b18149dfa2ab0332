"""A histogram of the server as observations per scrape interval."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from sla.estimators.dependence import (
    FEWEST_WINDOWS,
    REACHING_DOF,
    Alike,
    FloatArray,
    alike,
    batches_with,
    design_effect,
    effective_size,
    lasts,
    too_few,
)
from sla.estimators.series import bucket_values, by_target, common_edges_s, common_times_s, times_s, within
from sla.values.snapshot import Snapshot, metric_of

# what is slow is looked for at the edges that these shares lie beyond, at a p-value: edges are few, and far apart
EDGES_BEYOND, EDGES_AT = (0.5, 0.2, 0.1, 0.05, 0.02), 0.1
MOST_BEYOND = 0.5  # an edge with more beyond it says nothing of a tail


@dataclass(frozen=True)
class Increments:
    """Observations per scrape interval, summed over targets and label sets.

    edges_s   upper bucket edges, shape (k,)
    counts    observations per interval and bucket (not cumulative), shape (m, k)
    resets    how often a counter went backwards (a restarted server)
    spans_s   Unix seconds of the first scrape of each interval and of the last, shape (m, 2)
    shifted   not as they were observed: see moved()
    """

    edges_s: FloatArray
    counts: FloatArray
    resets: int
    spans_s: FloatArray
    shifted: bool = False

    @cached_property
    def sizes(self) -> FloatArray:
        """Observations in each interval, shape (m,)."""
        return np.asarray(self.counts.sum(axis=1))

    @cached_property
    def total(self) -> float:
        """Observations in all intervals."""
        return float(self.sizes.sum())

    @cached_property
    def cumulative(self) -> FloatArray:
        """Observations in and under each bucket, shape (m, k)."""
        return np.cumsum(self.counts, axis=1)

    @cached_property
    def shares_beyond(self) -> FloatArray:
        """Share of all observations beyond each edge, shape (k,); for what has observations."""
        return np.asarray(1 - self.cumulative.sum(axis=0) / self.total)

    def influence(self, edge: int) -> FloatArray:
        """What each interval adds to the share beyond an edge, shape (m,)."""
        return np.asarray((self.sizes - self.cumulative[:, edge]) - self.shares_beyond[edge] * self.sizes)

    def lasts(self, q: float) -> bool:
        """Whether the share beyond the edges of the q-quantile's bucket moves as slowly as the intervals reach."""
        if not self.total:
            return False
        at = int(np.argmax(self.shares_beyond <= 1 - q))
        return any(lasts(self.influence(edge)) for edge in range(max(at - 1, 0), at + 1))

    def reaches(self, q: float) -> bool:
        """Whether that share correlates up to the slowest cosines of the intervals, at the edges of the q-quantile's bucket."""
        filled = self.sizes > 0
        if int(filled.sum()) < FEWEST_WINDOWS:
            return False
        at = int(np.argmax(self.shares_beyond <= 1 - q))
        return any(self._effect(edge)[1] == REACHING_DOF for edge in range(max(at - 1, 0), at + 1) if self._shows(edge))

    def part(self, intervals: slice) -> Increments:
        """Some of the intervals."""
        return Increments(self.edges_s, self.counts[intervals], self.resets, self.spans_s[intervals])

    def effective_beyond(self, edge: int, level: float, halved_at: float | None = None) -> tuple[float, float]:
        """(design effect, effective size) of the indicator "beyond this edge"; of few intervals infinite and nothing.
        `halved_at` as in dependence.spread().
        """
        n = self.total
        if too_few(self.sizes):
            return math.inf, 0.0
        if not self._shows(edge):
            return 1.0, n
        deff, dof = self._effect(edge, halved_at)
        return deff, min(effective_size(n, deff, dof, level), n)

    def _shows(self, edge: int) -> bool:
        """Whether some observations lie beyond an edge, and some do not."""
        return bool(1e-12 < self.shares_beyond[edge] < 1)

    def _effect(self, edge: int, halved_at: float | None = None) -> tuple[float, float]:
        """(design effect, degrees of freedom) of an edge that _shows()."""
        if (edge, halved_at) not in self._design_effects:
            # an interval without observations says nothing of how they depend on each other
            influence, share = self.influence(edge)[self.sizes > 0], float(self.shares_beyond[edge])
            of_independent = self.total * share * (1 - share)
            effect = design_effect(influence, of_independent, halved_at, at_most=self._alike, sizes=self.sizes)
            self._design_effects[edge, halved_at] = effect
        return self._design_effects[edge, halved_at]

    def effective_below(self, edge: int, level: float) -> tuple[float, float]:
        """effective_beyond() of an edge below a quantile, or of the next one where that is less: what is slow and lasts shows
        further out first. Not of what was shifted: it differs from edge to edge by that alone.
        """
        further = edge + 1 < self.edges_s.size and self.shares_beyond[edge + 1] > 0 and not self.shifted
        following = edge + 1 if further else edge
        return min((self.effective_beyond(e, level) for e in (edge, following)), key=lambda pair: pair[1])

    def inwards(self, edge: int) -> list[int]:
        """Edges below this one, the nearest first, until nine batches in ten hold something beyond one of them; empty where
        they do beyond this one. What is rare, or was not seen, comes in the clusters of what is less so. None that more than
        MOST_BEYOND lie beyond: a shift of the bulk from one bucket to the next is no clustering of the tail.
        """
        edges: list[int] = []
        while edge > 0 and not self._everywhere(edge) and self.shares_beyond[edge - 1] <= MOST_BEYOND:
            edge -= 1
            edges.append(edge)
        return edges

    def _everywhere(self, edge: int) -> bool:
        filled = self.sizes > 0
        return batches_with((self.sizes - self.cumulative[:, edge])[filled]) >= 0.9

    @cached_property
    def _alike(self) -> Alike | None:
        """As MergedWindows.alike, at the first edges with no more than EDGES_BEYOND beyond them; not of what was shifted."""
        edges = {int(np.argmax(self.shares_beyond <= share)) for share in EDGES_BEYOND}
        known = [edge for edge in edges if self.shares_beyond[edge] > 0 and not self.shifted]
        return alike((self.influence(edge)[self.sizes > 0] for edge in known), EDGES_AT)

    @cached_property
    def _design_effects(self) -> dict[tuple[int, float | None], tuple[float, float]]:
        """By edge and halved_at. They are most of the work, and asked for at several levels and quantiles."""
        return {}


def bucket_increments(snapshots: Sequence[Snapshot], name: str, from_ns: int, to_ns: int) -> Increments | None:
    """Increments of a histogram between two times; None when fewer than two scrapes of a target lie between them, or its edges
    have none in common (common_edges_s). The intervals are those of the target with the most scrapes, of those that counted
    anything; what others counted is spread evenly over each of their own intervals. A restart's interval is left out.
    """
    inside = (within(of_target, from_ns, to_ns) for of_target in by_target(snapshots).values())
    scraped = [s for s in inside if len(s) > 1 and any(metric_of(key) == name for scrape in s for key in scrape.histograms)]
    edges_s = common_edges_s([scrape for s in scraped for scrape in s], name)
    if not edges_s:
        return None
    targets: list[_TargetIncrements] = []
    for scrapes in scraped:
        steps = np.diff(np.diff(bucket_values(scrapes, name, edges_s), axis=0), axis=2, prepend=0.0)
        lost: NDArray[np.bool_] = np.any(steps < 0, axis=(1, 2), keepdims=True)[:, 0, 0]
        targets.append(_TargetIncrements(times_s(scrapes), np.where(lost[:, None], 0.0, steps.sum(axis=1)), lost))
    busy = [target.at_s for target in targets if target.counts.any()]
    times = common_times_s(busy or [target.at_s for target in targets], whole=True)
    counts = np.sum([target.between(times) for target in targets], axis=0)
    spans = np.stack((times[:-1], times[1:]), axis=1)
    for target in targets:
        target.widen(spans)
    lost = np.any([target.lost_between(times) for target in targets], axis=0)
    resets = sum(int(target.lost.sum()) for target in targets)
    kept = (counts.sum(axis=1) > 0) | ~lost
    return Increments(np.array(edges_s), counts[kept], resets, spans[kept])


@dataclass(frozen=True)
class _TargetIncrements:
    """One target's: scrapes at at_s, shape (n,); counts between them, shape (n - 1, k); whether one of its series went back."""

    at_s: FloatArray
    counts: FloatArray
    lost: NDArray[np.bool_]

    def between(self, times: FloatArray) -> FloatArray:
        """Counts between other times, shape (m - 1, k), those of each of its own intervals spread evenly over it."""
        if np.array_equal(times, self.at_s):
            return self.counts
        so_far = np.concatenate((np.zeros((1, self.counts.shape[1])), np.cumsum(self.counts, axis=0)))
        return np.diff(np.stack([np.interp(times, self.at_s, column) for column in so_far.T], axis=1), axis=0)

    def lost_between(self, times: FloatArray) -> NDArray[np.bool_]:
        """Which intervals between those times lie in one of its own whose counts were lost, or before or after all of them."""
        middle = (times[:-1] + times[1:]) / 2
        own = np.searchsorted(self.at_s, middle) - 1
        outside = (own < 0) | (own >= self.lost.size)
        return np.where(outside, True, self.lost[own.clip(0, self.lost.size - 1)])

    def widen(self, spans: FloatArray) -> None:
        """Each of the spans, shape (m, 2), to all of its own intervals that it touches."""
        first = np.searchsorted(self.at_s, spans[:, 0], side="right") - 1
        last = np.searchsorted(self.at_s, spans[:, 1])
        touched = (last > 0) & (first < self.at_s.size - 1)
        top = self.at_s.size - 1
        spans[touched, 0] = np.minimum(spans[touched, 0], self.at_s[first[touched].clip(0, top)])
        spans[touched, 1] = np.maximum(spans[touched, 1], self.at_s[last[touched].clip(0, top)])


def moved(increments: Increments, by_s: FloatArray) -> Increments:
    """The increments had every observation of interval i been up to `by_s[i]` shorter, shape (m,): each in the lowest bucket
    that it can have come from.
    """
    edges = increments.edges_s
    lows = np.concatenate(([0.0], edges[:-1]))
    counts = np.zeros_like(increments.counts)
    for i, by in enumerate(by_s):  # what is longer than its lower edge is longer than that less by
        to = np.where(lows > by, np.searchsorted(edges, lows - by, side="right"), 0)
        np.add.at(counts[i], to, increments.counts[i])
    return Increments(edges, counts, increments.resets, increments.spans_s, bool(np.any(by_s > 0)))
