"""A closed model under several numbers of users: what the others show beside the one that is judged."""

import dataclasses

import pytest

from sla.judgement.checks.other_users import other_users
from sla.judgement.evaluate import evaluate
from sla.judgement.steady import find_steady
from sla.values.assessment import Decision, Status
from sla.values.measurements import PlannedSegment
from tests.unit.sla.closed_runs import in_steps, run, second, words

AGREED = words("a error rate < 2 %", "a p95 < 200 ms")


def of(measured, agreement=AGREED):
    return other_users(measured, agreement, find_steady(measured))


def test_errors_under_more_users_leave_no_success_rate_that_passes():
    measured = in_steps(lambda at: second(at, 100, 100))
    [check] = of(measured)
    assert check.reason == (
        "over the whole load a error rate would miss the target: 1,000 of 2,600 operations failed; "
        "the judged part has 55 % of its seconds"
    )
    judged = evaluate(measured, AGREED)
    assert [o.status for o in judged.objectives] == [Status.INVALID, Status.PASS]
    assert judged.decision is Decision.INVALID
    assert evaluate(measured, AGREED, allowed=frozenset({"other-users"})).decision is Decision.GO


def test_a_slow_step_leaves_no_latency_that_passes():
    measured = in_steps(lambda at: second(at, 40, took_ns=900_000_000))
    judged = evaluate(measured, AGREED)
    assert [o.status for o in judged.objectives] == [Status.PASS, Status.INVALID]


@pytest.mark.parametrize(
    "measured",
    [
        in_steps(lambda at: second(at, 200, 2)),  # within the target
        in_steps(lambda at: second(at, 400, took_ns=150_000_000)),
        run(*(second(at, 50) for at in range(20)), *(second(at, 50, took_ns=10**9) for at in range(20, 24)), length_s=24,
            users=((0, 5), (20, 6))),  # a slow beginning or end of less than a quarter
        run(*(second(at, 50, 50) for at in range(20))),  # it fails in the judged part itself
    ],
)  # fmt: skip
def test_otherwise_there_is_no_such_check(measured):
    assert of(measured) == []


def test_of_a_plan_that_is_said_elsewhere():
    measured = in_steps(lambda at: second(at, 100, 100))
    facts = dataclasses.replace(measured.facts, plan=(PlannedSegment(12.0, 50.0, 50.0), PlannedSegment(10.0, 9.0, 9.0)))
    assert of(dataclasses.replace(measured, facts=facts)) == []
    assert other_users(measured, AGREED, None) == []
