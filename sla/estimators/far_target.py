"""A target that no response came near: what is known of the share beyond it, though not one of them was seen.

The interval of a quantile tests where the estimate lies, with the dependence that is there; of a target far beyond all that
was measured it needs as many samples as of one close by. Here the windows are the sample: none of m held anything beyond the
target, so that a window does with a probability of at most 1 - (alpha / 2)^(1/m) (Clopper and Pearson 1934 for 0 of m), and
one that does holds no larger a share of it than windows held of the furthest tail that was seen. Where what is further out
comes in larger clusters, as with stalls that are rarer than the run is long, no sample tells.

Where up to FEW_NEAR windows held something near the target or beyond it, k of m did (their upper limit is Clopper and Pearson's
too), and one holds no larger a share than the largest of those did.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import numpy as np

from sla.estimators.dependence import FEWEST_WINDOWS, FloatArray, lasts, spread
from sla.estimators.increments import Increments
from sla.estimators.quantiles import MergedWindows
from sla.estimators.share_limits import share_limits

MARGIN = 1.25  # what lies within so many times of the target came near it, and counts as if it had been beyond
FEW_NEAR = FEWEST_WINDOWS - 1  # windows that hold something near it, at most: of more the interval tells
CORRELATED_AT = 0.05  # p-value: windows that clearly correlate are worth fewer
LEAST_QUANTILE = 0.5  # no tail is wider than half of all

Tail = tuple[FloatArray, FloatArray]  # what each window adds to the share beyond a value, and samples beyond it in each


@dataclass(frozen=True)
class FarTarget:
    """At most this share of all responses is beyond the target; `holding` of the windows held something beyond `near_ns`."""

    share_at_most: float
    near_ns: float
    windows: int
    holding: int = 0


def far_target(merged: MergedWindows, q: float, target_ns: float, level: float) -> FarTarget | None:
    """None where responses came near the target in more than FEW_NEAR windows, or too few windows tell."""
    slowest_ns, near = merged.whole.max_ns, np.zeros(merged.sizes.size)
    if not slowest_ns * MARGIN <= target_ns:
        slowest_ns = target_ns / MARGIN
        near = merged.sizes - merged.within(slowest_ns)
    return _far_target(_tails_of(merged, q), merged.sizes, near, slowest_ns, level)


def far_target_of_buckets(increments: Increments, target_ns: float, level: float) -> FarTarget | None:
    """The same of a server's buckets, whose scrape intervals are the windows."""
    edges_ns = increments.edges_s * 1e9
    within = np.flatnonzero(edges_ns * MARGIN <= target_ns)
    if not within.size or not increments.total:
        return None
    empty = within[increments.shares_beyond[within] <= 0]
    at = int(empty[0] if empty.size else within[-1])
    near = increments.sizes - increments.cumulative[:, at]
    beyond = ((increments.influence(e), increments.sizes - increments.cumulative[:, e]) for e in range(at - 1, -1, -1))
    return _far_target(beyond, increments.sizes, near, float(edges_ns[at]), level)


def _tails_of(merged: MergedWindows, q: float) -> Iterator[Tail]:
    """From the furthest that a sample tells of to half of all, each twice as wide as the one before."""
    tail = 1 - q
    while tail * merged.n > 2 * FEWEST_WINDOWS:
        tail /= 2
    while tail < LEAST_QUANTILE:
        yield merged.influence(1 - tail)
        tail *= 2
    yield merged.influence(LEAST_QUANTILE)


def _far_target(tails: Iterable[Tail], sizes: FloatArray, near: FloatArray, near_ns: float, level: float) -> FarTarget | None:
    """By the first of the tails, the furthest first, that FEWEST_WINDOWS windows hold; None where none does, or where windows
    move as slowly as the run is long in one of them. As many windows are worth one as in that tail or a wider one: what is slow
    hardly shows in the furthest. `near`: samples of each window that came near the target.
    """
    filled, holding_near = sizes > 0, int((near > 0).sum())
    if holding_near > FEW_NEAR:
        return None
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
    share = max(share, float((near[filled] / sizes[filled]).max()))
    with_one = share_limits(holding_near / windows, windows / worth_one, level)[1]
    return FarTarget(share * with_one, near_ns, windows, holding_near)
