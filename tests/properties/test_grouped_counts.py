"""Filling many histograms at once gives what filling each alone gives."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sla.values.grouped_counts import count
from sla.values.histogram import HIGHEST_NS, from_values

GROUPS = 4
samples = st.lists(st.tuples(st.integers(0, HIGHEST_NS + 5), st.integers(0, GROUPS - 1)), max_size=50)


def counted(rows):
    values, group = (np.array([r[i] for r in rows], np.int64) for i in (0, 1))
    return count(values, group, GROUPS)


def each_alone(rows):
    return [from_values(np.array([v for v, g in rows if g == group], np.int64)) for group in range(GROUPS)]


@given(samples)
def test_each_group_is_the_histogram_of_its_values(rows):
    assert counted(rows).histograms() == each_alone(rows)


@given(samples, samples)
def test_the_sum_of_two_counts_is_the_count_of_both(a, b):
    assert (counted(a) + counted(b)).histograms() == each_alone(a + b)


@pytest.mark.parametrize("beside", [[], [(5, 0)], [(5, 1), (-3, 2)]])
def test_a_negative_latency_is_refused(beside):
    with pytest.raises(ValueError, match="negative"):
        counted([*beside, (-1, 0)])


def test_a_minute_is_the_longest_latency_that_has_a_bucket():
    histograms = counted([(HIGHEST_NS, 0), (HIGHEST_NS + 1, 0), (HIGHEST_NS + 1, 2), (0, 2)]).histograms()
    assert [(h.total, h.over_range) for h in histograms] == [(2, 1), (0, 0), (2, 1), (0, 0)]
