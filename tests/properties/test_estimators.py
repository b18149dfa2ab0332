"""What holds for every estimate, whatever the data."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sla.estimators.increments import bucket_increments
from sla.estimators.proportions import proportion_estimate
from sla.estimators.quantiles import QUANTILES, quantile_estimates, quantile_results, windows_of
from sla.estimators.rates import rate_estimate
from sla.estimators.server_side import server_quantile
from sla.values import histogram
from sla.values.histogram import HIGHEST_NS
from sla.values.snapshot import BucketCounts, Snapshot

LATENCIES = st.lists(st.tuples(st.floats(0, 100), st.integers(0, 2 * HIGHEST_NS)), min_size=1, max_size=300)
SMALL = st.lists(st.tuples(st.floats(0, 60), st.integers(2_000, 10**8)), min_size=1, max_size=300)


def well_formed(e):
    assert not any(math.isnan(x) for x in (e.point, e.low, e.high, e.n, e.n_eff))
    assert e.low <= e.point <= e.high
    assert 0 <= e.n_eff <= e.n * (1 + 1e-12)  # 0 of fewer than five windows: they may depend on each other in any way


@given(LATENCIES)
def test_quantiles_are_monotone_without_nan_and_without_crossing_bounds(samples):
    times, values = zip(*samples, strict=True)
    estimates = quantile_estimates(times, values, QUANTILES)
    assert len(estimates) == len(QUANTILES)
    for e in estimates:
        well_formed(e)
    points = [e.point for e in estimates]
    assert points == sorted(points)


@given(SMALL, st.integers(2, 50))
def test_scaling_all_latencies_scales_the_estimates(samples, factor):
    times, values = (np.array(x) for x in zip(*samples, strict=True))
    plain, scaled = quantile_estimates(times, values), quantile_estimates(times, values * factor)
    for a, b in zip(plain, scaled, strict=True):
        assert b.point == pytest.approx(a.point * factor, rel=2 / 1024)  # a bucket's width is the most that can differ


@given(st.integers(1, 10**6), st.integers(5, 400))
def test_scaling_by_a_power_of_two_scales_estimates_and_bounds_exactly(start, count):
    rng = np.random.default_rng(start)
    times, values = np.sort(rng.uniform(0, 30, count)), rng.integers(2048, 10**7, count)
    for a, b in zip(quantile_estimates(times, values), quantile_estimates(times, values * 4), strict=True):
        assert (b.n_eff, b.n) == (a.n_eff, a.n)
        # the same buckets, four times as wide: a bound is its bucket's edge, which is a whole ns
        assert (b.low, b.high) == pytest.approx((4 * a.low, 4 * a.high), rel=1e-12, abs=4)


@settings(max_examples=50)
@given(st.integers(0, 10**6), st.integers(1, 7))
def test_splitting_a_stream_over_workers_changes_nothing(seed, workers):
    rng = np.random.default_rng(seed)
    n = int(rng.integers(1, 3000))
    times, values = rng.uniform(0, 20, n), rng.lognormal(11, 1, n).astype(np.int64)
    whole = windows_of(times, values)
    second = np.floor(times).astype(int)
    second -= second.min()
    share = rng.integers(0, workers, n)
    merged = [
        histogram.merge(histogram.from_values(values[(second == s) & (share == w)]) for w in range(workers))
        for s in range(second.max() + 1)
    ]
    assert merged == whole
    assert quantile_results(merged) == quantile_results(whole)


@given(st.lists(st.tuples(st.integers(0, 1000), st.integers(0, 1000)), min_size=1, max_size=100))
def test_proportions_are_well_formed_and_never_certain(pairs):
    successes = [min(a, b) for a, b in pairs]
    trials = [max(a, b) for a, b in pairs]
    e = proportion_estimate(successes, trials)
    if sum(trials) == 0:
        assert e is None
        return
    well_formed(e)
    assert e.low >= 0
    assert e.high <= 1
    assert e.high > e.low


@given(st.lists(st.integers(0, 10**6), min_size=1, max_size=200))
def test_rates_are_well_formed(counts):
    e = rate_estimate(counts)
    well_formed(e)
    assert e.point == pytest.approx(np.mean(counts))


@given(st.lists(st.lists(st.integers(0, 500), min_size=4, max_size=4), min_size=2, max_size=40), st.sampled_from(QUANTILES))
def test_server_bounds_hold_the_quantile_of_what_was_counted(rows, q):
    edges = (0.001, 0.01, 0.1, math.inf)
    counts = np.vstack([np.zeros(4), np.array(rows, dtype=float)])
    cumulative = np.cumsum(np.cumsum(counts, axis=0), axis=1)
    snapshots = [Snapshot(i * 10**9, histograms={"h": BucketCounts(edges, tuple(c))}) for i, c in enumerate(cumulative)]
    increments = bucket_increments(snapshots, "h", 0, 10**12)
    quantile = server_quantile(increments, q)
    total = counts.sum()
    if total == 0:
        assert quantile is None
        return
    well_formed(quantile.estimate)
    below = np.cumsum(counts.sum(axis=0))
    bucket = int(np.argmax(below >= q * total - 1e-9))
    assert quantile.high_edge_ns == edges[bucket] * 1e9
    assert quantile.estimate.low <= quantile.low_edge_ns <= quantile.high_edge_ns <= quantile.estimate.high


@pytest.mark.parametrize(
    ("times", "values", "expected"),
    [
        ([], [], 0),
        ([1.0], [5], 1),
        ([1.0] * 100, [777] * 100, 100),
        ([0.0, 1.0], [60_000_000_000, 60_000_000_001], 2),
        ([0.0, 3600.0, 1e12, -1e15], [5, 6, 7, 8], 4),  # a clock that jumped, four times over
    ],
)
def test_little_or_strange_data_has_a_stated_answer(times, values, expected):
    estimates = quantile_estimates(times, values)
    if not expected:
        assert estimates == []
        return
    assert {e.n for e in estimates} == {expected}
    p99 = estimates[3]
    assert p99.high == math.inf  # too few to bound it
    well_formed(p99)


@pytest.mark.parametrize(
    ("times", "values"),
    [([math.nan], [1]), ([1.0], [-1]), ([1.0], [math.inf]), ([1.0, 2.0], [1]), ([[1.0]], [[1]])],
)
def test_impossible_data_is_refused_with_a_reason(times, values):
    with pytest.raises(ValueError, match=r"\w+"):
        quantile_estimates(times, values)
