"""Figures of each operation beside the objectives: what they count, and what the generator's lag is taken off."""

import numpy as np
import pytest

from sla.judgement.summaries import less_lag, summaries
from sla.values.assessment import FailedLatencies, Steady, WholeRun
from sla.values.histogram import EMPTY, from_values
from sla.values.measurements import Measurements, RunFacts
from sla.values.window import Window

TEN_MS = from_values(np.full(100, 10_000_000))


def summary(facts=None, **window):
    """Ten seconds with the same window each."""
    windows = tuple(Window(s, "a", **window) for s in range(10))
    [operation] = summaries(Measurements(windows, (), (), facts or RunFacts(0, 10**10)), Steady(0, 10, 0.0, 0.0, ""), 0.95)
    return operation


def test_success_is_the_share_of_all_that_the_service_was_asked_for():
    operation = summary(ok=75, failed={"timeout": 25, "generator": 50})
    assert operation.success.point == 0.75
    assert (operation.ok, operation.failed, operation.rate.point) == (750, {"generator": 500, "timeout": 250}, 75.0)


def test_failed_requests_have_their_share_and_how_long_they_took_time_outs_with_the_time_out():
    took = from_values(np.array([2_000_000] * 6))
    timed_out = from_values(np.array([10_000_000_000] * 4))
    fields = {"failed_response": took, "failed_service": EMPTY, "timeout_response": timed_out, "timeout_service": timed_out}
    operation = summary(ok=90, failed={"http_5xx": 6, "timeout": 4, "generator": 50}, **fields)
    share = operation.failed_share
    assert (share.point, share.n) == (pytest.approx(0.1), 1000)
    assert (share.low, share.high) == pytest.approx((1 - operation.success.high, 1 - operation.success.low))
    response, service = operation.failed_response, operation.failed_service
    assert (response.timed, service.timed) == (100, 40)
    assert response.quantiles["p50"].point == pytest.approx(2e6, rel=1e-3)
    assert {q: e.point for q, e in service.quantiles.items()} == pytest.approx({"p50": 1e10, "p99": 1e10}, rel=1e-3)
    assert response.longest_ns == service.longest_ns == pytest.approx(1e10, rel=1e-3)


def test_failed_requests_that_nobody_timed_have_a_share_alone():
    operation = summary(ok=90, failed={"http_5xx": 10})
    assert operation.failed_share.point == pytest.approx(0.1)
    assert operation.failed_response == operation.failed_service == FailedLatencies(0, {}, 0.0)
    over = summary(ok=90, failed={"http_5xx": 10}, failed_response=EMPTY.with_over_range(10))
    assert (over.failed_response.timed, over.failed_response.longest_ns) == (100, np.inf)


@pytest.mark.parametrize("failed", [{}, {"generator": 10}])
def test_where_nothing_failed_on_the_service_nothing_is_said_of_it(failed):
    operation = summary(ok=90, failed=failed)
    assert (operation.failed_share, operation.failed_response, operation.failed_service) == (None, None, None)


def test_an_imported_file_without_failures_has_no_success():
    assert summary(RunFacts(0, 10**10, failures_known=False), ok=75).success is None


def test_each_quantile_is_less_the_same_quantile_of_the_lag_and_never_under_nothing():
    measured = [summary(ok=100, response=TEN_MS, service=TEN_MS)]
    mostly = from_values(np.array([1_000_000] * 94 + [4_000_000] * 6))
    [operation] = less_lag(measured, mostly)
    assert operation.response["p50"].point == pytest.approx(9e6, rel=0.002)
    assert operation.response["p90"].high == pytest.approx(9e6, rel=0.002)
    assert operation.response["p95"].low == pytest.approx(6e6, rel=0.002)
    assert operation.service == measured[0].service
    [operation] = less_lag(measured, from_values(np.full(5, 20_000_000)))
    assert {e.high for name, e in operation.response.items() if name != "p99.9"} == {0.0}
    [operation] = less_lag(measured, EMPTY.with_over_range(5))  # later than a histogram can tell
    assert {(e.low, e.point, e.high) for e in operation.response.values()} == {(0.0, 0.0, 0.0)}


def test_a_run_without_lag_is_as_it_was_measured():
    measured = [summary(ok=100, response=TEN_MS, service=TEN_MS)]
    assert less_lag(measured, EMPTY) == tuple(measured)


def unjudged(facts=None, **fields):
    """Three seconds with the same window each, of a load of 2 s."""
    windows = tuple(Window(s, "a", **fields) for s in range(3))
    [operation] = summaries(Measurements(windows, (), (), facts or RunFacts(0, 2 * 10**9)), None, 0.95)
    return operation


def test_without_a_judged_part_there_are_plain_figures_of_the_whole_run_and_no_estimates():
    took = from_values(np.array([10_000_000] * 60 + [20_000_000] * 30))
    operation = unjudged(ok=90, failed={"http_5xx": 10, "generator": 5}, response=took)
    assert (operation.rate, operation.success, operation.response, operation.service) == (None, None, {}, {})
    whole = operation.whole_run
    assert (whole.ok_per_s, whole.success) == (135.0, 0.9)
    assert whole.response == pytest.approx({"p50": 1e7, "p90": 2e7, "p95": 2e7, "p99": 2e7, "p99.9": 2e7}, rel=1e-3)
    assert operation.unjudged is whole


def test_figures_of_a_whole_run_are_unknown_where_nothing_tells_them():
    nothing = unjudged(RunFacts(5, 5))
    assert nothing.whole_run == WholeRun(None, None, {})
    assert unjudged(RunFacts(0, 2 * 10**9, failures_known=False), ok=90).whole_run.success is None
    refused = unjudged(failed={"transport": 10}).whole_run
    assert (refused.ok_per_s, refused.success, refused.response) == (0.0, 0.0, {})


def test_a_run_that_was_judged_has_no_figures_beside_its_estimates():
    operation = summary(ok=90)
    assert (operation.whole_run, operation.unjudged) == (None, WholeRun())
