"""A service that fails until its measuring ends, exactly at what makes that claim."""

import numpy as np
import pytest

from sla.judgement.outages.failing_end import FailedShares, FailingEnd
from sla.values.agreement import Limit


def shares(failed, attempted):
    return FailedShares(np.array(failed, float), np.array(attempted, float), "s")


def reported(failed, attempted, limit=0.99, **options):
    return shares(failed, attempted).until_the_end(Limit(">=", limit), **options)


def claim(seconds, share="all"):
    return f"{share} of its operations failed throughout the last {seconds} s: it had not recovered"


@pytest.mark.parametrize(("failed", "claimed"), [(10, True), (9, False)])
def test_a_share_of_failures_is_enough_from_forty_times_what_may_fail_on(failed, claimed):
    """A target of 63 in 64: at least 40 / 64 of each window, 10 of 16."""
    assert reported([0] * 14 + [failed] * 6, [16] * 20, 63 / 64) == (claim(6, "62.5 % or more") if claimed else "")
    assert reported([0] * 14 + [10] * 6, [16] * 20, 63 / 64, doubt=1.0) == ""


def test_five_windows_are_enough():
    assert reported([0] * 15 + [20] * 5, [20] * 20) == claim(5)
    assert reported([0] * 16 + [20] * 4, [20] * 20) == ""


def test_where_nothing_may_fail_any_failure_counts_and_none_is_none():
    assert reported([0] * 20, [20] * 20, 1.0) == ""
    assert (
        reported([1] * 20, [20] * 20, 1.0) == "5 % or more of its operations failed throughout the judged part"
    )  # it was never better


def test_windows_are_put_together_until_they_have_ten_attempts_or_more():
    """Four a second: three seconds, so fifteen are needed."""
    assert reported([0] * 30 + [4] * 12, [4] * 42) == ""
    assert reported([0] * 30 + [4] * 15, [4] * 45) == claim(15)
    assert reported([0] * 10 + [20] * 5, [10] * 10 + [20] * 5) == claim(5)  # none where each has enough


def test_a_few_attempts_at_the_end_of_a_slow_load_are_no_whole_window():
    """2.8 a second on average, four seconds together: four failures of what would be eleven."""
    assert reported([0] * 30 + [1] * 20, [4] * 30 + [1] * 20) == ""
    assert reported([0] * 30 + [2] * 20, [4] * 30 + [2] * 20) == claim(20)


def test_only_all_is_asked_for_where_some_may_fail():
    half = [0] * 10 + [10] * 10
    assert reported(half, [20] * 20) == claim(10, "50 % or more")
    assert reported(half, [20] * 20, only_all=True) == ""
    assert reported([0] * 10 + [20] * 10, [20] * 20, only_all=True) == claim(10)


def test_nothing_attempted_is_nothing_missed():
    assert reported([], []) == reported([0] * 9, [0] * 9) == ""


DOWN, FINE = shares([0] * 10 + [20] * 10, [20] * 20), shares([0] * 20, [20] * 20)
OF_LOAD = FailedShares(DOWN.failed, DOWN.attempted, "s of the load")


def test_the_judged_part_comes_before_the_load_and_both_before_what_was_never_sent():
    def reason(*parts, limit=0.99):
        return FailingEnd(*parts).reason(Limit(">=", limit))

    assert reason(DOWN, OF_LOAD, "hangs") == claim(10)
    assert reason(FINE, OF_LOAD, "hangs") == claim("10").replace("10 s:", "10 s of the load:")
    assert reason(FINE, FINE, "hangs") == reason(FINE, None, "hangs") == "hangs"
    assert reason(FINE) == ""
    assert reason(DOWN, OF_LOAD, "hangs", limit=0.97) == ""  # it may be down in one of forty runs, or more
    assert reason(FINE, None, "hangs", limit=0.976) == "hangs"


def test_what_went_well_before_the_first_whole_group_of_windows_is_not_forgotten():
    """One a second: ten together, and the first nine of 59, all successful, are left over."""
    assert reported([0] * 9 + [1] * 50, [1] * 59) == claim(50)


@pytest.mark.parametrize(("limit", "claimed"), [(0.975, True), (0.9751, True), (0.9749, False)])
def test_a_service_that_may_fail_one_time_in_forty_can_be_missed_at_the_end(limit, claimed):
    end = FailingEnd(shares([0] * 40 + [20] * 20, [20] * 60))
    assert bool(end.reason(Limit(">=", limit))) is claimed
