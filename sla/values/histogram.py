"""Latency histograms in the HdrHistogram bucket layout, sparse, mergeable.

Layout: lowest 1 ns, highest 60 s, 3 significant digits (sub-bucket count 2048), so a bucket is never wider than
1/1024 of its value (exact below 2,048 ns). Source: HdrHistogram, https://hdrhistogram.org, `countsArrayIndex`.
The bytes on the wire and on disk are HdrHistogram's own V2 encoding (see `bizra_load.measure.hdr_codec`).
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

IntArray = NDArray[np.int64]
Buckets = TypeVar("Buckets", int, IntArray)

LOWEST_NS = 1  # of what HdrHistogram's layout tells apart
HIGHEST_NS = 60_000_000_000  # 60 s: a longer latency is a sample without a value
SIGNIFICANT_DIGITS = 3  # a bucket is at most 1/1024 of its value wide
_SUB_BUCKET_BITS = 11  # 2048 sub-buckets give 3 significant digits
FEW = 1_000  # so many samples are sorted in less time than thousands of buckets are counted and searched
COUNTS_LENGTH = 27_648  # counts_len of HdrHistogram(1, 60e9, 3); a test holds the equality


def bucket_index(values_ns: IntArray) -> IntArray:
    """Bucket of each value; `values_ns` has any shape, whole ns in [0, HIGHEST_NS]."""
    # frexp's exponent is the bit length for any integer under 2**53, and HIGHEST_NS is under 2**36
    bit_length = np.frexp(values_ns.astype(np.float64))[1].astype(np.int64)
    shift = np.maximum(bit_length - _SUB_BUCKET_BITS, 0)
    index: IntArray = (shift << (_SUB_BUCKET_BITS - 1)) + (values_ns >> shift)
    return index


def bucket_low_ns(index: Buckets) -> Buckets:
    """Smallest value (ns) of each bucket, or of one."""
    shift = _shift(index)
    return (index - (shift << (_SUB_BUCKET_BITS - 1))) << shift


def bucket_high_ns(index: Buckets) -> Buckets:
    """Largest value (ns, inclusive) of each bucket, or of one."""
    return bucket_low_ns(index) + (1 << _shift(index)) - 1


def _shift(index: Buckets) -> Buckets:
    """Binary logarithm of the bucket's width in ns."""
    above = (index >> (_SUB_BUCKET_BITS - 1)) - 1
    return above * (above > 0)


def bucket_edges_ns(index: int) -> tuple[float, float]:
    """(smallest, largest) value of one bucket, ns, both inclusive."""
    return float(bucket_low_ns(index)), float(bucket_high_ns(index))


def bucket_of(value_ns: float) -> int:
    """The bucket of one value; of one out of range the nearest."""
    return int(bucket_index(np.array([int(min(max(value_ns, 0.0), HIGHEST_NS))]))[0])


def bucket_middle_ns(index: int) -> float:
    """Middle (ns) of one bucket."""
    low, high = bucket_edges_ns(index)
    return (low + high) / 2


@dataclass(frozen=True, eq=False)
class Histogram:
    """Counts of latencies: `indices` ascending and unique, `counts` positive, both int64 and of one shape (k,).

    `over_range` counts samples known only to be longer than any bucket: over 60 s, or timed out. They have a rank
    (the highest) but no value, so a quantile that falls among them is infinite.
    """

    indices: IntArray
    counts: IntArray
    over_range: int = 0

    @cached_property
    def total(self) -> int:
        """Number of samples, those over range included."""
        return int(self.counts.sum()) + self.over_range

    @property
    def min_ns(self) -> float:
        """Lower edge of the lowest filled bucket; 0 without any."""
        return bucket_edges_ns(int(self.indices[0]))[0] if self.indices.size else 0.0

    @property
    def max_ns(self) -> float:
        """Upper edge of the highest filled bucket: 0 without samples, inf where one is over range."""
        if self.over_range:
            return math.inf
        return bucket_edges_ns(int(self.indices[-1]))[1] if self.indices.size else 0.0

    def __eq__(self, other: object) -> bool:
        return (
            isinstance(other, Histogram)
            and self.over_range == other.over_range
            and np.array_equal(self.indices, other.indices)
            and np.array_equal(self.counts, other.counts)
        )

    def __hash__(self) -> int:
        return hash((self.indices.tobytes(), self.counts.tobytes(), self.over_range))

    def __add__(self, other: Histogram) -> Histogram:
        return merge((self, other))

    def bucket_at(self, probability: float) -> int | None:
        """Bucket of the order statistic of rank ceil(n p); None when it is over range. Needs at least one sample."""
        rank = min(max(math.ceil(self.total * probability - 1e-9), 1), self.total)
        position = int(np.searchsorted(np.cumsum(self.counts), rank))
        return int(self.indices[position]) if position < self.indices.size else None

    def quantile_ns(self, probability: float) -> float:
        """The empirical quantile without an interval: the middle of its bucket, infinite when it is over range."""
        bucket = self.bucket_at(probability)
        return math.inf if bucket is None else bucket_middle_ns(bucket)

    def count_at_or_below(self, index: int) -> int:
        """Samples in buckets up to and including `index`."""
        return int(self.counts[: np.searchsorted(self.indices, index, side="right")].sum())

    def count_over(self, limit_ns: float) -> int:
        """Samples that can be longer than `limit_ns`."""
        return int(self.counts[bucket_high_ns(self.indices) > limit_ns].sum()) + self.over_range

    def with_over_range(self, more: int) -> Histogram:
        """Itself and so many samples over range."""
        return Histogram(self.indices, self.counts, self.over_range + more)

    def from_ns(self, limit_ns: float) -> Histogram:
        """The samples of known length that took `limit_ns` or longer."""
        long = bucket_low_ns(self.indices) >= limit_ns
        return Histogram(self.indices[long], self.counts[long]) if long.any() else EMPTY

    def without_zeros(self) -> Histogram:
        """Itself without samples of 0 ns: nothing takes no time, so nobody timed them, or nothing was sent."""
        return self.from_ns(LOWEST_NS).with_over_range(self.over_range)

    def longest(self, count: int) -> Histogram:
        """So many of its samples, the longest; itself where it has no more."""
        over = min(count, self.over_range)
        longer = np.cumsum(self.counts[::-1])[::-1] - self.counts
        kept = np.clip(count - over - longer, 0, self.counts)
        return Histogram(self.indices[kept > 0], kept[kept > 0], over)

    def rounded_up(self, bits: int) -> Histogram:
        """Its samples in every 2^bits-th bucket alone, each in the next that is not lower: none becomes shorter, and none
        longer by 2^bits / 1024 of its value (under 2,048 ns: by 2^bits ns) or more. The shortest and the longest stay.
        """
        if self.indices.size <= 2:  # the shortest and the longest
            return self
        step = 1 << bits
        indices = np.minimum(-(-self.indices // step) * step, self.indices[-1])
        indices[0] = self.indices[0]
        first = np.flatnonzero(np.diff(indices, prepend=-1))
        return Histogram(indices[first], np.add.reduceat(self.counts, first), self.over_range)


EMPTY = Histogram(np.zeros(0, np.int64), np.zeros(0, np.int64))


def from_values(values_ns: IntArray, over_range: int = 0) -> Histogram:
    """Histogram of whole-ns values of shape (n,); values over HIGHEST_NS go to `over_range`; raises ValueError under 0."""
    if values_ns.size == 0:
        return EMPTY if not over_range else Histogram(EMPTY.indices, EMPTY.counts, over_range)
    if int(values_ns.min()) < 0:
        raise ValueError("a latency can't be negative")
    inside = values_ns <= HIGHEST_NS
    kept = values_ns if bool(inside.all()) else values_ns[inside]
    return _counted(bucket_index(kept), None, over_range + int(values_ns.size - kept.size))


def from_counts(values_ns: IntArray, counts: IntArray) -> Histogram:
    """from_values() of values that occurred `counts` times each, both of shape (k,)."""
    inside = values_ns <= HIGHEST_NS
    return _counted(bucket_index(values_ns[inside]), counts[inside], int(counts[~inside].sum()))


def _counted(buckets: IntArray, counts: IntArray | None, over_range: int) -> Histogram:
    """Samples in these buckets, in any order: one in each, or as many as `counts` says."""
    if not buckets.size:
        return Histogram(EMPTY.indices, EMPTY.counts, over_range)
    if counts is None and buckets.size <= FEW:
        return Histogram(*np.unique(buckets, return_counts=True), over_range)
    lowest = int(buckets.min())  # most of the buckets below are empty: counting them would take longer than all else
    # bincount's weights are float64: exact up to 2**53 samples
    return _of_dense(np.bincount(buckets - lowest, weights=counts), lowest, over_range)


def _of_dense(dense: NDArray[np.int64] | NDArray[np.float64], lowest: int, over_range: int) -> Histogram:
    """`dense[i]` samples in bucket lowest + i."""
    filled = np.flatnonzero(dense)
    return Histogram(filled.astype(np.int64) + lowest, dense[filled].astype(np.int64), over_range)


def merge(histograms: Iterable[Histogram]) -> Histogram:
    """Sum of histograms; exact, commutative, associative, with EMPTY as identity."""
    parts = list(histograms)
    filled = [h for h in parts if h.indices.size]
    over_range = sum(h.over_range for h in parts)
    if not filled:
        return Histogram(EMPTY.indices, EMPTY.counts, over_range) if over_range else EMPTY
    if len(filled) == 1:
        only = filled[0]
        return only if only.over_range == over_range else Histogram(only.indices, only.counts, over_range)
    lowest = min(int(h.indices[0]) for h in filled)
    dense = np.zeros(max(int(h.indices[-1]) for h in filled) + 1 - lowest, np.int64)
    for h in filled:
        dense[h.indices - lowest] += h.counts
    return _of_dense(dense, lowest, over_range)
