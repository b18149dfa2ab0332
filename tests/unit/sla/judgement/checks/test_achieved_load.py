"""What was sent of ten operations a second, in sum and second by second."""

import pytest

from sla.judgement.checks.load_checks import load_checks
from sla.values.assessment import Status, Steady
from sla.values.measurements import Measurements, PlannedSegment, RunFacts
from sla.values.window import SCHEDULE, Window
from tests.unit.sla.synthetic import LOCAL

S = 10**9
FIRST, END = 105, 115


def checks(started, planned=None, unsent=None, drawn=False):
    """`started`, `planned`, `unsent`: second -> how many, else 10, 10 and 0."""
    started, planned, unsent = started or {}, planned or {}, unsent or {}
    seconds = range(100, 120)
    windows = [Window(s, "a", planned.get(s, 10) - unsent.get(s, 0), started=started.get(s, 10), ok=10) for s in seconds]
    windows += [Window(s, SCHEDULE, n, n) for s, n in unsent.items()]
    plan = (PlannedSegment(5, 0, 10), PlannedSegment(10, 10, 10))
    run = Measurements(tuple(windows), (), (), RunFacts(100 * S, 115 * S, plan=plan, drawn=drawn))
    return {c.key: c for c in load_checks(run, LOCAL.agreement, Steady(FIRST, END, 5.0, 0.0, ""))}


@pytest.mark.parametrize(
    ("started", "planned", "unsent", "message"),
    [
        ({}, {}, {}, "100 operations were sent where 100 were planned (+0.00 %)"),
        ({105: 0}, {}, {}, "100 operations were sent where 100 were planned (+0.00 %)"),  # a pause at the edge
        ({}, {105: 0}, {}, "100 operations were sent where 100 were planned (+0.00 %)"),
        ({105: 7}, {105: 8}, {}, "98 operations were sent where 100 were planned (-2.00 %)"),
        ({105: 3}, {}, {105: 5}, "95 operations were sent where 100 were planned (-5.00 %)"),
        ({105: 14}, {105: 7}, {}, "97 operations were sent where 100 were planned (-3.00 %)"),
        ({105: 13}, {105: 6}, {}, "103 operations were sent where 100 were planned (+3.00 %)"),
        ({104: 0, 115: 0}, {104: 0, 115: 0}, {104: 9}, "100 operations were sent where 100 were planned (+0.00 %)"),
    ],
)
def test_of_what_was_sent_and_what_was_due_the_nearer_to_the_plan_is_what_was_achieved(started, planned, unsent, message):
    check = checks(started, planned, unsent)["achieved"]
    assert check.reason == message
    assert check.status is (Status.PASS if message.startswith("100 ") else Status.WARN)


@pytest.mark.parametrize(("more", "status"), [(50, Status.PASS), (51, Status.WARN), (-50, Status.PASS), (-51, Status.WARN)])
def test_drawn_arrivals_may_be_more_or_fewer_by_chance(more, status):
    """Five times the root of a hundred, and half a per cent."""
    sent = {105 + s: 10 + more // 10 + (s < more % 10) for s in range(10)}
    assert checks(sent, sent, drawn=True)["achieved"].status is status
    assert checks(sent, sent)["achieved"].status is Status.WARN


@pytest.mark.parametrize(
    ("started", "planned", "unsent", "short"),
    [
        ({}, {}, {}, 0),
        ({105: 0, 106: 0, 107: 30}, {}, {}, 1),  # what was due in 106 came within another second
        ({105: 0, 106: 0, 107: 0, 108: 40}, {}, {}, 2),
        ({105: 0, 106: 9, 107: 21}, {}, {}, 0),  # a tenth of a second's arrivals may come later
        ({105: 0, 106: 8, 107: 22}, {}, {}, 1),
        ({105: 30, 106: 0, 107: 0, 108: 30}, {}, {}, 1),  # what was sent before it was due is no credit
        ({114: 0, 115: 20}, {}, {}, 0),  # the second after the judged part
        ({114: 0, 115: 0, 116: 30}, {}, {}, 1),
        ({104: 0, 105: 0}, {105: 0}, {}, 0),  # the second before it is no part of it
        ({105: 0, 106: 0}, {106: 0}, {105: 10}, 0),  # what was never sent is another check's
        ({105: 2, 106: 0, 107: 18}, {105: 2, 106: 8}, {}, 0),
        ({106: 0, 107: 0, 108: 30}, {105: 20}, {}, 2),
    ],
)
def test_seconds_whose_arrivals_were_sent_over_a_second_late_are_counted(started, planned, unsent, short):
    check = checks(started, planned, unsent)["achieved_seconds"]
    assert check.reason == f"in {short} of 10 s more than 10 % of the arrivals were sent over a second late"
    assert (check.figure, check.limit) == (short / 10, 0.05)
    assert check.status is (Status.FAIL if short else Status.PASS)
