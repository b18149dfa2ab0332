"""What shows at an objective's own level and not at that of the whole family: which level it is said of, and what follows."""

import math

import pytest

from sla.judgement.checks.check_scope import BOTH, FAIL, PASS, undone
from sla.judgement.comparison import Figure, compare
from sla.judgement.family import PreparedObjective, judge_family
from sla.judgement.objectives import ObjectiveEstimate
from sla.judgement.status import STRADDLES, Bounds, judge
from sla.values.agreement import Limit, Objective
from sla.values.assessment import Severity, Status
from sla.values.estimate import Estimate
from sla.values.kinds import Throughput
from tests.unit.sla.synthetic import LOCAL, result_of

TARGET, ACCEPTABLE = Limit(">=", 630.0), Limit(">=", 500.0)
AT_FIVE = "at 95 %, but not at the 99 % that FAIL needs among 5 objectives"


def rate(half, level, point=591.0):
    return Estimate(point, point - half, point + half, level, 30, 30)


def objective(key, severity=Severity.WARNING, acceptable=ACCEPTABLE):
    return Objective(key, key, severity, Throughput(), ("a",), TARGET, acceptable, "")


def family(half, of=5, severity=Severity.WARNING, acceptable=ACCEPTABLE, point=591.0, **measured):
    """The first of so many objectives, 591 +- half at 95 %, and 4/3 as wide at any stricter level; all others pass."""

    def at(level):
        return ObjectiveEstimate(rate(half * (1 if level == 0.95 else 4 / 3), level, point), "client", **measured)

    mine = PreparedObjective(objective("o", severity, acceptable), TARGET, acceptable, at)
    others = [
        PreparedObjective(objective(f"p{i}"), TARGET, ACCEPTABLE, lambda level: ObjectiveEstimate(rate(1, level, 700), ""))
        for i in range(of - 1)
    ]
    return judge_family([mine, *others], {}, 30.0, 0.95)[0]


def test_a_warning_wholly_between_its_target_and_what_it_may_miss_warns_whatever_the_family_says():
    """[560, 622] between 500 and 630: the reason said that it straddles the target."""
    o = family(31)
    assert (o.estimate.low, o.estimate.high) == (560, 622)
    assert (o.status, o.seconds_needed) == (Status.WARN, None)
    assert o.reason == f"misses the target {AT_FIVE}; lies wholly within the acceptable range"


@pytest.mark.parametrize(
    ("severity", "acceptable"),
    [
        (Severity.CRITICAL, None),
        (Severity.CRITICAL, ACCEPTABLE),
        (Severity.WARNING, None),
        (Severity.WARNING, Limit(">=", 570)),
    ],
)
def test_what_would_fail_at_the_familys_level_is_open_with_that_reason_and_the_time_that_level_needs(severity, acceptable):
    """Half of the stricter interval is 31 x 4 / 3 against a margin of 39: (41.33 / 39)^2 x 30 s are 33.7 s."""
    o = family(31, severity=severity, acceptable=acceptable)
    assert (o.status, o.reason) == (Status.INCONCLUSIVE, f"misses the target {AT_FIVE}")
    assert o.seconds_needed == 4


def test_what_straddles_the_target_says_so_and_counts_its_time_by_the_level_that_decides_it():
    missing = family(60)  # its point misses the target: (80 / 39)^2 x 30 s
    assert (missing.status, missing.reason, missing.seconds_needed) == (Status.INCONCLUSIVE, STRADDLES, math.ceil(96.2))
    keeping = family(60, point=650.0)  # a PASS needs no family: (60 / 20)^2 x 30 s
    assert (keeping.status, keeping.reason, keeping.seconds_needed) == (Status.INCONCLUSIVE, STRADDLES, 240)


@pytest.mark.parametrize(("of", "level", "claims"), [(2, "97.5", 2), (3, "98.33", 3), (6, "99.17", 6)])
def test_the_level_and_the_number_of_claims_that_need_it_are_named(of, level, claims):
    assert f"not at the {level} % that FAIL needs among {claims} objectives" in family(31, of).reason


def test_one_objective_alone_has_one_level():
    assert family(31, of=1, acceptable=None).status is Status.FAIL


def test_a_lag_that_may_have_made_the_miss_or_hidden_a_worse_one_leaves_it_open():
    slower = Estimate(560.0, 500.0, 622.0, 0.95, 30, 30)
    kept = family(31, at_least=rate(45, 0.95, 640.0), less="late: without that")
    assert (kept.status, kept.reason) == (Status.INCONCLUSIVE, "late: without that, the target is not shown to be missed")
    worse = family(31, at_most=Estimate(560.0, 490.0, 622.0, 0.95, 30, 30), more="late: with that")
    assert (worse.status, worse.reason) == (Status.INCONCLUSIVE, f"misses the target {AT_FIVE}")
    assert family(31, at_most=slower, more="late: with that").status is Status.WARN


@pytest.mark.parametrize(
    ("strict", "at_least", "reason"),
    [
        ((450, 510), None, f"misses the target; leaves the acceptable range {AT_FIVE}"),
        ((450, 510), (480, 520), "misses the target; late: without that, the acceptable range is not shown to be left"),
        ((440, 560), (480, 520), "misses the target; late: without that, the acceptable range is not shown to be left"),
    ],
)
def test_a_warning_that_leaves_the_acceptable_range_at_its_own_level_alone_says_so(strict, at_least, reason):
    measured, strictly = Estimate(480, 470, 490, 0.95, 30, 30), Estimate(480, *strict, 0.99, 30, 30)
    least = Estimate(500, *at_least, 0.95, 30, 30) if at_least else measured
    bounds = Bounds(least, strictly, measured, "late: without that", "")
    verdict = judge(measured, strictly, TARGET, ACCEPTABLE, None, Severity.WARNING, None, bounds)
    assert (verdict.status, verdict.reason) == (Status.WARN, reason)


def test_without_an_acceptable_range_none_is_said_to_be_left():
    missed = Estimate(480, 470, 490, 0.95, 30, 30)
    verdict = judge(missed, missed, TARGET, None, None, Severity.WARNING, None)
    assert (verdict.status, verdict.reason) == (Status.FAIL, "the whole interval misses the target")


def test_a_rate_without_an_upper_limit_lacks_none_there():
    one_window = Estimate(700, 0, math.inf, 0.95, 1, 1)
    assert judge(one_window, one_window, TARGET, None, None, Severity.CRITICAL, None).reason == STRADDLES


@pytest.mark.parametrize("direction", [PASS, FAIL, BOTH])
def test_a_warning_at_its_own_level_claims_to_be_no_better_and_no_worse(direction):
    o = next(o for o in LOCAL.agreement.objectives if o.key == "poi_throughput")
    assert undone(result_of(o, Status.WARN, family(31).reason), direction)


def test_a_change_that_shows_at_its_own_level_alone_is_said_to_be_one():
    def side(points):
        return [lambda level, p=p: Estimate(p, p, p, level, 1, 1) for p in points]

    differs = Figure("mine", "ops/s", True, 0.01, side([100, 101, 99]), side([105, 103, 107]))  # p = 0.029
    alone = compare([differs], paired=False).compared[0]
    assert alone.change.value == "IMPROVED"
    same = Figure("other", "ops/s", True, 0.5, side([100, 101, 99]), side([100, 101, 99]))
    [beside, _] = compare([differs, same], paired=False).compared
    assert beside.change.value == "INCONCLUSIVE"
    assert beside.reason == "differs at 95 %, but not at the 97.5 % that FAIL needs among 2 objectives"
