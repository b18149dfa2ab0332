"""Shares of successes: exact where failures are independent, wider where they cluster."""

import numpy as np
import pytest

from sla.estimators.proportions import clopper_pearson, few_bursts, proportion_estimate, proportion_if_all_succeeded


@pytest.mark.parametrize(
    ("share", "limits"),
    [(0.5, (0.1871, 0.8129)), (0.0, (0.0, 0.3085)), (1.0, (0.6915, 1.0)), (0.1, (0.0025, 0.4450))],
)
def test_limits_of_ten_outcomes_are_those_of_the_tables(share, limits):
    assert clopper_pearson(share, 10, 0.95) == pytest.approx(limits, abs=5e-5)


def test_less_than_one_effective_success_is_not_none():
    low, high = clopper_pearson(0.01, 50, 0.95)  # half a success
    assert 0 < low < 0.01 < high < 1
    low, high = clopper_pearson(0.99, 50, 0.95)
    assert 0 < low < 0.99 < high < 1


def test_failures_that_come_evenly_are_as_good_as_independent():
    e = proportion_estimate([9] * 40, [10] * 40)
    assert (e.point, e.n, e.n_eff) == (0.9, 400, 400)
    assert (e.low, e.high) == pytest.approx((0.8663, 0.9275), abs=1e-4)


def test_failures_that_vary_more_than_independent_ones_are_worth_less():
    """10 and 8 of 10 in turn: their sum has a variance of 1600/39, and 36 were they independent; 19 degrees of freedom."""
    e = proportion_estimate([10, 8] * 20, [10] * 40)
    assert e.n_eff == pytest.approx(400 / (1600 / 39 / 36) * (1.95996 / 2.09302) ** 2, rel=1e-4)
    assert (e.low, e.high) == pytest.approx(clopper_pearson(0.9, e.n_eff, 0.95))


@pytest.mark.parametrize("successes", [[1] + [0] * 39, [10, 0, 3, 7] * 10, [9, 10] * 20])
def test_successes_and_failures_are_two_sides_of_one_share(successes):
    e = proportion_estimate(successes, [10] * 40)
    mirrored = proportion_estimate([10 - s for s in successes], [10] * 40)
    assert (1 - e.high, 1 - e.point, 1 - e.low) == pytest.approx((mirrored.low, mirrored.point, mirrored.high))
    assert e.n_eff == pytest.approx(mirrored.n_eff)


def test_windows_without_trials_change_nothing():
    assert proportion_estimate([0, 0, 3], [0, 0, 4]).point == 0.75


def test_failures_that_do_not_count_leave_those_of_the_other_windows_over_all_trials():
    rest = proportion_estimate([10, 9, 10], [10] * 3, 0.9)
    e = proportion_if_all_succeeded([10, 5, 9, 10], [10] * 4, [False, True, False, False], 0.9)
    assert (e.point, e.n, e.n_eff, e.level) == (pytest.approx(39 / 40), 40, rest.n_eff, 0.9)
    # a quarter of all trials is taken as given
    assert (1 - e.low, 1 - e.high) == pytest.approx((0.75 * (1 - rest.low), 0.75 * (1 - rest.high)))
    assert proportion_if_all_succeeded([5], [10], [True], 0.9) is None


def bursts(windows, failed, of=60, trials=10):
    """Windows with so many failures each, at even distances among `of`."""
    successes = np.full(of, trials)
    successes[np.linspace(2, of - 3, windows).astype(int)] -= failed
    return few_bursts(successes, np.full(of, trials))


@pytest.mark.parametrize(("windows", "count"), [(0, None), (1, 1), (3, 3), (9, 9), (10, None), (20, None)])
def test_failures_in_fewer_than_ten_bursts_say_little(windows, count):
    assert bursts(windows, 10) == count


def test_single_failures_here_and_there_are_no_bursts():
    assert bursts(9, 1) is None
    assert few_bursts([0] * 5, [10] * 5) is None  # nothing but failures
    assert few_bursts([], []) is None


def test_a_window_with_one_failure_beside_bursts_is_one_of_them():
    successes = np.full(60, 10)
    successes[[5, 30]] = 0
    successes[50] = 9
    assert few_bursts(successes, np.full(60, 10)) == 3


def test_more_traffic_in_a_part_of_the_run_is_no_burst_of_failures():
    trials = np.repeat([10, 1000], 30)
    failed = np.zeros(60)
    failed[[20, 32, 35, 39, 42, 46, 50, 53, 57]] = 1
    assert few_bursts(trials - failed, trials) is None


def test_failures_of_most_operations_can_come_in_bursts_too():
    assert few_bursts([10, 0, 0, 0, 0, 10, 0, 0, 0], [10] * 9) == 7
