"""Objectives judged together: what stands in the result of each, and shares of a plan in operations per second."""

import dataclasses
import math

import numpy as np
import pytest

from sla.estimators.at_target import AtTarget
from sla.judgement.family import PreparedObjective, gate_of, judge_family, unjudged
from sla.judgement.generator.connections import Connections
from sla.judgement.generator.connections import connections as find_connections
from sla.judgement.objectives import ObjectiveEstimate, absolute, seconds_for_margin, unknown_share
from sla.judgement.outages.failing_end import FailedShares, FailingEnd
from sla.judgement.status import STRADDLES, Bounds, judge
from sla.values.agreement import Limit, Objective
from sla.values.assessment import Severity, Status, Steady
from sla.values.estimate import Estimate
from sla.values.histogram import from_values
from sla.values.kinds import ClientLatency, SuccessRate, Throughput
from sla.values.measurements import Measurements, PlannedSegment, RunFacts
from sla.values.remedies import PLAIN
from sla.values.window import SCHEDULE, Window

S = 10**9
TARGET, ACCEPTABLE = Limit("<", 100.0), Limit("<", 200.0)


def interval(low, point, high):
    return Estimate(point, low, high, 0.95, 1000.0, 1000.0)


def objective(kind=ClientLatency(0.99, "response"), severity=Severity.WARNING, **fields):  # noqa: B008, a value
    return Objective("k", "K", severity, kind, ("a",), TARGET, None, "base", **fields)


def result(estimate, o=None, acceptable=None, baseline=None, **measured):
    prepared = PreparedObjective(
        o or objective(), TARGET, acceptable, lambda _: ObjectiveEstimate(estimate, "client", **measured)
    )
    [judged] = judge_family([prepared], baseline or {}, 10.0, 0.95)
    return judged


def test_a_result_has_the_limits_the_baseline_and_what_it_was_measured_by():
    judged = result(interval(110, 120, 130), acceptable=ACCEPTABLE, baseline={"base": 7.0})
    assert (judged.target, judged.acceptable, judged.baseline, judged.source, judged.accepted) == (100, 200, 7, "client", False)
    assert (judged.status, judged.seconds_needed, judged.quantile) == (Status.WARN, None, 0.99)
    assert result(interval(110, 120, 130)).acceptable is None
    assert result(interval(110, 120, 130), acceptable=Limit("<", math.nan)).acceptable is None


def test_a_target_that_the_interval_straddles_is_kept_where_few_enough_are_over_it():
    straddling, few = interval(80, 90, 110), AtTarget(0.0081, 0.0032)
    kept = result(straddling, beyond=few)
    assert (kept.status, kept.reason) == (Status.PASS, "0.32 % are over the target, 0.81 % at most, where 1 % may be")
    assert result(straddling, beyond=AtTarget(0.0101, 0.0032)).reason == STRADDLES
    assert result(straddling, beyond=few, few_bursts="in two bursts").reason == "in two bursts"
    late = result(straddling, beyond=few, at_most=interval(80, 90, 120), more="late")
    assert (late.status, late.reason) == (Status.INCONCLUSIVE, "late, the target is not shown to be kept")


def test_only_what_is_open_is_told_how_much_longer_it_takes():
    assert result(interval(80, 90, 110)).seconds_needed == 30  # half the width: four times the 10 s
    assert result(interval(70, 80, 90)).seconds_needed is None
    assert result(interval(80, 90, 95), tail_evidence=5.0).seconds_needed == 10  # ten beyond it: twice as long
    doubted = result(interval(110, 120, 130), at_least=interval(80, 90, 110), less="late")
    assert (doubted.status, doubted.seconds_needed) == (Status.INCONCLUSIVE, None)
    assert doubted.reason == "late, the target is not shown to be missed"


END = FailingEnd(FailedShares(np.array([0.0] * 10 + [20.0] * 10), np.array([20.0] * 20), "s"))


@pytest.mark.parametrize(
    ("severity", "acceptable", "status"),
    [
        (Severity.CRITICAL, None, Status.FAIL),
        (Severity.CRITICAL, Limit(">=", 0.5), Status.FAIL),  # what a critical one may miss does not matter
        (Severity.WARNING, None, Status.FAIL),
        (Severity.WARNING, Limit(">=", 0.98), Status.FAIL),
        (Severity.WARNING, Limit(">=", 0.5), Status.WARN),
    ],
)
def test_a_failing_end_is_held_against_the_target_or_what_a_warning_may_miss(severity, acceptable, status):
    o = dataclasses.replace(objective(SuccessRate(), severity), target=Limit(">=", 0.99))
    measured = ObjectiveEstimate(interval(0.0, 0.5, 1.0), "client", failing_end=END)
    [judged] = judge_family([PreparedObjective(o, o.target, acceptable, lambda _: measured)], {}, 20.0, 0.95)
    assert judged.status is status
    assert judged.seconds_needed is None


def test_what_is_not_judged_has_its_limits_as_far_as_they_are_numbers():
    o = dataclasses.replace(objective(), acceptable=ACCEPTABLE)
    judged = unjudged(o, {"base": 7.0}, interval(1, 2, 3), "why")
    assert (judged.target, judged.acceptable, judged.baseline, judged.estimate.point, judged.reason) == (100, 200, 7, 2, "why")
    shares = dataclasses.replace(o, target=Limit(">=", 0.9, of_plan=True), acceptable=Limit(">=", math.nan))
    assert (unjudged(shares, {}, None, "").target, unjudged(shares, {}, None, "").acceptable) == (None, None)


def test_the_gate_of_a_warning_that_is_accepted_does_not_count_and_says_so():
    warned = result(interval(110, 120, 130), acceptable=ACCEPTABLE)
    assert (gate_of(warned).counts, gate_of(warned).reason) == (True, warned.reason)
    accepted = gate_of(dataclasses.replace(warned, accepted=True))
    assert (accepted.counts, accepted.reason) == (False, f"{warned.reason}, accepted")


def test_what_keeps_its_target_only_as_a_perfect_generator_would_have_measured_is_no_pass():
    def judged(measured, most):
        bounds = Bounds(measured, measured, most, "less", "more")
        return judge(measured, measured, TARGET, None, None, Severity.CRITICAL, None, bounds)

    over, kept = interval(80, 90, 110), interval(70, 80, 90)
    assert judged(over, kept).reason == "the interval straddles the target"
    assert (judged(kept, over).reason, judged(kept, over).doubted) == ("more, the target is not shown to be kept", True)
    assert judged(kept, kept).status is Status.PASS
    assert not judged(over, kept).doubted


@pytest.mark.parametrize(
    ("edges", "target", "one"),
    [
        ((50, 200), 100, True),
        ((100, 200), 100, False),
        ((50, 100), 100, False),
        ((50, math.inf), 100, True),
        (None, 100, False),
    ],
)
def test_a_target_on_an_edge_of_a_bucket_is_not_within_it(edges, target, one):
    measured = ObjectiveEstimate(interval(50, 100, 200), "server", bucket_ns=edges)
    assert measured.in_one_bucket_with(Limit("<", target)) is one


def planned(*windows):
    """0.5 of a plan of 100 a second, in ops/s, for operations "a"."""
    share = Limit(">=", 0.5, of_plan=True)
    run = Measurements(windows, (), (), RunFacts(0, 20 * S, plan=(PlannedSegment(20, 100, 100),)))
    limit = absolute(share, objective(Throughput()), run, Steady(5, 20, 0.0, 0.0, ""))
    return None if math.isnan(limit.value) else (limit.comparison, limit.value, limit.of_plan)


def test_a_share_of_a_plan_is_that_of_the_arrivals_which_the_scenario_gave_to_an_operation():
    a, b = Window(5, "a", planned=30), Window(6, "b", planned=90)
    assert planned(a, b) == (">=", 12.5, False)  # a quarter of 100, and half of it
    assert planned(a, b, Window(4, "a", planned=500)) == (">=", 12.5, False)  # the ramp has other shares, perhaps
    assert planned(a, b, Window(7, SCHEDULE, planned=80, unsent=80)) == (">=", 12.5, False)  # nobody's
    assert planned(a, Window(6, "b", planned=100, unsent=10)) == (">=", 12.5, False)
    assert planned(Window(6, "a", planned=40, unsent=10), b) == (">=", 12.5, False)
    assert planned(b) is planned() is None


def test_why_a_share_of_a_plan_is_not_known_is_said_of_the_limit_that_matters():
    share, rate = Limit(">=", 0.5, of_plan=True), Limit(">=", 5.0)
    assert unknown_share(objective(), share, None, "why") == ("its target is a share of a plan, and why", "")
    assert unknown_share(objective(), rate, share, "why") == ("", "its acceptable limit is a share of a plan, and why")
    assert unknown_share(objective(severity=Severity.CRITICAL), rate, share, "why") == ("", "")
    assert unknown_share(objective(), rate, rate, "why") == unknown_share(objective(), rate, None, "why") == ("", "")


@pytest.mark.parametrize(
    ("evidence", "needed_s", "more_s"),
    [(5.0, None, 10), (0.5, None, 190), (5.0, 35.0, 25), (9.99, None, 1), (10.0, None, 1), (0.0, None, 1)],
)
def test_thin_evidence_is_told_how_much_longer_it_takes(evidence, needed_s, more_s):
    measured = ObjectiveEstimate(interval(40, 50, 60), "client", evidence, needed_s)
    assert seconds_for_margin(measured, TARGET, 10.0) == more_s


def test_a_third_of_the_width_takes_nine_times_as_long_and_what_is_there_already_no_longer():
    assert seconds_for_margin(ObjectiveEstimate(interval(80, 95, 110), "client"), TARGET, 10.0) == 80
    unbounded = interval(45, 50, math.inf)
    assert seconds_for_margin(ObjectiveEstimate(unbounded, "client", None, 10.0), TARGET, 10.0) is None
    assert seconds_for_margin(ObjectiveEstimate(unbounded, "client"), TARGET, 0.5) is None


@pytest.mark.parametrize(
    ("over", "more_s"),
    [
        (0.0125, 47),  # Clopper and Pearson's lower limit of 12.5 in 1000 is 0.0066: (0.0059 / 0.0025)^2 x 10 s
        (0.0075, 81),  # and their upper one of 7.5 is 0.0150
        (0.03, 1),  # decided, by this
        (0.01, None),
    ],
)
def test_of_two_paths_the_share_over_the_target_says_how_much_longer_it_takes(over, more_s):
    """A p99 of 28 ms, or of 146 ms: a target of 100 ms lies between them, wherever the share over it does."""
    two_paths = Estimate(28e6, 26e6, 146e6, 0.95, 1000, 1000)
    measured = ObjectiveEstimate(two_paths, "client", over=(over, 0.01))
    assert seconds_for_margin(measured, Limit("<", 100e6), 10.0) == more_s


def connections(rate, mean_s=0.01, count=10, usual_s=0.01):
    return Connections(count, rate, mean_s, usual_s, 0.1, PLAIN)


@pytest.mark.parametrize(("mean_s", "too_few"), [(0.5, False), (0.7, False), (0.75, True)])
def test_connections_may_be_busy_for_seven_tenths_of_the_time(mean_s, too_few):
    assert connections(10.0, mean_s).too_few is too_few


@pytest.mark.parametrize(
    ("mean_s", "users"),
    [(0.5, 15), (0.34, 11), (0.33, 20), (0.1, 20)],  # three times what Little's law asks for, else twice as many as there are
)
def test_it_is_advised_how_many_connections_would_do(mean_s, users):
    assert connections(10.0, mean_s).advice == (
        f"more connections (users of {10 / users:.3g} operations/s each, which makes {users} of them)"
    )


def test_without_any_usual_load_nobody_waits():
    assert connections(10.0, usual_s=0.0).wait_ns(0.01) == 0.0
    assert connections(10.0, usual_s=1.0).wait_ns(0.01) == math.inf
    assert connections(10.0, 0.9).wait_ns(0.01) == math.inf
    assert 0 < connections(10.0, usual_s=0.5).wait_ns(0.01) < connections(10.0, usual_s=0.9).wait_ns(0.01) < math.inf


def test_the_wait_that_one_in_a_hundred_exceeds_at_a_load_of_a_half():
    """ln(100) service times of 0.5 s over the exponent 1.2564, which solves exp(x) = 1 + 2 x."""
    assert connections(10.0, usual_s=0.5).wait_ns(0.01) == pytest.approx(0.5e9 * 4.60517 / 1.25643, rel=1e-4)


def used(count=1, in_flight_s=0.4, operations=10):
    """Connections of ten seconds, in each of which so many operations took 50 ms."""
    service = from_values(np.full(operations, 50_000_000))
    one = Window(
        0, "a", ok=operations, in_flight_ns=int(in_flight_s * S), service_sum_ns=operations * 50_000_000, service=service
    )
    windows = tuple(dataclasses.replace(one, second=s) for s in range(10))
    run = Measurements(windows, (), (), RunFacts(0, 10 * S, plan=(PlannedSegment(10, 10, 10),), slots=count))
    return find_connections(run, Steady(0, 10, 0.0, 0.0, ""))


def test_how_connections_were_used_is_that_of_the_judged_part():
    usage = used()
    assert (usage.count, usage.rate, usage.busy) == (1, 10, pytest.approx(0.4))
    assert (usage.mean_s, usage.usual_s) == (pytest.approx(0.05), pytest.approx(0.05, rel=1e-3))
    assert used(2).busy == pytest.approx(0.2)
    assert used(in_flight_s=3.0).busy == 1.0
    assert used(0) is used(operations=0) is None
