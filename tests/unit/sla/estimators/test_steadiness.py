"""Where a warm-up ends and what is drift, on series whose cut is known."""

import math

import numpy as np
import pytest

from sla.estimators.dependence import spread
from sla.estimators.steadiness import drift, warm_up_windows


def noise(m, seed=1, spread=0.02):
    return np.random.default_rng(seed).normal(1.0, spread, m)


def warm(m, cut, height, seed=1):
    """Noise around 1 that is higher by `height` in the first `cut` windows."""
    series = noise(m, seed)
    series[:cut] += height
    return series


@pytest.mark.parametrize(("m", "cut"), [(60, 5), (60, 10), (60, 30), (20, 10), (63, 10)])
@pytest.mark.parametrize("height", [1.0, -0.5])
def test_a_warm_up_is_cut_up_to_where_it_ends(m, cut, height):
    assert warm_up_windows({"x": warm(m, cut, height)}) == cut


def test_less_than_four_batches_are_too_few_to_find_a_warm_up():
    assert warm_up_windows({"x": warm(19, 5, 10.0)}) == 0
    assert warm_up_windows({"x": warm(20, 5, 10.0)}) == 5


def test_the_latest_cut_of_any_series_counts_and_no_series_asks_for_none():
    assert warm_up_windows({"a": warm(60, 5, 1.0), "b": warm(60, 15, 1.0, 2), "c": noise(60, 3)}) == 15
    assert warm_up_windows({}) == 0


def test_no_more_than_half_of_the_run_is_a_warm_up():
    assert warm_up_windows({"x": warm(60, 40, 1.0)}) <= 30


def test_a_difference_too_small_to_bias_a_figure_is_no_warm_up():
    """With hardly any noise the least shift is significant; up to a per cent it does no harm."""
    for shift, cut in ((0.009, 0), (0.0115, 10)):
        series = noise(60, spread=1e-5)
        series[:10] += shift
        assert warm_up_windows({"x": series}) == cut


@pytest.mark.parametrize("seed", range(1, 5))
@pytest.mark.parametrize("tau_s", [4, 8])
def test_a_warm_up_that_fades_is_cut_though_a_curve_would_tell_it_better_than_two_levels(tau_s, seed):
    assert warm_up_windows({"x": noise(60, seed) + np.exp(-np.arange(60) / tau_s)}) == 15


@pytest.mark.parametrize("unit", [1e-3, 1, 1000])
def test_a_warm_up_does_not_depend_on_the_unit(unit):
    assert warm_up_windows({"x": unit * warm(60, 10, 0.5)}) == 10
    assert warm_up_windows({"x": unit * warm(60, 10, 0.005)}) == 0


@pytest.mark.parametrize(("level", "cut"), [(101.0, 0), (101.1, 10), (99.0, 0), (98.9, 10)])
def test_a_difference_of_one_per_cent_is_the_largest_that_does_no_harm(level, cut):
    assert warm_up_windows({"x": np.repeat([level, 100.0], [10, 50])}) == cut


def test_a_warm_up_of_what_settles_under_zero_is_one_too():
    assert warm_up_windows({"x": -warm(60, 10, 1.0)}) == 10


@pytest.mark.parametrize("slope", [0.01, -0.01])
def test_a_line_is_drift_and_no_warm_up(slope):
    series = noise(60) + slope * np.arange(60)
    assert warm_up_windows({"x": series}) == 0
    assert drift(series) == pytest.approx(60 * slope / series.mean(), rel=0.1)


def test_an_early_spike_is_no_warm_up():
    series = noise(60)
    series[2] = 9.0
    assert warm_up_windows({"x": series}) == 0


def test_a_few_slow_seconds_after_good_ones_are_no_warm_up():
    series = noise(60)
    series[20:25] += 1.0
    assert warm_up_windows({"x": series}) == 0


@pytest.mark.parametrize(("m", "drifts"), [(19, False), (20, True)])
def test_drift_needs_twenty_windows(m, drifts):
    assert (drift(noise(m) + 0.1 * np.arange(m)) is not None) is drifts


def test_drift_is_relative_to_the_mean():
    times = np.arange(100)
    rising = 10.0 + 0.1 * times + 0.001 * (-1.0) ** times
    assert drift(rising) == pytest.approx(10 / 14.95, rel=1e-3)
    assert drift(1000 * rising) == pytest.approx(drift(rising))
    assert drift(-rising) == pytest.approx(drift(rising))


def test_the_size_of_a_drift_does_not_depend_on_waves_over_it():
    """From 100 to 150 in 100 windows; a wave of five of them makes neighbours alike."""
    times = np.arange(100.0)
    waves = 100 + 0.5 * times + np.sin(2 * np.pi * times / 20)
    assert drift(waves) == pytest.approx(50 / 124.75, rel=0.05)


def test_what_does_not_move_or_has_no_mean_has_no_drift():
    assert drift(noise(60)) is None
    assert drift(np.ones(60)) is None
    assert drift(np.tile([1.0, -1.0], 30)) is None


def test_a_slow_wave_is_told_from_a_slope_by_its_dependence():
    """Neighbours are alike: taken as independent they would show a slope at once."""
    rng, drifts = np.random.default_rng(5), 0
    for _ in range(100):
        values = np.zeros(80)
        for i in range(1, 80):
            values[i] = 0.8 * values[i - 1] + rng.normal()
        drifts += drift(100 + values) is not None
    assert drifts <= 12


def test_a_cut_is_not_later_than_where_the_mean_of_what_is_left_is_known_best():
    """Batches of 2, three of 1.03, then 0.98 and 1.02 in turn. The means behind the first one vary by 4.5e-4 and are
    seven; behind the fourth it is less, 4e-4, but they are four.
    """
    series = np.repeat([2.0, 1.03, 1.03, 1.03, 0.98, 1.02, 0.98, 1.02], 5) + 1e-6 * np.arange(40)
    assert warm_up_windows({"x": series}) == 5


def test_the_second_of_the_cut_is_of_what_is_left():
    """Squares of deviations sum to 0.8 from two levels and to 2.34 from a line, nine tenths of it are 2.1. From two levels
    they were 2.2 if the second of the cut were of the first one.
    """
    series = np.repeat([2.0, 1.0], 10) + np.tile([-0.2, 0.2], 10)
    assert warm_up_windows({"x": series}) == 10


def test_what_rises_through_zero_has_no_relative_drift():
    assert drift(np.arange(-30.0, 31.0)) is None


@pytest.mark.parametrize("seed", [0, 1, 7, 11, 13, 18, 19, 20, 27, 29])
def test_what_wanders_slowly_has_no_warm_up_to_cut(seed):
    """Correlation of 0.9 from one second to the next: by the rank-sum test alone each of these had one of 5 to 60 s."""
    shocks, level = np.random.default_rng(seed).normal(0, 1, 120), np.zeros(120)
    for i in range(1, 120):
        level[i] = 0.9 * level[i - 1] + shocks[i]
    assert warm_up_windows({"x": 10 + level}) == 0


def test_a_head_before_what_never_varies_is_cut():
    assert warm_up_windows({"x": np.concatenate((np.full(10, 2.0), np.ones(50)))}) == 10


@pytest.mark.parametrize(("later", "cut"), [(0.0, 10), (0.45, 10), (0.55, 0)])
def test_what_a_run_does_again_later_by_more_than_half_as_much_is_no_warm_up(later, cut):
    """A tenth of the rest is as far off as `later`, in the same direction: more than the twentieth that is let pass."""
    series = warm(70, 10, 1.0)
    series[10 + 9 :: 10] += later
    assert warm_up_windows({"x": series}) == cut


def test_twice_the_level_is_a_warm_up_though_what_follows_wanders_with_two_degrees_of_freedom():
    """With these a head would have to lie 31.6 standard deviations off (0.1 %), with three it is 12.9."""
    shocks, level = np.random.default_rng(9).normal(0, 1, 105), np.zeros(105)
    for i in range(1, 105):
        level[i] = 0.9 * level[i - 1] + shocks[i]
    rest = 1 + 0.03 * level
    of_sum = spread(rest)
    off = (2 - float(rest.mean())) / math.sqrt(of_sum.variance_of_sum / 105 * (1 / 15 + 1 / 105))
    assert of_sum.dof == 2
    assert 12.9 < off < 31.6
    assert warm_up_windows({"x": np.concatenate((np.full(15, 2.0), rest))}) == 15
