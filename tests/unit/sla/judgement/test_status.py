"""From one interval to one status: which end of it decides, and what exactly on a limit means."""

import math

import pytest

from sla.judgement.status import MISSES, OVER_BASELINE, THIN_EVIDENCE, Bounds, judge
from sla.values.agreement import Limit
from sla.values.assessment import Severity, Status
from sla.values.estimate import Estimate

TARGET, RATE = Limit("<", 100.0), Limit(">=", 100.0)
ACCEPTABLE = Limit("<", 200.0)


def interval(low, point, high):
    return Estimate(point, low, high, 0.95, 1000.0, 1000.0)


def judged(estimate, target=TARGET, acceptable=None, baseline=None, severity=Severity.CRITICAL, tail=None, bounds=None):
    return judge(estimate, estimate, target, acceptable, baseline, severity, tail, bounds)


@pytest.mark.parametrize(
    ("estimate", "status"),
    [
        (interval(40, 60, 80), Status.PASS),  # the point is over ten times the baseline, the lower limit is not
        (interval(50, 60, 80), Status.PASS),  # exactly ten times is not over
        (interval(50.1, 60, 80), Status.WARN),
    ],
)
def test_ten_times_the_baseline_is_exceeded_by_the_lower_limit_or_not_at_all(estimate, status):
    verdict = judged(estimate, baseline=5.0, severity=Severity.WARNING)
    assert verdict.status is status
    assert (verdict.reason == OVER_BASELINE) is (status is Status.WARN)
    critical = judged(estimate, baseline=5.0)  # passes or fails by its target alone; the reason says what was seen
    assert (critical.status, critical.reason) == (Status.PASS, verdict.reason)


def test_more_throughput_than_ten_times_the_baseline_is_nothing_to_warn_of():
    assert judged(interval(200, 210, 220), RATE, baseline=5.0).status is Status.PASS


def test_a_multiple_of_the_baseline_is_not_compared_with_the_baseline_again():
    assert judged(interval(60, 70, 80), Limit("<", 100.0, times_baseline=20.0), baseline=5.0).status is Status.PASS


def test_what_only_the_lag_brought_over_ten_times_the_baseline_is_open():
    measured, less = interval(60, 70, 80), interval(40, 50, 60)
    verdict = judged(measured, baseline=5.0, bounds=Bounds(less, less, measured, "late: without that", ""))
    assert (verdict.status, verdict.doubted) == (Status.INCONCLUSIVE, True)
    assert verdict.reason == "late: without that, it is not shown to be over ten times the baseline"


@pytest.mark.parametrize(
    ("measured", "less", "reason"),
    [
        (interval(90, 120, math.inf), interval(40, 50, 60), "late: without that, the target might be kept"),
        (interval(90, 120, math.inf), interval(80, 90, 110), "the interval straddles the target"),
        (interval(60, 90, math.inf), interval(40, 50, 60), "too few effective samples to bound it from above"),
        (interval(0, 120, math.inf), interval(0, 110, 130), "too few effective samples to bound it from below"),
        (interval(90, 95, 120), interval(40, 50, 60), "the interval straddles the target"),  # a longer run might decide it
        (interval(90, 120, 140), interval(40, 50, 60), "late: without that, the target might be kept"),
    ],
)
def test_what_only_the_lag_brought_over_the_target_is_said_to_be_late_and_not_too_few(measured, less, reason):
    verdict = judged(measured, bounds=Bounds(less, less, measured, "late: without that", ""))
    assert (verdict.status, verdict.reason) == (Status.INCONCLUSIVE, reason)
    assert verdict.doubted == reason.startswith("late")


@pytest.mark.parametrize(
    ("estimate", "acceptable", "status"),
    [
        (interval(150, 160, 170), None, Status.FAIL),
        (interval(150, 160, 170), ACCEPTABLE, Status.WARN),
        (interval(150, 210, 250), ACCEPTABLE, Status.WARN),  # not shown to leave the acceptable range
        (interval(200, 210, 250), ACCEPTABLE, Status.FAIL),
    ],
)
def test_a_warning_objective_without_an_acceptable_range_fails_where_it_misses_its_target(estimate, acceptable, status):
    verdict = judged(estimate, acceptable=acceptable, severity=Severity.WARNING)
    assert verdict.status is status
    assert (verdict.reason == MISSES) is (status is Status.WARN)


def test_a_critical_objective_has_no_acceptable_range():
    assert judged(interval(150, 160, 170), acceptable=ACCEPTABLE).status is Status.FAIL


@pytest.mark.parametrize(
    ("estimate", "target", "status"),
    [
        (interval(80, 90, 100), TARGET, Status.PASS),  # buckets are inclusive
        (interval(80, 90, 100.1), TARGET, Status.INCONCLUSIVE),
        (interval(100, 110, 120), TARGET, Status.FAIL),
        (interval(99.9, 110, 120), TARGET, Status.INCONCLUSIVE),
        (interval(100, 110, 120), RATE, Status.PASS),
        (interval(99.9, 110, 120), RATE, Status.INCONCLUSIVE),
        (interval(80, 90, 100), RATE, Status.INCONCLUSIVE),
        (interval(80, 90, 99.9), RATE, Status.FAIL),
    ],
)
def test_the_end_that_decides_may_lie_exactly_on_the_limit_or_not(estimate, target, status):
    assert judged(estimate, target).status is status


@pytest.mark.parametrize(("evidence", "status"), [(None, Status.PASS), (10.0, Status.PASS), (9.9, Status.WARN)])
def test_ten_effective_samples_beyond_a_quantile_are_enough_evidence(evidence, status):
    verdict = judged(interval(40, 50, 60), tail=evidence, severity=Severity.WARNING)
    assert verdict.status is status
    assert (verdict.reason == THIN_EVIDENCE) is (status is Status.WARN)
    critical = judged(interval(40, 50, 60), tail=evidence)
    assert critical.status is (Status.INCONCLUSIVE if status is Status.WARN else Status.PASS)
    assert critical.reason == verdict.reason


def test_thin_evidence_of_a_critical_objective_is_no_pass_over_the_baseline_either():
    assert judged(interval(60, 70, 80), tail=5.0, baseline=5.0).status is Status.INCONCLUSIVE


def test_a_failure_is_claimed_at_the_stricter_level_and_a_pass_at_the_usual_one():
    kept, wide = interval(80, 90, 95), interval(70, 90, 130)
    assert judge(kept, wide, TARGET, None, None, Severity.CRITICAL, None).status is Status.PASS
    missed, wide = interval(110, 120, 130), interval(90, 120, 150)
    assert judge(missed, wide, TARGET, None, None, Severity.CRITICAL, None).status is Status.INCONCLUSIVE


@pytest.mark.parametrize("missing", [0, 1])
def test_without_either_estimate_there_is_no_data(missing):
    both = [interval(1, 2, 3), interval(1, 2, 3)]
    both[missing] = None
    verdict = judge(*both, TARGET, None, None, Severity.CRITICAL, None)
    assert (verdict.status, verdict.reason) == (Status.INCONCLUSIVE, "no data")


def test_an_open_verdict_says_whether_the_interval_has_an_end_at_all():
    assert judged(interval(80, 90, math.inf)).reason == "too few effective samples to bound it from above"
    assert judged(interval(80, 90, 110)).reason == "the interval straddles the target"
