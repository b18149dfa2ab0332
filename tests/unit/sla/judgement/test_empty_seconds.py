"""Seconds in which nothing began or ended: no load is known in them unless it was planned, or operations were under way."""

import numpy as np
import pytest

from sla.judgement.checks.silence import silence_notes, silent_seconds
from sla.judgement.family import PreparedObjective, judge_family
from sla.judgement.kinds.choose import estimator_of
from sla.judgement.outages.failing_end import LEAST
from sla.judgement.steady import find_steady
from sla.values.agreement import Limit, Objective
from sla.values.assessment import Severity, Status, Steady
from sla.values.histogram import from_values
from sla.values.kinds import SuccessRate, Throughput
from sla.values.measurements import Measurements, PlannedSegment, RunFacts
from sla.values.snapshot import Snapshot
from sla.values.window import Window
from tests.unit.sla.synthetic import LOCAL

S = 10**9
PLAN = (PlannedSegment(60, 100, 100),)
PAUSES = [s for s in range(60) if s % 8 > 4]  # three seconds each
WHOLE = Steady(0, 60, 0.0, 0.0, "")


def second(at, count=100, took_s=0.01, **more):
    latencies = from_values(np.full(count, int(took_s * S)))
    total_ns = int(count * took_s * S)
    return Window(at, "a", started=count, ok=count, response=latencies, response_sum_ns=total_ns, in_flight_ns=1, **more)


def run(windows, plan=()):
    return Measurements(tuple(windows), (), (), RunFacts(0, 60 * S, plan=plan))


RNG = np.random.default_rng(3)
UNEVEN = [second(s, int(n)) for s, n in enumerate(RNG.poisson(100, 60)) if s not in PAUSES]
STALLED = [second(w.second, w.ok, took_s=0.01 if w.second % 8 else 3.5) for w in UNEVEN]  # what ends after a pause began before
WAITING = [*UNEVEN, *(Window(s, "b", in_flight_ns=S) for s in PAUSES)]


def throughput(measured, target):
    objective = Objective("o", "O", Severity.CRITICAL, Throughput(), ("a",), Limit(">=", target), None, "")
    at = estimator_of(objective, LOCAL.agreement).from_run(measured, WHOLE, None)
    [judged] = judge_family([PreparedObjective(objective, objective.target, None, at)], {}, 60.0, 0.95)
    return judged


@pytest.mark.parametrize(
    ("windows", "plan", "status"),
    [
        (UNEVEN, (), Status.INCONCLUSIVE),  # 65 a second with the pauses, 100 without
        (UNEVEN, PLAN, Status.FAIL),  # load was planned in it
        (STALLED, (), Status.FAIL),  # all was under way: its latency says so
        (WAITING, (), Status.FAIL),
    ],
)
def test_a_throughput_is_missed_by_seconds_without_load_only_where_load_is_known_in_them(windows, plan, status):
    o = throughput(run(windows, plan), 90)
    assert o.estimate.high < 90
    assert o.status is status
    if status is not Status.FAIL:
        less = "no operation began or ended in 21 s, whose load is unknown: without that"
        assert (o.reason, o.seconds_needed) == (f"{less}, the target is not shown to be missed", None)


def test_a_throughput_that_is_missed_without_the_pauses_too_is_missed_and_one_that_is_kept_with_them_is_kept():
    assert throughput(run(UNEVEN), 120).status is Status.FAIL
    assert throughput(run(UNEVEN), 30).status is Status.PASS
    assert throughput(run(UNEVEN), 80).status is Status.INCONCLUSIVE  # what the busy seconds alone would keep


@pytest.mark.parametrize(
    ("windows", "plan", "silent"),
    [(UNEVEN, (), True), (UNEVEN, PLAN, False), (STALLED, (), False), (WAITING, (), False)],
)
def test_silent_is_a_hole_in_which_nothing_was_planned_or_under_way(windows, plan, silent):
    measured = run(windows, plan)
    assert np.flatnonzero(silent_seconds(measured, 0, 60)).tolist() == (PAUSES if silent else [])
    assert bool(silence_notes(measured, WHOLE)) is silent


def test_operations_that_are_rare_leave_no_silence():
    measured = run([second(s, 1) for s in range(0, 60, 10)])
    assert not silent_seconds(measured, 0, 60).any()
    assert throughput(measured, 0.5).status is Status.FAIL  # 0.1 a second


@pytest.mark.parametrize("plan", [(), PLAN])
def test_a_pause_is_no_warm_up_and_makes_no_drift(plan):
    """Means of 0 ms for 20 s, or a rate of 0 that nobody asked for, were either."""
    late = [second(s) for s in range(30, 60)]
    steady = find_steady(run([second(0), second(1), *late], plan))
    assert steady.drift == ""
    assert (steady.warm_up_s == 0) is (not plan)  # of a plan the rate was 0 indeed


def test_a_warm_up_is_cut_where_it_ends_though_a_pause_lies_before_or_in_it():
    slow = [second(s, took_s=0.05 + 0.001 * RNG.random()) for s in (*range(5, 10), *range(22, 27))]
    rest = [second(s, took_s=0.01 + 0.001 * RNG.random()) for s in range(27, 60)]
    steady = find_steady(run([*slow, *rest]))
    assert (steady.from_second, steady.warm_up_s) == (27, 27)


def test_no_more_than_half_of_the_seconds_is_cut_whatever_pauses_lie_in_them():
    slow = [second(s, took_s=0.05 + 0.001 * RNG.random()) for s in range(10)]
    rest = [second(s, took_s=0.01 + 0.001 * RNG.random()) for s in range(40, 60)]
    steady = find_steady(run([*slow, *rest]))
    assert steady.warm_up_s == 30


def test_latencies_of_few_seconds_are_no_drift_however_long_a_pause_lies_between_them():
    rising = [second(s, took_s=0.001 * (1 + i)) for i, s in enumerate([0, 1, 2, 3, 57, 58, 59])]
    assert find_steady(run(rising)).drift == ""


def server(*counts):
    """`counts`: (second, carried out, failed) at each scrape."""
    metrics = LOCAL.agreement.operations["generate"]
    return [Snapshot(s * S, 0, (), {metrics.total: float(ok), metrics.failed: float(bad)}) for s, ok, bad in counts]


def of_server(kind, target, *counts):
    objective = Objective("o", "O", Severity.CRITICAL, kind, ("generate",), Limit(">=", target), None, "")
    at = estimator_of(objective, LOCAL.agreement).from_metrics(server(*counts), 0, 100 * S)
    [judged] = judge_family([PreparedObjective(objective, objective.target, None, at)], {}, 100.0, 0.95)
    return judged


GAP = [(0, 0, 0), (1, 100, 0), (2, 200, 0), (3, 300, 0), (100, 8000, 2000)]  # what was counted in 97 s is one figure


def test_what_was_counted_while_nobody_scraped_is_one_interval_of_evidence():
    """Parted into 97 that all failed alike, it was a FAIL for certain, and an outage that lasted to the end."""
    success = of_server(SuccessRate(), 0.99, *GAP)
    assert (success.status, success.estimate.low, success.estimate.high) == (Status.INCONCLUSIVE, 0, 1)
    rate = of_server(Throughput(), 90.0, *GAP).estimate
    assert (rate.point, rate.n) == (80, 4)


def test_an_outage_of_several_scrapes_to_the_end_is_still_seen():
    down = [(s, min(100 * s, 500), 100 * max(s - 5, 0)) for s in range(6 + LEAST)]
    assert of_server(SuccessRate(), 0.99, *down).status is Status.FAIL
