"""What is encoded comes back; whatever else arrives is refused with a WireError."""

import base64
import contextlib
import dataclasses
import struct
import zlib

import msgpack
import numpy as np
import pytest
from hdrh.histogram import HdrHistogram
from hypothesis import given
from hypothesis import strategies as st

from bizra_load.measure.hdr_codec import WireError, decode_histogram, encode_histograms
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
