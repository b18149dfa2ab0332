"""Histograms added up from their texts, without an object for each: of an hour of 200 workers there are some six million.

The usual text is taken apart by the HdrHistogram library's own decoder in C. Any other goes through decode_histogram(), which
says what is wrong with it: the two accept the same, and a property test compares them.
"""

from __future__ import annotations

import binascii
import zlib
from collections.abc import Hashable

import numpy as np
from pyhdrh import decode

from bizra_load.measure.hdr_codec import MAX_BUCKET_COUNT, PAYLOAD_AT, decode_histogram, is_our_layout
from sla.values.histogram import COUNTS_LENGTH
from sla.values.packed import HistogramSums

_MOST_BYTES = 8192  # compressed: nothing that zlib makes of them fills the memory
_MOST_RAW_BYTES = 6_000  # 2,000 gaps of 20 bits stay under 31
_CONTINUED = int.from_bytes(b"\x80" * _MOST_RAW_BYTES, "little")  # the bit of a byte that another byte of its number follows
_WORD_BYTES = 8


class HistogramTexts:
    """Adds texts of encode_histograms() to `sums`."""

    def __init__(self, sums: HistogramSums) -> None:
        self._sums = sums
        self._counts = np.zeros(COUNTS_LENGTH, np.int64)  # of one text; all 0 between two
        self._address = self._counts.ctypes.data

    def add(self, key: Hashable, text: str, over_range: int) -> tuple[int, int]:
        """Add one histogram to the sum of `key`. Returns its number of samples, those over range included, and its highest
        bucket, -1 without any. Raises WireError as decode_histogram() does.
        """
        if over_range:
            self._sums.add_over_range(key, over_range)
        if not text:
            return over_range, -1
        span = self._decoded(text)
        if span is None:
            h = decode_histogram(text)
            self._sums.add(key, h)
            return h.total + over_range, int(h.indices[-1]) if h.indices.size else -1
        low, high, total = span
        part = self._counts[low : high + 1]
        sums = self._sums.dense(key, low, high)
        np.add(sums, part, out=sums)
        part.fill(0)
        return total + over_range, high

    def _decoded(self, text: str) -> tuple[int, int, int] | None:
        """(lowest bucket, highest bucket, samples) of what is in `_counts` now; None where this is no usual text."""
        try:
            data = binascii.a2b_base64(text, strict_mode=True)
            raw = zlib.decompress(data[8:]) if len(data) <= _MOST_BYTES else b""
            if not (is_our_layout(data, raw) and _is_usual(raw)):
                return None
            decoded = decode(raw, PAYLOAD_AT, self._address, COUNTS_LENGTH, _WORD_BYTES)
        except (ValueError, IndexError, zlib.error):
            decoded = {"total": 0}
        if not 0 < decoded["total"] <= MAX_BUCKET_COUNT:
            self._counts.fill(0)
            return None
        # the library's lowest is that of the values that are not 0; a first number that is no gap (ZigZag: even) is bucket 0
        low = decoded["min_nonzero_index"] if raw[PAYLOAD_AT] & 1 else 0
        return low, decoded["max_nonzero_index"], decoded["total"]


def _is_usual(raw: bytes) -> bool:
    """Whether the library decodes these numbers as they must be. None is cut short or may be 0 (a byte that is 0), or has more
    than 21 bits (three bytes in a row that another follows), so that gaps can't lead around its 32 bits; the last one is a
    count (ZigZag: even), so that none leads behind the last bucket: there it looks only when it stores a count.
    """
    if raw[-1] >= 0x80 or len(raw) > _MOST_RAW_BYTES or raw.find(b"\0", PAYLOAD_AT) >= 0:
        return False
    last = len(raw) - 1
    while last > PAYLOAD_AT and raw[last - 1] >= 0x80:
        last -= 1
    continued = int.from_bytes(memoryview(raw)[PAYLOAD_AT:], "little") & _CONTINUED
    return not raw[last] & 1 and not continued & (continued >> 8) & (continued >> 16)
