"""Histograms are added up from their texts as they would be one by one, and the same texts are refused."""

import base64
import struct
import zlib

from hypothesis import given
from hypothesis import strategies as st

from bizra_load.measure.hdr_codec import WireError, decode_histogram, encode_histograms
from bizra_load.measure.histogram_texts import HistogramTexts
from sla.values.histogram import COUNTS_LENGTH, EMPTY, HIGHEST_NS, from_values, merge
from sla.values.packed import HistogramSums
from tests.properties.test_histogram import histograms

HEADER = struct.Struct(">iiiiqqd")


def text_of(payload, layout=(0, 3, 1, HIGHEST_NS, 1.0)):
    raw = HEADER.pack(0x1C849313, len(payload), *layout) + payload
    packed = zlib.compress(raw, 1)
    return base64.b64encode(struct.pack(">ii", 0x1C849314, len(packed)) + packed).decode()


def number(value):
    """ZigZag LEB128-64b9B, as long as it needs."""
    z, out = (value << 1) ^ (value >> 63), bytearray()
    while len(out) < 8 and z >= 0x80:
        out.append(z & 0x7F | 0x80)
        z >>= 7
    return bytes([*out, z & 0xFF])


def outcome(text):
    """(what decode_histogram() makes of it, what HistogramTexts makes of it); None where it is refused."""
    try:
        expected = decode_histogram(text)
    except WireError:
        expected = None
    sums = HistogramSums()
    texts = HistogramTexts(sums)
    try:
        total, highest = texts.add("k", text, 0)
    except WireError:
        return expected, None
    added = sums.sum("k")
    assert (total, highest) == (added.total, int(added.indices[-1]) if added.indices.size else -1)
    # nothing is left behind for the next one
    texts.add("next", encode_histograms([from_values(added.indices[:1])])[0], 0)
    assert sums.sum("next") == from_values(added.indices[:1])
    return expected, added


@given(st.lists(st.tuples(st.integers(0, 2), histograms), max_size=6))
def test_the_sum_of_texts_is_the_sum_of_their_histograms(parts):
    sums = HistogramSums()
    texts = HistogramTexts(sums)
    for key, h in parts:
        assert texts.add(key, encode_histograms([h])[0], h.over_range)[0] == h.total
    for key in range(3):
        assert sums.sum(key) == merge([EMPTY, *(h for k, h in parts if k == key)])


small, limits = st.integers(1, 300), st.sampled_from([0, 2**40, 2**40 + 1])
numbers = st.one_of(small, limits, st.integers(-COUNTS_LENGTH - 1, -1), st.integers(-(2**62), 2**62))


@given(st.lists(numbers, max_size=12))
def test_any_numbers_are_added_or_refused_as_one_by_one(values):
    expected, added = outcome(text_of(b"".join(map(number, values))))
    assert added == expected


@given(st.binary(max_size=40))
def test_any_payload_is_added_or_refused_as_one_by_one(payload):
    expected, added = outcome(text_of(payload))
    assert added == expected


@given(st.tuples(st.integers(-1, 1), st.integers(2, 4), st.integers(0, 2), st.sampled_from([HIGHEST_NS, 1]), st.floats()))
def test_another_layout_is_refused(layout):
    expected, added = outcome(text_of(number(3), layout))
    assert added == expected


@given(histograms, st.data())
def test_a_damaged_text_is_refused_as_one_by_one(h, data):
    text = encode_histograms([h])[0]
    at = data.draw(st.integers(0, max(len(text) - 1, 0)))
    expected, added = outcome(text[:at] + data.draw(st.text(max_size=2)) + text[at + data.draw(st.integers(0, 2)) :])
    assert added == expected
