"""A client's latency with failed requests among those that are judged: a hundred a second, counted by hand."""

import dataclasses

import numpy as np
import pytest

from sla.judgement.evaluate import evaluate
from sla.judgement.generator.lateness import lateness
from sla.judgement.kinds.choose import estimator_of
from sla.values.agreement import Limit, Objective, OperationMetrics
from sla.values.assessment import Severity, Status, Steady
from sla.values.histogram import EMPTY, from_values
from sla.values.kinds import ClientLatency, SuccessRate
from sla.values.measurements import Measurements, PlannedSegment, RunFacts
from sla.values.window import Health, Window
from tests.unit.sla.synthetic import LOCAL

S, MS = 10**9, 10**6
FIRST, LENGTH_S = 1000, 20
STEADY = Steady(FIRST, FIRST + LENGTH_S, 0.0, 0.0, "")


def of(*parts):
    """`parts`: (ms, how often)."""
    return from_values(np.concatenate([np.full(n, int(ms * MS)) for ms, n in parts]).astype(np.int64))


def run(response, service=None, lag_ms=0.05, **window):
    """The same in each of 20 seconds."""
    fields = {"planned": 100, "started": 100, "ok": response.total - response.over_range, **window}
    windows = [Window(FIRST + i, "a", response=response, service=service or response, **fields) for i in range(LENGTH_S)]
    health = [Health(FIRST + i, "w", of((lag_ms, 100))) for i in range(-1, LENGTH_S)]
    facts = RunFacts(FIRST * S, (FIRST + LENGTH_S) * S, plan=(PlannedSegment(LENGTH_S, 100, 100),))
    return Measurements(tuple(windows), tuple(health), (), facts)


def close(estimate):
    return [round(x / MS, 1) for x in (estimate.low, estimate.point, estimate.high)]


QUICK = of((1, 95))


def failing(took, category="http_5xx", successful=QUICK, **fields):
    """The same in each of 20 seconds: what succeeded, and what failed after `took` (None: nobody knows)."""
    failed = took.total if took is not None else 100 - successful.total
    latencies = {"failed_response": took or EMPTY, "failed_service": took or EMPTY}
    return run(successful, **{"failed": {category: failed}, **latencies, **fields})


def estimator(q, failures="included", latency="response", target_ms=5.0):
    kind = ClientLatency(q, latency, failures)
    return estimator_of(
        Objective("o", "O", Severity.CRITICAL, kind, ("a",), Limit("<", target_ms * MS), None, ""), LOCAL.agreement
    )


def measured(it, q, on_time=True, **options):
    return estimator(q, **options).from_run(it, STEADY, None if on_time else lateness(it, STEADY))(0.95)


SLOW = of((50, 5))


@pytest.mark.parametrize(("failures", "point_ms", "n"), [("excluded", 1.0, 1900), ("included", 50.0, 2000)])
def test_five_of_a_hundred_that_failed_after_50_ms_are_a_p97_of_all_and_none_of_the_successful_ones(failures, point_ms, n):
    latency = measured(failing(SLOW), 0.97, failures=failures)
    assert (close(latency.estimate)[1], latency.estimate.n) == (point_ms, n)
    assert (latency.at_least, latency.at_most) == (None, None)
    assert close(measured(failing(SLOW), 0.9, failures=failures).estimate) == [1.0] * 3


def test_what_failed_at_once_makes_a_lower_quantile_of_the_others():
    """Half of all in 1 us: the median of the rest is the p75 of all."""
    mixed = failing(of((0.001, 50)), successful=of((1, 25), (2, 25)))
    assert close(measured(mixed, 0.75).estimate)[1] == 1.0
    assert close(measured(mixed, 0.76).estimate)[1] == 2.0
    assert close(measured(mixed, 0.49).estimate)[1] == 0.0


@pytest.mark.parametrize("failures", ["excluded", "included"])
def test_a_time_out_is_slower_than_anything_in_either_however_long_the_client_waited(failures):
    timed_out = run(QUICK.with_over_range(5), failed={"timeout": 5}, timeout_response=of((2, 5)), timeout_service=of((2, 5)))
    assert measured(timed_out, 0.97, failures=failures).estimate.point == np.inf
    assert measured(timed_out, 0.97, failures=failures).estimate.n == 2000
    assert measured(timed_out, 0.9, failures=failures).at_most is None


def test_failures_that_nobody_timed_were_all_fast_or_all_slow():
    """With 5 more of 95 the p80 of all is one of those timed between the p79 (less 20 of 95) and the p84.2 (80 of 95)."""
    spread = of((1, 75), (2, 4), (3, 16))
    latency = measured(failing(None, successful=spread), 0.8)
    assert (close(latency.at_least)[1], close(latency.estimate)[1], close(latency.at_most)[1]) == (1.0, 2.0, 3.0)
    message = "the latency of 100 failed operations is unknown: were they all"
    assert (latency.less, latency.more) == (f"{message} fast", f"{message} slow")
    assert measured(failing(None), 0.97).at_most.high == np.inf
    assert measured(failing(None, successful=spread), 0.8, failures="excluded").at_most is None


def test_what_failed_on_the_generator_itself_is_no_matter():
    latency = measured(failing(None, category="generator"), 0.97)
    assert (latency.at_least, latency.at_most, latency.estimate.n) == (None, None, 1900)


def test_successes_and_failures_that_nobody_timed_are_told_apart():
    both = failing(None, successful=of((1, 90)), untimed=3, failed={"http_5xx": 5, "timeout": 2})
    assert measured(both, 0.5).less == "the latency of 60 successful and 100 failed operations is unknown: were they all fast"
    assert measured(both, 0.5, failures="excluded").less == (
        "the latency of 60 successful operations is unknown: were they all fast"
    )


def test_what_failed_before_it_was_sent_has_a_response_time_and_no_service_time():
    refused = failing(SLOW, category="transport", failed_service=EMPTY)
    assert measured(refused, 0.97).at_most is None
    service = measured(refused, 0.97, latency="service")
    assert (service.at_most.high, service.more) == (
        np.inf,
        "the latency of 100 failed operations is unknown: were they all slow",
    )


def test_what_was_never_sent_was_served_in_no_time_at_least_where_connections_were_too_few():
    """Of a p5 of responses nothing is left then: ten of a hundred had no service time at all."""
    waiting = run(of((100, 90)), of((10, 90)), failed={"transport": 10}, failed_response=of((100, 10)))
    few = dataclasses.replace(waiting, facts=dataclasses.replace(waiting.facts, slots=1))
    assert measured(few, 0.05, on_time=False).at_least.low == 0.0
    assert measured(few, 0.05, on_time=False, failures="excluded").at_least.low == pytest.approx(9.95 * MS, rel=0.002)


def test_the_lag_of_the_generator_is_taken_off_failed_requests_too():
    late = failing(of((50, 5)), successful=of((15, 95)), lag_ms=5)
    assert close(measured(late, 0.97, on_time=False).at_least)[1] == pytest.approx(45, abs=0.1)


def test_a_service_time_is_at_most_the_response_time_of_all_with_the_failed_ones():
    late = run(
        of((12, 95)), of((10, 95)), lag_ms=5, failed={"http_5xx": 5}, failed_response=of((52, 5)), failed_service=of((50, 5))
    )
    latency = measured(late, 0.97, on_time=False, latency="service")
    points = (latency.at_least.point, latency.estimate.point, latency.at_most.point)
    assert points == pytest.approx((45 * MS, 50 * MS, 52 * MS), rel=2e-3)


def test_failures_of_seconds_in_which_nothing_succeeded_are_unknown_as_well():
    it = failing(None)
    down = {"ok": 0, "response": EMPTY, "service": EMPTY, "failed": {"http_5xx": 100}}
    it = dataclasses.replace(it, windows=(*it.windows[:-5], *(dataclasses.replace(w, **down) for w in it.windows[-5:])))
    assert measured(it, 0.5).less == "the latency of 575 failed operations is unknown: were they all fast"


def test_its_source_says_so():
    assert measured(failing(SLOW), 0.9).source == "client, a response time, failed requests included"
    assert measured(failing(SLOW), 0.9, failures="excluded").source == "client, a response time"


def test_failed_requests_that_were_slow_for_certain_fail_despite_others_that_were_lost():
    slow = failing(of((50, 15)), successful=of((1, 85)))
    assert estimator(0.9).fails_despite(600, slow, STEADY, 0.95)
    assert not estimator(0.9, failures="excluded").fails_despite(0, slow, STEADY, 0.95)


def judged(it, **options):
    success = Objective("ok", "Ok", Severity.CRITICAL, SuccessRate(), ("a",), Limit(">=", 0.5), None, "")
    objectives = (estimator(0.97, **options).objective, success)
    agreement = dataclasses.replace(LOCAL.agreement, objectives=objectives, operations={"a": OperationMetrics()})
    return next(o for o in evaluate(it, agreement).objectives if o.key == "o")


def test_slow_failures_fail_the_latency_that_counts_them_and_unknown_ones_are_never_read_as_good():
    assert judged(failing(SLOW), failures="excluded").status is Status.PASS
    assert judged(failing(SLOW)).status is Status.FAIL
    unknown = judged(failing(None))
    assert unknown.status is Status.INCONCLUSIVE
    assert unknown.reason.startswith("the latency of 100 failed operations is unknown: were they all slow, the target")


def test_an_import_that_holds_no_failures_says_nothing_of_it():
    it = run(QUICK)
    it = dataclasses.replace(it, facts=dataclasses.replace(it.facts, failures_known=False))
    assert judged(it, failures="excluded").status is Status.PASS
    assert (judged(it).status, judged(it).reason) == (Status.INCONCLUSIVE, "the imported file holds no failures")


def test_failures_that_end_after_the_load_are_timed_as_well():
    hung = {"ok": 0, "response": EMPTY, "service": EMPTY, "failed": {"http_5xx": 100}, "started": 0, "planned": 0}
    hung |= {"failed_response": of((9000, 100)), "failed_service": of((9000, 100))}
    it = failing(SLOW)
    slow = dataclasses.replace(it.windows[0], second=FIRST + LENGTH_S + 9, **hung)
    it = dataclasses.replace(it, windows=(*it.windows, slow))
    assert measured(it, 0.97).estimate.n == 2100
    assert close(measured(it, 0.97).estimate)[1] == pytest.approx(9000, rel=1e-3)
    assert measured(it, 0.97).at_most is None
