"""What is encoded comes back; whatever else arrives is refused with a WireError."""

import base64
import contextlib
import dataclasses
import struct
import zlib
from unittest.mock import patch

import msgpack
import numpy as np
import pytest
from hdrh.histogram import HdrHistogram
from hypothesis import given
from hypothesis import strategies as st

from bizra_load.measure import hdr_codec
from bizra_load.measure.hdr_codec import WireError, decode_histogram, decode_histograms, encode_histograms
from bizra_load.measure.report import VERSION, decode_report, encode_report
from bizra_load.measure.rows import health_row, window_from_row, window_row
from sla.values.histogram import HIGHEST_NS, Histogram, from_values
from sla.values.window import Health, Window
from tests.properties.test_histogram import histograms, latencies, windows


@given(histograms)
def test_a_histogram_comes_back_as_it_was(h):
    assert decode_histogram(encode_histograms([h])[0], h.over_range) == h


@given(latencies)
def test_any_hdrhistogram_library_reads_ours_and_we_read_theirs(values):
    kept = values[values <= HIGHEST_NS]
    reference = HdrHistogram(1, HIGHEST_NS, 3)
    for value in kept:
        reference.record_value(int(value))
    ours = from_values(kept)
    if kept.size:
        assert list(HdrHistogram.decode(encode_histograms([ours])[0]).counts) == list(reference.counts)
        assert decode_histogram(reference.encode().decode()) == ours


@given(st.lists(histograms, max_size=9), st.sampled_from([1, 40, 1 << 16]))
def test_histograms_come_back_together_as_they_do_alone(many, bytes_a_pass):
    """However many of them are read in one pass; those without samples are no part of it."""
    texts = [(text, h.over_range) for text, h in zip(encode_histograms(many), many, strict=True)]
    with patch.object(hdr_codec, "_BYTES_A_PASS", bytes_a_pass):
        assert decode_histograms(texts) == many == [decode_histogram(*text) for text in texts]


numbers = st.lists(
    st.sampled_from([b"\x00", b"\x01", b"\x02", b"\x80\x02", b"\x80", b"\xff" * 8 + b"\x7f", b"\xff" * 9 + b"\x01"])
)


@given(st.lists(numbers, min_size=1, max_size=4), st.integers(0, 3))
def test_a_damaged_histogram_is_refused_among_others_as_it_is_alone(payloads, good):
    """What one lacks is not taken from the next, and a good one does not hide it."""
    texts = [(hdr_codec.encoded(b"".join(payload)), 0) for payload in payloads]
    texts.insert(min(good, len(texts)), (encode_histograms([from_values(np.array([5, 900_000]))])[0], 0))

    def alone(text):
        with contextlib.suppress(WireError):
            return decode_histogram(*text)

    expected = [alone(text) for text in texts]
    if None in expected:
        with pytest.raises(WireError):
            decode_histograms(texts)
    else:
        assert decode_histograms(texts) == expected


def test_the_text_of_a_second_is_shorter_than_by_the_defaults_of_zlib():
    latencies_ns = np.random.default_rng(1).lognormal(np.log(200e3), 0.4, 240).astype(np.int64)
    [text] = encode_histograms([from_values(latencies_ns)])
    packed = base64.b64decode(text)[8:]
    assert len(packed) < 0.95 * len(zlib.compress(zlib.decompress(packed), 1))


def test_large_histograms_are_read_one_by_one(monkeypatch):
    """Hostile ones, of which a report may hold thousands, take no more memory together than the largest alone."""
    read = hdr_codec._read
    passes = []
    monkeypatch.setattr(hdr_codec, "_read", lambda payloads: passes.append(sum(p.size for p in payloads)) or read(payloads))
    texts = [(hdr_codec.encoded(b"\x02" * 10_000), 0)] * 20
    assert {h.total for h in decode_histograms(texts)} == {10_000}
    assert max(passes) <= hdr_codec._BYTES_A_PASS < sum(passes) == 200_000


def decode(data):
    return decode_report("w", 3, True, data)


hubs = histograms.map(lambda h: Histogram(h.indices, h.counts))
healths = st.builds(Health, st.integers(0, 9), st.text(min_size=1, max_size=9), histograms, st.floats(0, 9), hub=hubs)


@given(st.lists(windows, max_size=3), st.lists(healths, max_size=2))
def test_a_report_comes_back_as_it_was(w, h):
    report = decode(encode_report(w, h))
    assert (report.worker, report.sequence, report.final) == ("w", 3, True)
    assert (report.windows, report.health) == (tuple(w), tuple(h))
    # what is stored without being encoded again is what encoding it again would give
    assert report.window_rows == tuple(map(window_row, w))
    assert report.health_rows == tuple(map(health_row, h))


@given(windows, st.sampled_from(["response", "service", "ok"]))
def test_samples_that_went_missing_are_noticed(w, what):
    h = from_values(np.array([5_000]))
    more = {"ok": w.ok + 1} if what == "ok" else {what: getattr(w, what) + h}
    with pytest.raises(WireError, match="histograms hold"):
        window_from_row(window_row(dataclasses.replace(w, **more)))


@given(st.lists(windows, min_size=1, max_size=2), st.integers(0, 10**6), st.integers(0, 255))
def test_a_damaged_report_is_refused_or_still_a_report(w, at, byte):
    data = bytearray(encode_report(w, []))
    data[at % len(data)] = byte
    with contextlib.suppress(WireError):
        decode(bytes(data))


json_like = st.recursive(
    st.none() | st.booleans() | st.integers(-5, 2**63) | st.floats() | st.text(max_size=5) | st.binary(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=9), inner, max_size=3),
    max_leaves=10,
)


ROW = window_row(Window(1, "a", failed={"http_5xx": 1}, failed_response=from_values(np.array([5_000]))))


@given(json_like | st.binary(max_size=50), st.sampled_from(sorted(ROW)), json_like)
def test_hostile_values_are_refused(anything, key, value):
    row = {**ROW, key: value}
    for payload in (anything if isinstance(anything, bytes) else b"", _packed(anything), _packed([1, [row], []])):
        with contextlib.suppress(WireError):
            decode(payload)


def _packed(value):
    try:
        return msgpack.packb(value)
    except (OverflowError, ValueError):
        return b""


@pytest.mark.parametrize("text", ["\x80", "not base64!", "AAAA", "HISTFAAA", "\ud800"])
def test_text_that_is_no_histogram_is_refused(text):
    with pytest.raises(WireError):
        decode_histogram(text)


def test_a_zip_bomb_is_not_unpacked():
    bomb = zlib.compress(b"\x00" * 50_000_000)
    text = base64.b64encode(struct.pack(">ii", 0x1C849304 | 0x10, len(bomb)) + bomb).decode()
    with pytest.raises(WireError, match="longer"):
        decode_histogram(text)


def test_health_rows_are_checked_too():
    row = {**health_row(Health(1, "w")), "cpu_share": float("nan")}
    with pytest.raises(WireError, match="cpu_share"):
        decode(msgpack.packb([VERSION, [], [row], []]))
