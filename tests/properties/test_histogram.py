"""Merging is a tested law, and the bucket layout is HdrHistogram's."""

import numpy as np
from hdrh.histogram import HdrHistogram
from hypothesis import given
from hypothesis import strategies as st

from sla.values import histogram
from sla.values.histogram import (
    COUNTS_LENGTH,
    EMPTY,
    HIGHEST_NS,
    bucket_high_ns,
    bucket_index,
    bucket_low_ns,
    from_values,
    merge,
)
from sla.values.window import FAILED, LATENCIES, TIMED_OUT, Window, merge_windows

latencies = st.lists(st.integers(0, HIGHEST_NS + 10), max_size=60).map(lambda v: np.array(v, dtype=np.int64))
histograms = st.builds(from_values, latencies, st.integers(0, 3))


@given(histograms, histograms, histograms)
def test_merging_is_commutative_associative_and_has_an_identity(a, b, c):
    assert a + b == b + a
    assert (a + b) + c == a + (b + c)
    assert a + EMPTY == a
    assert (a + b).total == a.total + b.total


@given(latencies, st.integers(1, 7), st.randoms(use_true_random=False))
def test_one_stream_split_over_any_number_of_workers_gives_the_same_histogram(values, workers, rng):
    owner = np.array([rng.randrange(workers) for _ in values], dtype=np.int64)
    assert merge(from_values(values[owner == w]) for w in range(workers)) == from_values(values)


@given(st.integers(0, HIGHEST_NS))
def test_every_value_lies_in_its_bucket_and_the_bucket_is_narrow(value):
    index = bucket_index(np.array([value]))
    low, high = int(bucket_low_ns(index)[0]), int(bucket_high_ns(index)[0])
    assert low <= value <= high
    assert (high - low) * 1024 <= max(low, 1)


@given(latencies)
def test_buckets_are_those_of_hdrhistogram(values):
    reference = HdrHistogram(histogram.LOWEST_NS, HIGHEST_NS, histogram.SIGNIFICANT_DIGITS)
    assert reference.counts_len == COUNTS_LENGTH
    for value in values[values <= HIGHEST_NS]:
        reference.record_value(int(value))
    ours = from_values(values)
    filled = {i: c for i, c in enumerate(reference.counts) if c}
    assert dict(zip(ours.indices.tolist(), ours.counts.tolist(), strict=True)) == filled


@st.composite
def consistent_windows(draw):
    """Each successful operation, and each that timed out, has a response and a service time; each that failed may have some."""
    failed = draw(st.dictionaries(st.sampled_from(["timeout", "http_5xx", "generator"]), st.integers(0, 5)))
    took = {
        outcome + latency: from_values(draw(latencies)[: failed.get(category, 0)])
        for outcome, category in ((FAILED, "http_5xx"), (TIMED_OUT, "timeout"))
        for latency in LATENCIES
    }
    response = draw(latencies)
    service = draw(st.permutations(response.tolist())) if response.size else []
    timeouts = failed.get("timeout", 0)
    return Window(
        second=draw(st.integers(0, 3)),
        operation=draw(st.sampled_from(["a", "b"])),
        planned=draw(st.integers(0, 9)),
        started=draw(st.integers(0, 9)),
        ok=response.size,
        failed=failed,
        in_flight_ns=draw(st.integers(0, 10**9)),
        response=from_values(response, timeouts),
        service=from_values(np.array(service, dtype=np.int64) // 2, timeouts),
        **took,
    )


windows = consistent_windows()


@given(st.lists(windows, max_size=8), st.integers(0, 8))
def test_windows_merge_the_same_in_any_grouping(parts, cut):
    whole = merge_windows(parts)
    assert merge_windows([*merge_windows(parts[:cut]), *merge_windows(parts[cut:])]) == whole
    assert merge_windows(reversed(parts)) == whole


@given(histograms, st.integers(0, 10))
def test_no_sample_that_is_rounded_becomes_shorter_or_much_longer_and_the_extremes_stay(h, bits):
    rounded = h.rounded_up(bits)
    assert (rounded.total, rounded.over_range, rounded.min_ns, rounded.max_ns) == (h.total, h.over_range, h.min_ns, h.max_ns)
    assert (np.diff(rounded.indices) > 0).all()
    before, after = (bucket_low_ns(np.repeat(x.indices, x.counts)) for x in (h, rounded))
    assert (after >= before).all()
    assert (after - before < (1 << bits) * np.maximum(before / 1024, 1)).all()
    inside = rounded.indices[1:-1]
    assert not (inside % (1 << bits)).any()
    assert rounded.rounded_up(bits) == rounded
    assert h.rounded_up(0) == h


def test_what_nobody_did_stays_apart_from_what_somebody_did():
    values = np.array([0] * 5 + [1, 100, 100_000, 100_100, 90_000_000])
    rounded = from_values(values).rounded_up(4)
    assert bucket_low_ns(rounded.indices).tolist() == [0, 16, 112, 100_352, 89_980_928]
    assert rounded.counts.tolist() == [5, 1, 1, 2, 1]
