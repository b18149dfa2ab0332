"""Completions per second, whatever the counts are counted in."""

import math

import numpy as np
import pytest

from sla.estimators.dependence import cosine_power
from sla.estimators.proportions import proportion_estimate
from sla.estimators.rates import rate_estimate, rate_reaches

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
