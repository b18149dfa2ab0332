"""A success rate of fifty operations a second beside fifty others: what bursts and the end of the judged part leave of it."""

import dataclasses

import numpy as np
import pytest

from sla.judgement.generator.lateness import lateness
from sla.judgement.kinds.choose import estimator_of
from sla.values.agreement import Limit, Objective, OperationMetrics
from sla.values.assessment import Severity, Steady
from sla.values.histogram import from_values
from sla.values.kinds import SuccessRate
from sla.values.measurements import Measurements, PlannedSegment, RunFacts
from sla.values.window import Health, Window
from tests.unit.sla.synthetic import LOCAL

S, MS = 10**9, 10**6
FIRST, LENGTH_S = 1000, 10
STEADY = Steady(FIRST, FIRST + LENGTH_S, 0.0, 0.0, "")
ON_TIME = from_values(np.full(100, 50_000))
HELD = from_values(np.array([0] * 80 + [500 * MS] * 20))  # a fifth comes half a second late, at once


def run(failed, held=(), more=(), load_ended_s=LENGTH_S, lag=HELD):
    """`failed`: of "a", by second of the judged part; `held`: seconds with arrivals that were late."""
    windows = [Window(FIRST + i, "b", 50, started=50, ok=50) for i in range(LENGTH_S)]
    for i in range(LENGTH_S):
        of_second = failed.get(i, {})
        windows.append(Window(FIRST + i, "a", 50, started=50, ok=50 - sum(of_second.values()), failed=of_second))
    health = [Health(FIRST + i, "w", lag if i in held else ON_TIME) for i in range(LENGTH_S)]
    plan = (PlannedSegment(LENGTH_S, 100, 100),)
    facts = RunFacts(FIRST * S, (FIRST + load_ended_s) * S, plan=plan)
    return Measurements((*windows, *more), tuple(health), (), facts)


def estimator(*names, target=0.99, operations=None):
    operations = operations or {n: OperationMetrics("", f"{n}_done", f"{n}_failed") for n in ("a", "b")}
    o = Objective("o", "O", Severity.CRITICAL, SuccessRate(), names or ("a",), Limit(">=", target), None, "")
    return estimator_of(o, dataclasses.replace(LOCAL.agreement, operations=operations))


def measured(it):
    return estimator().from_run(it, STEADY, lateness(it, STEADY))(0.95)


REFUSED = {3: {"transport": 8, "bad_signature": 5}, 4: {"http_5xx": 30}}


def test_what_a_burst_can_have_caused_is_taken_off_in_its_second_and_the_next():
    """20 of 100 came at once, 10 of them of "a": so many of the 8 and of the 30 that were refused. Wrong is wrong."""
    success = measured(run(REFUSED, held=[3]))
    assert (success.estimate.point, success.at_least.point) == ((500 - 43) / 500, (500 - 43 + 18) / 500)
    assert success.failing_end.shares.failed.tolist() == [0, 0, 0, 5, 20, 0, 0, 0, 0, 0]
    assert success.failing_end.shares.attempted.tolist() == [50] * 10
    assert success.less.endswith(", and what came in bursts may have been refused for that: without it")


@pytest.mark.parametrize(("failed", "held"), [(REFUSED, []), (REFUSED, [7]), ({3: {"not_valid": 9}}, [3]), ({}, [3])])
def test_without_a_burst_that_can_have_caused_any_nothing_is_taken_off(failed, held):
    success = measured(run(failed, held))
    assert (success.at_least, success.less, success.at_most, success.more) == (None, "", None, "")


def test_failures_that_came_evenly_are_judged_without_the_seconds_of_bursts():
    """Five in each second and 50 in one with a burst: without this second and the next 40 of 500 are left."""
    even = {i: {"transport": 5} for i in range(LENGTH_S)} | {3: {"transport": 50}}
    success = measured(run(even, held=[3]))
    assert success.at_least.point == pytest.approx(1 - 40 / 500)
    few = from_values(np.array([0] * 99 + [500 * MS]))  # half an operation of "a"
    assert measured(run(even, held=[3], lag=few)).at_least.point == pytest.approx(1 - 40 / 500)


def test_what_failed_later_and_perhaps_began_in_the_judged_part_may_be_of_it():
    after = Window(FIRST + LENGTH_S, "a", started=50, failed={"transport": 50}, service_sum_ns=int(50 * 1.5 * S))
    failed = {i: {"transport": 5} for i in range(LENGTH_S)}
    success = measured(run(failed, more=[after], load_ended_s=60))
    assert (success.estimate.point, success.at_most.point) == (0.9, pytest.approx(450 / 550))
    assert success.more == "50 operations failed after the judged part, most of which began in it: with them"


def test_failures_that_ended_no_load_are_of_the_part_that_is_judged():
    """A later stage: in the last seconds of the load nothing succeeded any more."""
    stage = [Window(FIRST + i, "a", 50, started=50, failed={"transport": 50}) for i in range(LENGTH_S, LENGTH_S + 6)]
    success = measured(run({}, more=stage, load_ended_s=LENGTH_S + 6))
    message = "all of its operations failed throughout the last 6 s of the load: it had not recovered"
    assert success.failing_end.reason(Limit(">=", 0.99)) == message
    assert success.failing_end.of_load.failed.tolist() == [0] * 10 + [50] * 6
    assert measured(run({})).failing_end.of_load is None


@pytest.mark.parametrize(("doubt", "fails"), [(0, True), (70, True), (80, False)])
def test_a_service_that_was_down_at_the_end_was_so_unless_much_more_was_sent(doubt, fails):
    """Of one outage no interval says much. Asked for 99 %, 40 % of a second must fail: 50 of 125."""
    down = run({i: {"transport": 50} for i in range(4, LENGTH_S)})
    assert estimator().from_run(down, STEADY, lateness(down, STEADY))(0.95).estimate.high > 0.99
    assert estimator().fails_despite(doubt, down, STEADY, 0.95) is fails


def test_what_was_never_asked_does_not_fail():
    never = estimator("c", operations={"c": OperationMetrics("h")})
    assert not never.fails_despite(0, run({}), STEADY, 0.95)


@pytest.mark.parametrize(
    ("metrics", "missing"),
    [
        (OperationMetrics("h"), "not every operation has a counter"),
        (OperationMetrics("h", "b_done"), "not every operation has a counter of failures"),
    ],
)
def test_one_operation_without_a_counter_is_enough_for_no_success_rate(metrics, missing):
    other = OperationMetrics("", "a_done", "a_failed")
    for operations in ({"a": other, "b": metrics}, {"a": metrics, "b": other}):
        assert estimator("a", "b", operations=operations).missing_in_metrics() == missing
    assert estimator("a", "b").missing_in_metrics() == ""
