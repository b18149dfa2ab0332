"""What an estimator can't use is refused by name, and what is empty gives no estimate: never a figure that means nothing."""

import math

import numpy as np
import pytest

import sla
from sla import Estimate, proportion_estimate, rate_estimate
from sla.estimators.block_bootstrap import block_quantiles
from sla.values.histogram import EMPTY, HIGHEST_NS, Histogram, from_values


@pytest.mark.parametrize(
    ("figures", "reason"),
    [
        ((math.nan, 0.0, 1.0, 0.95, 1, 1), "an estimate can't hold NaN"),
        ((1.0, math.nan, 1.0, 0.95, 1, 1), "an estimate can't hold NaN"),
        ((1.0, 0.0, 1.0, 0.95, 1, math.nan), "an estimate can't hold NaN"),
        ((1.0, 1.5, 2.0, 0.95, 1, 1), "bounds cross: 1.5 <= 1.0 <= 2.0 does not hold"),
        ((3.0, 1.5, 2.0, 0.95, 1, 1), "bounds cross: 1.5 <= 3.0 <= 2.0 does not hold"),
        ((1.0, 0.0, 2.0, 0.0, 1, 1), r"level must be in \(0, 1\), not 0.0"),
        ((1.0, 0.0, 2.0, 1.0, 1, 1), r"level must be in \(0, 1\), not 1.0"),
    ],
)
def test_an_estimate_is_valid_from_its_construction_on(figures, reason):
    with pytest.raises(ValueError, match=reason):
        Estimate(*figures)


@pytest.mark.parametrize(
    ("successes", "trials", "reason"),
    [
        ([1, 2], [1], "two finite arrays of one shape"),
        ([[1]], [[1]], "two finite arrays of one shape"),
        ([math.nan], [1], "two finite arrays of one shape"),
        ([1], [math.inf], "two finite arrays of one shape"),
        ([-1], [1], "0 <= successes <= trials"),
        ([-1, 1], [1, 1], "0 <= successes <= trials"),
        ([1, 1], [1, math.nan], "two finite arrays of one shape"),
        ([1, 3], [1, 2], "0 <= successes <= trials"),
    ],
)
def test_counts_that_no_run_has_give_no_share(successes, trials, reason):
    with pytest.raises(ValueError, match=reason):
        proportion_estimate(successes, trials)


@pytest.mark.parametrize(
    ("counts", "window_s"),
    [
        ([[1, 2]], 1.0),
        ([math.nan], 1.0),
        ([1, -1], 1.0),
        ([1, 2], 0.0),
        ([1, 2], [1, 0]),
        ([1, 2], [1]),
        ([1, 2], [1, math.inf]),
    ],
)
def test_counts_that_no_run_has_give_no_rate(counts, window_s):
    with pytest.raises(ValueError, match="a finite array of shape"):
        rate_estimate(counts, window_s)


def test_nothing_measured_is_no_estimate_and_one_window_has_no_interval():
    assert rate_estimate([]) is None
    assert proportion_estimate([], []) is None
    assert proportion_estimate([0, 0], [0, 0]) is None
    alone = rate_estimate([30], 2.0)
    assert (alone.point, alone.low, alone.high, alone.n) == (15.0, 0.0, math.inf, 1)


def test_a_negative_latency_is_refused_and_one_over_range_keeps_its_rank():
    with pytest.raises(ValueError, match="a latency can't be negative"):
        from_values(np.array([5, -1]))
    timed_out = from_values(np.zeros(0, np.int64), over_range=3)
    assert (timed_out.total, timed_out.quantile_ns(0.5)) == (3, math.inf)
    assert timed_out == from_values(np.full(3, HIGHEST_NS + 1)) != EMPTY
    assert timed_out != "a histogram"
    assert hash(timed_out) == hash(Histogram(EMPTY.indices, EMPTY.counts, 3))


def test_seconds_that_are_all_alike_are_independent_and_empty_ones_give_no_interval():
    alike = [from_values(np.arange(1, 101) * 1000) for _ in range(5)]
    [median] = block_quantiles(alike, [0.5], resamples=50)
    assert (median.low, median.high) == (49_984, 50_015)  # the edges of its bucket
    assert median.n_eff == 5
    assert block_quantiles([EMPTY, EMPTY], [0.5]) is None


def test_the_package_has_no_name_that_it_does_not_list():
    assert set(sla._HOMES) == set(sla.__all__) <= set(dir(sla))
    assert not hasattr(sla, "estimate_quantiles")
