"""Resampled blocks of seconds: how long they are, what is drawn, and what the draws say."""

import math

import numpy as np
import pytest

from sla.estimators.block_bootstrap import _chunks, _positions, _weights, block_length, block_quantiles, politis_white
from sla.estimators.quantiles import influences
from sla.estimators.random_numbers import generator
from sla.values.histogram import EMPTY, Histogram, from_values

ALIKE = from_values(np.arange(25))


@pytest.mark.parametrize(("seconds", "block"), [(0, 1), (1, 1), (20, 1), (21, 2), (400, 20), (401, 21)])
def test_a_block_is_a_twentieth_of_a_run_at_least(seconds, block):
    assert block_length([ALIKE] * seconds) == block


def test_a_block_is_as_long_as_the_most_dependent_quantile_asks_for():
    """The slowest tenth comes in waves of 40 s, the others in no order."""
    rng = np.random.default_rng(1)
    seconds = [from_values(np.append(rng.integers(0, 1000, 90), [5000 * (1 + (i // 20) % 2)] * 10)) for i in range(400)]
    assert block_length(seconds, [0.5]) < 2 * block_length(seconds, [0.9])
    assert block_length(seconds, [0.5, 0.95]) == block_length(seconds, [0.95]) > 20


def test_a_block_is_no_shorter_than_it_is_asked_to_be_and_without_a_sample_as_short_as_can_be():
    rng = np.random.default_rng(5)
    for _ in range(5):
        level = np.repeat(rng.integers(0, 1000, 20), 4)
        seconds = [from_values(value + np.arange(10)) for value in level]
        assert block_length(seconds, [0.5]) - 1 < politis_white(influences(seconds, [0.5])[0]) <= block_length(seconds, [0.5])
    assert block_length([EMPTY] * 5) == 1


@pytest.mark.parametrize("size", [0, 1, 9])
def test_fewer_than_ten_values_and_values_that_are_all_the_same_have_no_block_length_of_their_own(size):
    assert politis_white(np.arange(float(size))) == 1.0
    assert politis_white(np.full(100, 3.0)) == 1.0


def test_from_ten_values_on_dependence_makes_blocks_longer():
    assert 1 < politis_white(np.arange(10.0)) <= 4


def pulses(n, *values):
    """The values once, their opposites later, and zeros: what is autocorrelated is known lag by lag."""
    series = np.zeros(n)
    series[10 : 10 + len(values)] = values
    series[-len(values) - 8 : -8] = -np.array(values, dtype=np.float64)
    return series


@pytest.mark.parametrize(
    ("n", "values", "length"),
    [
        # by the paper (2 g^2 / (4/3 S^2) n)^(1/3), g and S of lags up to twice the last significant one; 0.28 is significant
        (100, (1, 1), (1.5 * (2 / 4) ** 2 * 100) ** (1 / 3)),  # lag 1: 1 of 2; g = 2 * 1, S = 2 + 2 * 1
        (100, (1, 1, 1), (1.5 * (8 / 9) ** 2 * 100) ** (1 / 3)),  # lags 1, 2: 2 and 1 of 3; g = 2 (2 + 2), S = 3 + 2 (2 + 1)
        (100, (1, 0, 0, 0, 1), (1.5 * (8 / 4) ** 2 * 100) ** (1 / 3)),  # lag 4: g = 2 * 4, S = 2 + 2
        (100, (1, 0, 0, 0, 0, 1), (1.5 * (10 / 4) ** 2 * 100) ** (1 / 3)),
        (100, (1, 0, 0, 0, 0, 0, 1), 1.0),  # behind five lags without any dependence none is looked for
        (100, (4, 1), (1.5 * (8 / 25) ** 2 * 100) ** (1 / 3)),  # insignificant, and lag 1 is taken: g = 2 * 4, S = 17 + 8
        (100, (4, 0, 0, 1), 1.0),
        # lag 1: 100 of 201; lags 2 and 3, 10 each, are insignificant, and with twice lag 1 the window is at its end
        (100, (10, 10, 0, 1), (1.5 * (200 / 401) ** 2 * 100) ** (1 / 3)),
        (100, (1, -1), 1.0),  # S = 0
        (100, (10, -9), 30.0),  # S = 1 and g = 180: held at 3 sqrt(n)
        (64, (10, -9), 22.0),  # and at n / 3, rounded up
        # a comb: lags 3, 6, 9, 12 significant, 15 the longest that is looked at: weights 1, 1, 0.8, 0.4 and 0
        (99, (1, 0, 0) * 5 + (1,), (1.5 * (2 * (15 + 24 + 21.6 + 9.6) / (6 + 2 * (5 + 4 + 2.4 + 0.8))) ** 2 * 99) ** (1 / 3)),
    ],
)
def test_the_block_length_follows_from_the_dependence_lag_by_lag(n, values, length):
    assert politis_white(pulses(n, *values)) == pytest.approx(length)
    assert politis_white(1000 + 7 * pulses(n, *values)) == pytest.approx(length)


def test_one_significant_lag_behind_which_no_five_others_are_looked_at_is_taken_too():
    """Of 16 values lags up to 9 are looked at, and of these the fifth alone is over 0.548. So strong a rhythm asks for longer
    blocks than a third of the run, rounded up.
    """
    series = np.array([1.0, 0, 0, 0, 0] * 3 + [1.0])
    centred = series - 0.25
    shares = [float(centred[: 16 - k] @ centred[k:]) / 3 for k in range(1, 10)]
    assert [k for k, share in enumerate(shares, 1) if abs(share) > 0.548] == [5]
    assert politis_white(series) == 6


def test_dependence_over_a_few_seconds_makes_blocks_as_long_as_the_optimum_of_a_moving_average():
    """Of x_i = e_i + e_(i-1) the covariances are 2 and 1: g = 2, the spectrum 4, so b = (2 * 4 / (4/3 * 16) n)^(1/3)."""
    rng = np.random.default_rng(3)
    shocks = rng.normal(size=(60, 4001))
    lengths = [politis_white(e[1:] + e[:-1]) for e in shocks]
    assert np.median(lengths) == pytest.approx((8 / (4 / 3 * 16) * 4000) ** (1 / 3), rel=0.1)


@pytest.mark.parametrize(("m", "block"), [(7, 3), (7, 7), (7, 1), (6, 3)])
def test_a_resample_is_made_of_blocks_around_the_end_and_as_long_as_the_run(m, block):
    drawn = _weights(generator(1), m, block, 3000)
    assert drawn.shape == (3000, m)
    assert (drawn.sum(axis=1) == m).all()
    assert drawn.mean(axis=0) == pytest.approx(np.ones(m), abs=0.1)
    neighbours = np.abs(drawn - np.roll(drawn, 1, axis=1)).mean()
    assert neighbours == 0 if block == m else neighbours > 0


def test_two_blocks_of_three_of_six_seconds_are_each_three_neighbours():
    block = np.array([1, 1, 1, 0, 0, 0])
    possible = {tuple((np.roll(block, a) + np.roll(block, b)).tolist()) for a in range(6) for b in range(6)}
    assert set(map(tuple, _weights(generator(1), 6, 3, 3000).astype(int).tolist())) == possible


def test_resamples_are_drawn_a_hundred_at_a_time():
    assert (_chunks(250), _chunks(100), _chunks(1), _chunks(0)) == ([100, 100, 50], [100], [1], [])


def test_a_quantile_of_a_resample_lies_in_the_bucket_of_its_rank():
    """Two seconds: 2 and 1 samples in the first and second bucket, 3 and 4 in the second and third."""
    counts = np.array([[2.0, 1.0, 0.0], [0.0, 3.0, 4.0]])
    weights = np.array([[2.0, 0.0], [1.0, 1.0], [0.0, 2.0]])
    assert _positions(weights, counts, [0.0, 0.2, 0.6, 0.61, 1.0]).tolist() == [
        [0, 0, 0, 0, 1],
        [0, 0, 1, 2, 2],
        [1, 1, 2, 2, 2],
    ]
    assert _positions(np.array([[0.0, 0.0]]), counts, [0.5]).tolist() == []


def coins(seconds=100):
    """Seconds of one sample each, half of them 100 ns, half 200 ns, in an order without memory."""
    kinds = np.random.default_rng(7).permutation(np.repeat([100, 200], seconds // 2))
    return [from_values(np.array([kind])) for kind in kinds]


def test_the_more_confident_the_wider():
    """A 0.55-quantile is 200 ns unless a resample holds 56 % or more of the fast seconds."""
    [narrow], [wide] = (block_quantiles(coins(), [0.55], level) for level in (0.3, 0.95))
    assert (narrow.point, narrow.low, narrow.high, narrow.level) == (200, 200, 200, 0.3)
    assert (wide.point, wide.low, wide.high, wide.level) == (200, 100, 200, 0.95)
    assert (wide.n, wide.n_eff) == (100, 100 / block_length(coins(), [0.55]))


def test_upwards_too():
    """A 0.45-quantile is 100 ns unless a resample holds 56 % or more of the slow seconds."""
    [narrow], [wide] = (block_quantiles(coins(), [0.45], level) for level in (0.3, 0.95))
    assert (narrow.low, narrow.point, narrow.high) == (100, 100, 100)
    assert (wide.low, wide.point, wide.high) == (100, 100, 200)


def test_without_a_word_the_level_is_95_per_cent_and_the_seed_0():
    seconds = [from_values(np.random.default_rng(s).integers(0, 10_000, 5)) for s in range(40)]
    assert block_quantiles(seconds) == block_quantiles(seconds, level=0.95, seed=0) != block_quantiles(seconds, seed=1)


def test_where_no_resample_holds_a_sample_all_of_them_bound_nothing():
    one = [EMPTY] * 99 + [from_values(np.array([1000, 3000]))]
    estimates = [block_quantiles(one, [0.9], resamples=1, seed=seed)[0] for seed in range(20)]
    assert {(e.low, e.high) for e in estimates if e.high == math.inf} == {(1000, math.inf)}


def test_no_more_pieces_than_samples_were_drawn_from():
    [estimate] = block_quantiles([EMPTY] * 40 + [from_values(np.array([5_000, 5_000]))], [0.5], resamples=100)
    assert (estimate.n, estimate.n_eff) == (2, 2)


def test_samples_over_range_are_drawn_like_others():
    """One of five is over range: the median is known, the 0.9-quantile is not."""
    second = Histogram(np.array([500]), np.array([4]), 1)
    median, tail = block_quantiles([second] * 20, [0.5, 0.9], resamples=100)
    assert (median.low, median.point, median.high) == (500, 500, 500)
    assert (tail.low, tail.point, tail.high) == (60e9, math.inf, math.inf)
