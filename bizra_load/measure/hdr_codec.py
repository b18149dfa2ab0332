"""HdrHistogram's V2 encoding, which any HdrHistogram library reads (https://hdrhistogram.org): many histograms in one pass.

Decoding treats its input as hostile: sizes and types are checked, nothing is executed, and all trouble is a WireError of one
line.
"""

from __future__ import annotations

import base64
import struct
import zlib
from collections.abc import Generator, Iterable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sla.values.histogram import COUNTS_LENGTH, EMPTY, HIGHEST_NS, LOWEST_NS, SIGNIFICANT_DIGITS, Histogram, IntArray

MAX_BUCKET_COUNT = 1 << 40  # in one second; the sum of 8 million such rows still fits 64 bits

_COOKIE_V2 = 0x1C849303 | 0x10
_COMPRESSED_COOKIE_V2 = 0x1C849304 | 0x10
_HEADER = struct.Struct(">iiiiqqd")  # cookie, payload length, normalizing offset, digits, lowest, highest, ratio
_MAX_PAYLOAD = 9 * COUNTS_LENGTH
_MAX_FOREIGN_PAYLOAD = 4 * 1024 * 1024
_CONTINUED = 0x80  # the bit of a byte that another byte of its number follows
_BYTES_A_PASS = 1 << 16  # of a hundred reports: a pass takes some ten times as much memory as that
_MOST_DIGITS = 5
_MAX_BUCKETS = 64 << 18  # 2^18 sub-buckets give five digits
PAYLOAD_AT = _HEADER.size
# gaps and counts of one second are small numbers without repeated words to look for: a text takes 7 % fewer bytes than by
# zlib's default, and two thirds of its time; the memory of a smaller table is set up sooner
_DEFLATE = (1, zlib.DEFLATED, zlib.MAX_WBITS, 4, zlib.Z_RLE)
_PAIR = struct.Struct(">ii")
_LAYOUT = struct.pack(">iiqqd", 0, SIGNIFICANT_DIGITS, LOWEST_NS, HIGHEST_NS, 1.0)


class WireError(ValueError):
    """One line: what is wrong with the bytes."""


def encode_histograms(histograms: Sequence[Histogram]) -> list[str]:
    """Base64 of the compressed V2 encoding ("HISTF...") of each; "" for an empty one. `over_range` travels beside it. One pass
    of numpy for all of them: for few samples that is a third of the time.
    """
    return [compressed(payload) for payload in payloads(histograms)]


def payloads(histograms: Sequence[Histogram]) -> list[bytes]:
    """The uncompressed numbers of each, for compressed()."""
    steps = payload_steps(histograms)
    while True:
        try:
            next(steps)
        except StopIteration as end:
            made: list[bytes] = end.value
            return made


def payload_steps(histograms: Sequence[Histogram]) -> Generator[None, None, list[bytes]]:
    """payloads() in small steps: after a pause all of this code is cold, and takes several times as long."""
    sizes = np.array([h.indices.size for h in histograms], np.int64)
    if not sizes.sum():
        return [b""] * len(histograms)
    indices = np.concatenate([h.indices for h in histograms])
    counts = np.concatenate([h.counts for h in histograms])
    yield
    first = (np.cumsum(sizes) - sizes)[sizes > 0]
    gaps = np.diff(indices, prepend=-1) - 1
    gaps[first] = indices[first]
    # one signed number for each run of empty buckets (negative) and each count (positive), in bucket order
    interleaved = np.empty(2 * gaps.size, np.int64)
    interleaved[0::2], interleaved[1::2] = -gaps, counts
    yield
    numbers = np.flatnonzero(interleaved)
    z = _zigzag(interleaved[numbers])
    yield
    columns, lengths = _leb128_columns(z)
    yield
    data = _continued(columns, lengths)
    yield
    # where each histogram's bytes end: at the number behind its last bucket's count
    ends = np.concatenate((np.zeros(1, np.int64), np.cumsum(lengths)))
    cuts = ends[np.searchsorted(numbers, 2 * np.cumsum(sizes))].tolist()
    return [data[a:b] for a, b in zip([0, *cuts[:-1]], cuts, strict=True)]


def compressed(payload: bytes) -> str:
    """The text of one histogram; "" for an empty one."""
    return encoded(payload) if payload else ""


def encoded(payload: bytes) -> str:
    """compressed(), also of an empty one: HdrHistogram has a text for it."""
    header = _HEADER.pack(_COOKIE_V2, len(payload), 0, SIGNIFICANT_DIGITS, LOWEST_NS, HIGHEST_NS, 1.0)
    deflater = zlib.compressobj(*_DEFLATE)
    packed = deflater.compress(header + payload) + deflater.flush()
    return base64.b64encode(struct.pack(">ii", _COMPRESSED_COOKIE_V2, len(packed)) + packed).decode("ascii")


def decode_histogram(text: str, over_range: int = 0) -> Histogram:
    """Raises WireError unless `text` is "" or a V2 histogram of our layout."""
    return decode_histograms([(text, over_range)])[0]


def decode_histograms(texts: Iterable[tuple[str, int]]) -> list[Histogram]:
    """Each (text, samples over the range) as a histogram. Raises WireError unless each text is "" or a V2 histogram of our
    layout. One pass of numpy for all of a report: that takes a quarter of the time. Hostile ones of any size take no more
    memory than one by one: no pass has more than _BYTES_A_PASS, or one text.
    """
    made: list[Histogram] = []
    waiting: list[NDArray[np.uint8]] = []  # their numbers are yet to be read
    places: list[int] = []
    size = 0
    for text, over_range in texts:
        if not text:
            made.append(Histogram(EMPTY.indices, EMPTY.counts, over_range) if over_range else EMPTY)
            continue
        packed = _payload(text)
        if waiting and size + packed.size > _BYTES_A_PASS:
            _put(made, places, _read(waiting))
            waiting, places, size = [], [], 0
        places.append(len(made))
        waiting.append(packed)
        size += packed.size
        made.append(Histogram(EMPTY.indices, EMPTY.counts, over_range))
    _put(made, places, _read(waiting) if waiting else [])
    return made


def _put(made: list[Histogram], places: list[int], counted: list[tuple[IntArray, IntArray]]) -> None:
    for place, (indices, counts) in zip(places, counted, strict=True):
        made[place] = Histogram(indices, counts, made[place].over_range)


def _payload(text: str) -> NDArray[np.uint8]:
    """The packed numbers of a text of our layout. Raises WireError."""
    (_, length, *layout), packed = _inflated(text, _MAX_PAYLOAD)
    if layout != [0, SIGNIFICANT_DIGITS, LOWEST_NS, HIGHEST_NS, 1.0]:
        raise WireError("a histogram of another layout")
    if length != packed.size:
        raise WireError("histogram cut short")
    if not length or packed[-1] >= _CONTINUED:  # else its last number would end in the next histogram
        raise WireError("damaged histogram: a number is cut short")
    return packed


def _read(payloads: list[NDArray[np.uint8]]) -> list[tuple[IntArray, IntArray]]:
    """(indices, counts) of each payload's filled buckets. Raises WireError."""
    data = np.concatenate(payloads) if len(payloads) > 1 else payloads[0]
    ends = np.flatnonzero(data < _CONTINUED)
    values = _unzigzag_leb128(data, ends)
    # how many numbers there are up to each payload's end, that one included
    numbers = np.searchsorted(ends, np.cumsum([p.size for p in payloads]))
    if not values.all():
        raise WireError("histogram with impossible counts")
    _check_counts(values, COUNTS_LENGTH)
    filled = values > 0
    passed = np.cumsum(np.where(filled, 1, -values))  # buckets, of all histograms one after the other
    before = np.zeros(len(payloads), np.int64)
    before[1:] = passed[numbers[:-1] - 1]
    if int((passed[numbers - 1] - before).max()) > COUNTS_LENGTH:
        raise WireError("histogram with more buckets than its layout")
    indices, counts = passed[filled] - 1, values[filled]
    cuts = np.cumsum(filled)[numbers - 1].tolist()
    parts = zip([0, *cuts[:-1]], cuts, before.tolist(), strict=True)
    return [(indices[a:b] - offset, counts[a:b]) for a, b, offset in parts]


def decode_of_any_layout(text: str) -> tuple[IntArray, IntArray]:
    """(the largest value of each filled bucket, how many it holds), both of shape (k,), of anybody's V2 histogram: of any unit,
    range and precision (bucket arithmetic: HdrHistogram's AbstractHistogram.java). Raises WireError.
    """
    (_, length, offset, digits, lowest, _, ratio), packed = _inflated(text, _MAX_FOREIGN_PAYLOAD)
    if not 0 <= length <= packed.size or not 0 <= digits <= _MOST_DIGITS or lowest < 1:
        raise WireError("damaged histogram: an impossible header")
    if offset or ratio != 1.0:
        raise WireError("a histogram of shifted or floating-point values (allowed: of whole numbers)")
    numbers = EMPTY.counts
    if length:
        packed = packed[:length]
        numbers = _unzigzag_leb128(packed, np.flatnonzero(packed < _CONTINUED))
    index, counts = _filled(numbers, _MAX_BUCKETS)
    half_bits = max((2 * 10**digits - 1).bit_length(), 1) - 1  # of half the sub-buckets
    above = (index >> half_bits) - 1
    low_half = above < 0
    within = (index & ((1 << half_bits) - 1)) + np.where(low_half, 0, 1 << half_bits)
    shift = np.where(low_half, 0, above) + lowest.bit_length() - 1
    if bool((shift > 61 - half_bits).any()):
        raise WireError("histogram of values beyond 62 bits")
    return ((within + 1) << shift) - 1, counts


def _check_counts(numbers: IntArray, buckets: int) -> None:
    """Raises WireError for a count that is too large, and for more empty buckets in a row than there are buckets."""
    # no abs(): that of the smallest int64 is itself
    if int(numbers.min(initial=0)) < -buckets or int(numbers.max(initial=0)) > MAX_BUCKET_COUNT:
        raise WireError("histogram with impossible counts")


def _filled(numbers: IntArray, buckets: int) -> tuple[IntArray, IntArray]:
    """(index, count) of the filled ones among at most so many buckets: a positive number is the count of one, a negative one
    stands for so many that are empty, 0 for one. Raises WireError.
    """
    _check_counts(numbers, buckets)
    filled = numbers > 0
    steps = np.where(numbers < 0, -numbers, 1)
    if int(steps.sum()) > buckets:
        raise WireError("histogram with more buckets than its layout")
    return (np.cumsum(steps) - 1)[filled], numbers[filled]


def _inflated(text: str, largest: int) -> tuple[tuple[Any, ...], NDArray[np.uint8]]:
    """(header, packed counts of at most `largest` bytes)."""
    try:
        data = base64.b64decode(text, validate=True)
    except ValueError as error:  # binascii.Error, and a plain one for characters outside ASCII
        raise WireError(f"damaged histogram: {error}") from None
    try:
        cookie, length = struct.unpack_from(">ii", data)
        if cookie != _COMPRESSED_COOKIE_V2 or length != len(data) - 8:
            raise WireError("not a compressed HdrHistogram V2")
        inflater = zlib.decompressobj()
        raw = inflater.decompress(data[8:], _HEADER.size + largest)
        if not inflater.eof:
            raise WireError("histogram longer than its layout allows")
        header = _HEADER.unpack_from(raw)
    except (struct.error, zlib.error) as error:
        raise WireError(f"damaged histogram: {error}") from None
    if header[0] != _COOKIE_V2:
        raise WireError("not an HdrHistogram V2")
    return header, np.frombuffer(raw, np.uint8, offset=_HEADER.size)


def is_our_layout(data: bytes, raw: bytes) -> bool:
    """Whether both headers, of the compressed bytes and of what they hold, are those that compressed() writes, with numbers
    behind them.
    """
    return (
        len(raw) > PAYLOAD_AT
        and data.startswith(_PAIR.pack(_COMPRESSED_COOKIE_V2, len(data) - 8))
        and raw.startswith(_PAIR.pack(_COOKIE_V2, len(raw) - PAYLOAD_AT))
        and raw.startswith(_LAYOUT, 8)
    )


def _zigzag(values: IntArray) -> NDArray[np.uint64]:
    return ((values << 1) ^ (values >> 63)).astype(np.uint64)


def _leb128_columns(z: NDArray[np.uint64]) -> tuple[NDArray[np.uint8], IntArray]:
    """The bytes of HdrHistogram's LEB128-64b9B without continuation bits, a row for each of `z`, and how many each takes."""
    bits = int(z.max()).bit_length() if z.size else 1
    size = min(max(-(-bits // 7), 1), 9)  # nearly always one or two: counts of one second
    columns = np.empty((z.size, size), np.uint8)
    lengths = np.ones(z.size, np.int64)
    for byte in range(size):
        columns[:, byte] = (z >> np.uint64(7 * byte)).astype(np.uint8) & (0x7F if byte < 8 else 0xFF)
        if byte:
            lengths += z >= np.uint64(1 << 7 * byte)
    return columns, lengths


def _continued(columns: NDArray[np.uint8], lengths: IntArray) -> bytes:
    """All rows of _leb128_columns() one after the other, each byte but a row's last with its continuation bit."""
    position = np.arange(columns.shape[1])
    columns |= np.where(position < (lengths - 1)[:, None], 0x80, 0).astype(np.uint8)
    return columns[position < lengths[:, None]].tobytes()


def _unzigzag_leb128(data: NDArray[np.uint8], ends: IntArray) -> IntArray:
    """The numbers of `data`, whose last bytes are at `ends`. Raises WireError."""
    if not ends.size or ends[-1] != data.size - 1:
        raise WireError("damaged histogram: a number is cut short")
    lengths = np.empty_like(ends)
    lengths[0] = ends[0] + 1
    np.subtract(ends[1:], ends[:-1], out=lengths[1:])
    longest = int(lengths.max())
    if longest > 9:
        raise WireError("damaged histogram: a number is too long")
    z = data[ends].astype(np.uint64)  # the highest seven bits of each
    for byte in range(1, longest):
        here = np.flatnonzero(lengths > byte)
        z[here] = (z[here] << np.uint64(7)) | (data[ends[here] - byte] & 0x7F).astype(np.uint64)
    return (z >> np.uint64(1)).astype(np.int64) ^ -(z & np.uint64(1)).astype(np.int64)
