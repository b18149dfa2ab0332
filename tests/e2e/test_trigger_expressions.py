"""Rollback triggers, and the pairing of targets with their metrics, on a real Prometheus."""

import time
from dataclasses import replace

import pytest

from bizra_load.judging.agreements import read_agreement
from bizra_load.rehearsal.local_prometheus import local_prometheus
from sla.release.triggers import triggers
from sla.values.promql import with_metric, without_metric
from tests.e2e.remote_write import remote_write
from tests.e2e.talking import COUNTERS, HISTOGRAMS
from tests.e2e.written_nodes import OTHER, STEP_S, Node, client, without_numbers

AGREEMENT = read_agreement("v2.2.0-rc1").agreement
DAY_S = 86_400


@pytest.fixture(scope="module")
def prometheus():
    with local_prometheus({}, flags=["--web.enable-remote-write-receiver"]) as started:
        yield started.url


@pytest.fixture(scope="module")
def now(prometheus):
    """When all histories end; that of the day before has to be written first."""
    end_s = int(time.time()) - 30
    for job, then in (("kept", 600.0), ("lessened", 900.0), ("late-counter", 900.0)):
        remote_write(prometheus, job, Node(generate=then).series(end_s - DAY_S))
    return end_s


@pytest.mark.parametrize("of_program", [{}, {"cluster": "of the program"}, {"pod": "of the program"}])
@pytest.mark.parametrize("of_target", [{}, {"cluster": "x"}, {"pod": "x"}, {"cluster": "x", "pod": "x"}])
def test_targets_with_a_metric_are_found_whatever_cluster_or_pod_the_program_names(prometheus, now, of_target, of_program):
    job = "-".join(["metric", *of_target, "and", *of_program])
    at = [(now - t, 1.0) for t in (60, 30, 0)]
    series = {("up", (("instance", instance), *of_target.items())): at for instance in ("with", "without")}
    series["n_total", (("instance", "with"), *{**of_target, **of_program}.items())] = at
    remote_write(prometheus, job, series)
    assert found(prometheus, now, job, "instance") == {"with_metric": ["with"], "without_metric": ["without"]}


@pytest.mark.parametrize(
    ("apart_by", "of_program"), [("cluster", ()), ("pod", ()), ("cluster", ("pod",)), ("pod", ("cluster",))]
)
def test_targets_of_one_instance_do_not_vouch_for_each_other(prometheus, now, apart_by, of_program):
    job, at = "-".join(["apart", apart_by, *of_program]), [(now - t, 1.0) for t in (60, 30, 0)]
    series = {("up", (("instance", "a"), (apart_by, value))): at for value in ("with", "without")}
    series["n_total", (("instance", "a"), (apart_by, "with"), *((own, "own") for own in of_program))] = at
    remote_write(prometheus, job, series)
    assert found(prometheus, now, job, apart_by) == {"with_metric": ["with"], "without_metric": ["without"]}


def found(prometheus, now, job, label):
    """The label of targets with n_total, and of those without."""
    targets, metric = f'up{{job="{job}"}}', f'n_total{{job="{job}"}}'
    return {
        ask.__name__: [s["metric"][label] for s in client(prometheus).query(ask(targets, metric), now)]
        for ask in (with_metric, without_metric)
    }


def fired(prometheus, now, key, job):
    """Instances for which a trigger's expression gives anything, among series of one job."""
    [trigger] = [t for t in triggers(AGREEMENT, (), True) if t.key == key]
    series = client(prometheus).query(trigger.expression, now)
    return [s["metric"].get("instance", "") for s in series if s["metric"].get("job") == job]


@pytest.mark.parametrize("absent", ["", *COUNTERS.values()])
def test_the_trigger_of_the_success_rate_names_the_node_that_fails(prometheus, now, absent):
    job = f"success-{absent}"
    well = Node(generate_failed=0.0, absent=absent)
    for node in (well, replace(OTHER, absent=absent)):
        remote_write(prometheus, job, node.series(now))
        remote_write(prometheus, job, without_numbers(node, now))
    assert fired(prometheus, now, "poi_success_rate", job) == ["b"]


def test_the_trigger_of_the_success_rate_tells_pods_on_one_machine_apart(prometheus, now):
    """The canary is a hundredth of the stable one."""
    stable = Node((("instance", "a"), ("pod", "stable")), generate=8000.0, generate_failed=0.0, verify=5000.0)
    canary = Node((("instance", "a"), ("pod", "canary")), generate=40.0, generate_failed=40.0, verify=50.0)
    for each in (stable, canary):
        remote_write(prometheus, "pods", each.series(now))
    assert fired(prometheus, now, "poi_success_rate", "pods") == ["a"]


@pytest.mark.parametrize(("each", "fires"), [(0.01, False), (0.02, True)])
def test_the_trigger_of_the_success_rate_wants_five_failures(prometheus, now, each, fires):
    """Three or six in its five minutes, of ten times as many requests."""
    few = Node(generate=9 * each, generate_failed=each, verify=0.0)
    remote_write(prometheus, f"few-{fires}", few.series(now))
    assert fired(prometheus, now, "poi_success_rate", f"few-{fires}") == (["a"] if fires else [])


@pytest.mark.parametrize("slow", [False, True])
def test_the_trigger_of_a_latency_takes_two_writings_of_an_edge_for_one(prometheus, now, slow):
    """Both replicas' edges together would count everything twice, but for what lies beyond the last edge."""
    job, name = f"edges-{slow}", f"{HISTOGRAMS['finality']}_bucket"
    for replica, second in (("a", "1"), ("b", "1.0")):
        counts = {"0.001": 950 if slow else 995, second: 1000, "+Inf": 1000}
        labels = {le: (("instance", "a"), ("replica", replica), ("le", le)) for le in counts}
        series = {(name, labels[le]): [(now - t, n * (600 - t)) for t in range(600, -1, -STEP_S)] for le, n in counts.items()}
        remote_write(prometheus, job, series)
    assert fired(prometheus, now, "finality_p99", job) == (["a"] if slow else [])


def test_the_trigger_of_the_throughput_compares_each_job_with_its_own_day_before(prometheus, now):
    remote_write(prometheus, "kept", Node(generate=600.0).series(now))
    remote_write(prometheus, "lessened", Node(generate=600.0).series(now))
    remote_write(prometheus, "late-counter", Node(absent="bizra_poi_generate_total").series(now))
    remote_write(prometheus, "new", Node().series(now))
    outcome = {
        job: fired(prometheus, now, "poi_throughput_degraded", job) for job in ("kept", "lessened", "late-counter", "new")
    }
    assert outcome == {"kept": [], "lessened": [""], "late-counter": [""], "new": []}
