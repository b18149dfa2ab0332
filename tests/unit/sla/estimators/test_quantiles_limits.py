"""Limits of quantiles, and how far down the dependence of a tail is looked for: 40 windows, of which two make a batch.

The largest values lie in windows of which each batch has as many, so their design effect is 1; those next below them lie in
one or two windows, and show a large one to whoever looks there.
"""

import numpy as np
import pytest

from sla.estimators.quantiles import MergedWindows, quantile_results
from sla.values.histogram import EMPTY, HIGHEST_NS, Histogram, from_values

WINDOWS = 40


def deff(windows, q):
    [of_tail] = quantile_results([from_values(w) for w in windows], [q])
    return of_tail.deff


def test_the_dependence_of_a_p90_is_its_own():
    """A tenth is alike in every window; of the next tenth all lie in eight of them."""
    windows = np.full((WINDOWS, 100), 100)
    windows[::5, 10:60] = 200
    windows[:, :10] = 300
    assert (deff(windows, 0.9), deff(windows, 0.95)) == (1.0, 1.0)
    assert deff(windows, 0.8) > 3


@pytest.mark.parametrize(("batches", "goes_on"), [(18, False), (17, True)])
def test_a_tail_is_followed_until_nine_batches_in_ten_hold_some_of_it(batches, goes_on):
    """Of a p99 of 4000 the 40 beyond are slowest, with 40 more a p98; beyond a p96 80 more lie in two windows."""
    windows = np.full((WINDOWS, 100), 100)
    slow = np.arange(2 * batches)
    windows[slow, 0], windows[slow, 1] = 400, 300
    lacking = 40 - slow.size
    windows[slow[:lacking], 2], windows[slow[-lacking:], 3] = 400, 300
    windows[np.ix_([15, 30], range(10, 50))] = 200
    assert (deff(windows, 0.99) > 10) is goes_on


@pytest.mark.parametrize(("beyond", "clustered"), [(8, True), (11, False)])
def test_who_looks_often_follows_a_tail_to_a_tenth_of_all(beyond, clustered):
    """Of a p99 of 4000 the 40 beyond are slowest, one in each window; of a hundred `beyond` lie so, and next to them in two."""
    windows = np.full((WINDOWS, 100), 100)
    windows[np.ix_([15, 30], range(20, 60))] = 150
    windows[:, 1:beyond] = 300
    windows[:, 0] = 400
    merged = MergedWindows.of([from_values(w) for w in windows])
    cautious = MergedWindows.of([from_values(w) for w in windows], cautious=True)
    assert merged.design_effect(0.99)[0] == 1.0
    assert (cautious.design_effect(0.99)[0] > 5) is clustered


@pytest.mark.parametrize(("each", "slow", "goes_on"), [(64, 20, False), (63, 19, True)])
def test_a_tail_is_thin_with_less_than_ten_samples_that_are_worth_as_much_as_independent_ones(each, slow, goes_on):
    """A 256th lies beyond the quantile: of 2560 samples that is 10, of 2520 it is 9.8. Twice as much lies in nineteen batches
    of twenty, or in all: a thin tail is followed once more, to four times as much.
    """
    windows = np.full((WINDOWS, each), 100)
    windows[7, 1:21] = 200
    windows[: 2 * slow : 2, 0] = 300
    windows[2 : 2 * slow : 4, 0] = 400
    assert (deff(windows, 1 - 1 / 256) > 5) is goes_on


def test_of_what_is_all_over_range_only_that_is_known():
    [median] = quantile_results([Histogram(EMPTY.indices, EMPTY.counts, 5)] * 20, [0.5])
    assert (median.estimate.low, median.estimate.point, median.estimate.high) == (HIGHEST_NS, np.inf, np.inf)
