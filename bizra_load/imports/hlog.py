"""HdrHistogram logs (.hlog), as HdrHistogram's HistogramLogWriter writes them; values of one unit, tags are operations."""

from __future__ import annotations

import base64
import binascii
import math
import struct
from pathlib import Path

import numpy as np
from hdrh.histogram import HdrHistogram
from hdrh.log import HistogramLogReader

from bizra_load.imports.samples import finished
from bizra_load.measure.names import kept_name
from sla.values import histogram
from sla.values.histogram import HIGHEST_NS, IntArray
from sla.values.window import Window

TITLE = "HdrHistogram log"
UNITS_NS = {"ns": 1, "us": 1_000, "ms": 1_000_000}
# within these the AR(1) part of sla.estimators.dependence sees the steps from one interval to the next
LONGEST_INTERVAL_S, FEWEST_INTERVALS = 30, 5
_WORD_SIZE_BITS = 0xF0
_OLDER = {0x1C849302: "V1", 0x1C849309: "V0"}


def is_interval(line: str) -> bool:
    """Whether a line of a log is data, not a comment or the legend."""
    return bool(line.strip()) and not line.startswith(("#", '"'))


def windows(path: Path, unit: str, expected: int) -> list[Window]:
    """Of the `expected` intervals: each at the second in which it ended, a longer one spread evenly over its seconds. Raises
    ValueError, also for so few or so long intervals that nothing could be said of how the samples depend on each other.
    """
    factor, found, longest_s = UNITS_NS[unit], [], 1
    reader, read = HistogramLogReader(str(path), HdrHistogram(1, HIGHEST_NS, 3)), 0
    try:
        while (interval := _next(reader, read)) is not None:
            read += 1
            values = [(item.value_iterated_to, item.count_added_in_this_iter_step) for item in interval.get_recorded_iterator()]
            latencies = np.array([min(v * factor, HIGHEST_NS + 1) for v, _ in values], dtype=np.int64)
            counts = np.array([c for _, c in values], dtype=np.int64)
            last = max(math.ceil(interval.get_end_time_stamp() / 1000) - 1, 0)
            length_s = max(round((interval.get_end_time_stamp() - interval.get_start_time_stamp()) / 1000), 1)
            longest_s = max(longest_s, length_s)
            if longest_s > LONGEST_INTERVAL_S:
                raise ValueError(f"interval {read}: {longest_s} s long (allowed: {LONGEST_INTERVAL_S} s)")
            name = kept_name(interval.get_tag() or "all")
            for i, part in enumerate(_spread(counts, length_s)):
                h = histogram.from_counts(latencies, part)
                found.append(finished(last - length_s + 1 + i, name, h.total, int((latencies * part).sum()), h))
    finally:
        reader.close()
    if read != expected:
        raise ValueError(f"{expected - read} of {expected} intervals are not readable")
    if longest_s > 1 and read < FEWEST_INTERVALS:
        raise ValueError(f"{read} intervals of up to {longest_s} s (allowed: at least {FEWEST_INTERVALS}, or 1 s each)")
    return found


def _spread(counts: IntArray, parts: int) -> list[IntArray]:
    """Counts of buckets in so many parts that are as equal as can be: of the samples by size, each part has every parts-th."""
    ranks = np.concatenate(([0], np.cumsum(counts)))
    return [np.diff((ranks - part + parts - 1) // parts) for part in range(parts)]


def check_encoding(line: str, number: int) -> None:
    """Raises ValueError for an encoding before V2 (by the cookies of HdrHistogram's AbstractHistogram.java)."""
    try:
        cookie = struct.unpack(">I", base64.b64decode(line.rsplit(",", 1)[-1].strip()[:8])[:4])[0] & ~_WORD_SIZE_BITS
    except (binascii.Error, struct.error, ValueError):
        return  # damaged: whoever reads it says so
    if cookie in _OLDER:
        raise ValueError(f"line {number}: encoded as {_OLDER[cookie]} (allowed: V2, as HdrHistogram 2.1.4 and newer write it)")


def _next(reader: HistogramLogReader, read: int) -> HdrHistogram | None:
    try:
        return reader.get_next_interval_histogram()
    except Exception as error:  # the library raises what its base64, zlib and struct raise: all mean a damaged line
        raise ValueError(f"interval {read + 1}: damaged: {type(error).__name__}") from None
