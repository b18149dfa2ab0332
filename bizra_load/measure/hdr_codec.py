"""HdrHistogram's V2 encoding, which any HdrHistogram library reads (https://hdrhistogram.org): many histograms in one pass.

Decoding treats its input as hostile: sizes and types are checked, nothing is executed, and all trouble is a WireError of one
line.
"""

from __future__ import annotations

import base64
import struct
import zlib
from collections.abc import Sequence
from typing import Any

import numpy as np

from sla.values.histogram import COUNTS_LENGTH, EMPTY, HIGHEST_NS, LOWEST_NS, SIGNIFICANT_DIGITS, Histogram, IntArray

MAX_BUCKET_COUNT = 1 << 40  # in one second; the sum of 8 million such rows still fits 64 bits

_COOKIE_V2 = 0x1C849303 | 0x10
_COMPRESSED_COOKIE_V2 = 0x1C849304 | 0x10
_HEADER = struct.Struct(">iiiiqqd")  # cookie, payload length, normalizing offset, digits, lowest, highest, ratio
_MAX_PAYLOAD = 9 * COUNTS_LENGTH


class WireError(ValueError):
    """One line: what is wrong with the bytes."""


def encode_histogram(h: Histogram) -> str:
    """Base64 of the compressed V2 encoding ("HISTF..."); "" for an empty one. `over_range` travels beside it."""
    return encode_histograms((h,))[0]


def encode_histograms(histograms: Sequence[Histogram]) -> list[str]:
    """encode_histogram() of each, with one pass of numpy for all of them: for few samples that is a third of the time."""
    return [compressed(payload) for payload in payloads(histograms)]


def payloads(histograms: Sequence[Histogram]) -> list[bytes]:
    """The uncompressed numbers of each, for compressed()."""
    sizes = np.array([h.indices.size for h in histograms], np.int64)
    if not sizes.sum():
        return [b""] * len(histograms)
    indices = np.concatenate([h.indices for h in histograms])
    first = (np.cumsum(sizes) - sizes)[sizes > 0]
    gaps = np.diff(indices, prepend=-1) - 1
    gaps[first] = indices[first]
    # one signed number for each run of empty buckets (negative) and each count (positive), in bucket order
    interleaved = np.empty(2 * gaps.size, np.int64)
    interleaved[0::2], interleaved[1::2] = -gaps, np.concatenate([h.counts for h in histograms])
    numbers = np.flatnonzero(interleaved)
    data, lengths = _zigzag_leb128(interleaved[numbers])
    # where each histogram's bytes end: at the number behind its last bucket's count
    ends = np.concatenate((np.zeros(1, np.int64), np.cumsum(lengths)))
    cuts = ends[np.searchsorted(numbers, 2 * np.cumsum(sizes))].tolist()
    return [data[a:b] for a, b in zip([0, *cuts[:-1]], cuts, strict=True)]


def compressed(payload: bytes) -> str:
    """The text of one histogram; "" for an empty one."""
    if not payload:
        return ""
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


def _zigzag_leb128(values: IntArray) -> tuple[bytes, IntArray]:
    """HdrHistogram's ZigZag LEB128-64b9B of all values, and how many bytes each took."""
    z = ((values << 1) ^ (values >> 63)).astype(np.uint64)
    bits = int(z.max()).bit_length() if z.size else 1
    size = min(max(-(-bits // 7), 1), 9)  # nearly always one or two: counts of one second
    columns = np.empty((z.size, size), np.uint8)
    lengths = np.ones(z.size, np.int64)
    for byte in range(size):
        columns[:, byte] = (z >> np.uint64(7 * byte)).astype(np.uint8) & (0x7F if byte < 8 else 0xFF)
        if byte:
            lengths += z >= np.uint64(1 << 7 * byte)
    position = np.arange(size)
    columns |= np.where(position < (lengths - 1)[:, None], 0x80, 0).astype(np.uint8)
    return columns[position < lengths[:, None]].tobytes(), lengths


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
