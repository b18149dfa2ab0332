"""Resampled intervals beside those that decide."""

from dataclasses import replace

import numpy as np
import pytest

from reports.results import second_opinion as report
from sla.estimators.block_bootstrap import block_length, block_quantiles, politis_white
from sla.estimators.quantiles import QUANTILES, quantile_results
from sla.judgement.second_opinion import second_opinions
from sla.judgement.steady import find_steady
from sla.values.assessment import Steady
from sla.values.grouped_counts import windows_of
from sla.values.histogram import EMPTY, from_values
from sla.values.measurements import Measurements, RunFacts
from sla.values.window import Window
from tests.calibration import simulate
from tests.calibration.trial import measurements_of


@pytest.mark.parametrize("phi", [0.5, 0.9])
def test_the_automatic_block_length_is_the_optimal_one_of_an_ar1_series(phi):
    """b = (2 (2 phi / (1 - phi^2))^2 3/4)^(1/3) n^(1/3), from the known covariances of AR(1) (Politis and White 2004)."""
    rng, n, lengths = np.random.default_rng(1), 2000, []
    for _ in range(40):
        shocks = rng.normal(size=n)
        series = np.zeros(n)
        for i in range(1, n):
            series[i] = phi * series[i - 1] + shocks[i]
        lengths.append(politis_white(series))
    optimal = (1.5 * (2 * phi / (1 - phi**2)) ** 2) ** (1 / 3) * n ** (1 / 3)
    assert np.median(lengths) == pytest.approx(optimal, rel=0.25)


def test_independent_windows_are_resampled_in_short_blocks_and_dependent_ones_in_long_ones():
    rng = np.random.default_rng(2)
    free, bound = simulate.independent(rng, 400), simulate.lognormal_ar(rng, 400, tau_s=20.0)
    lengths = [block_length(windows_of(s.finished_at_s, s.latency_ns)) for s in (free, bound)]
    assert lengths[0] == 20  # a twentieth of the run is the least
    assert lengths[1] > 30


def test_for_independent_latencies_all_three_intervals_agree():
    """In the middle of nine runs: where the slow half of the cosines happens to hold more, ours is twice as wide."""
    ratios = []
    for seed in range(9):
        stream = simulate.independent(np.random.default_rng(seed), 120)
        windows = windows_of(stream.finished_at_s, stream.latency_ns)
        ours, blocks = (list(results)[:4] for results in (quantile_results(windows), block_quantiles(windows)))
        for r, e in zip(ours, blocks, strict=True):
            assert e.point == r.estimate.point
            assert e.low < r.estimate.high
            assert r.estimate.low < e.high
        ratios.append([(e.high - e.low) / (r.estimate.high - r.estimate.low) for r, e in zip(ours, blocks, strict=True)])
    assert all(0.5 < ratio < 1.2 for ratio in np.median(ratios, axis=0)), np.median(ratios, axis=0)


def test_the_same_seed_gives_the_same_figures_and_another_seed_others():
    stream = simulate.mm1(np.random.default_rng(4), 0.8, 60)
    windows = windows_of(stream.finished_at_s, stream.latency_ns)
    assert block_quantiles(windows, seed=1) == block_quantiles(windows, seed=1) != block_quantiles(windows, seed=2)
    assert block_quantiles(windows, seed=-1) == block_quantiles(windows, seed=-1) != block_quantiles(windows, seed=1)


@pytest.mark.parametrize("windows", [[], [EMPTY] * 5])
def test_without_a_sample_there_is_no_second_opinion(windows):
    assert block_quantiles(windows) is None


def test_one_sample_among_empty_seconds_and_samples_over_range_have_an_answer():
    one = block_quantiles([EMPTY] * 30 + [from_values(np.array([5_000]))])
    assert all(e.low <= e.point <= e.high for e in one)
    over = block_quantiles([from_values(np.zeros(0, np.int64), over_range=3)] * 10)
    assert all(e.point == e.high == float("inf") for e in over)


def test_the_report_shows_three_intervals_for_every_percentile():
    stream = simulate.mm1(np.random.default_rng(5), 0.5, 40)
    measured: Measurements = measurements_of(stream.finished_at_s, stream.latency_ns, 40)
    measured = replace(measured, facts=replace(measured.facts, seed=-1))  # numpy takes no negative one
    opinions = second_opinions(measured, find_steady(measured))
    assert [o.quantile for o in opinions] == [*QUANTILES] * 2  # response and service
    for o in opinions[:4]:
        assert o.resampled.low == pytest.approx(o.decides.low, rel=0.05)
        assert o.blocks.point == o.decides.point
    shown = report.render(opinions, 140)
    assert shown.count(" to ") == 3 * len(opinions)
    assert report.render([]) == "No latencies were measured"


def test_where_only_empty_seconds_were_drawn_nothing_is_bounded():
    windows = [EMPTY] * 99 + [from_values(np.array([1000, 3000]))]
    drawn = [block_quantiles(windows, [0.5], resamples=1, seed=seed)[0] for seed in range(20)]
    unbounded = [e for e in drawn if e.high == np.inf]
    assert 2 < len(unbounded) < 18  # 20 blocks of five of a hundred seconds miss the one in 36 % of all draws
    assert all((e.low, e.point, e.n) == (1000, 1000, 2) for e in unbounded)


def test_a_block_length_does_not_depend_on_the_level_and_is_a_third_of_the_series_at_most():
    walk = np.random.default_rng(88).normal(size=16).cumsum()
    assert politis_white(walk) == politis_white(walk + 1000) == 6  # a third of 16, rounded up


def opinions_of(over_range):
    """40 s of 50 latencies each, uniform from 0.5 to 1.5 s, so many of which are over range."""
    rng, windows = np.random.default_rng(1), []
    for second in range(40):
        response = from_values((rng.uniform(0.5, 1.5, 50 - over_range) * 1e9).astype(np.int64), over_range)
        windows.append(Window(second, "a", started=50, ok=50, response=response))
    return second_opinions(Measurements(tuple(windows), (), (), RunFacts(0, 40 * 10**9)), Steady(0, 40, 0.0, 0.0, ""))


def test_resamples_of_independent_latencies_have_the_interval_of_the_law_on_both_sides():
    opinions = opinions_of(0)
    assert [(o.latency, o.quantile) for o in opinions] == [("response", q) for q in QUANTILES]
    assert {e.level for o in opinions for e in (o.decides, o.resampled, o.blocks)} == {0.95}
    median = opinions[0]
    assert median.resampled.low - median.decides.point == pytest.approx(median.decides.low - median.decides.point, rel=0.04)
    assert median.resampled.high - median.decides.point == pytest.approx(median.decides.high - median.decides.point, rel=0.04)
    assert all(o.resampled.high < 1.51e9 for o in opinions[:4])
    assert opinions[4].resampled.high == opinions[4].decides.high == np.inf  # 2000 samples do not bound a p99.9


def test_resamples_that_reach_into_what_has_no_value_are_unbounded():
    """5 of 50: the p90 is the last one that has a value."""
    opinions = opinions_of(5)
    assert [np.isinf(o.resampled.high) for o in opinions] == [False, True, True, True, True]
    assert opinions[1].decides.point < 1.51e9
    assert all(o.resampled.low <= o.decides.point for o in opinions)
