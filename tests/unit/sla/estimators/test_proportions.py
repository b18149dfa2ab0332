"""Shares of successes: exact where failures are independent, wider where they cluster."""

import numpy as np
import pytest

from sla.estimators.proportions import (
    FewBursts,
    few_bursts,
    proportion_estimate,
    proportion_if_all_succeeded,
    proportion_reaches,
    usual_share,
)
from sla.estimators.share_limits import share_limits


def test_failures_that_come_evenly_are_as_good_as_independent_but_for_what_is_not_known_of_them():
    """40 windows have eighteen cosines, and so many degrees of freedom."""
    e = proportion_estimate([9] * 40, [10] * 40)
    assert (e.point, e.n, e.n_eff) == (0.9, 400, pytest.approx(400 * (1.95996 / 2.10092) ** 2, rel=1e-4))
    assert (e.low, e.high) == pytest.approx((0.8636, 0.9294), abs=5e-5)


@pytest.mark.parametrize(("windows", "bounded"), [(1, False), (4, False), (5, True)])
def test_fewer_than_five_windows_bound_no_share(windows, bounded):
    """They may depend on each other in any way."""
    e = proportion_estimate([900] * windows, [1000] * windows)
    assert (e.n_eff > 0) is ((e.low, e.high) != (0.0, 1.0)) is bounded
    assert e.point == 0.9


def test_without_a_failure_or_a_success_it_is_that_of_independent_outcomes():
    """Nothing shows how they depend on each other; 0.05 / 2 is a thousandth root."""
    none, all_failed = proportion_estimate([200] * 5, [200] * 5), proportion_estimate([0], [1000])
    assert (none.low, none.point, none.high, none.n_eff) == (pytest.approx(0.025 ** (1 / 1000)), 1.0, 1.0, 1000)
    assert (all_failed.low, all_failed.point, all_failed.high) == (0.0, 0.0, pytest.approx(1 - none.low))


def test_without_a_failure_in_fewer_than_five_windows_with_trials_nothing_is_known():
    e = proportion_estimate([250] * 4 + [0] * 3, [250] * 4 + [0] * 3)
    assert (e.low, e.point, e.high, e.n_eff) == (0.0, 1.0, 1.0, 0.0)


def test_a_share_that_moves_as_slowly_as_the_windows_reach_up_to_the_slowest_cosine():
    falling, even = 9 - np.cos(np.pi * (np.arange(40) + 0.5) / 40), [9] * 40
    assert (proportion_reaches(falling, [10] * 40), proportion_reaches(even, [10] * 40)) == (True, False)
    assert not proportion_reaches(falling[:4], [10] * 4)
    assert not proportion_reaches([10] * 40, [10] * 40)


def test_failures_that_vary_more_than_independent_ones_are_worth_less():
    """All fail less often towards the end, by one cosine: of the four slowest it holds all. The variance of their sum is
    2 (40 / 2)^2 / 4 = 200, and 36 were they independent. What rises up to the slowest cosine has two degrees of freedom.
    """
    e = proportion_estimate(9 - np.cos(np.pi * (np.arange(40) + 0.5) / 40), [10] * 40)
    deff = 800 / 4 / 36
    assert e.n_eff == pytest.approx(400 / deff * (1.95996 / 4.30265) ** 2, rel=1e-4)
    assert (e.low, e.high) == pytest.approx((0.5821, 0.9928), abs=5e-5)  # the lower one moved by 0.8 (1 - 1 / deff) failures
    assert (e.low, e.high) == pytest.approx(share_limits(0.9, e.n_eff, 0.95, deff))


@pytest.mark.parametrize("successes", [[1] + [0] * 39, [10, 0, 3, 7] * 10, [9, 10] * 20])
def test_successes_and_failures_are_two_sides_of_one_share(successes):
    e = proportion_estimate(successes, [10] * 40)
    mirrored = proportion_estimate([10 - s for s in successes], [10] * 40)
    assert (1 - e.high, 1 - e.point, 1 - e.low) == pytest.approx((mirrored.low, mirrored.point, mirrored.high))
    assert e.n_eff == pytest.approx(mirrored.n_eff)


def test_windows_without_trials_change_nothing():
    assert proportion_estimate([0, 0, 3], [0, 0, 4]).point == 0.75


def test_failures_that_do_not_count_leave_those_of_the_other_windows_over_all_trials():
    rest = proportion_estimate([10, 9, 10, 10, 9, 10], [10] * 6, 0.9)
    e = proportion_if_all_succeeded([10, 5, 9, 10, 10, 9, 2, 10], [10] * 8, [0, 1, 0, 0, 0, 0, 1, 0], 0.9)
    assert (e.point, e.n, e.n_eff, e.level) == (pytest.approx(78 / 80), 80, rest.n_eff, 0.9)
    assert 0 < rest.low < rest.high < 1
    # a quarter of all trials is taken as given
    assert (1 - e.low, 1 - e.high) == pytest.approx((0.75 * (1 - rest.low), 0.75 * (1 - rest.high)))
    assert proportion_if_all_succeeded([5], [10], [True], 0.9) is None


def bursts(windows, failed, of=60, trials=10):
    """Windows with so many failures each, at even distances among `of`."""
    successes = np.full(of, trials)
    successes[np.linspace(2, of - 3, windows).astype(int)] -= failed
    return count_of(successes, np.full(of, trials))


def count_of(successes, trials):
    few = few_bursts(successes, trials)
    return None if few is None else few.count


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
    assert count_of(successes, np.full(60, 10)) == 3


def test_windows_in_a_row_that_fail_more_often_than_all_of_them_are_one_burst():
    """Between them a window fails as often as all do, a tenth, or was not tried at all."""
    failed = np.zeros(60)
    failed[[3, 4, 5, 7, 30, 32, 50, 51]] = 10, 20, 10, 10, 10, 10, 10, 10
    failed[[6, 31]] = 0.1
    trials = np.full(60, 100)
    trials[31] = 0
    failed[31] = 0
    few = few_bursts(trials - failed, trials)
    assert few.sizes * 5900 == pytest.approx([40, 10, 20, 20])  # fewer failed between those than of all
    assert (few.count, few.windows, few.others) == (4, 59, pytest.approx(0.1 / 5900))


@pytest.mark.parametrize(("count", "most"), [(1, 0.0881), (3, 0.1373), (9, 0.2634)])
def test_as_many_bursts_as_there_may_be_fail_no_more_than_this(count, most):
    """Of 100 windows 0.0545 hold one at most where one did (Clopper and Pearson), each with twice 0.8 % of all trials."""
    sizes = np.full(count, 0.004)
    sizes[-1] = 0.008
    assert FewBursts(100, sizes, 0.001).share_of_any_size(0.95, 2.0) == pytest.approx(most, abs=5e-5)
    assert FewBursts(100, 2 * sizes, 0.001).share_of_any_size(0.95, 1.0) == pytest.approx(most, abs=5e-5)
    assert FewBursts(100, sizes + 0.5, 0.001).share_of_any_size(0.95, 1.0) == 1.0


def test_bursts_whose_sizes_spread_are_worth_half_as_many_equal_ones_or_fewer():
    """Four equal ones are worth two of twice the size; 1, 1, 1 and 9 are worth four fifths of 144 / 84."""
    equal = FewBursts(100, np.full(4, 0.01), 0.001)
    spread = FewBursts(100, np.array([0.01, 0.01, 0.01, 0.09]), 0.001)
    assert equal.share_of_such_sizes(0.95) == pytest.approx(0.001 + 7.038 * 0.02, abs=1e-4)
    worth = 0.8 * 144 / 84
    most = share_limits(worth / 100, 100, 0.95)[1] * 100
    assert spread.share_of_such_sizes(0.95) == pytest.approx(0.001 + most * 0.12 / worth)
    assert spread.share_of_such_sizes(0.99) > spread.share_of_such_sizes(0.95)
    assert FewBursts(100, np.full(9, 0.2), 0.001).share_of_such_sizes(0.95) == 1.0


def test_more_traffic_in_a_part_of_the_run_is_no_burst_of_failures():
    trials = np.repeat([10, 1000], 30)
    failed = np.zeros(60)
    failed[[20, 32, 35, 39, 42, 46, 50, 53, 57]] = 1
    assert few_bursts(trials - failed, trials) is None


def test_what_most_operations_do_is_no_burst():
    assert count_of([10, 0, 0, 0, 0, 10, 0, 0, 0], [10] * 9) is None


def test_failures_now_and_then_are_no_bursts_beside_bursts():
    """One in a hundred fails all the time, 0 to 2 of each hundred; in two of 120 windows ten times as many."""
    failed = np.tile([1.0, 0.0, 2.0], 40)
    failed[[30, 80, 81]] = 10
    few = few_bursts(100 - failed, np.full(120, 100))
    assert few.sizes * 12_000 == pytest.approx([10, 20])
    assert few.others * 12_000 == pytest.approx(failed.sum() - 30)


def test_one_window_that_failed_more_by_chance_is_no_burst():
    """Five standard deviations over four of a hundred, in one of 300 windows: all of them spread less than chance does."""
    failed = np.tile([3.0, 4.0, 5.0], 100)
    failed[50] = 14
    assert few_bursts(100 - failed, np.full(300, 100)) is None


def test_the_usual_share_is_that_of_the_windows_that_do_not_fail_more():
    """Leaving out the outage of all shows the smaller one, and leaving out that the usual failures."""
    failed = np.tile([4.0, 6.0], 60)
    failed[20:24], failed[70] = 100, 20
    share, more = usual_share(failed, np.full(120, 100.0))
    assert np.flatnonzero(more).tolist() == [20, 21, 22, 23, 70]
    assert share == pytest.approx(0.05, abs=1e-3)
    nothing, none = usual_share(np.zeros(3), np.zeros(3))
    assert (nothing, none.any()) == (0.0, False)


def test_bursts_are_seen_in_fewer_than_five_windows_too():
    """Though no interval is known of so few. A tenth of all failed: five times as much in one window of four is a burst."""
    assert count_of([0, 100], [100, 100]) == 1
    assert count_of([100, 60, 100, 100], [100] * 4) == 1
    assert count_of([60, 100, 100, 60], [100] * 4) == 2
    assert few_bursts([90] * 4, [100] * 4) is None
    assert few_bursts([60], [100]) is None  # one window is as even as can be


@pytest.mark.parametrize(("failed", "count"), [(6, None), (7, 1)])
def test_a_burst_lies_four_standard_deviations_over_what_all_windows_have(failed, count):
    """Of 400 operations x failed, all in one of four windows of which each would have x / 4: 1.5 and 4.9 more, 1.75 and 5.2."""
    assert count_of([100 - failed, 100, 100, 100], [100] * 4) == count


@pytest.mark.parametrize(("failed", "count"), [(18, None), (19, 1)])
def test_in_a_burst_squares_are_more_than_twice_those_of_independent_failures(failed, count):
    """In one of 50 windows, where 40 others hold four of a hundred each: 1.92 and 2.09 times."""
    rest = np.r_[np.full(40, 4.0), np.zeros(9)]
    assert count_of(100 - np.r_[failed, rest], [100] * 50) == count


def test_a_tenth_of_many_and_of_few_is_one_share():
    busy = np.where(np.arange(40) < 20, 10, 400)
    e = proportion_estimate(0.9 * busy, busy)
    assert e.n_eff == pytest.approx(8200 * (1.95996 / 2.10092) ** 2, rel=1e-4)
