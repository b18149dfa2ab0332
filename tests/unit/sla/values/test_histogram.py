"""Buckets and what is read from them, by values that are worked out."""

import math

import numpy as np
import pytest

from sla.values.histogram import (
    EMPTY,
    FEW,
    HIGHEST_NS,
    Histogram,
    bucket_edges_ns,
    bucket_index,
    bucket_middle_ns,
    from_counts,
    from_values,
    merge,
)


@pytest.mark.parametrize(
    ("value", "edges", "middle"),
    [
        (0, (0, 0), 0),
        (1, (1, 1), 1),
        (1024, (1024, 1024), 1024),
        (2047, (2047, 2047), 2047),
        (2048, (2048, 2049), 2048.5),
        (4095, (4094, 4095), 4094.5),
        (4096, (4096, 4099), 4097.5),
        (5001, (5000, 5003), 5001.5),
    ],
)
def test_a_bucket_is_one_wide_up_to_2047_and_then_twice_as_wide_at_each_doubling(value, edges, middle):
    index = int(bucket_index(np.array([value]))[0])
    assert bucket_edges_ns(index) == edges
    assert bucket_middle_ns(index) == middle


def of(*values, over_range=0):
    return from_values(np.array(values, dtype=np.int64), over_range)


def test_the_least_and_the_most_are_the_outer_edges_of_the_filled_buckets():
    assert (of(5001, 9).min_ns, of(5001, 9).max_ns) == (9, 5003)
    assert (of(5001).min_ns, of(5001).max_ns) == (5000, 5003)
    assert (EMPTY.min_ns, EMPTY.max_ns) == (0, 0)
    assert (of(over_range=1).min_ns, of(over_range=1).max_ns) == (0, math.inf)
    assert of(5, over_range=1).max_ns == math.inf


def test_the_longest_of_its_samples_are_those_over_range_and_of_the_highest_buckets():
    h = of(1, 2, 2, 2, 9000, over_range=2)
    longest = [h.longest(count) for count in range(9)]
    assert [x.total for x in longest] == [0, 1, 2, 3, 4, 5, 6, 7, 7]
    assert longest[1] == of(over_range=1)
    assert longest[3] == of(9000, over_range=2)
    assert longest[5] == of(2, 2, 9000, over_range=2)
    assert longest[7] == longest[8] == h
    assert EMPTY.longest(3) == EMPTY


def test_what_took_no_time_is_left_out_and_what_is_over_range_is_not():
    assert of(0, 0, 1, 2, over_range=3).without_zeros() == of(1, 2, over_range=3)
    assert of(0).without_zeros() == EMPTY


@pytest.mark.parametrize(
    ("probability", "bucket"), [(0.0, 1), (0.25, 1), (0.26, 2), (0.5, 2), (0.75, 3), (0.750001, None), (1.0, None)]
)
def test_a_quantile_lies_in_the_bucket_of_its_rank_and_over_range_in_none(probability, bucket):
    h = of(1, 2, 3, over_range=1)
    assert h.bucket_at(probability) == bucket
    assert h.quantile_ns(probability) == (math.inf if bucket is None else bucket)


def test_a_rank_that_is_whole_but_for_rounding_is_whole():
    """0.07 times 100 is 7.000000000000001."""
    assert of(*range(100)).bucket_at(0.07) == 6


def test_samples_are_counted_up_to_a_bucket_and_over_a_limit():
    h = of(1, 2, 2, 5001, over_range=3)
    assert [h.count_at_or_below(i) for i in (0, 1, 2, 3)] == [0, 1, 3, 3]
    assert [h.count_over(ns) for ns in (0, 1, 2, 5002, 5003)] == [7, 6, 4, 4, 3]
    assert h.total == 7
    assert (h.with_over_range(2).over_range, h.with_over_range(2).total) == (5, 9)


def test_what_took_a_limit_or_longer_is_what_surely_did():
    h = of(1, 2, 5001, over_range=3)
    assert h.from_ns(2) == of(2, 5001)
    assert h.from_ns(5000) == of(5001)
    assert h.from_ns(5001) == EMPTY  # its bucket begins at 5000
    assert h.from_ns(0) == of(1, 2, 5001)


def test_a_minute_is_the_longest_latency_that_has_a_bucket():
    assert of(HIGHEST_NS).over_range == 0
    histogram = of(HIGHEST_NS, HIGHEST_NS + 1, 5, over_range=2)
    assert (histogram.total, histogram.over_range) == (5, 3)
    assert of(HIGHEST_NS + 1) == of(over_range=1)
    assert of(0).total == 1
    with pytest.raises(ValueError, match="negative"):
        of(5, -1)


def test_values_that_occurred_several_times_are_counted_so_often():
    counted = from_counts(np.array([7, 5, 7, HIGHEST_NS, HIGHEST_NS + 1]), np.array([2, 3, 4, 1, 6]))
    assert counted == of(*[7] * 6, *[5] * 3, HIGHEST_NS, over_range=6)
    assert from_counts(np.array([HIGHEST_NS + 1]), np.array([2])) == of(over_range=2)


@pytest.mark.parametrize("size", [1, FEW, FEW + 1, 3 * FEW])
def test_few_samples_are_counted_as_many_are(size):
    values = np.random.default_rng(1).integers(0, 100_000, size)
    counted = from_values(values, 1)
    buckets, counts = np.unique(bucket_index(values), return_counts=True)
    assert (counted.indices.tolist(), counted.counts.tolist(), counted.over_range) == (buckets.tolist(), counts.tolist(), 1)


def test_a_sum_holds_the_samples_of_its_parts():
    parts = [of(5, 7), EMPTY, of(7, 9000, over_range=1), of(over_range=2)]
    assert merge(parts) == of(5, 7, 7, 9000, over_range=3) == parts[0] + parts[2] + parts[3]
    assert merge([of(5), EMPTY]) == of(5)
    assert merge([of(5), of(over_range=1)]) == of(5, over_range=1)
    assert merge([of(5, over_range=1)]) == of(5, over_range=1)
    assert merge([]) == merge([EMPTY, EMPTY]) == EMPTY
    assert merge([of(over_range=1), of(over_range=2)]) == of(over_range=3)


def test_histograms_are_equal_when_all_their_counts_are():
    assert of(5, 5) == Histogram(np.array([5]), np.array([2]))
    for other in (of(5), of(5, 6), of(5, 5, over_range=1), of(6, 6), EMPTY, "a histogram"):
        assert of(5, 5) != other
    assert hash(of(5, 5)) == hash(Histogram(np.array([5]), np.array([2])))
    assert hash(of(5, 5)) != hash(of(5, 5, over_range=1))
