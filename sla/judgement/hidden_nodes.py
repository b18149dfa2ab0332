"""A node that misses a critical target by itself, while the sum over all nodes keeps it: a canary with little of the traffic.

Alerts and rollback triggers look at each node: a GO beside one that is firing would contradict itself.
"""

from __future__ import annotations

from collections.abc import Sequence

from sla.estimators.series import by_target
from sla.judgement.kinds.choose import estimator_of
from sla.judgement.status import outside
from sla.values.agreement import Agreement
from sla.values.assessment import Gate, ObjectiveResult, Severity, Status
from sla.values.kinds import ServerLatency, SuccessRate
from sla.values.shown import first_of
from sla.values.snapshot import Snapshot, labels_text

MOST_NAMED = 3  # in a reason


def hidden_node_gates(
    agreement: Agreement,
    objectives: Sequence[ObjectiveResult],
    snapshots: Sequence[Snapshot],
    from_ns: int,
    to_ns: int,
    level: float,
) -> list[Gate]:
    """A gate that names the nodes that miss a critical success rate or latency for certain, where none of `objectives` says so
    of all nodes together. By Bonferroni's inequality all of them are missed but for 1 - `level`.
    """
    nodes, failed = by_target(snapshots), {o.key for o in objectives if o.status is Status.FAIL}
    judged = [
        e
        for e in (estimator_of(o, agreement) for o in agreement.objectives)
        if e.objective.severity is Severity.CRITICAL
        and isinstance(e.objective.kind, SuccessRate | ServerLatency)
        and e.objective.target.known
        and e.objective.key not in failed
        and not e.missing_in_metrics()
    ]
    if len(nodes) < 2 or not judged:
        return []
    strict, missed = 1 - (1 - level) / (len(nodes) * len(judged)), []
    for labels, scrapes in nodes.items():
        for e in judged:
            estimate = e.from_metrics(scrapes, from_ns, to_ns)(strict).estimate
            if estimate is not None and outside(estimate, e.objective.target):
                missed.append(f"{labels_text(labels)}: {e.objective.title}")
    if not missed:
        return []
    reason = f"a node by itself misses what all nodes together are not shown to miss: {first_of(missed, MOST_NAMED)}"
    return [Gate("nodes", "Each node by itself", Severity.CRITICAL, Status.INCONCLUSIVE, True, reason)]
