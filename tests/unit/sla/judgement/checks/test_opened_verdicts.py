"""Which verdicts a failed check invalidates: a failure stands where nothing in doubt could undo it, at the family's level."""

import dataclasses

import numpy as np
import pytest

from sla.judgement.checks.check_scope import BOTH, FAIL, PASS
from sla.judgement.checks.opened_verdicts import opened, with_opens
from sla.judgement.kinds.choose import estimator_of
from sla.values.agreement import Limit, Objective
from sla.values.assessment import Severity, Status, Steady, check
from sla.values.histogram import from_values
from sla.values.kinds import SuccessRate, Throughput
from sla.values.measurements import Loss, Measurements, PlannedSegment, RunFacts
from sla.values.window import Health, Window
from tests.unit.sla.synthetic import LOCAL, result_of

S = 10**9
STEADY = Steady(0, 20, 0.0, 0.0, "")
PLAN = (PlannedSegment(20, 100, 100),)


def objective(key, kind=SuccessRate()):  # noqa: B008, a value
    return Objective(key, key, Severity.CRITICAL, kind, ("a",), Limit(">=", 0.95), None, "")


def result(o, status=Status.FAIL, reason=""):
    return result_of(o, status, reason, ">=", 0.95, seconds_needed=7.0, operations=("a",))


def run(in_doubt=0, **facts):
    """2,000 operations of which one in ten failed; a lost worker may have sent `in_doubt` more."""
    windows = tuple(Window(s, "a", started=100, ok=90, failed={"timeout": 10}) for s in range(20))
    lost = {"lost_workers": ("w",), "losses": (Loss("w", 3, in_doubt),)}
    on_time = tuple(Health(s, "w2", from_values(np.full(100, 50_000))) for s in range(20))
    return Measurements(windows, on_time, (), RunFacts(0, 20 * S, plan=PLAN, **{**lost, **facts}))


def opens(key, objectives, measured, status=Status.FAIL, steady=STEADY, **check_fields):
    """What a failed check of that key opens, where all objectives have that status."""
    agreement = dataclasses.replace(LOCAL.agreement, objectives=tuple(objectives))
    failed = dataclasses.replace(check(key, key, True, "wrong"), **check_fields)
    [opening_check] = with_opens([failed], [result(o, status) for o in objectives], agreement, measured, steady, 0.95)
    return dict(opening_check.opens)


def most(level):
    """How many more, all successful, leave the success rate missed at that level."""
    agreement = dataclasses.replace(LOCAL.agreement, objectives=(objective("o"),))
    high = estimator_of(objective("o"), agreement).from_run(run(), STEADY, None)(level).estimate.high
    return int(2000 * (0.95 - high) / (1 - 0.95))  # (2000 high + n) / (2000 + n) = 0.95


def test_the_more_objectives_the_surer_a_failure_must_be_to_stand():
    """Bonferroni: of four objectives each at 1 - 5 % / 4."""
    four = [objective(f"o{i}") for i in range(4)]
    assert most(0.9875) < most(0.95) - 10
    for in_doubt, direction in ((most(0.9875) - 1, PASS), (most(0.9875) + 2, BOTH), (most(0.95) - 1, BOTH)):
        assert opens("workers", four, run(in_doubt)) == dict.fromkeys(("o0", "o1", "o2", "o3"), direction)
    assert opens("workers", four[:1], run(most(0.95) - 1)) == {"o0": PASS}
    assert opens("workers", four[:1], run(most(0.95) + 2)) == {"o0": BOTH}


@pytest.mark.parametrize("facts", [{"missing_messages": 1}, {"lost_rows": 1}, {"losses": ()}])
def test_what_nothing_bounds_leaves_no_failure(facts):
    assert opens("workers", [objective("o")], run(**facts)) == {"o": BOTH}
    assert opens("workers", [objective("o")], run()) == {"o": PASS}


def test_only_failures_stand_and_only_against_checks_that_say_how_many_are_in_doubt():
    assert opens("workers", [objective("o")], run(), Status.PASS) == {"o": BOTH}
    assert opens("counters_a", [objective("o")], run()) == {"o": BOTH}
    assert opens("workers", [objective("o")], run(), steady=None) == {"o": BOTH}
    assert opens("workers", [objective("o", Throughput())], run()) == {"o": BOTH}  # its load may be missing as well


def test_a_failure_that_bursts_can_not_have_made_is_not_opened_at_all():
    assert opens("achieved_seconds", [objective("o")], run()) == {}  # nobody was woken late
    assert opens("achieved_seconds", [objective("o"), objective("t", Throughput())], run()) == {"t": FAIL}


def test_a_check_that_says_itself_what_it_opens_opens_that_and_one_that_passed_nothing():
    agreement = dataclasses.replace(LOCAL.agreement, objectives=(objective("o"),))
    failed = dataclasses.replace(check("counters_a", "", True, ""), opens=(("o", PASS),))
    checks = [failed, *(dataclasses.replace(failed, status=status) for status in (Status.PASS, Status.WARN))]
    opening_checks = with_opens(checks, [result(objective("o"))], agreement, run(), STEADY, 0.95)
    assert [c.opens for c in opening_checks] == [(("o", PASS),), (), ()]


def test_directions_without_a_verdict_are_left_out():
    assert opens("resolution_a", [objective("o")], run()) == {}
    assert opens("warm_up", [objective("o"), objective("t", Throughput())], run()) == {"o": PASS}


def test_an_opened_verdict_says_by_which_checks_and_needs_no_more_seconds():
    first, second = (check(key, title, True, "") for key, title in (("counters_a", "Counters"), ("workers", "Workers")))
    other = dataclasses.replace(second, title="Other", opens=(("else", BOTH),))
    checks = [dataclasses.replace(c, opens=(("o", d),)) for c, d in ((first, FAIL), (second, BOTH))]
    [verdict] = opened([result(objective("o"))], [*checks, other])
    assert (verdict.status, verdict.reason) == (Status.INVALID, "FAIL does not stand; failed checks: Counters, Workers")
    assert verdict.seconds_needed is None
    [verdict] = opened([result(objective("o"), Status.INCONCLUSIVE, "no data")], checks)
    assert verdict.reason == "no data; failed checks: Workers"
    assert opened([result(objective("o"))], [other]) == [result(objective("o"))]
