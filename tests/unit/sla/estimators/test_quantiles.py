"""Edges of the quantiles' parts that no simulated stream comes to."""

import math

import numpy as np
import pytest

from sla.estimators.dependence import BATCHES, batch_begins
from sla.estimators.quantiles import (
    MergedWindows,
    _batches_with,
    bootstrap_draws,
    bootstrap_ranks,
    influences,
    order_statistic_limits,
    quantile_estimates,
    quantile_results,
    seconds_needed,
    windows_of,
)
from sla.estimators.random_numbers import generator
from sla.values.histogram import COUNTS_LENGTH, EMPTY, HIGHEST_NS, Histogram, from_values


def test_a_second_begins_at_its_edge():
    assert [w.total for w in windows_of([0.0, 0.999, 1.0, 1.5, 2.0], [1, 1, 1, 1, 1])] == [2, 2, 1]


@pytest.mark.parametrize(
    ("times", "values"), [([0.0, math.nan], [1.0, 1.0]), ([0.0, math.inf], [1.0, 1.0]), ([0.0, 1.0], [1.0, math.nan])]
)
def test_one_value_that_is_none_among_others_is_refused(times, values):
    with pytest.raises(ValueError, match="must be finite"):
        windows_of(times, values)


@pytest.mark.parametrize("each", [1.0, 5.0])
def test_a_batch_with_one_exceedance_has_one(each):
    assert _batches_with(np.full(3 * BATCHES, each)) == 1.0
    assert _batches_with(np.repeat([each, 0.0], [BATCHES, BATCHES])) == 0.5


def test_samples_below_a_bucket_are_those_of_each_window_whatever_the_windows_hold():
    """Beside the same counted one by one."""
    over = Histogram(EMPTY.indices, EMPTY.counts, 3)
    one = from_values(np.array([5, 5, 70_000, 9_000_000]), over_range=1)
    windows = [EMPTY, one, over, EMPTY, from_values(np.array([5])), from_values(np.arange(0, 60_000_000_000, 1_000_000_007))]
    merged = MergedWindows.of(windows)
    for bucket in (0, 4, 5, 6, 2_047, 2_048, 9_000, 27_647, None):
        counted = [h.count_at_or_below(bucket) if bucket is not None else int(h.counts.sum()) for h in windows]
        assert merged.below(bucket).tolist() == counted, bucket


def alike(windows=40, each=25):
    """Windows of which each holds every 40th of the values 0 to 999: neighbours differ by half of that, there is no trend."""
    order = [half + windows // 2 * other for half in range(windows // 2) for other in (0, 1)]
    return [from_values(np.arange(each) * windows + first) for first in order]


@pytest.mark.parametrize(("level", "n_eff", "ranks"), [(0.95, 876.9, 33.1), (0.5, 962.2, 10.9)])
def test_the_interval_of_a_median_is_that_of_its_order_statistics(level, n_eff, ranks):
    """Independent: 1000 samples, less what 19 degrees of freedom leave open; the rank of a median has a standard deviation of
    sqrt(n) / 2.
    """
    [median] = quantile_results(alike(), [0.5], level)
    e = median.estimate
    assert (median.deff, median.quantile, e.point, e.n, e.level) == (1.0, 0.5, 499, 1000, level)
    assert e.n_eff == pytest.approx(n_eff, abs=0.1)
    assert (e.low, e.high) == pytest.approx((499 - ranks, 499 + ranks), abs=1.5)


def test_windows_that_differ_as_a_whole_are_worth_as_many_samples_as_there_are_windows():
    """Half of 40 windows are fast, half slow, in an order that has no memory: a median of 40 coins."""
    fast, slow = from_values(np.full(25, 100)), from_values(np.full(25, 200))
    [quantile] = quantile_results([fast, slow, slow, fast] * 10, [0.4], 0.95)
    assert 20 < quantile.deff < 60
    assert quantile.estimate.n_eff == pytest.approx(1000 / quantile.deff * (1.95996 / 2.09302) ** 2, rel=1e-3)
    assert (quantile.estimate.point, quantile.estimate.low, quantile.estimate.high) == (100, 100, 200)


def test_limits_of_a_quantile_are_those_of_the_beta_law():
    assert order_statistic_limits(0.5, 8, 0.95) == pytest.approx((0.1570, 0.8430), abs=5e-5)
    low, high = order_statistic_limits(0.99, 1000, 0.95)
    assert (low, high) == pytest.approx((0.9817, 0.9952), abs=5e-4)


@pytest.mark.parametrize(("n_eff", "bounded"), [(367, False), (368, True)])
def test_samples_that_all_may_lie_under_a_quantile_do_not_bound_it(n_eff, bounded):
    """0.99 ** 367 is over 0.025, 0.99 ** 368 under it."""
    assert (order_statistic_limits(0.99, n_eff, 0.95)[1] is not None) is bounded


def test_how_long_a_run_must_be_grows_with_dependence_and_falls_with_the_rate():
    assert seconds_needed(4.0, 1000.0, 0.99) == pytest.approx(4.56)
    assert seconds_needed(1.0, 0.5, 0.5) == pytest.approx(45.6)
    assert seconds_needed(1.0, 0.0, 0.99) == math.inf


def test_what_a_window_adds_to_a_quantile_sums_to_nothing():
    """Three of four samples lie at or under 2."""
    [influence] = influences([from_values(np.array([1, 2])), from_values(np.array([2, 9])), EMPTY], [0.6])
    assert influence.tolist() == [0.5, -0.5, 0.0]
    assert influences([EMPTY], [0.5]) == []


def test_a_gap_is_a_minute_at_most_and_half_a_nanosecond_is_rounded_to_even():
    assert [w.total for w in windows_of([5.0, 8.0], [1, 1])] == [1, 0, 0, 1]
    assert [len(windows_of([0.0, gap], [1, 1])) for gap in (59.0, 60.0, 61.0, 1e9)] == [60, 61, 61, 61]
    assert windows_of([0.0, 0.1, 0.2], [1.4, 1.6, 2.5])[0] == from_values(np.array([1, 2, 2]))


def test_a_latency_of_nothing_is_one_and_one_over_a_minute_has_a_rank_alone():
    [window] = windows_of([0.0, 0.0, 0.0, 0.0], [0.0, HIGHEST_NS, HIGHEST_NS + 0.4, HIGHEST_NS + 1])
    assert (window.total, window.over_range, window.min_ns) == (4, 1, 0)
    [median] = quantile_estimates([0.0, 0.0, 0.0], [1.0, HIGHEST_NS + 1.0, HIGHEST_NS + 1.0], [0.5])
    assert (median.point, median.high) == (math.inf, math.inf)
    assert median.low == 1


def test_resampled_ranks_are_joint_order_statistics():
    """Of 100 uniform values the 50th and the 90th: means k / 101, covariance 50 * 11 / (101^2 * 102)."""
    ranks = bootstrap_ranks(100, [0.5, 0.9], 100_000, generator(1))
    assert ranks.mean(axis=0) == pytest.approx([50 / 101, 90 / 101], abs=5e-4)
    wanted = np.array([[50 * 51, 50 * 11], [50 * 11, 90 * 11]]) / (101**2 * 102)
    assert np.cov(ranks.T) == pytest.approx(wanted, rel=0.03)


def test_quantiles_under_the_first_of_few_values_are_that_one():
    ranks = bootstrap_ranks(4, [0.1, 0.2, 0.5], 100_000, generator(1))
    assert (ranks[:, 0] == ranks[:, 1]).all()
    assert ranks.mean(axis=0) == pytest.approx([1 / 5, 1 / 5, 2 / 5], abs=3e-3)


def test_drawn_values_are_those_of_the_sample_and_over_range_the_longest():
    whole = from_values(np.arange(100), over_range=20)
    drawn = bootstrap_draws(whole, 120, [0.5, 0.99], draws=10_000, seed=3)
    assert drawn.shape == (10_000, 2)
    assert np.median(drawn[:, 0]) == pytest.approx(59, abs=1)
    assert set(drawn[:, 1].tolist()) == {HIGHEST_NS}
    assert (bootstrap_draws(whole, 120, [0.5], 50, 3) == bootstrap_draws(whole, 120, [0.5], 50, 3)).all()


def test_windows_lie_behind_each_other_with_their_own_counts():
    merged = MergedWindows.of([EMPTY, from_values(np.array([5, 5, 7])), from_values(np.array([7])), EMPTY])
    assert merged.edges.tolist() == [0, 0, 2, 3, 3]
    assert (merged.keys % COUNTS_LENGTH).tolist() == [5, 7, 7]
    assert (merged.keys // COUNTS_LENGTH).tolist() == [1, 1, 2]
    assert (merged.cumulative.tolist(), merged.sizes.tolist(), merged.n) == ([2, 3, 1], [0, 3, 1, 0], 4)


def test_many_windows_are_those_of_few():
    """More than are put behind each other in one go."""
    windows = [from_values(np.array([i, i + 3])) for i in range(600)]
    merged = MergedWindows.of(windows)
    assert merged.below(300).tolist() == [h.count_at_or_below(300) for h in windows]
    assert merged.edges.tolist() == list(range(0, 1201, 2))


def test_without_a_sample_there_is_no_quantile_and_without_a_word_the_level_is_95_per_cent():
    assert quantile_results([EMPTY, EMPTY]) is None
    assert quantile_results([]) is None
    assert quantile_results(alike()) == quantile_results(alike(), (0.5, 0.9, 0.95, 0.99, 0.999), 0.95)
    times, values = np.arange(200) / 10, np.arange(200) % 7
    assert quantile_estimates(times, values) == quantile_estimates(times, values, level=0.95)


def test_limits_are_the_outer_edges_of_their_buckets():
    """5001 ns lies in the bucket from 5000 to 5003 ns."""
    [median] = quantile_results([from_values(np.full(20, 5001))] * 30, [0.5])
    assert (median.estimate.low, median.estimate.point, median.estimate.high) == (5000, 5001.5, 5003)


def clustered(each, slowest):
    """50 windows of `each` samples, all of 100 ns but the `slowest`, and but two windows that lie next below these."""
    windows = np.full((50, each), 100)
    windows[[6, 31]] = 500
    windows[slowest] = 1000
    return [from_values(w) for w in windows]


def test_the_dependence_of_a_thin_tail_is_looked_for_further_down():
    """Of 500 samples five lie beyond the p99. Beyond 0.96 each batch holds one, beyond 0.92 half of them lie in two windows."""
    [thin] = quantile_results(clustered(10, (batch_begins(50), 0)), [0.99])
    assert thin.deff == pytest.approx(200 / (500 * 0.92 * 0.08), rel=0.1)
    [thick] = quantile_results(clustered(100, np.s_[:, :4]), [0.99])  # of 5000 fifty lie beyond it, and there they come evenly
    assert thick.deff == 1.0
