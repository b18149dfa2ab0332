"""HdrHistogram logs (.hlog), as HdrHistogram's HistogramLogWriter writes them; values of one unit, tags are operations.

The library for Python reads them too, slowly and without bounds: a damaged histogram keeps it busy for ever.
"""

from __future__ import annotations

import base64
import binascii
import math
import re
import struct
from collections import defaultdict
from dataclasses import dataclass, field
from urllib.parse import unquote

import numpy as np

from bizra_load.imports.lines import Lines
from bizra_load.imports.samples import finished
from bizra_load.measure.hdr_codec import WireError, decode_of_any_layout
from bizra_load.measure.hlog_text import QUOTED_TAGS
from bizra_load.measure.operation_names import kept_name
from bizra_load.measure.rows import MAX_COUNT, MAX_SECOND
from sla.values import histogram
from sla.values.histogram import HIGHEST_NS, IntArray
from sla.values.window import Window

TITLE = "HdrHistogram log"
UNITS_NS = {"ns": 1, "us": 1_000, "ms": 1_000_000}
# within these the cosines of sla.estimators.dependence see the steps from one interval to the next
LONGEST_INTERVAL_S, FEWEST_INTERVALS = 30, 5
_ALLOWED = "Tag=NAME, if there is one; start and length in seconds; maximum; histogram"
TELLING = 8  # different latencies: two idle generators may well have one of 1 ms each
MOST_SAMPLES = 1 << 53  # what sla.values.histogram counts exactly
_WORD_SIZE_BITS = 0xF0
_OLDER = {0x1C849302: "V1", 0x1C849309: "V0"}
_TIME = re.compile(r"#\[(StartTime|BaseTime): ([0-9.]+)")
_INTERVAL = re.compile(r"(?:Tag=([^,]*),)?([0-9]*\.?[0-9]+),([0-9]*\.?[0-9]+),[^,]*,([^,\s]+)\s*")
_LEGENDS = ('"', "StartTimestamp")
_YEAR_S = 365 * 86_400.0


@dataclass
class _Clock:
    """What turns the times of intervals into Unix time, as HdrHistogram's HistogramLogReader does: those of more than a year
    before the log's start count from there, unless the log says what they count from. A time that is given after an interval
    begins another log in the same file.
    """

    start_s: float | None = None
    base_s: float | None = None
    used: bool = False

    def heed(self, comment: str) -> None:
        if stamp := _TIME.match(comment):
            seconds = _seconds(stamp[2])
            if self.used:
                self.start_s, self.base_s, self.used = None, None, False
            if stamp[1] == "StartTime":
                self.start_s = seconds
            else:
                self.base_s = seconds

    def unix_s(self, time_s: float) -> float:
        self.used = True
        if self.start_s is None:
            self.start_s = time_s
        if self.base_s is None:
            self.base_s = self.start_s if time_s < self.start_s - _YEAR_S else 0.0
        return self.base_s + time_s


@dataclass(frozen=True)
class _Interval:
    """One line: since when, and for how many whole seconds, an operation was recorded; its windows."""

    operation: str
    begin_s: float
    length_s: int
    windows: list[Window]
    digest: int = 0

    @property
    def is_telling(self) -> bool:
        """Whether another one with all the same samples can be no chance."""
        return max((w.response.indices.size for w in self.windows), default=0) >= TELLING

    @property
    def place(self) -> str:
        """The operation's name for a message."""
        return repr(self.operation[:50])


@dataclass
class _Intervals:
    """Those of one operation. Lines that begin in the same second, such as two load generators', are of one interval."""

    begins_s: set[int] = field(default_factory=set)
    longest: _Interval | None = None

    def add(self, interval: _Interval) -> None:
        self.begins_s.add(round(interval.begin_s))
        if self.longest is None or interval.length_s > self.longest.length_s:
            self.longest = interval

    def check(self) -> None:
        """Raises ValueError where they are too few for what happened within them."""
        longest, count = self.longest, len(self.begins_s)
        if longest and longest.length_s > 1 and count < FEWEST_INTERVALS:
            text = f"{longest.place}: {count} intervals of up to {longest.length_s} s"
            raise ValueError(f"{text} (allowed: at least {FEWEST_INTERVALS}, or 1 s each)")


def windows(lines: Lines, unit: str) -> list[Window]:
    """Windows of all intervals: each at the second in which it ended, a longer one spread evenly over its seconds. Raises
    ValueError, also for so few or so long intervals of an operation that nothing could be said of how the samples depend on
    each other.
    """
    clock, kept, read, intervals = _Clock(), list[Window](), 0, defaultdict[str, _Intervals](_Intervals)
    twice, seen, quoted = 0, set[int](), False
    for number, line in enumerate(lines, start=1):
        if line.startswith("#"):
            clock.heed(line)
            quoted = quoted or line.startswith(QUOTED_TAGS)
            continue
        if not line.strip() or line.startswith(_LEGENDS):
            continue
        read += 1
        try:
            interval = _interval(line, clock, UNITS_NS[unit], quoted)
        except ValueError as error:
            if lines.leave_out(number):
                continue
            raise ValueError(f"line {number}: {error}") from None
        if interval.length_s > LONGEST_INTERVAL_S:
            raise ValueError(
                f"interval {read} ({interval.place}): {interval.length_s} s long (allowed: {LONGEST_INTERVAL_S} s)"
            )
        intervals[interval.operation].add(interval)
        twice += interval.is_telling and interval.digest in seen
        seen.add(interval.digest)
        kept += interval.windows
    if twice >= FEWEST_INTERVALS:
        raise ValueError(f"{twice:,} of {read:,} intervals are there twice, to the last sample: is it the same log twice?")
    for of_one in intervals.values():
        of_one.check()
    return kept


def _interval(line: str, clock: _Clock, factor: int, quoted: bool) -> _Interval:
    """`quoted`: the log is ours, whose tags are percent-encoded. Raises ValueError."""
    match = _INTERVAL.fullmatch(line)
    if match is None:
        raise ValueError(f"damaged: no interval of a log (allowed: {_ALLOWED})")
    tag, began, lasted, encoded = match.groups()
    begin_s, taken_s = clock.unix_s(_seconds(began)), _seconds(lasted)
    last = max(math.ceil(round(begin_s + taken_s, 3)) - 1, 0)
    length_s, name = max(round(taken_s), 1), kept_name((unquote(tag) if quoted else tag) if tag else "all")
    if length_s > LONGEST_INTERVAL_S:
        return _Interval(name, begin_s, length_s, [])
    _check_encoding(encoded)
    try:
        values, counts = decode_of_any_layout(encoded)
    except WireError as error:
        raise ValueError(f"damaged: {error}") from None
    latencies = np.minimum(values, HIGHEST_NS // factor + 1) * factor
    if float(latencies.astype(np.float64) @ counts) >= MAX_COUNT or counts.sum() >= MOST_SAMPLES:
        raise ValueError("more samples than any interval has")
    first, spread = max(last - length_s + 1, 0), list[Window]()
    for i, part in enumerate(_spread(counts, length_s)):
        h = histogram.from_counts(latencies, part)
        spread.append(finished(first + i, name, h.total, int((latencies * part).sum()), h))
    return _Interval(name, begin_s, length_s, spread, hash((name, round(begin_s, 3), encoded)))


def _seconds(text: str) -> float:
    try:
        value = float(text)
    except ValueError:  # two points
        value = math.inf
    if not value < MAX_SECOND:
        raise ValueError(f"time {text[:50]!r} (allowed: seconds)")
    return value


def _spread(counts: IntArray, parts: int) -> list[IntArray]:
    """Counts of buckets in so many parts that are as equal as can be: of the samples by size, each part has every parts-th."""
    ranks = np.concatenate(([0], np.cumsum(counts)))
    return [np.diff((ranks - part + parts - 1) // parts) for part in range(parts)]


def _check_encoding(encoded: str) -> None:
    """Raises ValueError for an encoding before V2 (by the cookies of HdrHistogram's AbstractHistogram.java)."""
    try:
        cookie = struct.unpack(">I", base64.b64decode(encoded[:8])[:4])[0] & ~_WORD_SIZE_BITS
    except (binascii.Error, struct.error, ValueError):
        return  # damaged: whoever decodes it says so
    if cookie in _OLDER:
        raise ValueError(f"encoded as {_OLDER[cookie]} (allowed: V2, as HdrHistogram 2.1.4 and newer write it)")
