"""A broken node with little of the traffic vanishes in the sum over all, and is found."""

import dataclasses

import pytest

from sla.judgement.evaluate import evaluate
from sla.judgement.monitored import judge_monitored
from sla.values.assessment import Decision, Severity, Status
from sla.values.snapshot import labels_of
from sla.values.window import merge_windows
from tests.unit.sla.synthetic import LOCAL, START, measurements

FAILING = {"generate": 1.0, "verify": 1.0}
SLOW = {"finality": 20_000.0}


@pytest.fixture(scope="module")
def large():
    return node("a", rate=2000)


def node(name, **options):
    return [dataclasses.replace(s, target=labels_of({"instance": name})) for s in measurements(hold_s=30, **options).snapshots]


def gates(*nodes):
    snapshots = sorted((s for scrapes in nodes for s in scrapes), key=lambda s: s.at_ns)
    to_ns = snapshots[-1].at_ns
    assessment = judge_monitored(snapshots, (START - 1) * 10**9, to_ns, LOCAL.agreement, LOCAL.baseline)
    return {g.key: g for g in assessment.gates}


@pytest.mark.parametrize(
    ("options", "missed"),
    [({"failures": FAILING}, 'instance="b": PoI success rate'), ({"server_us": SLOW}, 'instance="b": Finality p99')],
)
def test_a_node_of_a_few_operations_that_misses_a_critical_target_leaves_it_open(large, options, missed):
    judged = gates(large, node("b", rate=4, **options))
    key = "poi_success_rate" if "failures" in options else "finality_p99"
    assert judged[key].status is Status.PASS  # in the sum
    doubt = judged["nodes"]
    assert (doubt.severity, doubt.counts, doubt.status) == (Severity.CRITICAL, True, Status.INCONCLUSIVE)
    assert doubt.reason.startswith(f"a node by itself misses what all nodes together are not shown to miss: {missed}")


def test_a_few_are_named_and_the_others_counted(large):
    slow = [node(f"b{i}", rate=1, seed=i, server_us=SLOW) for i in range(5)]
    assert gates(large, *slow)["nodes"].reason.endswith(" and 2 more")


def test_healthy_nodes_a_single_one_and_what_fails_anyway_are_said_once(large):
    assert "nodes" not in gates(large, node("b", rate=4))
    assert "nodes" not in gates(node("b", rate=4, failures=FAILING))
    both = gates(node("a", rate=40, failures=FAILING), node("b", rate=40, seed=2, failures=FAILING))
    assert both["poi_success_rate"].status is Status.FAIL
    assert "nodes" not in both
    assert "nodes" not in gates(large, node("b", rate=4, server_us={"generate": 100_000.0}))  # a warning's target


def test_a_load_test_looks_at_each_node_too():
    """Of all requests 0.2 % fail, on a node that fails all of its own."""
    run, other = measurements(hold_s=30, rate=2000), measurements(hold_s=30, rate=4, failures=FAILING)
    snapshots = [
        dataclasses.replace(s, target=labels_of({"instance": name}))
        for name, of_node in (("a", run), ("b", other))
        for s in of_node.snapshots
    ]
    both = dataclasses.replace(
        run, windows=merge_windows((*run.windows, *other.windows)), snapshots=tuple(sorted(snapshots, key=lambda s: s.at_ns))
    )
    assessment = evaluate(both, LOCAL.agreement, LOCAL.baseline)
    judged = {g.key: g for g in assessment.gates}
    assert judged["poi_success_rate"].status is Status.PASS
    hidden = 'a node by itself misses what all nodes together are not shown to miss: instance="b": PoI success'
    assert judged["nodes"].reason.startswith(hidden)
    assert assessment.decision is Decision.INCONCLUSIVE
    assert "nodes" not in {g.key for g in evaluate(run, LOCAL.agreement, LOCAL.baseline).gates}
