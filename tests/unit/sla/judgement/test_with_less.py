"""Assessments of runs and agreements that have less than usual: no counters, no server metrics, no estimate, no samples."""

import dataclasses

import numpy as np
import pytest

from bizra_load.settings.remedies import WORDS
from sla.judgement.evaluate import evaluate
from sla.judgement.generator.lateness import largest_by_second, lateness
from sla.judgement.kinds.choose import estimator_of
from sla.judgement.second_opinion import second_opinions
from sla.judgement.summaries import less_lag
from sla.judgement.trends import EarlierRun, trends
from sla.release.checklist import checklist
from sla.release.rollout import monitoring_plan
from sla.release.triggers import triggers
from sla.values.assessment import Status
from sla.values.histogram import EMPTY, from_values
from sla.values.kinds import ClientLatency
from sla.values.strategy import Strategy
from tests.unit.sla.synthetic import LOCAL, START, measurements


@pytest.fixture(scope="module")
def run():
    return measurements(rate=60, hold_s=20)


@pytest.fixture(scope="module")
def assessment(run):
    return evaluate(run, LOCAL.agreement, LOCAL.baseline)


def with_metrics(agreement, **change):
    operations = {name: dataclasses.replace(m, **change) for name, m in agreement.operations.items()}
    return dataclasses.replace(agreement, operations=operations)


def objective(key):
    return next(o for o in LOCAL.agreement.objectives if o.key == key)


def missing(objective, agreement):
    return estimator_of(objective, agreement).missing_in_metrics()


def test_what_the_servers_metrics_do_not_hold_is_not_judged_from_them():
    success = objective("poi_success_rate")
    assert missing(success, LOCAL.agreement) == ""
    assert missing(success, with_metrics(LOCAL.agreement, total="")) == "not every operation has a counter"
    assert missing(success, with_metrics(LOCAL.agreement, failed="")) == "not every operation has a counter of failures"
    client = dataclasses.replace(success, kind=ClientLatency(0.99))
    assert missing(client, LOCAL.agreement) == "only a client sees it"


def test_without_counters_there_is_no_trigger_on_them(assessment):
    def keys(agreement, results):
        return {t.key for t in triggers(agreement, results, cautious=True)}

    with_all = keys(LOCAL.agreement, assessment.objectives)
    without = keys(with_metrics(LOCAL.agreement, total="", failed=""), assessment.objectives)
    assert with_all - without == {"poi_success_rate", "poi_throughput_degraded"}
    unmeasured = [dataclasses.replace(o, estimate=None) for o in assessment.objectives]
    assert "poi_generate_p99_degraded" in with_all
    assert "poi_generate_p99_degraded" not in keys(LOCAL.agreement, unmeasured)


def test_nothing_is_watched_where_nothing_is_rolled_out():
    assert monitoring_plan(Strategy("none"), LOCAL.agreement.monitoring) == ()


def item_of(assessment, section, title):
    items = next(s.items for s in checklist(assessment, LOCAL.agreement, WORDS) if s.title == section)
    return next(i for i in items if i.title == title)


def test_a_checklist_says_what_would_close_what_a_run_did_not_have(assessment):
    title = "The node's own metrics were read during the load"
    read = item_of(assessment, "Monitoring and observability", title)
    assert (read.status, read.closes) == (Status.PASS, "")
    unasked = dataclasses.replace(assessment, checks=tuple(c for c in assessment.checks if c.key != "server_data"))
    item = item_of(unasked, "Monitoring and observability", title)
    assert (item.status, item.detail) == (Status.INCONCLUSIVE, "the agreement asks for none")
    assert item.closes == "a run with --metrics-url or --prometheus-url"
    title = "The load test ran, and its own checks hold"
    assert item_of(assessment, "Testing", title).status is Status.PASS
    broken = tuple(dataclasses.replace(c, status=Status.FAIL, reason=f"bad {c.key}") for c in assessment.checks[:2])
    item = item_of(dataclasses.replace(assessment, checks=broken), "Testing", title)
    assert (item.status, item.detail) == (Status.FAIL, "; ".join(c.reason for c in broken))


def test_quantiles_less_no_lag_are_the_same(assessment):
    assert less_lag(assessment.operations, EMPTY) == assessment.operations


def test_each_quantile_is_less_by_that_of_the_lag_and_not_under_nothing(assessment):
    lag = from_values(np.array([20_000] * 98 + [60_000, 300_000_000]))
    for before, after in zip(assessment.operations, less_lag(assessment.operations, lag), strict=True):
        assert after.service == before.service
        for name, q in (("p50", 0.5), ("p99", 0.99), ("p99.9", 0.999)):
            by, was, now = lag.quantile_ns(q), before.response[name], after.response[name]
            assert (now.point, now.low, now.high) == tuple(max(x - by, 0.0) for x in (was.point, was.low, was.high))
    endless = less_lag(assessment.operations, EMPTY.with_over_range(10))
    assert {(e.point, e.low, e.high) for s in endless for e in s.response.values()} == {(0.0, 0.0, 0.0)}


def test_a_trend_needs_an_estimate_now_and_one_before(assessment):
    [known, *others] = [o for o in assessment.objectives if o.estimate is not None]
    earlier = [EarlierRun("before", "2026-01-01T00:00:00Z", "GO", 60.0, {known.key: known.estimate})]
    assert others
    assert [t.key for t in trends(assessment, earlier)] == [known.key]
    invalid = [dataclasses.replace(o, status=Status.INVALID) for o in assessment.objectives]
    assert trends(dataclasses.replace(assessment, objectives=tuple(invalid)), earlier) == ()


def test_an_operation_without_a_successful_sample_has_no_second_opinion(run, assessment):
    windows = [
        dataclasses.replace(w, ok=0, failed={"http_5xx": w.finished}, response=EMPTY, service=EMPTY)
        if w.operation == "finality"
        else w
        for w in run.windows
    ]
    checked = second_opinions(dataclasses.replace(run, windows=tuple(windows)), assessment.steady, 0.95)
    assert {c.operation for c in checked} == {"generate", "verify"}


def test_an_operation_that_no_second_has_is_late_in_none(run, assessment):
    late = lateness(run, assessment.steady)
    assert largest_by_second(late, run.windows, "nonesuch", START + 20) == {}
    assert largest_by_second(late, run.windows, "generate", START + 20).keys() == set(range(START, START + 20))
