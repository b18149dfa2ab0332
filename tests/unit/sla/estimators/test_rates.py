"""Completions per second, whatever the counts are counted in."""

import math

import numpy as np
import pytest

from sla.estimators.dependence import cosine_power
from sla.estimators.proportions import proportion_estimate
from sla.estimators.rates import few_dips, rate_estimate, rate_reaches

SLOW = np.repeat(np.random.default_rng(1).normal(100, 10, 12), 5)  # what a second completes depends on the one before


def test_how_many_windows_count_does_not_depend_on_the_unit_of_what_is_counted():
    whole, part = rate_estimate(SLOW), rate_estimate(SLOW / 1000)
    assert whole.n_eff < whole.n / 2
    assert part.n_eff == pytest.approx(whole.n_eff)
    assert (part.low, part.high) == pytest.approx((whole.low / 1000, whole.high / 1000))


def test_windows_that_are_all_the_same_count_each():
    same = rate_estimate([7.0] * 30)
    assert (same.point, same.low, same.high, same.n_eff) == (7.0, 7.0, 7.0, 30)


def test_a_rate_is_per_second_with_the_interval_of_student():
    """Six windows of 2 s: five cosines, whose mean power is the variance of the sum of 20 in 12 s. Half of the law of five
    degrees of freedom lies within 0.72669.
    """
    counts = [1, 6, 2, 5, 4, 2]
    of_sum = cosine_power(np.array(counts, dtype=float), 5).mean()
    rate = rate_estimate(counts, window_s=2.0, level=0.5)
    half = 0.72669 * math.sqrt(of_sum) / 12
    assert (rate.point, rate.low, rate.high) == pytest.approx((20 / 12, 20 / 12 - half, 20 / 12 + half), rel=1e-4)
    assert (rate.level, rate.n) == (0.5, 6)


def test_no_rate_is_under_zero():
    assert rate_estimate([0, 10, 0, 0, 0]).low == 0.0


@pytest.mark.parametrize(
    ("window_s", "level", "high"), [(0.5, 0.95, 3.68888 / 2), (1.0, 0.95, 3.68888 / 4), (0.5, 0.8, 2.30259 / 2)]
)
def test_where_nothing_was_completed_the_rate_is_bounded_by_the_time_that_was_waited(window_s, level, high):
    rate = rate_estimate([0, 0, 0, 0], window_s, level)
    assert (rate.point, rate.low, rate.n, rate.n_eff) == (0.0, 0.0, 4, 4)
    assert rate.high == pytest.approx(high, rel=1e-5)


@pytest.mark.parametrize("windows", [1, 4])
def test_fewer_than_five_windows_have_no_interval(windows):
    rate = rate_estimate([30, 31, 29, 30][:windows], 2.0)
    assert (rate.point, rate.low, rate.high, rate.n, rate.n_eff) == (15.0, 0.0, math.inf, windows, windows)
    assert math.isfinite(rate_estimate([30, 31, 29, 30, 30], 2.0).high)


def test_a_rate_that_moves_as_slowly_as_the_windows_reach_up_to_the_slowest_cosine():
    falling, even = 9 - np.cos(np.pi * (np.arange(40) + 0.5) / 40), np.random.default_rng(1).normal(100, 10, 40)
    assert (rate_reaches(falling, np.ones(40)), rate_reaches(even, np.ones(40))) == (True, False)
    assert not rate_reaches(falling[:4], np.ones(4))


def test_windows_shorter_than_a_second_are_windows():
    assert rate_estimate([1, 3], window_s=0.5).point == 4.0


def test_nineteen_of_twenty_intervals_are_to_hold_the_rate_unless_another_level_is_asked_for():
    assert rate_estimate([1, 3, 2, 2, 3]) == rate_estimate([1, 3, 2, 2, 3], 1.0, 0.95)
    assert proportion_estimate([1, 3], [4, 4]) == proportion_estimate([1, 3], [4, 4], 0.95)


def with_dips(*dips, length=60, rate=100.0):
    """Completions at a constant rate, but for these: (second, fewer, how many of them right after)."""
    done = np.full(length, rate)
    for at, fewer, after in dips:
        done[at] -= fewer
        done[at + 1] += after
    return done


def test_a_rate_that_falls_in_few_bursts_says_how_much_was_missing_in_each():
    few = few_dips(with_dips((10, 100, 0), (30, 50, 20)), np.ones(60))
    assert few.usual_per_s == pytest.approx(100 - 20 / 60 + 20 / 60)  # without what was missing in the end
    assert few.bursts.sizes * 6000 == pytest.approx([100, 30])
    assert (few.bursts.windows, few.bursts.others, few.bursts.count) == (60, 0.0, 2)


def test_seconds_in_a_row_are_one_burst_and_scrape_intervals_count_by_their_length():
    done = with_dips((10, 100, 0), (11, 40, 0), (20, 100, 0))
    assert few_dips(done, np.ones(60)).bursts.count == 2
    lengths_s = np.tile([1.0, 2.0], 30)
    few = few_dips(100 * lengths_s - np.where(np.arange(60) == 31, 50, 0), lengths_s)
    assert few.bursts.sizes * 9000 == pytest.approx([50])
    assert few.usual_per_s == pytest.approx(100)


@pytest.mark.parametrize(
    "done",
    [
        np.full(60, 100.0),
        with_dips((10, 2, 0)),  # two of a hundred are slight
        with_dips((10, 80, 80), (40, 100, 120)),  # made up for
        with_dips(*((5 * i + 1, 50, 0) for i in range(10))),
        np.tile([90.0, 100.0, 110.0, 80.0], 15),  # not far off what it usually is off
        np.zeros(60),
    ],
)
def test_what_is_slight_or_made_up_for_or_frequent_or_usual_is_no_burst(done):
    assert few_dips(done, np.ones(60)) is None


def test_three_of_a_hundred_are_a_dip_and_nine_of_them_few():
    assert few_dips(with_dips((10, 3, 0)), np.ones(60)).bursts.count == 1
    assert few_dips(with_dips(*((5 * i + 1, 50, 0) for i in range(9))), np.ones(60)).bursts.count == 9


@pytest.mark.parametrize(("fewer", "known"), [(59, None), (60, 1)])
def test_a_dip_lies_four_standard_deviations_under_the_median(fewer, known):
    """Half of the seconds lie ten off the median: 4 x 1.4826 x 10."""
    done = np.tile([90.0, 100.0, 110.0, 110.0, 90.0], 12)
    done[26] -= fewer
    few = few_dips(done, np.ones(60))
    assert (few and few.bursts.count) == known


def test_a_rate_made_up_for_later_than_right_after_is_a_dip():
    done = with_dips((10, 100, 0))
    done[13] += 100
    assert few_dips(done, np.ones(60)).bursts.sizes.size == 1
