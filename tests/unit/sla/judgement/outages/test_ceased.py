"""A service that leaves the users of a closed model waiting: what of its end makes that claim, and what verdicts it leaves."""

import dataclasses

import pytest

from sla.judgement.evaluate import evaluate
from sla.judgement.outages.ceased import ceased
from sla.values.assessment import Decision, Status
from sla.values.measurements import PlannedSegment
from tests.unit.sla.closed_runs import ceasing, run, second, words

AGREED = words("error rate < 2 %", "all p95 < 200 ms", "throughput >= 5 ops/s")


def verdicts(measured, agreement=AGREED):
    judged = evaluate(measured, agreement)
    return judged.decision, [o.status for o in judged.objectives]


def test_it_is_said_for_how_long_nothing_succeeded_and_how_many_waited():
    assert str(ceased(ceasing())) == (
        "nothing succeeded in the last 10 s of the load: 10 requests waited for a response and had none"
    )


@pytest.mark.parametrize(
    ("measured", "claimed"),
    [
        (ceasing(after_s=15), True),
        (ceasing(after_s=16), False),  # four seconds
        (ceasing(waiting=5), True),  # half of the users
        (ceasing(waiting=4), False),
        (ceasing(waited_s=5.0), True),  # all of them, half of the time
        (ceasing(waited_s=4.9), False),
        (ceasing(waited_s=60.0, waiting=4), False),  # what they waited before counts for nothing
        (ceasing(waiting=0), False),  # they pause
        (ceasing(users=(), waiting=1), True),  # nobody counted the users
        (run(*(second(at, 50) for at in range(20))), False),
        (run(*(second(at, 0, 5) for at in range(20))), False),  # errors at once are no silence
        (run(second(20, 0, 10, waited_s=20, category="timeout")), True),  # it never responded
    ],
)
def test_how_long_and_how_many_it_takes(measured, claimed):
    assert (ceased(measured) is not None) == claimed


def test_where_arrivals_were_planned_others_say_it():
    measured = ceasing()
    facts = dataclasses.replace(measured.facts, plan=(PlannedSegment(20.0, 50.0, 50.0),))
    assert ceased(dataclasses.replace(measured, facts=facts)) is None


def test_tasks_are_no_requests_of_their_own():
    measured = ceasing()
    task = dataclasses.replace(second(19, 1), operation="task items")
    assert ceased(dataclasses.replace(measured, windows=(*measured.windows, task))) is not None


def test_ten_that_wait_miss_a_success_rate_and_nothing_else_passes():
    decision, statuses = verdicts(ceasing())
    assert decision is Decision.NO_GO
    assert statuses[0] is Status.FAIL
    assert Status.PASS not in statuses


def test_fewer_leave_nothing_that_passes():
    decision, statuses = verdicts(ceasing(waiting=3, users=((0, 3),)))
    assert decision is Decision.INVALID
    assert not {Status.PASS, Status.FAIL} & set(statuses)


def test_a_service_that_responds_to_the_end_passes_though_some_waited():
    goes_on = run(*(second(at, 50) for at in range(20)), second(20, 0, 3, waited_s=10.0, category="timeout"))
    assert verdicts(goes_on)[0] is Decision.GO


def test_what_may_be_allowed_is():
    judged = evaluate(ceasing(waiting=3, users=((0, 3),)), AGREED, allowed=frozenset({"no-response"}))
    assert judged.decision is not Decision.INVALID
