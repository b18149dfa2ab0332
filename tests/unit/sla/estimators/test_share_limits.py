"""Limits of shares and of quantiles: those of the tables for independent outcomes, wider for such as come in clusters."""

import math

import pytest
from scipy.stats import beta

from sla.estimators.share_limits import CLUSTERED, order_statistic_limits, share_limits


@pytest.mark.parametrize(
    ("share", "limits"),
    [(0.5, (0.1871, 0.8129)), (0.0, (0.0, 0.3085)), (1.0, (0.6915, 1.0)), (0.1, (0.0025, 0.4450))],
)
def test_limits_of_ten_outcomes_are_those_of_the_tables(share, limits):
    assert share_limits(share, 10, 0.95) == pytest.approx(limits, abs=5e-5)


def test_less_than_one_effective_outcome_is_not_none():
    low, high = share_limits(0.01, 50, 0.95)  # half an outcome
    assert 0 < low < 0.01 < high < 1
    low, high = share_limits(0.99, 50, 0.95)
    assert 0 < low < 0.99 < high < 1


def moved(share, n, effective_outcomes):
    """Clopper and Pearson's limits at 95 %, the upper one with so many more outcomes among as many."""
    k = share * n
    more = k + effective_outcomes
    return beta.ppf(0.025, k, n - k + 1), beta.ppf(0.975, more + 1, n - more)


def test_clusters_move_the_upper_limit_of_what_is_rare_up():
    """By three quarters with a design effect of 4, and that by 1 - 2 * 0.1: 0.6 of an outcome."""
    limits, plain = share_limits(0.1, 50, 0.95, deff=4.0), share_limits(0.1, 50, 0.95)
    assert limits == pytest.approx(moved(0.1, 50, 0.6 * CLUSTERED))
    assert (plain[0], plain[1] < limits[1]) == (limits[0], True)


def test_the_more_they_cluster_the_further_up_to_one_outcome():
    highs = [share_limits(0.01, 1000, 0.95, deff)[1] for deff in (1.0, 1.1, 2.0, 10.0, math.inf)]
    assert highs == sorted(set(highs))
    assert highs[-1] == pytest.approx(moved(0.01, 1000, 0.98 * CLUSTERED)[1])


@pytest.mark.parametrize("deff", [1.0, 3.0, math.inf])
@pytest.mark.parametrize("share", [0.0, 0.02, 0.3, 0.5])
def test_what_is_frequent_is_the_rest_of_what_is_rare(share, deff):
    rare, frequent = share_limits(share, 80, 0.95, deff), share_limits(1 - share, 80, 0.95, deff)
    assert frequent == pytest.approx((1 - rare[1], 1 - rare[0]))
    rare, frequent = (order_statistic_limits(q, 80, 0.95, deff) for q in (0.5 - share / 2, 0.5 + share / 2))
    assert frequent == pytest.approx((1 - rare[1], 1 - rare[0]))


@pytest.mark.parametrize("limits", [share_limits, order_statistic_limits])
def test_a_half_has_no_side_to_move_to_and_nothing_moves_without_clusters(limits):
    assert limits(0.5, 60, 0.95, 50.0) == limits(0.5, 60, 0.95) == pytest.approx(moved(0.5, 60, 0.0))
    assert limits(0.9, 60, 0.95, 1.0) == limits(0.9, 60, 0.95) == pytest.approx(moved(0.9, 60, 0.0))


def test_limits_of_a_quantile_are_those_of_the_beta_law():
    assert order_statistic_limits(0.5, 8, 0.95) == pytest.approx((0.1570, 0.8430), abs=5e-5)
    assert order_statistic_limits(0.99, 1000, 0.95) == pytest.approx((0.9817, 0.9952), abs=5e-5)


def test_clusters_move_the_upper_limit_of_a_high_quantile_up():
    """As there may be more beyond it than was seen; by 0.9 with a design effect of 10, and that by 2 * 0.9 - 1."""
    assert order_statistic_limits(0.9, 200, 0.95, deff=10.0) == pytest.approx(moved(0.9, 200, 0.72 * CLUSTERED))


@pytest.mark.parametrize(("q", "n_eff"), [(0.9, 200), (0.95, 200), (0.99, 2000), (0.05, 200)])
def test_a_quantile_reaches_as_far_as_the_share_under_a_value_may_be_its_own(q, n_eff):
    """Test inversion: with clusters both agree as they do without, within half of an outcome, though one has moved."""

    def apart(deff):
        low, high = order_statistic_limits(q, n_eff, 0.95, deff)
        return [n_eff * (share_limits(high, n_eff, 0.95, deff)[0] - q), n_eff * (share_limits(low, n_eff, 0.95, deff)[1] - q)]

    assert apart(20.0) == pytest.approx(apart(1.0), abs=0.5)
    assert apart(1.0) == pytest.approx([0.0, 0.0], abs=1.5)  # the two laws themselves differ by about one outcome
    tail = 0 if q < 0.5 else 1
    limits, plain = order_statistic_limits(q, n_eff, 0.95, 20.0), order_statistic_limits(q, n_eff, 0.95)
    assert n_eff * abs(limits[tail] - plain[tail]) > 0.5


@pytest.mark.parametrize("deff", [1.0, 1.5, 40.0, math.inf])
@pytest.mark.parametrize("n_eff", [0.01, 0.5, 2.0, 9.0, 100.0, 1e6])
def test_the_estimate_lies_between_its_limits_however_little_was_seen(n_eff, deff):
    for share in (1e-6, 0.001, 0.02, 0.3, 0.5, 0.8, 0.99, 0.9999):
        low, high = share_limits(share, n_eff, 0.95, deff)
        assert 0 <= low < share < high <= 1
        low, unbounded = order_statistic_limits(share, n_eff, 0.95, deff)
        assert 0 <= low < share < (1 if unbounded is None else unbounded) <= 1


@pytest.mark.parametrize(("n_eff", "bounded"), [(367, False), (368, True)])
def test_samples_that_all_may_lie_on_one_side_of_a_quantile_do_not_bound_it_there(n_eff, bounded):
    """0.99 ** 367 is over 0.025, 0.99 ** 368 under it."""
    assert (order_statistic_limits(0.99, n_eff, 0.95)[1] is not None) is bounded
    assert (order_statistic_limits(0.01, n_eff, 0.95)[0] > 0) is bounded


def test_samples_that_may_all_lie_on_one_side_of_a_quantile_by_just_the_tail_bound_it():
    """Both of two lie under their median in a quarter of all cases, which is the tail of an interval of one half."""
    low, high = order_statistic_limits(0.5, 2, 0.5)
    assert 0 < low < 0.5 < high < 1
    assert order_statistic_limits(0.5, 1.9, 0.5) == (0.0, None)


@pytest.mark.parametrize(("deff", "bounded"), [(1.0, True), (8.0, True), (8.1, False)])
def test_where_less_lies_beyond_a_quantile_than_clusters_move_its_limits_by_there_is_none(deff, bounded):
    """Of seven samples 0.7 lie beyond a p90. With a design effect of 8 its limits move by 0.8 * 7 / 8."""
    tails = [order_statistic_limits(0.9, 7 + 1e-9, 0.02, deff)[1], order_statistic_limits(0.1, 7 + 1e-9, 0.02, deff)[0]]
    assert [bool(limit) for limit in tails] == [bounded, bounded]


def test_where_just_as_much_lies_beyond_a_quantile_there_is_none_either():
    """An eighth of six is 0.75, and so is 1 - 2 / 8; 7/8 ** 6 is under 0.45."""
    assert order_statistic_limits(0.125, 6, 0.1, math.inf)[0] == 0.0
    assert order_statistic_limits(0.875, 6, 0.1, math.inf)[1] is None


@pytest.mark.parametrize(("deff", "bounded"), [(1.0, True), (1.5, True), (2.4, False), (math.inf, False)])
def test_a_share_is_not_bounded_where_fewer_outcomes_are_left_than_clusters_move_its_limits_by(deff, bounded):
    """Nine tenths of half an outcome are 0.45; with a design effect of 2.29 limits move by as much, which is 0.8 * 0.5625."""
    assert (share_limits(0.1, 0.5, 0.95, deff)[1] < 1) is bounded
    assert (share_limits(0.9, 0.5, 0.95, deff)[0] > 0) is bounded


def test_nothing_is_known_of_no_effective_outcome():
    assert [share_limits(share, 0.0, 0.95, math.inf) for share in (0.0, 0.1, 0.5, 0.99)] == [(0.0, 1.0)] * 4
    assert [order_statistic_limits(q, 0.0, 0.95, math.inf) for q in (0.01, 0.5, 0.99)] == [(0.0, None)] * 3
