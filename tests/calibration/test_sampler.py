"""100,000 resamples without resampling: the exact law of the bootstrap's order statistics (fixed seeds)."""

import numpy as np
import pytest

from sla.estimators.bootstrap import joint_ranks, of_histogram
from sla.estimators.quantiles import QUANTILES, QuantileResult
from sla.estimators.random_numbers import generator
from sla.values.estimate import Estimate
from sla.values.histogram import bucket_index, from_values

N, DRAWS = 2000, 100_000


@pytest.mark.parametrize("column", range(len(QUANTILES)))
def test_each_rank_has_its_beta_law_and_they_are_jointly_ordered(column):
    from scipy import stats  # a second, for whoever only collects tests too

    u = joint_ranks([(q * N, N - q * N + 1) for q in QUANTILES], DRAWS, generator(1))
    k = QUANTILES[column] * N
    assert stats.kstest(u[:, column], stats.beta(k, N - k + 1).cdf).statistic < 0.0075
    assert (np.diff(u, axis=1) >= 0).all()


def test_the_draws_are_those_of_scipys_bootstrap():
    from scipy import stats  # a second, for whoever only collects tests too

    rng = np.random.default_rng(2)
    values = rng.lognormal(np.log(120e3), 0.5, N).astype(np.int64)
    naive_draws, rank = 20_000, int(0.99 * N) - 1
    naive = stats.bootstrap(
        (values.astype(float),),
        lambda x, axis: np.sort(x, axis=axis)[..., rank],
        n_resamples=naive_draws,
        method="percentile",
        batch=1000,
        rng=rng,
    ).bootstrap_distribution
    whole = from_values(values)
    drawn = of_histogram(whole, QuantileResult(0.99, Estimate(float(np.inf), 0.0, float(np.inf), 0.95, N, N), 1.0))
    cumulative = np.cumsum(drawn.lower.counts(np.sort(joint_ranks([drawn.law], DRAWS, generator(3))[:, 0])))
    grid = np.sort(values)[-60:]
    ours_at = cumulative[np.searchsorted(whole.indices, bucket_index(grid))] / DRAWS
    naive_at = np.searchsorted(np.sort(naive), grid, side="right") / naive_draws
    critical_1_percent = 1.63 * (1 / DRAWS + 1 / naive_draws) ** 0.5
    apart = np.diff(grid, append=grid[-1] * 2) > grid / 512  # values that share a bucket can't be distinguished
    assert np.abs(ours_at - naive_at)[apart].max() < critical_1_percent
