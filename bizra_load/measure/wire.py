"""Windows and health rows as plain, versioned data: the same rows go over the wire (msgpack) and to disk (JSON lines).

Histograms are HdrHistogram's V2 encoding, which any HdrHistogram library reads. Decoding treats its input as hostile:
sizes and types are checked, nothing is executed, and all trouble is a WireError of one line.
"""

from __future__ import annotations

import base64
import struct
import zlib
from collections.abc import Mapping
from typing import Any

import msgpack
import numpy as np

from sla.histogram import COUNTS_LENGTH, EMPTY, HIGHEST_NS, LOWEST_NS, SIGNIFICANT_DIGITS, Histogram, IntArray
from sla.window import Health, Window

VERSION = 1
MAX_REPORT_BYTES = 8 * 1024 * 1024
MAX_ROWS = 10_000
MAX_NAME = 200
MAX_COUNT = 1 << 62
MAX_BUCKET_COUNT = 1 << 40  # in one second; the sum of 8 million such rows still fits 64 bits
MAX_SECOND = 1 << 34  # the year 2514

_COOKIE_V2 = 0x1C849303 | 0x10
_COMPRESSED_COOKIE_V2 = 0x1C849304 | 0x10
_HEADER = struct.Struct(">iiiiqqd")  # cookie, payload length, normalizing offset, digits, lowest, highest, ratio
_MAX_PAYLOAD = 9 * COUNTS_LENGTH


class WireError(ValueError):
    """One line: what is wrong with the bytes."""


def encode_histogram(h: Histogram) -> str:
    """Base64 of the compressed V2 encoding ("HISTF..."); "" for an empty one. `over_range` travels beside it."""
    if not h.indices.size:
        return ""
    gaps = np.diff(h.indices, prepend=-1) - 1
    # one signed number for each run of empty buckets (negative) and each count (positive), in bucket order
    interleaved = np.empty(2 * gaps.size, np.int64)
    interleaved[0::2], interleaved[1::2] = -gaps, h.counts
    payload = _zigzag_leb128(interleaved[interleaved != 0])
    header = _HEADER.pack(_COOKIE_V2, len(payload), 0, SIGNIFICANT_DIGITS, LOWEST_NS, HIGHEST_NS, 1.0)
    packed = zlib.compress(header + payload, 1)
    return base64.b64encode(struct.pack(">ii", _COMPRESSED_COOKIE_V2, len(packed)) + packed).decode("ascii")


def decode_histogram(text: str, over_range: int = 0) -> Histogram:
    """Raises WireError unless `text` is "" or a V2 histogram of our layout."""
    if not text:
        return Histogram(EMPTY.indices, EMPTY.counts, over_range) if over_range else EMPTY
    try:
        data = base64.b64decode(text, validate=True)
    except ValueError as error:  # binascii.Error, and a plain one for characters outside ASCII
        raise WireError(f"damaged histogram: {error}") from None
    try:
        cookie, length = struct.unpack_from(">ii", data)
        if cookie != _COMPRESSED_COOKIE_V2 or length != len(data) - 8:
            raise WireError("not a compressed HdrHistogram V2")
        inflater = zlib.decompressobj()
        raw = inflater.decompress(data[8:], _HEADER.size + _MAX_PAYLOAD)
        if not inflater.eof:
            raise WireError("histogram longer than its layout allows")
        cookie, length, offset, digits, lowest, highest, _ = _HEADER.unpack_from(raw)
    except (struct.error, zlib.error) as error:
        raise WireError(f"damaged histogram: {error}") from None
    if (cookie, offset, digits, lowest, highest) != (_COOKIE_V2, 0, SIGNIFICANT_DIGITS, LOWEST_NS, HIGHEST_NS):
        raise WireError("a histogram of another layout")
    if length != len(raw) - _HEADER.size:
        raise WireError("histogram cut short")
    values = _unzigzag_leb128(np.frombuffer(raw, np.uint8, offset=_HEADER.size))
    if bool((values == 0).any()) or bool((np.abs(values) > MAX_BUCKET_COUNT).any()):
        raise WireError("histogram with impossible counts")
    filled = values > 0
    steps = np.where(filled, 1, -values)
    if int(np.minimum(steps, COUNTS_LENGTH).sum()) > COUNTS_LENGTH:
        raise WireError("histogram with more buckets than its layout")
    indices = (np.cumsum(steps) - 1)[filled]
    return Histogram(indices, values[filled].astype(np.int64), over_range)


def _zigzag_leb128(values: IntArray) -> bytes:
    """HdrHistogram's ZigZag LEB128-64b9B, all values at once."""
    z = ((values << 1) ^ (values >> 63)).astype(np.uint64)
    size = 9
    columns = np.empty((z.size, size), np.uint8)
    rest = z.copy()
    lengths = np.ones(z.size, np.int64)
    for byte in range(size):
        columns[:, byte] = (rest & np.uint64(0x7F)).astype(np.uint8)
        rest >>= np.uint64(7)
        lengths += (rest > 0) if byte < size - 1 else 0
    position = np.arange(size)
    columns |= np.where(position < (lengths - 1)[:, None], 0x80, 0).astype(np.uint8)
    return columns[position < lengths[:, None]].tobytes()


def _unzigzag_leb128(data: np.ndarray[Any, np.dtype[np.uint8]]) -> IntArray:
    ends = np.flatnonzero(data < 0x80)
    if not data.size or not ends.size or ends[-1] != data.size - 1:
        raise WireError("damaged histogram: a number is cut short")
    lengths = np.diff(ends, prepend=-1)
    if int(lengths.max()) > 9:
        raise WireError("damaged histogram: a number is too long")
    starts = ends - lengths + 1
    z = np.zeros(ends.size, np.uint64)
    for byte in range(int(lengths.max())):
        here = lengths > byte
        z[here] |= (data[starts[here] + byte].astype(np.uint64) & np.uint64(0x7F)) << np.uint64(7 * byte)
    return (z >> np.uint64(1)).astype(np.int64) ^ -(z & np.uint64(1)).astype(np.int64)


def window_row(w: Window) -> dict[str, Any]:
    """Plain values of a window, the form of `windows.jsonl`."""
    return {
        "second": w.second,
        "operation": w.operation,
        "planned": w.planned,
        "unsent": w.unsent,
        "started": w.started,
        "ok": w.ok,
        "failed": dict(w.failed),
        "in_flight_ns": w.in_flight_ns,
        "response_sum_ns": w.response_sum_ns,
        "service_sum_ns": w.service_sum_ns,
        "response_over_range": w.response.over_range,
        "service_over_range": w.service.over_range,
        "response": encode_histogram(w.response),
        "service": encode_histogram(w.service),
    }


def window_from_row(row: object) -> Window:
    """Raises WireError for anything that window_row() could not have made."""
    if not isinstance(row, Mapping):
        raise WireError("a window must be a mapping")
    failed = row.get("failed")
    if not isinstance(failed, Mapping) or len(failed) > 100:
        raise WireError("failed: must be a mapping of categories to counts")
    return Window(
        second=_count(row, "second", MAX_SECOND),
        operation=_name(row, "operation"),
        planned=_count(row, "planned"),
        unsent=_count(row, "unsent"),
        started=_count(row, "started"),
        ok=_count(row, "ok"),
        failed={_name({"category": category}, "category"): _count(failed, category) for category in failed},
        in_flight_ns=_count(row, "in_flight_ns"),
        response_sum_ns=_count(row, "response_sum_ns"),
        service_sum_ns=_count(row, "service_sum_ns"),
        response=decode_histogram(_text(row, "response"), _count(row, "response_over_range")),
        service=decode_histogram(_text(row, "service"), _count(row, "service_over_range")),
    )


def health_row(h: Health) -> dict[str, Any]:
    """Plain values of a health row, the form of `health.jsonl`."""
    return {
        "second": h.second,
        "worker": h.worker,
        "cpu_share": h.cpu_share,
        "reconnects": h.reconnects,
        "rss_bytes": h.rss_bytes,
        "gc_pause_ns": h.gc_pause_ns,
        "slots": h.slots,
        "label_offset_ns": h.label_offset_ns,
        "wall_offset_ns": h.wall_offset_ns,
        "clock_error_ns": h.clock_error_ns,
        "lag_over_range": h.lag.over_range,
        "lag": encode_histogram(h.lag),
        "hub": encode_histogram(h.hub),
    }


def health_from_row(row: object) -> Health:
    if not isinstance(row, Mapping):
        raise WireError("a health row must be a mapping")
    cpu_share = row.get("cpu_share")
    if isinstance(cpu_share, bool) or not isinstance(cpu_share, int | float) or not 0 <= cpu_share < 1e6:
        raise WireError("cpu_share: must be a number that is not negative")
    return Health(
        second=_count(row, "second", MAX_SECOND),
        worker=_name(row, "worker"),
        lag=decode_histogram(_text(row, "lag"), _count(row, "lag_over_range")),
        cpu_share=float(cpu_share),
        reconnects=_count(row, "reconnects"),
        rss_bytes=_count(row, "rss_bytes"),
        # runs saved before these were measured
        gc_pause_ns=_count({"gc_pause_ns": 0, **row}, "gc_pause_ns"),
        hub=decode_histogram(_text({"hub": "", **row}, "hub")),
        slots=_count({"slots": 0, **row}, "slots"),
        label_offset_ns=_signed(row, "label_offset_ns", 0),
        wall_offset_ns=_signed(row, "wall_offset_ns", 0),
        clock_error_ns=_signed(row, "clock_error_ns", -1),
    )


def encode_report(windows: list[Window], health: list[Health]) -> bytes:
    """One worker's report."""
    rows = [[window_row(w) for w in windows], [health_row(h) for h in health]]
    packed: bytes = msgpack.packb([VERSION, *rows])
    return packed


def decode_report(data: bytes) -> tuple[list[Window], list[Health]]:
    """Raises WireError."""
    if len(data) > MAX_REPORT_BYTES:
        raise WireError(f"a report of {len(data)} bytes (allowed: {MAX_REPORT_BYTES})")
    try:
        found = msgpack.unpackb(data, raw=False, strict_map_key=False)
    except Exception as error:  # msgpack raises many kinds, ValueError and its own; all of them mean damaged bytes
        raise WireError(f"damaged report: {type(error).__name__}") from None
    if not (isinstance(found, list) and len(found) == 3 and found[0] == VERSION):
        raise WireError(f"a report of another version (this is version {VERSION})")
    _, windows, health = found
    if not (isinstance(windows, list) and isinstance(health, list)) or len(windows) + len(health) > MAX_ROWS:
        raise WireError(f"a report must hold two lists of at most {MAX_ROWS} rows")
    return [window_from_row(w) for w in windows], [health_from_row(h) for h in health]


def _count(row: Mapping[Any, Any], key: Any, most: int = MAX_COUNT) -> int:
    value = row.get(key)
    if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value <= most:
        raise WireError(f"{str(key)[:50]}: must be a whole number that is not negative")
    return value


def _signed(row: Mapping[Any, Any], key: str, default: int) -> int:
    value = row.get(key, default)
    if isinstance(value, bool) or not isinstance(value, int) or abs(value) > MAX_COUNT:
        raise WireError(f"{key}: must be a whole number")
    return value


def _text(row: Mapping[Any, Any], key: str) -> str:
    value = row.get(key)
    if not isinstance(value, str):
        raise WireError(f"{key}: must be text")
    return value


def _name(row: Mapping[Any, Any], key: str) -> str:
    value = _text(row, key)
    if not 0 < len(value) <= MAX_NAME:
        raise WireError(f"{key}: must have 1 to {MAX_NAME} characters")
    return value
