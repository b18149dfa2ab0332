"""Completions per second, whatever the counts are counted in."""

import math

import numpy as np
import pytest

from sla.estimators.proportions import proportion_estimate
from sla.estimators.rates import rate_estimate

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
    """Two windows of 2 s with 1 and 3: a sum of variance 4, one degree of freedom, of which half the law lies within 1."""
    rate = rate_estimate([1, 3], window_s=2.0, level=0.5)
    assert (rate.point, rate.low, rate.high) == pytest.approx((1.0, 0.5, 1.5))
    assert (rate.level, rate.n, rate.n_eff) == (0.5, 2, 2)


def test_no_rate_is_under_zero():
    assert rate_estimate([0, 10]).low == 0.0


@pytest.mark.parametrize(
    ("window_s", "level", "high"), [(0.5, 0.95, 3.68888 / 2), (1.0, 0.95, 3.68888 / 4), (0.5, 0.8, 2.30259 / 2)]
)
def test_where_nothing_was_completed_the_rate_is_bounded_by_the_time_that_was_waited(window_s, level, high):
    rate = rate_estimate([0, 0, 0, 0], window_s, level)
    assert (rate.point, rate.low, rate.n, rate.n_eff) == (0.0, 0.0, 4, 4)
    assert rate.high == pytest.approx(high, rel=1e-5)


def test_one_window_alone_has_no_interval():
    rate = rate_estimate([30], 2.0)
    assert (rate.point, rate.low, rate.high, rate.n, rate.n_eff) == (15.0, 0.0, math.inf, 1, 1)


def test_windows_shorter_than_a_second_are_windows():
    assert rate_estimate([1, 3], window_s=0.5).point == 4.0


def test_nineteen_of_twenty_intervals_are_to_hold_the_rate_unless_another_level_is_asked_for():
    assert rate_estimate([1, 3]) == rate_estimate([1, 3], 1.0, 0.95)
    assert proportion_estimate([1, 3], [4, 4]) == proportion_estimate([1, 3], [4, 4], 0.95)
