"""A target that no response came near: what is known of the share beyond it, though not one of them was seen.

The interval of a quantile tests where the estimate lies, with the dependence that is there; of a target far beyond all that
was measured it needs as many samples as of one close by. Here the windows are the sample: none of m held anything beyond the
target, so that a window does with a probability of at most 1 - (alpha / 2)^(1/m) (Clopper and Pearson 1934 for 0 of m), and
one that does holds no larger a share of it than windows held of the furthest tail that was seen. Where what is further out
comes in larger clusters, as with stalls that are rarer than the run is long, no sample tells.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import numpy as np

from sla.estimators.dependence import FEWEST_WINDOWS, FloatArray, lasts, spread
from sla.estimators.increments import Increments
from sla.estimators.quantiles import MergedWindows

MARGIN = 1.25  # the target must lie so many times as far out as the slowest response: one that came near it is a sample of it
CORRELATED_AT = 0.05  # p-value: windows that clearly correlate are worth fewer
LEAST_QUANTILE = 0.5  # no tail is wider than half of all

Tail = tuple[FloatArray, FloatArray]  # what each window adds to the share beyond a value, and samples beyond it in each


@dataclass(frozen=True)
class FarTarget:
    """At most this share of all responses is beyond the target; none was beyond `slowest_ns`, in so many windows."""

    share_at_most: float
    slowest_ns: float
    windows: int


def far_target(merged: MergedWindows, q: float, target_ns: float, level: float) -> FarTarget | None:
    """None where a response came near the target, or too few windows tell."""
    slowest_ns = merged.whole.max_ns
    if not slowest_ns * MARGIN <= target_ns:
        return None
    return _far_target(_tails_of(merged, q), merged.sizes, slowest_ns, level)


def far_target_of_buckets(increments: Increments, target_ns: float, level: float) -> FarTarget | None:
    """The same of a server's buckets, whose scrape intervals are the windows."""
    edges_ns = increments.edges_s * 1e9
    empty = np.flatnonzero(increments.shares_beyond <= 0) if increments.total else np.array([], dtype=np.int64)
    if not empty.size or not edges_ns[empty[0]] * MARGIN <= target_ns:
        return None
    beyond = ((increments.influence(e), increments.sizes - increments.cumulative[:, e]) for e in range(empty[0] - 1, -1, -1))
    return _far_target(beyond, increments.sizes, float(edges_ns[empty[0]]), level)


def _tails_of(merged: MergedWindows, q: float) -> Iterator[Tail]:
    """From the furthest that a sample tells of to half of all, each twice as wide as the one before."""
    tail = 1 - q
    while tail * merged.n > 2 * FEWEST_WINDOWS:
        tail /= 2
    while tail < LEAST_QUANTILE:
        yield merged.influence(1 - tail)
        tail *= 2
    yield merged.influence(LEAST_QUANTILE)


def _far_target(tails: Iterable[Tail], sizes: FloatArray, slowest_ns: float, level: float) -> FarTarget | None:
    """By the first of the tails, the furthest first, that FEWEST_WINDOWS windows hold; None where none does, or where windows
    move as slowly as the run is long in one of them. As many windows are worth one as in that tail or a wider one: what is slow
    hardly shows in the furthest.
    """
    filled = sizes > 0
    windows, share, worth_one = int(filled.sum()), None, 1.0
    for influence, beyond in tails:
        holding = beyond > 0
        if int(holding.sum()) < FEWEST_WINDOWS:
            continue
        if lasts(influence[filled]):
            return None
        if share is None:
            share = float(beyond[holding].sum() / sizes[holding].sum())
        of_sum, alone = spread(influence[filled], CORRELATED_AT), float(influence @ influence)
        worth_one = max(worth_one, of_sum.variance_of_sum / alone if alone > 0 else 1.0)
    if share is None:
        return None
    return FarTarget(share * (1 - ((1 - level) / 2) ** (worth_one / windows)), slowest_ns, windows)
