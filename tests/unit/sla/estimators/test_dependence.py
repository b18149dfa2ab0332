"""What a dependent series is worth, on series so short that their spread is worked out by hand."""

import math

import numpy as np
import pytest

from sla.estimators.dependence import Spread, ar1, batch_begins, design_effect, effective_size, spread


def series(*values):
    return np.array(values, dtype=np.float64)


@pytest.mark.parametrize("values", [(), (5,)])
def test_fewer_than_two_windows_have_no_known_spread(values):
    assert spread(series(*values)) == Spread(math.inf, 0.0)


def test_of_two_windows_the_spread_is_known_with_one_degree_of_freedom():
    assert spread(series(1, 3)) == Spread(4.0, 1.0)  # 2 batches with a variance of 2


def test_of_three_windows_what_is_left_of_two_has_a_variance():
    """Centred -1, 2, -1 without positive dependence: 3 times the variance of 2 and -1."""
    assert spread(series(0, 3, 0)) == Spread(13.5, 2.0)


def test_a_spread_is_known_with_one_degree_of_freedom_at_least():
    assert spread(np.linspace(0, 1, 10)).dof == 1.0


def test_a_window_that_is_like_the_one_before_widens_the_spread():
    """Autocorrelation 1/4; what is left of it: 3/4, -5/4, -3/4, with a variance of 13/12."""
    estimate = spread(series(3, 3, 1, 1))
    assert estimate.variance_of_sum == pytest.approx(4 * 13 / 12 / (3 / 4) ** 2)
    assert estimate.dof == pytest.approx(4 * (3 / 4) / (5 / 4) - 1)


def test_what_one_batch_makes_up_for_within_itself_still_spreads():
    """Batches of two that all sum to 0; window by window 40 of variance 40/39."""
    assert spread(np.tile([6.0, 4.0], 20)).variance_of_sum == pytest.approx(40 * 40 / 39)
    assert spread(np.tile([6.0, 4.0], 20)).dof == 19


def test_batches_that_differ_spread_more_than_their_windows():
    """20 batches of two that sum to 2 and -2 in turn."""
    estimate = spread(np.tile([1.5, 0.5, -0.5, -1.5], 10))
    assert estimate.variance_of_sum == pytest.approx(20 * 80 / 19)
    assert estimate.dof == 19


def test_batches_are_twenty_or_one_a_window_and_of_nearly_one_size():
    assert batch_begins(3).tolist() == [0, 1, 2]
    assert batch_begins(20).tolist() == list(range(20))
    assert batch_begins(50).tolist() == [0, 2, 5, 7, 10, 12, 15, 17, 20, 22, 25, 27, 30, 32, 35, 37, 40, 42, 45, 47]


def test_dependence_between_neighbours_is_none_under_zero_and_never_whole():
    assert ar1(series(1, 1, -1, -1)) == 0.25
    assert ar1(series(1, -1, 1, -1)) == 0.0
    assert ar1(series(0, 0, 0)) == 0.0
    assert ar1(np.linspace(-1, 1, 1000)) == 0.97
    assert ar1(series(0.25, 0.25, -0.25, -0.25)) == 0.25  # whatever the unit


@pytest.mark.parametrize(
    ("influence", "independent", "expected"),
    [
        ((1, 3), 2.0, (2.0, 1.0)),
        ((1, 3), 8.0, (1.0, 1.0)),  # less spread than independence has is no credit
        ((1, 3), 0.5, (8.0, 1.0)),
        ((1, 3), 0.0, (1.0, 1.0)),
        ((1, 2, 4), 0.0, (1.0, 2.0)),
        ((1,), 5.0, (1.0, 1.0)),
        ((), 5.0, (1.0, 1.0)),
        ((1, 2) * 20, 0.0, (1.0, 19.0)),
    ],
)
def test_a_design_effect_is_the_spread_over_that_of_independent_samples(influence, independent, expected):
    assert design_effect(series(*influence), independent) == expected


def test_samples_are_worth_less_the_more_they_depend_and_the_less_that_is_known():
    """At level 1/2 the normal law ends at 0.67449, Student's with one degree of freedom at 1."""
    assert effective_size(1000.0, 4.0, 1.0, 0.5) == pytest.approx(250 * 0.67449**2, rel=1e-4)
    assert effective_size(1000.0, 1.0, math.inf, 0.95) == pytest.approx(1000)
