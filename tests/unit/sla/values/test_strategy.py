"""A rollout in one line, and what a rehearsal leaves of it."""

import dataclasses

import pytest

from sla.values.strategy import Step, Strategy, rehearsed

CANARY = Strategy("canary", (Step(5, 1.0, 2.0), Step(100, 4.0, 8.0)), 1.0, 3.5, check="checked hourly", advice="slowly")


@pytest.mark.parametrize(("every_s", "watched"), [(3_600, ", checked hourly"), (86_399, ", checked hourly"), (86_400, "")])
def test_a_check_of_once_a_day_goes_without_saying(every_s, watched):
    plan = dataclasses.replace(CANARY, check_every_s=every_s)
    assert str(plan) == f"canary 5, 100 % (1 to 3.5 days){watched}"


def test_a_rehearsal_rolls_nothing_out_and_keeps_the_advice():
    reason = "a rehearsal on the reference node"
    assert rehearsed(CANARY) == Strategy("none", advice=f"{reason}; slowly")
    assert str(rehearsed(CANARY)) == f"none: {reason}; slowly"
    assert rehearsed(None) == rehearsed(Strategy("canary", CANARY.steps)) == Strategy("none", advice=reason)
