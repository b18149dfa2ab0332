"""Edges of the quantiles' parts that no simulated stream comes to."""

import math

import numpy as np
import pytest

from sla.estimators.dependence import BATCHES
from sla.estimators.quantiles import MergedWindows, _batches_with, windows_of
from sla.values.histogram import EMPTY, Histogram, from_values


def test_a_second_begins_at_its_edge():
    assert [w.total for w in windows_of([0.0, 0.999, 1.0, 1.5, 2.0], [1, 1, 1, 1, 1])] == [2, 2, 1]


@pytest.mark.parametrize(
    ("times", "values"), [([0.0, math.nan], [1.0, 1.0]), ([0.0, math.inf], [1.0, 1.0]), ([0.0, 1.0], [1.0, math.nan])]
)
def test_one_value_that_is_none_among_others_is_refused(times, values):
    with pytest.raises(ValueError, match="must be finite"):
        windows_of(times, values)


@pytest.mark.parametrize("each", [1.0, 5.0])
def test_a_batch_with_one_exceedance_has_one(each):
    assert _batches_with(np.full(3 * BATCHES, each)) == 1.0
    assert _batches_with(np.repeat([each, 0.0], [BATCHES, BATCHES])) == 0.5


def test_samples_below_a_bucket_are_those_of_each_window_whatever_the_windows_hold():
    """Beside the same counted one by one."""
    over = Histogram(EMPTY.indices, EMPTY.counts, 3)
    one = from_values(np.array([5, 5, 70_000, 9_000_000]), over_range=1)
    windows = [EMPTY, one, over, EMPTY, from_values(np.array([5])), from_values(np.arange(0, 60_000_000_000, 1_000_000_007))]
    merged = MergedWindows.of(windows)
    for bucket in (0, 4, 5, 6, 2_047, 2_048, 9_000, 27_647, None):
        counted = [h.count_at_or_below(bucket) if bucket is not None else int(h.counts.sum()) for h in windows]
        assert merged.below(bucket).tolist() == counted, bucket
