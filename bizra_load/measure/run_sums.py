"""What the workers of a run reported, merged as it comes, and which of their reports that was."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from numpy.typing import NDArray

from bizra_load.measure.histogram_texts import HistogramTexts
from bizra_load.measure.ranges import Ranges
from bizra_load.measure.report import Report
from bizra_load.measure.rows import check_samples, failure_from_row, health_and_texts, window_and_texts
from sla.values.failure import FailureReason, merge_failures
from sla.values.health_rows import HISTOGRAMS, HealthRows, HealthSums
from sla.values.histogram import Histogram, bucket_edges_ns
from sla.values.window import Window
from sla.values.window_sums import WindowSums

_FAILURES = 5_000
WINDOWS_OF_REPORT = "windows"  # in a report's first row of health: how many rows of windows belong to it


@dataclass
class Received:
    """Reports of one worker that are there whole: their sequence numbers, and that of the last one it made, if it is known."""

    sequences: Ranges = field(default_factory=Ranges)
    last: int | None = None

    @property
    def complete(self) -> bool:
        """Nothing of the worker is missing."""
        return self.last is not None and len(self.sequences) > self.last


class RunSums:
    """`received`: by worker. Memory grows with the seconds of a run and its operations; with its workers only by their rows of
    health, of less than 200 bytes each.
    """

    def __init__(self) -> None:
        self.received: dict[str, Received] = {}
        self._windows, self._health = WindowSums(), HealthSums()
        self._window_texts = HistogramTexts(self._windows.histograms)
        self._health_texts = HistogramTexts(self._health.histograms)
        self._failures: list[FailureReason] = []
        self._kept_failures = _FAILURES  # this many, or as many reasons as there are
        self.last_second = 0  # that a window is of
        self._reported_rows = self._read_rows = 0  # of windows: as many as the reports' health says, and as many as were there

    @property
    def lost_rows(self) -> int:
        """Rows of windows that reports had, and that are not there any more."""
        return max(self._reported_rows - self._read_rows, 0)

    def has(self, worker: str, sequence: int) -> bool:
        """Whether that report is here."""
        return worker in self.received and sequence in self.received[worker].sequences

    def add(self, report: Report) -> None:
        """Take a report in, unless it is here."""
        if self.has(report.worker, report.sequence):
            return
        self.receive(report.worker, report.sequence, report.final)
        for w in report.windows:
            self.add_window(w)
        for h in report.health:
            self._health.add(h)
        for f in report.failures:
            self._add_failure(f)

    def add_window(self, w: Window) -> None:
        """Add a window with its histograms."""
        self._windows.add(w)
        self.last_second = max(self.last_second, w.second)

    def take_health(self, columns: NDArray[Any], names: Iterable[str]) -> None:
        """Add rows of health as columns, as health() has them; their histograms come by add_health_histogram()."""
        self._health.take(columns, names)

    def add_health_histogram(self, second: int, name: str, h: Histogram) -> None:
        """Add one of HISTOGRAMS to those of all workers in a second."""
        self._health.histograms.add((second, name), h)

    def receive(self, worker: str, sequence: int, final: bool) -> None:
        """Note that a report is here."""
        received = self.received.setdefault(worker, Received())
        received.sequences.add(sequence)
        if final:
            received.last = sequence

    def add_window_row(self, row: object) -> None:
        """A row of window_row(). Raises WireError for any other."""
        w, texts = window_and_texts(row)
        self._read_rows += isinstance(row, dict) and "sequence" in row
        self._windows.add_counts(w)
        check_samples(
            w, {name: self._window_texts.add((w.operation, w.second, name), *text)[0] for name, text in texts.items()}
        )
        self.last_second = max(self.last_second, w.second)

    def add_health_row(self, row: object) -> None:
        """A row of health_row(). Raises WireError for any other."""
        h, texts = health_and_texts(row)
        reported = row.get(WINDOWS_OF_REPORT, 0) if isinstance(row, dict) else 0
        self._reported_rows += reported if isinstance(reported, int) else 0
        highest = [self._health_texts.add((h.second, name), *text)[1] for name, text in zip(HISTOGRAMS, texts, strict=True)]
        longest_ns = float("inf") if texts[0][1] else bucket_edges_ns(highest[0])[1] if highest[0] >= 0 else 0.0
        self._health.add_row(h, longest_ns)

    def add_failure_row(self, row: object) -> None:
        """A row of failure_row(). Raises WireError for any other."""
        self._add_failure(failure_from_row(row))

    def _add_failure(self, failure: FailureReason) -> None:
        self._failures.append(failure)
        if len(self._failures) >= 2 * self._kept_failures:
            self._failures = list(merge_failures(self._failures))
            self._kept_failures = max(len(self._failures), _FAILURES)

    def __getstate__(self) -> dict[str, object]:
        """As it is sent to another process: without its decoders, which know places in this one's memory."""
        self._windows.histograms.pack()
        self._health.histograms.pack()
        return {name: value for name, value in self.__dict__.items() if name not in ("_window_texts", "_health_texts")}

    def __setstate__(self, state: dict[str, object]) -> None:
        self.__dict__.update(state)
        self._window_texts = HistogramTexts(self._windows.histograms)
        self._health_texts = HistogramTexts(self._health.histograms)

    def join(self, more: RunSums) -> None:
        """Add all of another; its rows of health come behind."""
        for worker, received in more.received.items():
            mine = self.received.setdefault(worker, Received())
            mine.sequences.join(received.sequences)
            mine.last = mine.last if received.last is None else received.last
        self._failures += more._failures
        self._reported_rows += more._reported_rows
        self._read_rows += more._read_rows
        self._windows.join(more._windows)
        self._health.join(more._health)
        self.last_second = max(self.last_second, more.last_second)

    def windows(self) -> tuple[Window, ...]:
        """Merged over workers, by (operation, second)."""
        return self._windows.windows()

    def failures(self) -> tuple[FailureReason, ...]:
        """As merge_failures() has them."""
        return merge_failures(self._failures)

    def health(self) -> HealthRows:
        """By worker and second."""
        return self._health.rows(by_worker=True)
