"""What a node that lacks series is tried with: RustMetricsAbsent must say so, and RustMetricsEndpointDown where it is down."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace

from bizra_load.poi.rule_case import MISSING, NAN, OTHER_JOB, REPLICAS, SECOND, SHARE, Case, is_gauge, labelled, series
from bizra_load.poi.rule_node import PlayedNode
from bizra_load.poi.rule_series import CPU, MEMORY, START
from bizra_load.poi.rules import JOB

OWN_CLUSTER = {"cluster": "of the program"}


def blind(node: PlayedNode) -> Iterator[Case]:
    """What only RustMetricsAbsent can say, and what it must not."""
    yield from missing(node)
    yield from ended(node)
    yield from left(node)
    yield from labels_of_its_own(node)
    yield from down(node)


def absent(node: PlayedNode, title: str, bad: Mapping[str, float]) -> Case:
    return replace(node.fault("RustMetricsAbsent", bad), title=title)


def gone(node: PlayedNode, *metrics: str, well: Mapping[str, float] | None = None) -> dict[str, float]:
    """All series of these metrics, missing."""
    return {s: MISSING for s in (well or node.well) if s.startswith(metrics)}


def missing(node: PlayedNode) -> Iterator[Case]:
    """Parts of what an operation is counted by, and what the process itself is measured by."""
    for operation in ("generate", "verify", "finality"):
        buckets = gone(node, f"{node.of(operation).histogram}_bucket")
        yield absent(node, f"the buckets of {operation}", buckets)
        yield replace(absent(node, f"the buckets of {operation}, scraped every two minutes", buckets), every_min=2)
        yield absent(node, f"all edges of {operation} but the last", {s: v for s, v in buckets.items() if "+Inf" not in s})
        yield absent(node, f"the buckets of {operation} that are NaN", dict.fromkeys(buckets, NAN))
    for operation in ("verify", "finality"):
        yield absent(node, f"the counter of {operation}", gone(node, node.of(operation).total))
        yield absent(node, f"all that counts {operation}", gone(node, node.of(operation).total, node.of(operation).histogram))
    for metric in (MEMORY, CPU):
        yield absent(node, metric, gone(node, metric))
        yield absent(node, f"{metric} that is NaN", dict.fromkeys(gone(node, metric), NAN))
    never = replace(absent(node, "neither memory nor CPU time is ever exposed", {}), absent=frozenset(gone(node, "process_")))
    yield replace(never, fires=False)


def ended(node: PlayedNode) -> Iterator[Case]:
    """Counters of failures that end while the process goes on."""
    for operation in ("generate", "verify"):
        failures = gone(node, node.of(operation).failed)
        title = f"the failures of {operation}"
        yield absent(node, title, failures)
        yield replace(absent(node, f"{title}, scraped every two minutes", failures), every_min=2)
        yield absent(node, f"{title} that are NaN", dict.fromkeys(failures, NAN))
        yield absent(node, f"{title}, without a start time any more", failures | gone(node, START))
        for other, metric in (("generation", node.of("generate").total), ("verification", node.of("verify").total)):
            yield absent(node, f"{title} and no {other}", failures | {series(metric): 0})
        yield replace(absent(node, f"{title} in a pod", failures), apart_by="pod", title=f"{title} in one of two pods")
    failures = gone(node, *(node.of(o).failed for o in ("generate", "verify")))
    never = replace(absent(node, "no failure is ever counted", {}), absent=frozenset(failures))
    yield replace(never, fires=False)
    idle = {name: 0.0 for name in node.well if not is_gauge(name)}
    yield replace(absent(node, "no failures, and no traffic either", idle | failures), fires=False)


def left(node: PlayedNode) -> Iterator[Case]:
    """Scaled to nothing, or a label of its monitor is wrong: everything ends, its target too."""
    everything = dict.fromkeys(node.well, MISSING)
    yield replace(absent(node, "no node is left", everything), instance="")
    other = {name.replace(f'job="{JOB}"', f'job="{OTHER_JOB}"'): value for name, value in node.well.items()}
    yield replace(absent(node, "no node is left in its job", everything), instance="", beside=other)
    second = node.series(SECOND, SHARE)
    yield replace(absent(node, "one of two nodes has left", everything), beside=second, fires=False)
    yield from clusters(node, everything)
    without_up = replace(absent(node, "without up", {}), absent=frozenset({series("up")}))
    yield replace(without_up, instance="", from_the_start=True)
    in_pods = [{labelled(name, f'pod="p{number}"'): value for name, value in node.well.items()} for number in (0, 1)]
    yield replace(
        absent(node, "a pod has left its machine", dict.fromkeys(in_pods[0], MISSING)),
        well=in_pods[0],
        beside=in_pods[1],
        fires=False,
    )


def clusters(node: PlayedNode, everything: Mapping[str, float]) -> Iterator[Case]:
    """All nodes of one of two clusters leave, or of the one that there is; or they get the label."""
    own, other = ({labelled(s, f'cluster="{c}"'): v for s, v in node.well.items()} for c in ("own", "other"))
    gone_all = replace(absent(node, "a cluster has left", dict.fromkeys(own, MISSING)), well=own, instance="")
    second = {labelled(s, 'cluster="own"'): v for s, v in node.series(SECOND, SHARE).items()}
    yield replace(gone_all, beside=other, labels={"cluster": "own"})
    yield replace(gone_all, beside=other | second, title="a node of a cluster has left", fires=False)
    yield replace(gone_all, title="the only cluster has left")
    labels_new = replace(absent(node, "the nodes without a cluster have left", everything), instance="", beside=other)
    yield replace(labels_new, fires=False)


def labels_of_its_own(node: PlayedNode) -> Iterator[Case]:
    """A program names a cluster or a pod, and its targets have no such label; or they have the other one."""
    inner = {s for s in node.well if not s.startswith(("up{", "scrape_"))}
    for own, of_target in ((OWN_CLUSTER, ""), ({"pod": "of the program"}, ""), (OWN_CLUSTER, "pod"), ({"pod": "p"}, "cluster")):
        [(label, value)] = own.items()
        well = {labelled(s, f'{label}="{value}"') if s in inner else s: v for s, v in node.well.items()}
        title = f"a {label} of the program's own" + (f", and the target has a {of_target}" if of_target else "")
        case = replace(absent(node, title, {}), well=well, apart_by=of_target)
        yield replace(case, fires=False)
        lost = gone(node, node.of("generate").total, well=well)
        yield replace(case, title=f"{title}, and a counter is gone", bad=lost)
        for operation in ("verify", "finality"):
            mine = gone(node, node.of(operation).total, node.of(operation).histogram, well=well)
            yield replace(case, title=f"{title}, and all that counts {operation} is gone", bad=mine, labels=own)
        for what, metric in (("a histogram is", node.of("verify").histogram), ("failures are", node.of("verify").failed)):
            yield replace(case, title=f"{title}, and {what} gone", bad=gone(node, metric, well=well), labels=own)


def down(node: PlayedNode) -> Iterator[Case]:
    """A node whose scrapes fail."""
    nothing = dict.fromkeys(node.well, MISSING) | {series("up"): 0, series("scrape_duration_seconds"): 0.0}
    for label in ("", "cluster", "pod"):
        beside = f", beside another {label} of its instance" if label else ""
        yield replace(absent(node, f"a node that is down{beside}", nothing), apart_by=label, fires=False)
    yield replace(node.fault("RustMetricsEndpointDown", nothing), title="nothing else is there")
    other_replica = {labelled(name, REPLICAS[1]): value for name, value in node.well.items()}
    seen = replace(node.fault("RustMetricsEndpointDown", nothing), title="another replica can scrape it")
    yield replace(seen, beside=other_replica, fires=False)
