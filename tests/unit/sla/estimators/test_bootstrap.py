"""Joint draws of quantiles, and how they are read: each by the law of its own interval, at a histogram's buckets."""

import dataclasses
import math

import numpy as np
import pytest
from scipy import stats

from sla.estimators.bootstrap import bootstraps, joint_ranks, of_buckets, of_histogram
from sla.estimators.increments import Increments
from sla.estimators.quantiles import MergedWindows, QuantileResult
from sla.estimators.random_numbers import generator
from sla.estimators.server_side import server_quantile
from sla.estimators.share_limits import order_statistic_limits
from sla.values.bootstrap import Bootstrap
from sla.values.estimate import Estimate
from sla.values.histogram import HIGHEST_NS, Histogram, bucket_edges_ns, from_values

DRAWS = 100_000
EACH_NS = from_values(np.arange(1, 2001))  # 2000 samples, the k-th smallest of them k ns: buckets as narrow as can be
CRITICAL = 1.95 / math.sqrt(DRAWS)  # of Kolmogorov and Smirnov's distance, at 0.1 %


def result(q, low, high, n_eff, deff=1.0, point=None, level=0.95):
    """An estimate of the quantile of EACH_NS, with this interval."""
    return QuantileResult(q, Estimate(point or 2000 * q, low, high, level, 2000, n_eff), deff)


def resampled(*results, whole=EACH_NS, tick_ns=0, **options):
    return bootstraps([of_histogram(whole, r, tick_ns) for r in results], **options)


def test_ranks_of_one_sample_are_joint_order_statistics():
    """Of 100 uniform values the 50th and the 90th: means k / 101, covariance 50 * 11 / (101^2 * 102)."""
    ranks = joint_ranks([(90, 11), (50, 51)], DRAWS, generator(1))
    assert ranks.mean(axis=0) == pytest.approx([90 / 101, 50 / 101], abs=5e-4)
    wanted = np.array([[90 * 11, 50 * 11], [50 * 11, 50 * 51]]) / (101**2 * 102)
    assert np.cov(ranks.T) == pytest.approx(wanted, rel=0.03)
    assert (ranks[:, 1] < ranks[:, 0]).all()


def test_one_quantile_that_is_there_twice_is_drawn_once():
    ranks = joint_ranks([(50, 51), (50, 51)], 100, generator(1))
    assert (ranks[:, 0] == ranks[:, 1]).all()
    assert joint_ranks([], 100, generator(1)).shape == (100, 0)


@pytest.mark.parametrize("laws", [[(750.0, 251.0), (198.0, 3.0)], [(9.9, 1.1), (900.0, 101.0)], [(0.9, 1.02), (0.5, 9.5)]])
def test_each_rank_has_its_own_law_where_effective_sizes_differ(laws):
    ranks = joint_ranks(laws, DRAWS, generator(2))
    for column, law in zip(ranks.T, laws, strict=True):
        assert stats.kstest(column, stats.beta(*law).cdf).statistic < CRITICAL


def test_a_quantile_with_a_quarter_of_the_effective_samples_shares_them_with_the_other():
    """Its noise has twice the spread, half of which, in variance a quarter, is the other's: the correlation is half as large as
    that of order statistics of one sample, sqrt(0.5 * 0.1 / (0.5 * 0.9)) = 1 / 3.
    """
    ranks = joint_ranks([(2000, 2001), (900, 101)], DRAWS, generator(3))
    assert np.corrcoef(ranks.T)[0, 1] == pytest.approx(1 / 6, abs=0.01)


@pytest.mark.parametrize(("q", "n_eff"), [(0.5, 2000), (0.5, 500), (0.9, 2000), (0.99, 400)])
def test_the_percentile_interval_is_that_of_the_two_order_statistics_that_the_quantile_lies_between(q, n_eff):
    """A percentile of 100,000 draws is known to sqrt(0.025 * 0.975 / 100,000) / density: here to under a rank and a half."""
    [b] = resampled(result(q, 1, 2000, n_eff))
    k = q * n_eff
    assert b.low == pytest.approx(math.ceil(2000 * stats.beta(k, n_eff - k + 1).ppf(0.025)), abs=3)
    assert b.high == pytest.approx(math.ceil(2000 * stats.beta(k + 1, n_eff - k).ppf(0.975)), abs=3)
    assert (b.draws, b.level) == (DRAWS, 0.95)


def test_clusters_move_the_draws_as_they_move_the_interval():
    """By 0.98 * (1 - 1 / 4) effective samples of 500, each worth four ranks."""
    plain, clustered = (resampled(result(0.99, 1, 2000, 500, deff))[0] for deff in (1.0, 4.0))
    k = 0.99 * 500 + 0.98 * 0.75
    assert clustered.high == pytest.approx(math.ceil(2000 * stats.beta(k + 1, 500 - k).ppf(0.975)), abs=2)
    assert (clustered.high > plain.high, clustered.low) == (True, pytest.approx(plain.low, abs=2))


def test_at_another_level_other_percentiles_are_taken():
    [wide], [narrow] = (resampled(result(0.5, 1, 2000, 2000, level=level)) for level in (0.95, 0.5))
    half = stats.beta(1000, 1001).ppf(0.25) * 2000
    assert narrow.low == pytest.approx(math.ceil(half), abs=1)
    assert wide.low < narrow.low < 1000 < narrow.high < wide.high
    assert narrow.level == 0.5


@pytest.mark.parametrize(
    ("q", "n_eff", "low", "high"),
    [(0.5, 0.0, True, True), (0.99, 300.0, False, True), (0.01, 300.0, True, False), (0.99, 0.5, True, True)],
)
def test_what_so_few_effective_samples_do_not_bound_no_draws_bound(q, n_eff, low, high):
    """0.99 ** 300 is over 0.025, and so is 0.5 ** 0."""
    [b] = resampled(result(q, 0.0 if low else 1950, math.inf if high else 50, n_eff, point=2000 * q))
    assert (b.low == 0, math.isinf(b.high)) == (low, high)


def test_draws_past_the_last_sample_with_a_value_are_unbounded():
    whole = Histogram(EACH_NS.indices, EACH_NS.counts, 40)  # the highest 2 % have no value
    inside, beyond, over = resampled(
        result(0.9, 1, 2000, 2000),
        result(0.97, 1, math.inf, 300),
        result(0.99, HIGHEST_NS, math.inf, 2000, point=math.inf),
        whole=whole,
    )
    assert inside.high < 2000
    assert (beyond.low < 2000, beyond.high) == (True, math.inf)
    assert (over.low, over.high) == (HIGHEST_NS, math.inf)


def test_each_sample_may_be_off_by_a_tick_and_the_interval_holds_the_estimate():
    [plain] = resampled(result(0.5, 1, 2000, 2000))
    [b] = resampled(result(0.5, 1, 2000, 2000), tick_ns=30)
    assert (b.low, b.high) == (plain.low - 30, plain.high + 30)
    [all_alike] = resampled(result(0.5, 0, 2000, 2000), tick_ns=2000)
    assert all_alike.low == 0
    [outside] = resampled(result(0.5, 500, 1500, 2000, point=500))
    assert (outside.low, outside.high) == (500, plain.high)


def test_the_same_seed_gives_the_same_draws_and_without_one_it_is_0():
    both = [result(0.5, 950, 1050, 500), result(0.9, 1700, 1900, 2000)]
    assert resampled(*both, seed=7) == resampled(*both, seed=7) != resampled(*both, seed=8)
    assert resampled(*both) == resampled(*both, draws=DRAWS, seed=0)
    assert resampled(*both, seed=-1) == resampled(*both, seed=-1)
    assert resampled(result(0.5, 1, 2000, 2000), draws=1000)[0].draws == 1000


def judged(n_eff_factor=1.0):
    """A p99 of 40 windows, with the interval of so many times its effective samples, and its resampling."""
    rng = np.random.default_rng(1)
    merged = MergedWindows.of([from_values(rng.lognormal(14, 2, 500).astype(np.int64)) for _ in range(40)])
    [right] = merged.results([0.99], 0.95)
    ranks = order_statistic_limits(0.99, right.estimate.n_eff * n_eff_factor, 0.95, right.deff)
    low, high = (merged.whole.bucket_at(rank) for rank in ranks)
    estimate = dataclasses.replace(right.estimate, low=bucket_edges_ns(low)[0], high=bucket_edges_ns(high)[1])
    return merged.whole, dataclasses.replace(right, estimate=estimate)


def test_draws_agree_with_the_interval_that_is_right():
    whole, right = judged()
    [b] = bootstraps([of_histogram(whole, right)])
    assert b.apart < 4
    assert b.gap <= 2
    assert b.low == pytest.approx(right.estimate.low, rel=5e-3)


@pytest.mark.parametrize(("factor", "at_least"), [(0.9, 5), (1.1, 5), (0.5, 40), (2.0, 100)])
def test_draws_part_from_the_interval_of_other_effective_samples(factor, at_least):
    """With 0.9 of them 1.9 % of the draws lie beyond a limit instead of 2.5 %, which is known to 0.05 points: twelve standard
    errors, less what the limit's own bucket holds.
    """
    whole, wrong = judged(factor)
    [b] = bootstraps([of_histogram(whole, wrong)])
    assert at_least < b.apart
    assert b.gap > 1


@pytest.mark.parametrize(("low", "high"), [(951, 1200), (951, math.inf), (0, 1047), (900, 1047)])
def test_one_limit_that_is_wrong_is_enough(low, high):
    """Of 2000 samples the 957th and the 1045th are the limits of a median."""
    [b] = resampled(result(0.5, low, high, 2000))
    assert b.apart > 20


def test_what_a_bucket_holds_explains_that_fewer_draws_lie_beyond_a_limit():
    """All samples but 20 on either side of the median lie at its limits."""
    values = np.concatenate((np.full(980, 100), np.full(40, 500), np.full(980, 900)))
    [b] = resampled(result(0.5, 100, 900, 2000, point=500), whole=from_values(values))
    assert b == Bootstrap(DRAWS, 0.95, 100, 900, 0, 0.0)


def test_a_gap_counts_the_filled_buckets_between_the_limits():
    values = np.repeat([100, 300, 500, 700, 900], 400)
    [b] = resampled(result(0.5, 100, 900, 2000, point=500), whole=from_values(values))
    assert (b.low, b.high, b.gap) == (500, 500, 2)
    assert b.apart == pytest.approx(0.025 / math.sqrt(0.025 * 0.975 / DRAWS), abs=0.01)  # none of the draws is there


EDGES_S = (1.0, 2.0, 4.0, math.inf)


def buckets(*counts, intervals=20, edges_s=EDGES_S):
    """The same counts in each interval: independent, with (z / t)^2 of their number effective."""
    return Increments(np.array(edges_s), np.array([counts] * intervals, dtype=float), 0, np.zeros((intervals, 2)))


def of_server(increments, q):
    measured = server_quantile(increments, q)
    [b] = bootstraps([of_buckets(increments, q, measured)])
    return measured.estimate, b


def test_a_resampled_quantile_of_a_server_is_a_bucket():
    estimate, b = of_server(buckets(500, 300, 199, 1), 0.75)
    assert (b.low, b.high) == (estimate.low, estimate.high) == (1e9, 2e9)
    assert (b.gap, b.apart) == (0, 0)


@pytest.mark.parametrize("beyond", [1, 2, 3, 4, 5, 6, 7, 8, 9])
def test_an_edge_bounds_the_draws_where_its_own_test_says_so(beyond):
    """Of 1000 with a p99: were 10 beyond the edge in truth, so few are seen with a probability that is over 0.025 from 5 on. An
    order statistic of the sample lies beyond it with another one, which is over 0.025 from 6 on.
    """
    increments = buckets(900, 100 - beyond, beyond - 1, 1, intervals=20)
    estimate, b = of_server(increments, 0.99)
    share, n_eff = beyond / 1000, estimate.n_eff
    p_value = stats.beta(share * n_eff + 1, (1 - share) * n_eff).sf(0.01)
    assert (estimate.high == 2e9) == (b.high == 2e9) == (p_value <= 0.025)
    assert b.apart == 0


def test_no_edge_bounds_what_too_few_intervals_tell_of():
    estimate, b = of_server(buckets(900, 90, 9, 1, intervals=4), 0.99)
    assert (b.low, b.high) == (estimate.low, estimate.high) == (0.0, math.inf)
    assert b.apart == 0


def test_draws_part_from_an_edge_that_the_shares_beyond_do_not_show():
    increments = buckets(500, 300, 199, 1)
    measured = server_quantile(increments, 0.75)
    for wrong in ({"low": 0.0}, {"high": 4e9}, {"low": 1.5e9}, {"high": math.inf}):
        estimate = dataclasses.replace(measured.estimate, **wrong)
        [b] = bootstraps([of_buckets(increments, 0.75, dataclasses.replace(measured, estimate=estimate))])
        assert b.apart > 20, wrong
        assert b.gap >= 1


def test_an_edge_that_the_quantile_exceeds_says_so_of_all_edges_before_it():
    """Beyond the first edge observations come in waves: that many are there is not shown by itself."""
    counts = np.tile([[900, 0, 90, 10], [0, 900, 90, 10]], (20, 1)).repeat(5, axis=0)
    increments = Increments(np.array(EDGES_S), counts.astype(float), 0, np.zeros((200, 2)))
    estimate, b = of_server(increments, 0.95)
    assert (estimate.low, b.low) == (2e9, 2e9)
    assert b.apart == 0


@pytest.mark.parametrize("seed", range(12))
def test_draws_of_dependent_samples_agree_with_their_intervals_on_both_sides_of_the_wire(seed):
    """Seconds whose level wanders: design effects of the quantiles are large, and differ."""
    rng = np.random.default_rng(seed)
    latencies = [rng.lognormal(12 + level, 0.5, 300) for level in np.cumsum(rng.normal(0, 0.1, 60))]
    merged, quantiles = MergedWindows.of([from_values(x.astype(np.int64)) for x in latencies]), [0.5, 0.75, 0.9, 0.99]
    results = merged.results(quantiles, 0.95)
    assert len({round(r.estimate.n_eff) for r in results}) > 1
    edges_s = (*(2.0 ** np.arange(12, 26) / 1e9), math.inf)
    counts = np.array([np.histogram(x / 1e9, bins=(0.0, *edges_s))[0] for x in latencies], dtype=float)
    increments = Increments(np.array(edges_s), counts, 0, np.zeros((60, 2)))
    of_server = [of_buckets(increments, q, server_quantile(increments, q)) for q in quantiles]
    drawn = bootstraps([of_histogram(merged.whole, r) for r in results], seed=seed) + bootstraps(of_server, seed=seed)
    assert max(b.apart for b in drawn) < 5


def test_a_bootstrap_is_valid_from_its_construction_on():
    with pytest.raises(ValueError, match="NaN"):
        Bootstrap(10, 0.95, math.nan, 1.0, 0, 0.0)
    with pytest.raises(ValueError, match="cross"):
        Bootstrap(10, 0.95, 2.0, 1.0, 0, 0.0)
