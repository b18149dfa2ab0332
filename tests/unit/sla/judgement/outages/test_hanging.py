"""A service that responds no more: which seconds, failures and unsent arrivals at the end make that claim, and which do not."""

import math

import numpy as np
import pytest

from sla.judgement.generator.lateness import Lateness
from sla.judgement.outages.hanging import hanging
from sla.values.assessment import Steady
from sla.values.measurements import Measurements, RunFacts
from sla.values.window import SCHEDULE, Window

FIRST = 1000
# ten seconds: five in which all is well, one in which 20 time out, four in which 30 arrivals each are not sent
OK = [100] * 5 + [0] * 5
FAILED = [0] * 5 + [20] + [0] * 4
UNSENT = [0] * 6 + [30] * 4


def reported(ok=OK, failed=FAILED, unsent=UNSENT, woken=(), unreported=(), outside=()):
    """The reason; `woken`: (second of the judged part, ns); `outside`: (second, unsent) beside the judged part."""
    windows = [Window(FIRST + i, SCHEDULE, planned=n, unsent=n) for i, n in [*enumerate(unsent), *outside] if n]
    run = Measurements(tuple(windows), (), (), RunFacts(0, 1))
    reported = np.array([i not in unreported for i in range(len(ok))])
    late = Lateness({FIRST + i: ns for i, ns in woken}, (), np.zeros(len(ok)), 1e6, reported)
    steady = Steady(FIRST, FIRST + len(ok), 0.0, 0.0, "")
    return hanging(np.array(ok, float), np.array(failed, float), run, steady, late)


def claim(seconds, failed, unsent):
    return (
        f"nothing succeeded in the last {seconds} s: {failed} operations failed, and {unsent} were not sent "
        "as every connection waited for a response"
    )


def test_it_is_said_for_how_long_nothing_succeeded_how_many_failed_and_how_many_were_not_sent():
    assert reported() == claim(5, 20, 120)


def test_the_first_second_may_be_one_in_which_some_still_succeeded():
    assert reported(failed=[0, 0, 0, 7, 20, 1, 0, 0, 0, 0], unsent=[0] * 5 + [30] * 5) == claim(5, 21, 150)


def test_a_service_that_never_succeeded_hangs_from_the_first_second_on():
    assert reported(ok=[0] * 6, failed=[15] + [0] * 5, unsent=[3] * 6) == claim(6, 15, 18)
    assert reported(ok=[1] + [0] * 5, failed=[15] + [0] * 5, unsent=[3] * 6) == claim(5, 15, 15)


def test_unsent_arrivals_of_one_second_are_added_and_those_beside_the_judged_part_are_not():
    assert reported(outside=[(-1, 500), (10, 500), (9, 5)]) == claim(5, 20, 125)


@pytest.mark.parametrize(
    ("ok", "failed", "unsent"),
    [
        ([100] * 6 + [0] * 4, [0] * 6 + [20] + [0] * 3, [0] * 7 + [30] * 3),  # four seconds
        (OK, [0] * 5 + [9] + [0] * 4, UNSENT),  # nine failures
        (OK, [0] * 4 + [0, 20, 20, 20, 20, 20], [0] * 10),  # all were sent: the failing end says it
        (OK, FAILED, [0] * 6 + [30, 0, 30, 30]),  # a second in which nothing was asked
        ([100] * 9 + [1], FAILED, UNSENT),  # it responds again
        (OK, [0, 0, 20] + [0] * 7, [0] * 5 + [30] * 5),  # what failed before the end is no part of it
    ],
)
def test_less_than_that_is_no_claim(ok, failed, unsent):
    assert reported(ok, failed, unsent) == ""


def test_as_many_may_fail_in_a_second_as_are_not_sent():
    assert reported(failed=[0] * 5 + [30] + [0] * 4, unsent=[0] * 5 + [30] * 5) == claim(5, 30, 150)


def test_ten_failures_are_enough():
    assert reported(failed=[0] * 5 + [10] + [0] * 4) == claim(5, 10, 120)


@pytest.mark.parametrize("second", [5, 7, 9])
def test_a_second_that_no_worker_reported_may_have_been_the_generators(second):
    assert reported(unreported=[second]) == ""


def test_before_the_end_a_worker_may_have_been_silent_or_late():
    assert reported(unreported=[0, 4], woken=[(4, math.inf)]) == claim(5, 20, 120)


def test_a_generator_that_was_over_a_second_late_asked_nothing_itself():
    assert reported(woken=[(second, 1e9) for second in range(10)]) == claim(5, 20, 120)
    assert reported(woken=[(7, 1.01e9)]) == ""
