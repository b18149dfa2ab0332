"""A node that misses a critical target by itself, while the sum over all nodes keeps it: a canary with little of the traffic.

Alerts and rollback triggers look at each node: a GO beside one that is firing would contradict itself.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence

from sla.estimators.series import by_target
from sla.judgement.kinds.base import ObjectiveEstimator
from sla.judgement.status import outside
from sla.values.assessment import Severity
from sla.values.kinds import ServerLatency, SuccessRate
from sla.values.snapshot import Snapshot, labels_text

MOST_NAMED = 3  # in a reason


def hidden_nodes(
    estimators: Sequence[ObjectiveEstimator],
    failed: Collection[str],
    snapshots: Sequence[Snapshot],
    from_ns: int,
    to_ns: int,
    level: float,
) -> str:
    """Which nodes miss a critical success rate or latency for certain, other than those objectives (keys) that have `failed`
    over all nodes; "" for none. By Bonferroni's inequality all of them are missed but for 1 - `level`.
    """
    nodes = by_target(snapshots)
    judged = [
        e
        for e in estimators
        if e.objective.severity is Severity.CRITICAL
        and isinstance(e.objective.kind, SuccessRate | ServerLatency)
        and e.objective.target.known
        and e.objective.key not in failed
    ]
    if len(nodes) < 2 or not judged:
        return ""
    strict, missed = 1 - (1 - level) / (len(nodes) * len(judged)), []
    for labels, scrapes in nodes.items():
        for e in judged:
            estimate = e.from_metrics(scrapes, from_ns, to_ns)(strict).estimate
            if estimate is not None and outside(estimate, e.objective.target):
                missed.append(f"{labels_text(labels)}: {e.objective.title}")
    more = f" and {len(missed) - MOST_NAMED} more" if len(missed) > MOST_NAMED else ""
    return f"{'; '.join(missed[:MOST_NAMED])}{more}" if missed else ""
