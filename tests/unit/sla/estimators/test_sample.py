"""Single timings: quantiles and mean with intervals that hold, outliers by Tukey's fences."""

import math

import numpy as np
import pytest

from sla.estimators.random_numbers import generator
from sla.estimators.sample import FEWEST, Outliers, mean_of_blocks, outliers, summarise


def test_the_point_estimates_are_those_of_the_sample():
    sample = summarise(np.arange(1, 1001) * 100)
    points = [sample.estimates[name].point for name in ("p50", "p75", "p90", "p99")]
    assert (sample.n, points) == (1000, [50_000, 75_000, 90_000, 99_000])
    assert sample.mean.point == 50_050


def test_the_same_seed_gives_the_same_figures():
    timings = np.random.default_rng(1).lognormal(10, 0.3, 900)
    assert summarise(timings, 7) == summarise(timings, 7) != summarise(timings, 8)
    assert summarise(timings) == summarise(timings, 0, 0.95)


@pytest.mark.slow
def test_intervals_hold_the_truth_in_about_95_of_100_samples():
    """200 samples of independent timings: fewer than 88 % would be a wrong law, not bad luck (p < 1e-4)."""
    held = {"p50": 0, "p99": 0, "mean": 0}
    truth = {"p50": 1000 * math.log(2), "p99": 1000 * math.log(100), "mean": 1000.0}
    for seed in range(200):
        sample = summarise(np.random.default_rng(seed).exponential(1000, 900), seed)
        for name, value in truth.items():
            e = getattr(sample, name)
            held[name] += e.low <= value <= e.high
    assert min(held.values()) >= 176, held


def test_timings_that_are_slow_together_widen_the_interval():
    rng = np.random.default_rng(3)
    level = np.repeat(np.where(rng.random(30) < 0.5, 1000, 2000), 30)  # half of the time the clock is slower
    together = level + rng.normal(0, 20, 900)
    mixed = rng.permutation(together)
    slow, quick = summarise(together), summarise(mixed)
    assert slow.mean.high - slow.mean.low > 2 * (quick.mean.high - quick.mean.low)
    assert slow.p99.n_eff < quick.p99.n_eff


def test_timings_that_are_one_long_climb_hardly_bound_their_median():
    """They are worth less than a single one: 40 blocks, half of them with both timings under the median, have nearly all power
    in the four slowest cosines, with two degrees of freedom.
    """
    median = summarise(np.arange(80.0)).p50
    power = 2 * (np.cos(np.pi * np.outer((1, 2, 3, 4), np.arange(40) + 0.5) / 40) @ np.repeat([1.0, -1.0], 20)) ** 2
    assert median.n_eff == pytest.approx(80 / (power.mean() / 20) * (1.95996 / 4.30265) ** 2, rel=1e-4)
    assert median.n_eff < 1
    assert (median.low <= 1, median.high) == (True, math.inf)


def test_a_quantile_that_so_few_timings_cannot_bound_has_no_upper_limit():
    sample = summarise(np.random.default_rng(1).exponential(1000, 100))
    assert sample.p99.high == math.inf
    assert sample.p50.high < math.inf


def test_outliers_are_told_mild_from_severe_on_both_sides():
    values = np.concatenate([np.arange(101.0), [-100.0], [-200.0, -250.0], [175.0, 180.0, 190.0], [300.0] * 4])
    # quartiles about 24 and 79: mild from about -59 and 161 on, severe from about -141 and 244
    assert outliers(values) == Outliers(2, 1, 3, 4)
    assert outliers(np.arange(100.0)) == Outliers(0, 0, 0, 0)


@pytest.mark.parametrize(
    "timings",
    [
        [],
        [1.0] * (FEWEST - 1),
        np.ones((10, 10)),
        *([wrong, *[1.0] * FEWEST] for wrong in (math.nan, math.inf, -1.0)),
        *([wrong] * FEWEST for wrong in (math.nan, math.inf, -1.0)),
    ],
)
def test_what_is_no_sample_of_timings_is_refused(timings):
    with pytest.raises(ValueError, match="timings"):
        summarise(timings)


def test_a_quantile_that_falls_between_two_timings_is_the_upper_one():
    sample = summarise(np.arange(81.0))
    assert [sample.estimates[name].point for name in ("p50", "p75", "p90", "p99")] == [40, 60, 72, 80]


def test_the_fewest_timings_and_timings_of_nothing_are_a_sample():
    sample = summarise([0.0, 0.5] * (FEWEST // 2))
    assert (sample.n, sample.p50.point, sample.p75.point, sample.mean.point) == (FEWEST, 0.0, 0.5, 0.25)


@pytest.mark.parametrize(("level", "n_eff", "low", "high"), [(0.95, 870.3, 466, 532), (0.5, 960.1, 488, 510)])
def test_the_interval_of_a_median_is_that_of_its_order_statistics(level, n_eff, low, high):
    """1000 timings, each block like the others; what that is worth is known with 18 degrees of freedom. By the beta law the
    ranks lie between 466.3 and 532.6, in half of all cases between 488.6 and 510.4; they are rounded up, and 0 has rank 1.
    """
    blocks = [half + 20 * other for half in range(20) for other in (0, 1)]
    timings = [40.0 * i + block for block in blocks for i in range(25)]
    median = summarise(timings, level=level).p50
    assert (median.point, median.n, median.n_eff, median.level) == (499, 1000, pytest.approx(n_eff, abs=0.1), level)
    assert (median.low, median.high) == (low, high)


@pytest.mark.parametrize(("level", "low", "high"), [(0.95, 0.7, 1.3), (0.5, 0.9, 1.1)])
def test_the_interval_of_a_mean_is_that_of_resampled_blocks(level, low, high):
    """Of 40 blocks half have the mean 0, half 2: how many of these a resample holds is binomial, from 14 to 26 of 40."""
    values = np.tile(np.repeat([0.0, 2.0], 3), 20)
    mean = mean_of_blocks(values, level, generator(1))
    assert (mean.point, mean.low, mean.high) == pytest.approx((1.0, low, high))
    assert (mean.n, mean.n_eff, mean.level) == (120, 40, level)


def test_what_lies_on_a_fence_is_within_it():
    """Quartiles 1 and 3: mild beyond -2 and 6, severe beyond -5 and 9."""
    inner = [1.0] * 25 + [2.0] * 20 + [3.0] * 25
    assert outliers(np.array([-2.0, *inner, 6.0])) == Outliers(0, 0, 0, 0)
    counts = outliers(np.array([-5.1, -5.0, -2.1, *inner, 6.1, 6.2, 9.0, 9.1]))
    assert (counts, counts.total) == (Outliers(1, 2, 3, 1), 7)


@pytest.mark.parametrize(
    ("lowest", "highest", "counts"),
    [(-2.0, 6.0, (0, 0, 0, 0)), (-2.1, 6.1, (0, 1, 1, 0)), (-5.0, 9.0, (0, 1, 1, 0)), (-5.1, 9.1, (1, 0, 0, 1))],
)
def test_of_five_values_the_second_and_the_fourth_are_the_quartiles(lowest, highest, counts):
    assert outliers(np.array([3.0, lowest, 2.0, highest, 1.0])) == Outliers(*counts)
