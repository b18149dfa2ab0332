"""A tail tested at its target: how large a share of all may lie beyond it, with the dependence that is there.

The interval of a quantile rests on the dependence where the estimate lies. At a target further out fewer lie beyond it, in
smaller clusters, so that more of them tell. By chance few of them come with a low share and a low design effect at once; that
of the slowest fifth of all hardly falls with it, so the larger one of the two is taken.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from sla.estimators.dependence import FloatArray, effective_size
from sla.estimators.far_target import FarTarget, far_target
from sla.estimators.quantiles import EVIDENCE_LEVEL, LOWER_HALVED_AT, LOWEST_PROXY, STRONG_EVIDENCE, MergedWindows
from sla.estimators.share_limits import share_limits
from sla.values.histogram import bucket_edges_ns, bucket_of

SLOWEST = 0.2  # of all responses: their design effect is one of what lies beyond a target, too


@dataclass(frozen=True)
class AtTarget:
    """At most this share of all responses is beyond the target, beyond which `share` was."""

    share_at_most: float
    share: float


def at_target(merged: MergedWindows, q: float, target_ns: float, level: float) -> AtTarget | None:
    """None for what is no tail (q under LOWEST_PROXY), where nothing lies beyond the target or more than may, and on evidence
    thinner than a PASS needs.
    """
    n, beyond_it = merged.n, merged.sizes - _surely_within(merged, target_ns)
    share = float(beyond_it.sum()) / n if n else 0.0
    if q < LOWEST_PROXY or not 0 < share < 1 - q:
        return None
    effects = merged.effect_of(beyond_it), merged.effect_of(merged.influence(1 - SLOWEST)[1], LOWER_HALVED_AT)

    def size(at: float) -> float:
        return min([float(n), *(effective_size(n, deff, dof, at) for deff, dof in effects)])

    if size(EVIDENCE_LEVEL) * (1 - q) < STRONG_EVIDENCE:
        return None
    return AtTarget(share_limits(share, size(level), level, max(deff for deff, _ in effects))[1], share)


def beyond_target(merged: MergedWindows, q: float, target_ns: float, level: float) -> FarTarget | AtTarget | None:
    """At the target, or far from it: the one that shows more, of those that tell."""
    both = far_target(merged, q, target_ns, level), at_target(merged, q, target_ns, level)
    return min((known for known in both if known), key=lambda known: known.share_at_most, default=None)


def _surely_within(merged: MergedWindows, target_ns: float) -> FloatArray:
    """Samples of each window that keep the target wherever in their buckets they lie, shape (m,)."""
    surely_ns = target_ns - merged.tick_ns
    bucket = bucket_of(surely_ns)
    bucket -= bucket_edges_ns(bucket)[1] > surely_ns
    return merged.below(bucket) if bucket >= 0 else np.zeros(merged.sizes.size)
