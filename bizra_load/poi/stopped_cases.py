"""What a node that hangs, while its metrics go on, is tried with: only that others do what it no longer does shows it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace

from bizra_load.poi.rule_case import MISSING, NODE, SECOND, Case, is_gauge, series
from bizra_load.poi.rule_node import PlayedNode


def stopped(node: PlayedNode) -> Iterator[Case]:
    """One of two nodes, and what is no stop of it."""
    second = node.series(SECOND)
    idle = {name: 0.0 for name in node.well if not is_gauge(name)}
    idle_second = {name: 0.0 if not is_gauge(name) else value for name, value in second.items()}

    def case(title: str, bad: Mapping[str, float], fires: bool = True) -> Case:
        of_one = node.fault("PoIThroughputDegraded", bad, "0")
        return replace(of_one, title=title, beside=second, instance=NODE, fires=fires)

    yield case("one of two nodes hangs", idle)
    for operation in ("generate", "verify"):
        yield case(f"{operation} of one of two nodes hangs", {series(node.of(operation).total): 0.0})
    failures = {series(node.of(o).failed, i) for o in ("generate", "verify") for i in (NODE, SECOND)}
    never = case("one of two nodes hangs, and no failure was ever counted", idle)
    yield replace(never, absent=frozenset(failures))
    yield case("one of two nodes fails everything", node.errors(1.0, 1.0), fires=False)
    yield case("one of two nodes has left", dict.fromkeys(node.well, MISSING), fires=False)
    yield replace(case("one of two nodes is idle all the time", {}, fires=False), well=node.well | idle)
    yield replace(case("the one of two nodes that has traffic stops", idle, fires=False), beside=idle_second)
