"""Sums of many histograms under way, in little memory."""

import numpy as np

from sla.values.histogram import EMPTY, Histogram, from_values
from sla.values.packed import OPEN, HistogramSums, PackedHistogram, packed


def of(*values, over_range=0):
    return from_values(np.array(values, dtype=np.int64), over_range)


def test_a_packed_histogram_is_the_same_in_fewer_bytes():
    h = of(5, 5, 9000, over_range=2)
    small = packed(h)
    assert small == h
    assert (small.total, small.over_range, small.max_ns) == (5, 2, h.max_ns)
    assert small.indices.dtype == small.counts.dtype == np.int64
    assert sum(a.nbytes for a in vars(small).values() if isinstance(a, np.ndarray)) == 2 * (2 + 1)
    many = Histogram(np.array([5, 6]), np.array([1, 70_000]))
    assert packed(many) == many
    assert packed(small) is small
    assert packed(EMPTY) is EMPTY
    assert PackedHistogram(EMPTY.indices, EMPTY.counts, 3) == of(over_range=3)


def test_each_key_has_the_sum_of_what_was_added_to_it():
    sums = HistogramSums()
    for key, h in (("a", of(5)), ("b", of(7, over_range=1)), ("a", of(5, 6)), ("c", of(over_range=2)), ("b", EMPTY)):
        sums.add(key, h)
    sums.add_over_range("a", 4)
    expected = {"a": of(5, 5, 6, over_range=4), "b": of(7, over_range=1), "c": of(over_range=2), "d": EMPTY}
    for _ in range(2):  # asking changes nothing
        assert {key: sums.sum(key) for key in "abcd"} == expected
    sums.add("a", of(8))
    assert sums.sum("a") == of(5, 5, 6, 8, over_range=4)


def test_no_more_sums_than_a_bound_are_open_and_the_oldest_are_packed_first():
    sums = HistogramSums()
    for key in range(3 * OPEN):
        sums.add(key, of(key))
        assert len(sums._open) <= OPEN
    assert list(sums._open) == list(range(2 * OPEN, 3 * OPEN))
    sums.add(0, of(9))
    assert sums.sum(0) == of(0, 9)
    assert all(sums.sum(key) == of(key) for key in range(1, 3 * OPEN))
    sums.pack()
    assert not sums._open
    assert not sums._spare


def test_an_array_that_is_used_again_holds_nothing_of_before():
    sums = HistogramSums()
    sums.add("a", of(5, 7))
    assert sums.sum("a") == of(5, 7)
    assert len(sums._spare) == 1
    sums.dense("b", 9, 9)[0] += 1
    assert not sums._spare
    assert sums.sum("b") == of(9)
    sums.dense("c", 3, 4)
    assert sums.sum("c") == EMPTY


def test_samples_below_and_above_what_a_sum_holds_are_kept_too():
    sums = HistogramSums()
    for value in (700, 5, 90_000, 700):
        sums.add("a", of(value))
    assert sums.sum("a") == of(5, 700, 700, 90_000)
    sums.add("b", of(5, 90_000))  # the array of "a", used again
    assert sums.sum("b") == of(5, 90_000)


def test_the_sums_of_another_are_added_and_what_is_forgotten_begins_anew():
    one, other = HistogramSums(), HistogramSums()
    for key, h in (("open", of(1)), ("packed", of(2)), ("over", of(over_range=1))):
        one.add(key, h)
    one.sum("packed")
    for key, h in (("open", of(3)), ("packed", of(4)), ("over", of(over_range=2)), ("new", of(5, over_range=1))):
        other.add(key, h)
    one.join(other)
    sums = {key: one.sum(key) for key in ("open", "packed", "over", "new")}
    assert sums == {"open": of(1, 3), "packed": of(2, 4), "over": of(over_range=3), "new": of(5, over_range=1)}
    one.add("open", of(6))
    one.forget(["open", "over", "new", "unknown"])
    assert {one.sum(key) for key in ("open", "over", "new", "unknown")} == {EMPTY}
    one.add("new", of(7))
    assert (one.sum("new"), one.sum("packed")) == (of(7), of(2, 4))
