"""What a store may hold of nodes and a rule must not be misled by: NaN, edges that two replicas write differently, and next to
nothing to judge by.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from bizra_load.poi.rule_case import NAN, Case, duration, labelled, series
from bizra_load.poi.rule_node import PlayedNode

SAME_EDGE = ("1", "1.0")  # as Prometheus 2 keeps it and as Prometheus 3 writes it


def odd(node: PlayedNode) -> Iterator[Case]:
    """All of them."""
    yield from edges_of_replicas(node)
    yield from not_a_number(node)
    yield from few_slow(node)


def edges_of_replicas(node: PlayedNode) -> Iterator[Case]:
    """0.5 % or 5 % of operations take longer than half of the limit, and up to a second."""
    for alert, operation in latencies(node):
        half_s = getattr(node.limits, f"{operation}_p99_s") / 2
        for title, slow in (("", 0.005), (", and it is slow", 0.05)):
            counts = [
                {f"{half_s:.12g}": 600 * (1 - share), edge: 600.0, "+Inf": 600.0} for share in (0.0, slow) for edge in SAME_EDGE
            ]
            names = [labelled(series(f"{node.of(operation).histogram}_bucket"), f'replica="{r}", le=') for r in "ab"]
            played = [
                {name.replace("le=", f'le="{le}"'): n for name, of in zip(names, both, strict=True) for le, n in of.items()}
                for both in (counts[:2], counts[2:])
            ]
            rank = 0.99 - (1 - slow)
            case = replace(
                node.fault(alert, played[1], duration(half_s + (1 - half_s) * rank / slow)),
                title=f"whose replicas write an edge in two ways{title}",
                well=played[0],
            )
            yield case if slow > 0.01 else replace(case, fires=False, clears_min=0)


def not_a_number(node: PlayedNode) -> Iterator[Case]:
    """One of the label sets of each metric is NaN all the time."""
    for case in node.faults():
        if case.alert.startswith(("PoI", "Finality")):
            nan = {
                labelled(name, 'route="odd"'): NAN for name in case.well if not name.startswith(("up{", "scrape_", "process_"))
            }
            yield replace(case, title="beside label sets that are NaN", beside=nan)


def few_slow(node: PlayedNode) -> Iterator[Case]:
    """Four in five minutes, of forty, and five and a half, which are all."""
    for alert, operation in latencies(node):
        limit_s = getattr(node.limits, f"{operation}_p99_s")
        four, all_slow = node.buckets(operation, limit_s, 8.0, 0.1), node.buckets(operation, limit_s, 1.1, 1.0)
        yield replace(node.fault(alert, four), title="four of forty are slow", fires=False)
        value = duration(1.99 * limit_s)
        yield replace(node.fault(alert, all_slow, value), title="five are all that there are, and slow", clears_min=8)


def latencies(node: PlayedNode) -> list[tuple[str, str]]:
    """The rules of latencies, each with its operation."""
    of = {"Finality": "finality", "PoIGeneration": "generate", "PoIVerification": "verify"}
    names = [case.alert for case in node.faults() if case.alert.endswith("P99Violation")]
    return [(name, next(operation for begin, operation in of.items() if name.startswith(begin))) for name in names]
