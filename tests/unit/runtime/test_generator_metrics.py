"""The generator's own metrics say what the windows said, in Prometheus' words."""

import shutil
import subprocess
from types import SimpleNamespace as Some

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from prometheus_client import REGISTRY, generate_latest
from prometheus_client.parser import text_string_to_metric_families

from bizra_load.measure.edges import NODE_EDGES_S
from bizra_load.measure.recorder import MAX_OPERATIONS
from bizra_load.measure.report import Report
from bizra_load.runtime.generator_metrics import EDGES_NS, GeneratorMetrics
from sla.values.assessment import Status
from sla.values.histogram import HIGHEST_NS, from_values
from sla.values.window import SCHEDULE, Health, Window
from tests.unit.sla.judgement.test_evaluate import judged
from tests.unit.sla.synthetic import measurements


def values(metrics):
    text = generate_latest(metrics.registry).decode()
    return {(s.name, *sorted(s.labels.items())): s.value for f in text_string_to_metric_families(text) for s in f.samples}


def run(run_id, planned_per_s):
    """As much of a run as its metrics read."""
    return Some(run_id=run_id, agreement_name="local", times=Some(planned_per_s=lambda: planned_per_s))


def report(windows, health):
    return Report("w", 0, False, tuple(windows), tuple(health), (), ())


def started(clock=lambda: 0.0):
    metrics = GeneratorMetrics(clock)
    metrics.start(run("a-run", 250.0))
    return metrics


@given(st.lists(st.integers(0, HIGHEST_NS), max_size=50), st.integers(0, 5))
def test_every_bucket_holds_the_samples_at_or_under_its_edge_to_a_bucket_of_the_recorder(latencies, over_range):
    metrics = started()
    samples = np.array(latencies, dtype=np.int64)
    window = Window(1, "generate", response=from_values(samples, over_range))
    metrics.add(report([window], []))
    exposed = values(metrics)
    for edge in EDGES_NS.tolist():
        count = exposed["bizra_load_response_seconds_bucket", ("le", str(edge / 1e9)), ("operation", "generate")]
        assert (samples <= edge * (1 - 1 / 1024)).sum() <= count <= (samples <= edge).sum()
    total = exposed["bizra_load_response_seconds_count", ("operation", "generate")]
    assert total == len(latencies) + over_range
    summed = exposed["bizra_load_response_seconds_sum", ("operation", "generate")]
    assert abs(summed - samples.sum() / 1e9 - 60 * over_range) <= samples.sum() / 1e9 / 1000 + 1e-9


def test_the_edges_contain_those_of_the_node():
    assert {round(e * 1e9) for e in NODE_EDGES_S} <= set(EDGES_NS.tolist())


def test_reports_add_up_over_workers_and_an_arrival_that_was_never_sent_is_planned_and_unsent():
    metrics = started()
    metrics.add(
        report([Window(1, "verify", planned=3, started=3, ok=2, failed={"timeout": 1})], [Health(1, "w1", cpu_share=0.25)])
    )
    metrics.add(
        report([Window(1, "verify", planned=4, started=4, ok=4), Window(1, SCHEDULE, planned=2, unsent=2)], [Health(1, "w2")])
    )
    exposed = values(metrics)
    assert exposed["bizra_load_operations_planned_total", ("operation", "verify")] == 7
    assert exposed["bizra_load_operations_planned_total", ("operation", SCHEDULE)] == 2
    assert exposed["bizra_load_operations_started_total", ("operation", "verify")] == 7
    assert exposed["bizra_load_operations_finished_total", ("operation", "verify"), ("outcome", "ok")] == 6
    assert exposed["bizra_load_operations_finished_total", ("operation", "verify"), ("outcome", "timeout")] == 1
    assert exposed["bizra_load_operations_finished_total", ("operation", "verify"), ("outcome", "http_5xx")] == 0
    assert exposed["bizra_load_operations_unsent_total",] == 2
    assert exposed["bizra_load_planned_rate_per_second",] == 250
    assert exposed["bizra_load_workers",] == 2
    assert exposed["bizra_load_worker_cpu_ratio", ("worker", "w1")] == 0.25
    assert exposed["bizra_load_run_info", ("agreement", "local"), ("run", "a-run")] == 1
    assert ("bizra_load_operations_started_total", ("operation", SCHEDULE)) not in exposed


def test_a_worker_that_reports_no_more_is_not_counted():
    now = [0.0]
    metrics = started(lambda: now[0])
    metrics.add(report([], [Health(1, "w1")]))
    now[0] = 4.0
    metrics.add(report([], [Health(5, "w2")]))
    now[0] = 6.0
    assert values(metrics)["bizra_load_workers",] == 1


def test_the_next_run_starts_at_zero_and_a_check_that_did_not_pass_is_zero():
    metrics = started()
    metrics.add(report([Window(1, "verify", ok=1)], []))
    assessment = judged(measurements(unsent=3, hold_s=20))
    metrics.assessed(assessment)
    passed = {key[1][1]: value for key, value in values(metrics).items() if key[0] == "bizra_load_check_passed"}
    assert passed == {c.key: float(c.status is Status.PASS) for c in assessment.checks}
    metrics.start(run("next", 0.0))
    exposed = values(metrics)
    assert not any(key[0].startswith(("bizra_load_operations_finished", "bizra_load_check")) for key in exposed)


def test_names_of_operations_cannot_fill_prometheus():
    metrics = started()
    metrics.add(report([Window(1, f"operation {n}", ok=1) for n in range(3 * MAX_OPERATIONS)], []))
    ok = [
        v for key, v in values(metrics).items() if key[0] == "bizra_load_operations_finished_total" and ("outcome", "ok") in key
    ]
    assert len(ok) <= MAX_OPERATIONS + 2
    assert sum(ok) == 3 * MAX_OPERATIONS


def test_nothing_is_registered_globally_and_promtool_finds_no_fault():
    metrics = started()
    metrics.add(report([Window(1, "verify", ok=1)], [Health(1, "w1")]))
    assert not any(f.name.startswith("bizra_load") for f in REGISTRY.collect())
    promtool = shutil.which("promtool")
    assert promtool, "promtool is missing: apt-get install -y --no-install-recommends prometheus"
    ended = subprocess.run(
        [promtool, "check", "metrics"], input=generate_latest(metrics.registry), capture_output=True, check=False
    )
    assert (ended.returncode, ended.stdout, ended.stderr) == (0, b"", b"")


def test_a_sample_on_an_edge_is_under_it_and_one_above_is_not():
    metrics = started()
    metrics.add(report([Window(1, "generate", response=from_values(np.array([1000, 1001, 2000])))], []))
    exposed = values(metrics)

    def under(edge):
        return exposed["bizra_load_response_seconds_bucket", ("le", edge), ("operation", "generate")]

    assert [under(edge) for edge in ("1e-06", "2e-06", "5e-06")] == [1, 3, 3]


def test_a_sample_counts_under_an_edge_when_the_whole_of_its_bucket_lies_there():
    """The recorder's bucket of 10 us holds 10,000 to 10,007 ns."""
    metrics = started()
    metrics.add(report([Window(1, "generate", response=from_values(np.array([9_999, 10_000])))], []))
    exposed = values(metrics)
    assert exposed["bizra_load_response_seconds_bucket", ("le", "1e-05"), ("operation", "generate")] == 1
    assert exposed["bizra_load_response_seconds_bucket", ("le", "1.3e-05"), ("operation", "generate")] == 2
