"""Results of other tools as measurements: k6's CSV, JMeter's CSV (JTL), HdrHistogram logs (.hlog).

These tools count a response from its actual send, so response and service time are the same here, and coordinated omission
can't be ruled out. Sources: grafana.com/docs/k6 (CSV output), JMeter manual "Listeners" (CSV log format),
HdrHistogram's HistogramLogReader.
"""

from __future__ import annotations

import csv
import gzip
import io
import math
import os
import zlib
from array import array
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import BinaryIO, TextIO, cast

import numpy as np
from hdrh.histogram import HdrHistogram
from hdrh.log import HistogramLogReader

from bizra_load.exit_codes import UsageError
from bizra_load.io.files import open_regular
from bizra_load.measure.rows import MAX_NAME
from sla.values import histogram
from sla.values.histogram import HIGHEST_NS, Histogram, IntArray
from sla.values.measurements import Measurements, RunFacts
from sla.values.number import number_in, whole_in
from sla.values.window import Window, merge_windows

MAX_SPAN_S = 31 * 86_400
MAX_OPERATIONS = 1000
MAX_LINE = 1024 * 1024
UNITS_NS = {"ns": 1, "us": 1_000, "ms": 1_000_000}
NOTE = "imported: latencies count from the actual send, so coordinated omission can't be ruled out"
_K6_LATENCIES = ("http_req_duration", "grpc_req_duration")
_K6_TIMEOUT = "1050"


@dataclass
class _Samples:
    """Finish times and latencies (ns) by operation and outcome ("" for successful ones)."""

    finished: dict[tuple[str, str], array[int]] = field(default_factory=dict)
    latency: dict[tuple[str, str], array[int]] = field(default_factory=dict)

    def add(self, operation: str, category: str, finished_ns: int, latency_ns: int) -> None:
        """One operation: `category` is "" where it succeeded. Raises ValueError for too many names and outcomes."""
        key = (operation[:MAX_NAME] or "(unnamed)", category)
        if key not in self.finished:
            if len(self.finished) >= MAX_OPERATIONS:
                raise ValueError(f"more than {MAX_OPERATIONS} names and outcomes: group them first")
            self.finished[key], self.latency[key] = array("q"), array("q")
        self.finished[key].append(finished_ns)
        self.latency[key].append(latency_ns)

    def windows(self) -> list[Window]:
        """One-second windows by the time of finishing."""
        windows = []
        for (operation, category), finished in self.finished.items():
            seconds = np.array(finished, dtype=np.int64) // 1_000_000_000
            latency = np.array(self.latency[operation, category], dtype=np.int64)
            order = np.argsort(seconds, kind="stable")
            labels, starts = np.unique(seconds[order], return_index=True)
            for second, part in zip(labels.tolist(), np.split(latency[order], starts[1:]), strict=True):
                windows.append(_window(second, operation, category, part))
        return windows


def _window(second: int, operation: str, category: str, latency_ns: IntArray) -> Window:
    if category:  # a timed-out operation is slower than anything measured; other failures have no latency worth comparing
        h = histogram.from_values(latency_ns[:0], over_range=latency_ns.size if category == "timeout" else 0)
    else:
        h = histogram.from_values(latency_ns)
    return _finished(second, operation, int(latency_ns.size), int(latency_ns.sum()), h, category)


def _finished(second: int, operation: str, count: int, total_ns: int, h: Histogram, category: str = "") -> Window:
    """A window whose response time is its service time."""
    ok, failed = (0, {category: count}) if category else (count, {})
    sums = {"service_sum_ns": total_ns, "response_sum_ns": total_ns}
    return Window(second, operation, started=count, ok=ok, failed=failed, response=h, service=h, **sums)


def read_import(path: Path, unit: str = "ns") -> tuple[Measurements, str]:
    """(measurements, kind of file). `unit` is that of an .hlog's values. Raises UsageError with file, line and reason."""
    try:
        with _open(path) as file:
            first = next(_lines(file), "")
        if first.startswith(("#", '"StartTimestamp"', "Tag=")):
            return _measurements(_hlog(path, UNITS_NS[unit])), "HdrHistogram log"
        header = next(csv.reader([first.lstrip("\ufeff")]), [])
        with _open(path) as file:
            for kind, needed, convert in _KINDS:
                if set(needed) <= set(header):
                    return _measurements(_csv(file, convert).windows()), kind
        wanted = "; ".join(f"{kind}: {', '.join(needed)}" for kind, needed, _ in _KINDS)
        raise ValueError(f"line 1: no known header (allowed: an HdrHistogram log, or a CSV with the columns of {wanted})")
    except OSError as error:
        raise UsageError(f"--import: {path}: {error.strerror or error}") from None
    except (ValueError, EOFError, csv.Error, zlib.error) as error:
        raise UsageError(f"--import: {path}: {error}") from None


@contextmanager
def _open(path: Path) -> Iterator[TextIO]:
    with os.fdopen(open_regular(path), "rb") as raw:  # a GzipFile leaves it open
        unpacked = cast(BinaryIO, gzip.GzipFile(fileobj=raw)) if path.suffix == ".gz" else raw
        with io.TextIOWrapper(unpacked, encoding="utf-8", newline="") as text:
            yield text


def _lines(file: TextIO) -> Iterator[str]:
    """Lines that fit the memory: a compressed file may hold one of gigabytes."""
    while line := file.readline(MAX_LINE):
        if len(line) == MAX_LINE and not line.endswith("\n"):
            raise ValueError(f"a line of more than {MAX_LINE:,} characters")
        yield line


def _csv(file: TextIO, convert: Callable[[Mapping[str, str]], tuple[str, str, int, int] | None]) -> _Samples:
    samples = _Samples()
    for number, row in enumerate(csv.DictReader(_lines(file)), start=2):
        try:
            if None in row.values():
                raise ValueError("cut short")
            sample = convert(row)
            if sample is not None:
                samples.add(*sample)
        except (ValueError, OverflowError, TypeError) as error:
            raise ValueError(f"line {number}: {error}") from None
    return samples


def _k6(row: Mapping[str, str]) -> tuple[str, str, int, int] | None:
    if row["metric_name"] not in _K6_LATENCIES:
        return None
    status, error_code = row.get("status", ""), row.get("error_code", "")
    expected = row.get("expected_response", "true") != "false"
    category = "" if expected and not error_code and not row.get("error") else _category(status)
    if error_code == _K6_TIMEOUT:
        category = "timeout"
    latency_ns = _latency(row["metric_value"], "metric_value")
    return row.get("name") or row.get("url", ""), category, _time_ns(row["timestamp"]), latency_ns


def _jmeter(row: Mapping[str, str]) -> tuple[str, str, int, int]:
    latency_ns = _latency(row["elapsed"], "elapsed")
    category = ""
    if row["success"].lower() != "true":
        code = row.get("responseCode", "")
        category = "timeout" if "timeout" in code.lower() else _category(code)
    return row["label"], category, _time_ns(row["timeStamp"]) + latency_ns, latency_ns


_KINDS = (
    ("k6 CSV", ("metric_name", "timestamp", "metric_value"), _k6),
    ("JMeter CSV", ("timeStamp", "elapsed", "label", "success"), _jmeter),
)


def _category(status: str) -> str:
    if status[:1] in ("4", "5") and len(status) == 3:
        return f"http_{status[0]}xx"
    return "transport" if status in ("", "0") or not status.isdigit() else "bad_json"  # a response that the tool judged wrong


def _latency(text: str, name: str) -> int:
    """Milliseconds to ns."""
    value = number_in(text)
    if value is None:
        raise ValueError(f"{name}: {text!r} (allowed: milliseconds, not negative)")
    return min(round(value * 1e6), HIGHEST_NS + 1)


def _time_ns(text: str) -> int:
    """Unix time in s, ms, us or ns (which, its size decides), or RFC 3339."""
    value = number_in(text)
    if value is None:
        return round(datetime.fromisoformat(text.replace("Z", "+00:00")).timestamp() * 1e9)
    if not 0 < value < 1e20:
        raise ValueError(f"time stamp {text!r} (allowed: Unix time, or RFC 3339)")
    factor = next(f for limit, f in ((1e11, 1e9), (1e14, 1e6), (1e17, 1e3), (math.inf, 1.0)) if value < limit)
    return int(text) * int(factor) if whole_in(text) is not None else round(value * factor)


def _hlog(path: Path, factor: int) -> Iterator[Window]:
    """One window for each interval, at the second in which it ended; tags are operations."""
    with _open(path) as file:
        expected = sum(1 for line in _lines(file) if line.strip() and not line.startswith(("#", '"')))
    if path.suffix == ".gz":
        raise ValueError("a compressed log: unpack it first")
    reader = HistogramLogReader(str(path), HdrHistogram(1, HIGHEST_NS, 3))
    read = 0
    try:
        while (interval := _next(reader, read)) is not None:
            read += 1
            values = [(item.value_iterated_to, item.count_added_in_this_iter_step) for item in interval.get_recorded_iterator()]
            latencies = np.array([min(v * factor, HIGHEST_NS + 1) for v, _ in values], dtype=np.int64)
            counts = np.array([c for _, c in values], dtype=np.int64)
            second = max(math.ceil(interval.get_end_time_stamp() / 1000) - 1, 0)
            h = histogram.from_counts(latencies, counts)
            yield _finished(second, (interval.get_tag() or "all")[:MAX_NAME], h.total, int((latencies * counts).sum()), h)
    finally:
        reader.close()
    if read != expected:
        raise ValueError(f"{expected - read} of {expected} intervals are not readable")


def _next(reader: HistogramLogReader, read: int) -> HdrHistogram | None:
    try:
        return reader.get_next_interval_histogram()
    except Exception as error:  # the library raises what its base64, zlib and struct raise: all mean a damaged line
        raise ValueError(f"interval {read + 1}: damaged: {type(error).__name__}") from None


def _measurements(windows: Iterator[Window] | list[Window]) -> Measurements:
    merged = merge_windows(windows)
    if not merged:
        raise ValueError("no latency sample in it")
    first, last = min(w.second for w in merged), max(w.second for w in merged)
    if last - first > MAX_SPAN_S:
        raise ValueError(f"the times span more than {MAX_SPAN_S // 86_400} days: did a clock jump?")
    # the first and the last second are seldom whole ones: judged is what lies between
    facts = RunFacts((first + 1) * 10**9, max(last, first + 1) * 10**9, workers=("imported",))
    return Measurements(merged, (), (), facts)
