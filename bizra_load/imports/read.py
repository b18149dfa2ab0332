"""Results of other tools as measurements: k6's CSV, JMeter's CSV (JTL), HdrHistogram logs (.hlog).

These tools count a response from its actual send, so response and service time are the same here, and coordinated omission
can't be ruled out; but for a log that `bizra-load report` has written.
"""

from __future__ import annotations

import csv
import dataclasses
import gzip
import io
import os
import zlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO, TextIO, cast

from bizra_load.exit_codes import UsageError
from bizra_load.imports import hlog, jmeter, k6, times
from bizra_load.imports.lines import Lines
from bizra_load.imports.repeated import RepeatedRows
from bizra_load.imports.samples import ImportedSamples
from bizra_load.imports.transactions import Threads
from bizra_load.io.files import open_regular
from bizra_load.measure.hlog_text import QUOTED_TAGS
from sla.judgement.checks.run_checks import BAD_SAMPLES
from sla.judgement.steady import LEAST_S
from sla.values.failure import FailureReason, merge_failures
from sla.values.measurements import Measurements, RunFacts, failed_checks_text
from sla.values.window import SCHEDULE, Window, merge_windows

MAX_SPAN_S = 31 * 86_400
# a table of samples is a tenth or a thirtieth of its size when it is compressed: what unpacks to more than this is none
MOST_TIMES, ALWAYS_BYTES = 200, 64 * 1024 * 1024
OWN_NOTE = "imported: a log of our own, whose latencies count from the intended start"
NOTE = "imported: latencies count from the actual send, so coordinated omission can't be ruled out"
FAILS_APART = 2.0  # times the share of all others: an edge second's failures are judged then
_DELIMITERS = (",", ";", "\t", "|")  # JMeter writes what jmeter.save.saveservice.default_delimiter says
_OTHERS = {"<?xml": "XML", "<testResults": "XML", "{": "JSON"}
NO_FAILURES = "it holds no failures, so no success rate is judged"
_TAKERS = ((k6.TITLE, k6.COLUMNS, k6.take, 0), (jmeter.TITLE, jmeter.COLUMNS, jmeter.take, jmeter.TICK_NS))


@dataclass(frozen=True)
class ImportedRun:
    """What a file held, of which kind it is, and what must be known beside the figures."""

    measurements: Measurements
    kind: str
    note: str


def read_import(path: Path, unit: str = "ns") -> ImportedRun:
    """`unit` is that of an .hlog's values. Raises UsageError with file, line and reason."""
    try:
        with _open(path) as file:
            first, second = next(head := iter(Lines(file)), ""), next(head, "")
        if first.startswith(("#", '"StartTimestamp"', "Tag=")):
            hlog_windows, cut = _hlog(path, unit)
            measurements, tick_ns = _measurements(hlog_windows), hlog.UNITS_NS[unit] if unit != "ns" else 0
            facts = dataclasses.replace(measurements.facts, failures_known=False, tick_ns=tick_ns)
            of_whom = OWN_NOTE if second.startswith(QUOTED_TAGS) else NOTE
            notes = [of_whom, NO_FAILURES, f"its values are read as {unit} (--hlog-unit)", *_steps(tick_ns), *cut]
            return ImportedRun(dataclasses.replace(measurements, facts=facts), hlog.TITLE, _note(measurements, notes))
        with _open(path) as file:
            for kind, needed, take, tick_ns in _TAKERS:
                if delimiter := _delimiter(first, needed):
                    samples = _csv(Lines(file), take, delimiter, needed)
                    if again := samples.threads.unresolved():
                        with _open(path) as once_more:
                            samples = _csv(Lines(once_more), take, delimiter, needed, again)
                    measurements = _of_samples(samples, tick_ns)
                    notes = [NOTE, *_steps(tick_ns), *sorted(samples.notes), *_lacking(samples)]
                    return ImportedRun(measurements, kind, _note(measurements, notes))
        if other := next((what for begin, what in _OTHERS.items() if first.lstrip().startswith(begin)), ""):
            raise ValueError(f"{other} can't be read (allowed: its CSV)")
        wanted = "; ".join(f"{kind}: {', '.join(needed)}" for kind, needed, *_ in _TAKERS)
        raise ValueError(f"line 1: no known header (allowed: an HdrHistogram log, or a CSV with the columns of {wanted})")
    except OSError as error:
        raise UsageError(f"--import: {path}: {error.strerror or error}") from None
    except (ValueError, EOFError, csv.Error, zlib.error) as error:
        raise UsageError(f"--import: {path}: {error}") from None


@contextmanager
def _open(path: Path) -> Iterator[TextIO]:
    with os.fdopen(open_regular(path), "rb") as raw:  # a GzipFile leaves it open
        unpacked = cast(BinaryIO, gzip.GzipFile(fileobj=raw)) if path.suffix == ".gz" else raw
        if unpacked is not raw:
            most_bytes = max(MOST_TIMES * os.fstat(raw.fileno()).st_size, ALWAYS_BYTES)
            unpacked = cast(BinaryIO, io.BufferedReader(_Unpacked(unpacked, most_bytes)))
        with io.TextIOWrapper(unpacked, encoding="utf-8-sig", errors="backslashreplace", newline="") as text:
            # the mark is of Excel and Windows tools; a label in another encoding is no reason to refuse the rest
            yield text


class _Unpacked(io.RawIOBase):
    """A compressed file that may not unpack to more than `most_bytes`: reading on raises ValueError."""

    def __init__(self, file: BinaryIO, most_bytes: int) -> None:
        self._file, self._left, self._most = file, most_bytes, most_bytes

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        data = self._file.read(len(buffer))
        self._left -= len(data)
        if self._left < 0:
            raise ValueError(f"unpacks to more than {self._most:,} bytes")
        buffer[: len(data)] = data
        return len(data)


def _delimiter(first: str, needed: Sequence[str]) -> str:
    """What parts the cells of a header that has the `needed` columns; "" where it has not."""
    return next((d for d in _DELIMITERS if set(needed) <= set(next(csv.reader([first], delimiter=d), []))), "")


def _csv(
    lines: Lines,
    take: Callable[[ImportedSamples, Mapping[str, str]], None],
    delimiter: str,
    needed: Sequence[str],
    threads: Threads | None = None,
) -> ImportedSamples:
    samples, reader = ImportedSamples(threads=threads or Threads()), csv.reader(lines, delimiter=delimiter, strict=True)
    header = next(reader)
    if twice := sorted({name[:50] for name in header if header.count(name) > 1}):
        raise ValueError(f"line 1: {', '.join(twice)} is there twice")

    def rows() -> Iterator[list[str]]:
        ended = reader.line_num
        try:
            for cells in reader:
                yield cells
                ended = reader.line_num
        except csv.Error as error:
            if lines.leave_out(ended + 1):
                return
            raise ValueError(f"line {ended + 1}: {error} (is a quotation mark never closed?)") from None

    repeated = RepeatedRows()
    for cells in rows():
        if cells == header:  # files that were put together have several
            samples.threads.forget()
        if not cells or cells == header:
            continue
        if set(needed) <= set(cells):
            raise ValueError(f"line {reader.line_num}: another header than line 1's: two files in one, import each by itself")
        try:
            if len(cells) != len(header):  # with one too many, each cell may stand under the column beside its own
                raise ValueError(f"{len(cells)} cells, and the header has {len(header)}")
            count = samples.count
            take(samples, dict(zip(header, cells, strict=True)))
            samples.end_row(reader.line_num)
            if samples.count > count:
                repeated.row(cells, reader.line_num)
        except (ValueError, OverflowError, TypeError) as error:
            if not lines.leave_out(reader.line_num):
                raise ValueError(f"line {reader.line_num}: {error}") from None
    repeated.check()
    samples.notes.update(lines.notes())
    if samples.all_bad:
        raise ValueError(samples.first_bad)
    return samples


def _hlog(path: Path, unit: str) -> tuple[list[Window], list[str]]:
    if path.suffix == ".gz":
        raise ValueError("a compressed log: unpack it first")
    with _open(path) as file:
        lines = Lines(file)
        return hlog.windows(lines, unit), lines.notes()


def _of_samples(samples: ImportedSamples, tick_ns: int) -> Measurements:
    times.settle(samples, MAX_SPAN_S, BAD_SAMPLES)
    measurements = _measurements(samples.windows(), merge_failures(samples.reasons.take(0)))
    facts = dataclasses.replace(
        measurements.facts, failed_checks=samples.failed_checks(), bad_samples=samples.bad, tick_ns=tick_ns
    )
    return dataclasses.replace(measurements, facts=facts)


def _measurements(windows: Sequence[Window], failures: tuple[FailureReason, ...] = ()) -> Measurements:
    if all(w.operation == SCHEDULE for w in windows):
        raise ValueError("no latency sample in it")
    # with what was planned and never sent: a service that responds no more has no sample, and its load goes on
    first, last = min(w.second for w in windows), max(w.second for w in windows)
    if last - first > MAX_SPAN_S:
        raise ValueError(f"the times span more than {MAX_SPAN_S // 86_400} days: did a clock jump?")
    times.holes(w.second for w in windows)
    failing = {edge for edge in (first, last) if last - first > LEAST_S and _fails_apart(windows, edge, first, last)}
    merged = merge_windows(part for w in windows for part in (_beside(w, first, last) if w.second in failing else [w]))
    # the first and the last second are seldom whole ones: judged is what lies between
    facts = RunFacts((first + 1) * 10**9, max(last, first + 1) * 10**9, workers=("imported",))
    return Measurements(merged, (), (), facts, failures=tuple(_within(f, first, last) for f in failures))


def _fails_apart(windows: Sequence[Window], edge: int, first: int, last: int) -> bool:
    """Whether the first or the last second fails more than the seconds between them: a service that ceases to respond fails
    at the end, all at once. Failures that are as frequent as elsewhere need not be moved, and without the successful operations
    beside them they would be too many.
    """
    share = [0.0, 0.0]
    for i, chosen in enumerate(([w for w in windows if w.second == edge], [w for w in windows if first < w.second < last])):
        lost = sum(sum(w.failed.values()) + w.unsent for w in chosen)
        share[i] = lost / max(sum(w.ok for w in chosen) + lost, 1)
    return share[0] > FAILS_APART * share[1]


def _beside(w: Window, first: int, last: int) -> list[Window]:
    """What failed in the first or the last second, or was never sent then, put into the second beside it, which is judged. `w`
    holds successful operations or failed ones, not both.
    """
    beside = min(max(w.second, first + 1), last - 1)
    if w.unsent:
        unsent = Window(beside, w.operation, planned=w.unsent, unsent=w.unsent)
        return [unsent, dataclasses.replace(w, planned=w.planned - w.unsent, unsent=0)]
    return [dataclasses.replace(w, second=beside) if w.failed else w]


def _steps(tick_ns: int) -> list[str]:
    if not tick_ns:
        return []
    return [f"its latencies have steps of {tick_ns / 1e6:g} ms, which widen every interval by as much on either side"]


def _note(measurements: Measurements, parts: Sequence[str]) -> str:
    hole = times.holes(w.second for w in measurements.windows)
    return "; ".join([*parts, *([hole] if hole else [])])


def _within(failure: FailureReason, first: int, last: int) -> FailureReason:
    """A failure whose time was put beside its neighbour's."""
    low, high = first * 10**9, (last + 1) * 10**9 - 1
    return dataclasses.replace(
        failure, first_ns=min(max(failure.first_ns, low), high), last_ns=min(max(failure.last_ns, low), high)
    )


def _lacking(samples: ImportedSamples) -> list[str]:
    """What must be known of rows that were left out or not whole, and of the script's own checks."""
    checks = samples.failed_checks()
    notes = samples.threads.notes()
    notes += [f"bad samples: {samples.bad:,}, the first: {samples.first_bad}"] if samples.bad else []
    return [*notes, *([f"checks of the script failed: {failed_checks_text(checks)}"] if checks else [])]
