"""Completions per second, whatever the counts are counted in."""

import numpy as np
import pytest

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
