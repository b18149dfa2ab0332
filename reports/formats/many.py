"""What is shown of more operations, or checks, than anybody reads: the worst and the largest, and how many more there are."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence
from typing import Any, TypeVar

from sla.values.assessment import Assessment, OperationSummary, Status
from sla.values.window import Window

MOST_OPERATIONS = 100  # in a table; a run keeps 200 by name
MOST_CHECKS = 100  # in a table; each operation has some of its own
WHERE = "all are in assessment.json"  # what a reader does about the others

T = TypeVar("T")


def operations(assessment: Assessment, most: int = MOST_OPERATIONS) -> list[OperationSummary]:
    """All of them, or `most`: those of which most failed, the slowest and the most frequent, in the usual order."""
    return worst_and_largest(assessment.operations, (_failed, _slowest, _asked), most)


def titled(title: str, assessment: Assessment) -> str:
    """A title of a table of operations, with how many of them it shows."""
    count = len(assessment.operations)
    if count <= MOST_OPERATIONS:
        return title
    return f"{title}: {MOST_OPERATIONS} of {count}, those that failed most, the slowest and the most frequent; {WHERE}"


def checks(rows: Sequence[T], status: Callable[[T], str]) -> tuple[list[T], int]:
    """(what is shown, how many more passed): all that did not pass, and as many others as there is room for."""
    room = MOST_CHECKS - sum(status(row) != Status.PASS.value for row in rows)
    chosen = []
    for row in rows:
        passed = status(row) == Status.PASS.value
        room -= passed
        if not passed or room >= 0:
            chosen.append(row)
    return chosen, len(rows) - len(chosen)


def charted(windows: Iterable[Window], names: Sequence[str], most: int) -> list[str]:
    """Operations of a chart of their own: those of which most failed, the slowest on average and the most frequent."""
    sums = {name: [0.0, 0.0, 0.0] for name in names}
    for w in windows:
        if (mine := sums.get(w.operation)) is not None:
            mine[0] += w.failures
            mine[1] += w.response_sum_ns
            mine[2] += w.finished
    rankings = (lambda n: sums[n][0], lambda n: sums[n][1] / max(sums[n][2], 1.0), lambda n: sums[n][2])
    return worst_and_largest(names, rankings, most)


def worst_and_largest(items: Sequence[T], rankings: Sequence[Callable[[T], float]], most: int) -> list[T]:
    """All of at most `most` items; of more the highest of each ranking in turn, if that is above 0. They keep their order."""
    if len(items) <= most:
        return list(items)
    orders = [[i for i in _by(rank, items) if rank(items[i]) > 0] for rank in rankings]
    chosen: set[int] = set()
    for place in range(len(items)):
        for order in orders:
            if place < len(order) and len(chosen) < most:
                chosen.add(order[place])
    return [item for i, item in enumerate(items) if i in chosen]


def _by(rank: Callable[[Any], float], items: Sequence[Any]) -> list[int]:
    return sorted(range(len(items)), key=lambda i: -rank(items[i]))


def _failed(o: OperationSummary) -> float:
    return float(sum(o.failed.values()))


def _slowest(o: OperationSummary) -> float:
    p99 = o.response.get("p99")
    if p99 is None:
        return o.unjudged.response.get("p99", 0.0)
    return 0.0 if math.isnan(p99.point) else p99.point


def _asked(o: OperationSummary) -> float:
    return float(o.ok + sum(o.failed.values()))
