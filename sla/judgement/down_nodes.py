"""A node that could not be scraped while others did its work: it crashed or hangs, and no figure of the others shows it."""

from __future__ import annotations

from collections.abc import Sequence

from sla.estimators.series import by_target, within
from sla.judgement.checks.counters import COVERED, SHOWN
from sla.values.assessment import Gate, Severity, Status
from sla.values.promql import SCRAPERS_OF_TARGETS
from sla.values.shown import first_of
from sla.values.snapshot import Labels, Snapshot, labels_text

FEWEST_FAILED = 2  # scrapes: a pod that leaves is often asked once more


def down_node_gates(snapshots: Sequence[Snapshot], metrics: frozenset[str], from_ns: int, to_ns: int) -> list[Gate]:
    """A gate that names the nodes of which more than 1 - COVERED of the scrapes in [from, to] failed; none without such a node.
    A node is what ever had one of the `metrics`, or is in a job all of whose targets have; one that any replica of a Prometheus
    can scrape is not down.
    """
    scraped, failed = ([s for s in snapshots if s.is_failed_scrape is no] for no in (False, True))
    own = {s.target for s in scraped if s.has_any(metrics)}
    mixed = {dict(s.target).get("job") for s in scraped if s.target not in own}
    jobs = {dict(labels).get("job") for labels in own} - mixed
    nodes = {_node(labels) for labels in own}
    counts: dict[Labels, list[str]] = {}
    seen, failing = (by_target(within(some, from_ns, to_ns)) for some in (scraped, failed))
    for labels, scrapes in failing.items():
        node, all_of_it = _node(labels), len(scrapes) + len(seen.get(labels, ()))
        if node in nodes or dict(labels).get("job") in jobs:
            down = len(scrapes) >= FEWEST_FAILED and len(scrapes) > (1 - COVERED) * all_of_it
            counts.setdefault(node, []).append(f"{len(scrapes)} of {all_of_it}" if down else "")
    for labels in seen.keys() - failing.keys():
        if (node := _node(labels)) in counts:
            counts[node].append("")  # another replica had no trouble
    down_nodes = [f"{labels_text(node)} ({of_each[0]})" for node, of_each in sorted(counts.items()) if all(of_each)]
    if not down_nodes:
        return []
    reason = f"scrapes of a node failed (up is 0), so it was down or hung: {first_of(down_nodes, SHOWN, last='; and ')}"
    return [Gate("nodes-up", "Every node up", Severity.CRITICAL, Status.INCONCLUSIVE, True, reason)]


def _node(labels: Labels) -> Labels:
    """Without the labels that say who scraped it."""
    return tuple((n, v) for n, v in labels if n == "job" or not (n in SCRAPERS_OF_TARGETS or "replica" in n))
