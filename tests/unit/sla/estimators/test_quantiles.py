"""Edges of the quantiles' parts that no simulated stream comes to."""

import math

import numpy as np
import pytest

from sla.estimators.dependence import batch_begins
from sla.estimators.quantiles import (
    MergedWindows,
    influences,
    quantile_estimates,
    quantile_results,
    seconds_needed,
)
from sla.values.grouped_counts import windows_of
from sla.values.histogram import COUNTS_LENGTH, EMPTY, HIGHEST_NS, Histogram, from_values


def test_a_second_begins_at_its_edge():
    assert [w.total for w in windows_of([0.0, 0.999, 1.0, 1.5, 2.0], [1, 1, 1, 1, 1])] == [2, 2, 1]


@pytest.mark.parametrize(
    ("times", "values"), [([0.0, math.nan], [1.0, 1.0]), ([0.0, math.inf], [1.0, 1.0]), ([0.0, 1.0], [1.0, math.nan])]
)
def test_one_value_that_is_none_among_others_is_refused(times, values):
    with pytest.raises(ValueError, match="must be finite"):
        windows_of(times, values)


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


@pytest.mark.parametrize(("level", "n_eff", "ranks"), [(0.95, 870.3, 33.2), (0.5, 960.1, 10.9)])
def test_the_interval_of_a_median_is_that_of_its_order_statistics(level, n_eff, ranks):
    """Independent: 1000 samples, less what eighteen degrees of freedom leave open; the rank of a median has a standard
    deviation of sqrt(n) / 2.
    """
    [median] = quantile_results(alike(), [0.5], level)
    e = median.estimate
    assert (median.deff, median.quantile, e.point, e.n, e.level) == (1.0, 0.5, 499, 1000, level)
    assert e.n_eff == pytest.approx(n_eff, abs=0.1)
    assert (e.low, e.high) == pytest.approx((499 - ranks, 499 + ranks), abs=1.5)


def test_windows_that_differ_as_a_whole_are_worth_as_many_samples_as_there_are_windows():
    """Half of 400 windows are fast, half slow, in an order that has no memory: 400 coins, and not 10,000 samples."""
    fast, slow = from_values(np.full(25, 100)), from_values(np.full(25, 200))
    coins = np.random.default_rng(4).permutation(400) % 2
    [quantile] = quantile_results([slow if coin else fast for coin in coins], [0.48], 0.95)
    assert quantile.deff == pytest.approx(25, rel=0.4)
    assert 10_000 / quantile.deff > quantile.estimate.n_eff > 0.8 * 10_000 / quantile.deff
    assert (quantile.estimate.point, quantile.estimate.low, quantile.estimate.high) == (100, 100, 200)


@pytest.mark.parametrize(("windows", "bounded"), [(1, False), (4, False), (5, True)])
def test_fewer_than_five_windows_bound_no_quantile(windows, bounded):
    """They may depend on each other in any way, however many samples each of them holds."""
    [median] = quantile_results([from_values(np.arange(1000, 3000))] * windows, [0.5])
    e = median.estimate
    assert (e.n_eff > 0, e.low > 0, e.high < math.inf) == (bounded,) * 3
    assert e.point == pytest.approx(2000, rel=0.01)


def test_a_service_that_is_slower_in_every_second_is_slow_though_it_gets_slower_all_the_time():
    """Of one climb not two samples are effective, and nothing is known of where it ends. But all lie beyond the first."""
    climb = [from_values(np.arange(1000, 1100) + 10 * second) for second in range(60)]
    for level in (0.95, 0.99):
        for q in (0.5, 0.9):
            [result] = quantile_results(climb, [q], level)
            assert (result.estimate.low, result.estimate.high) == (1000, math.inf), q
            assert result.estimate.n_eff < 2
    [with_ticks] = quantile_results(climb, [0.5], tick_ns=300)
    assert with_ticks.estimate.low == 700


@pytest.mark.parametrize(("filled", "q", "low"), [(5, 0.5, 0), (6, 0.5, 1000), (5, 0.53, 1000), (4, 0.7, 0), (27, 0.1, 0)])
def test_all_of_a_few_seconds_lie_beyond_a_value_by_chance(filled, q, low):
    """All of five lie beyond their median in 1 of 32 cases, of six in 1 of 64; of five beyond a p53 in 1 of 44. Fewer than five
    are no windows to judge by, and seconds without samples are none.
    """
    climb = [from_values(np.array([1000 + 100 * second] * 3)) if second % 2 == 0 else EMPTY for second in range(2 * filled)]
    [result] = quantile_results(climb, [q])
    assert result.estimate.low == low


@pytest.mark.parametrize("wrong", [1.0, 0.0, -0.1, 1.5, math.nan, math.inf])
def test_what_is_no_quantile_is_refused(wrong):
    for refused in (
        lambda: quantile_results(alike(), [0.5, wrong]),
        lambda: quantile_results([], [wrong]),
        lambda: quantile_estimates([0.0, 1.0], [1.0, 1.0], [wrong]),
        lambda: MergedWindows.of(alike()).results([wrong], 0.95),
    ):
        with pytest.raises(ValueError, match=f"must lie between 0 and 1, not {wrong:g}$"):
            refused()


@pytest.mark.parametrize("q", [5e-324, 1e-17, 1 - 2**-53])
def test_the_lowest_and_the_highest_quantiles_that_there_are_have_a_result(q):
    [result] = quantile_results(alike(), [q])
    assert result.estimate.low <= result.estimate.point <= result.estimate.high
    assert (result.estimate.low == 0, result.estimate.high == math.inf) == (q < 0.5, q > 0.5)


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
    [median] = quantile_estimates([0.0, 1.0, 2.0, 3.0, 4.0, 5.0], [1.0, 1.0, *[HIGHEST_NS + 1.0] * 4], [0.5])
    assert (median.point, median.high) == (math.inf, math.inf)
    assert median.low == 1


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
    """Of 500 samples five lie beyond the p99. Beyond 0.96 each batch holds one, beyond 0.92 half of them lie in two windows,
    and each of the twenty slowest cosines holds 196 of the mean.
    """
    [thin] = quantile_results(clustered(10, (batch_begins(50), 0)), [0.99])
    assert thin.deff == pytest.approx(195.8 / (500 * 0.92 * 0.08), rel=1e-3)
    [thick] = quantile_results(clustered(100, np.s_[:, :4]), [0.99])  # of 5000 fifty lie beyond it, and there they come evenly
    assert thick.deff == 1.0


def test_what_correlates_in_the_tail_alone_makes_a_median_depend_too():
    """Misses of a cache, 1 % in one half of the run and 9 % in the other: each second's median hardly shows it."""
    rng = np.random.default_rng(3)
    seconds = [rng.normal(1000, 100, 500) for _ in range(60)]
    even = quantile_results([from_values(s.astype(np.int64)) for s in seconds], [0.5])
    for i, second in enumerate(seconds):
        second[: 5 if i < 30 else 45] *= 20
    merged = MergedWindows.of([from_values(s.astype(np.int64)) for s in seconds])
    [median] = merged.results([0.5], 0.95)
    assert merged.alike is not None
    assert merged.alike.cosines < 6
    assert median.reaches
    assert not even[0].reaches
    assert median.estimate.n_eff < even[0].estimate.n_eff / 3
    assert MergedWindows.of([from_values(np.arange(10))] * 4).alike is None  # of four windows nothing is known


def test_no_lower_limit_is_lower_than_that_of_a_lower_quantile():
    """About 20 ms, and 300 ms for 5 s of 120: little is known of the tail, and of the p90 that it is over 22 ms."""
    rng, windows = np.random.default_rng(3), []
    for w in range(120):
        latency_ns = np.full(100, 300e6) if 40 <= w < 45 else 20e6 * np.exp(rng.normal(0, 0.1, 100))
        windows.append(from_values(latency_ns.astype(np.int64)))
    merged = MergedWindows.of(windows)
    results = merged.results((0.5, 0.9, 0.95, 0.99, 0.999), 0.95)
    lows = [r.estimate.low for r in results]
    assert lows == sorted(lows)
    assert [r.floor_ns for r in results[:3]] == [0.0, 0.0, lows[1]]
    assert lows[1] == pytest.approx(22.0e6, rel=0.01)
    assert merged.results([0.95], 0.95) == results[2:3]  # asked for alone, too


def test_no_upper_limit_is_higher_than_that_of_a_higher_quantile():
    """From 1 to 2 ms in half a wave, so that little is known of the median; but one in eight take 5 ms all the time."""
    rng, windows = np.random.default_rng(3), []
    for w in range(60):
        bulk_ns = 1e6 * (1.5 - 0.5 * np.cos(np.pi * (w + 0.5) / 60))
        latency_ns = np.where(rng.random(1000) < 0.125, 5e6, bulk_ns) * np.exp(rng.normal(0, 0.1, 1000))
        windows.append(from_values(latency_ns.astype(np.int64)))
    results = quantile_results(windows, (0.5, 0.9, 0.99))
    highs = [r.estimate.high for r in results]
    assert highs == sorted(highs)
    assert (results[0].capped_ns, results[-1].capped_ns) == (highs[0], math.inf)
    assert highs[0] < 6e6
