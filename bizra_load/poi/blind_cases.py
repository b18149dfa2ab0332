"""What a node that lacks series is tried with: RustMetricsAbsent must say so, and RustMetricsEndpointDown where it is down."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace

from bizra_load.poi.rule_case import MISSING, OTHER_JOB, REPLICAS, SECOND, SHARE, Case, labelled, series
from bizra_load.poi.rule_node import Node
from bizra_load.poi.rules import JOB


def blind(node: Node) -> Iterator[Case]:
    """What only RustMetricsAbsent can say."""

    def absent(title: str, bad: Mapping[str, float]) -> Case:
        return replace(node.fault("RustMetricsAbsent", bad), title=title)

    for operation in ("generate", "verify", "finality"):
        histogram = f"{node.of(operation).histogram}_bucket"
        yield absent(f"the buckets of {operation}", {s: MISSING for s in node.well if s.startswith(histogram)})
    for operation in ("verify", "finality"):
        yield absent(f"the counter of {operation}", {series(node.of(operation).total): MISSING})
    # scaled to nothing, or a label of its monitor is wrong: everything ends, its target too
    everything = dict.fromkeys(node.well, MISSING)
    yield replace(absent("no node is left", everything), instance="")
    other = {name.replace(f'job="{JOB}"', f'job="{OTHER_JOB}"'): value for name, value in node.well.items()}
    yield replace(absent("no node is left in its job", everything), instance="", beside=other)
    second = node.series(SECOND, SHARE)
    yield replace(absent("one of two nodes has left", everything), beside=second, fires=False)
    without_up = replace(absent("without up", {}), absent=frozenset({series("up")}))
    yield replace(without_up, instance="", from_the_start=True)
    inner = {s for s in node.well if not s.startswith(("up{", "scrape_"))}
    own = {labelled(s, 'cluster="of the program"') if s in inner else s: value for s, value in node.well.items()}
    clustered = replace(absent("a cluster of the program's own", {}), well=own)
    yield replace(clustered, fires=False)
    lost = {s: MISSING for s in own if s.startswith(node.of("generate").total)}
    yield replace(clustered, title="a cluster of the program's own, and a counter is gone", bad=lost)
    for operation in ("verify", "finality"):
        metrics, title = node.of(operation), f"all that counts {operation} is gone"
        both = {s: MISSING for s in node.well if s.startswith((metrics.total, metrics.histogram))}
        yield absent(title, both)
        mine = {s: MISSING for s in own if s.startswith((metrics.total, metrics.histogram))}
        yield replace(clustered, title=f"a cluster of the program's own, and {title}", bad=mine)
    buckets = {s: MISSING for s in own if s.startswith(node.of("verify").histogram)}
    yield replace(clustered, title="a cluster of the program's own, and a histogram is gone", bad=buckets)
    down = everything | {series("up"): 0, series("scrape_duration_seconds"): 0.0}
    yield replace(absent("a node that is down", down), fires=False)
    yield replace(node.fault("RustMetricsEndpointDown", down), title="nothing else is there")
    other_replica = {labelled(name, REPLICAS[1]): value for name, value in node.well.items()}
    seen = replace(node.fault("RustMetricsEndpointDown", down), title="another replica can scrape it")
    yield replace(seen, beside=other_replica, fires=False)
