"""Locust's own statistics from our windows: one second's counts merged at once, with microseconds in the percentiles."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache

import locust.stats
import numpy as np
from locust.stats import RequestStats, StatsEntry

from bizra_load.measure.report import Report
from bizra_load.runtime.consumers import Consumer
from sla.values.failure import FailureReason, merge_failures
from sla.values.histogram import bucket_high_ns
from sla.values.window import SCHEDULE, Window, merge_windows


def round_to_three_digits(response_time_ms: float) -> float:
    """Key of Locust's response-time dict: 3 significant digits and never finer than 1 us (0.123 ms stays 0.123)."""
    return float(f"{max(response_time_ms, 0.0):.3g}") if response_time_ms >= 0.1 else round(response_time_ms, 3)


_key_of = cache(round_to_three_digits)  # of the values of buckets: there are no more of them than buckets


def show_microseconds() -> None:
    """Replace Locust's rounding to whole ms (a supported switch since 2.43.4); needed on every node."""
    locust.stats.bucket_response_time = round_to_three_digits  # type: ignore[assignment]  # whole ms is its default only


class LocustStatistics(Consumer):
    """Locust's statistics on the master: what all workers reported is merged second by second, then added at once."""

    def __init__(self, stats: RequestStats, type_of: Callable[[str], str]) -> None:
        """`type_of`: an operation's request type, as its user class gives it to Locust's request event."""
        self._stats = stats
        self._type_of = type_of
        self._windows: list[Window] = []
        self._failures: list[FailureReason] = []
        self._ours: set[str] = set()  # operations

    def add(self, report: Report) -> None:
        """What has no planned arrival and no in-flight integral came from Locust's own request event: it has counted that."""
        self._ours |= {w.operation for w in report.windows if w.in_flight_ns or w.planned}
        self._windows += [w for w in report.windows if w.operation in self._ours]
        self._failures += [f for f in report.failures if f.operation in self._ours]

    def every_second(self, now_ns: int) -> None:
        self._show()

    def end(self) -> None:
        self._show()

    def _show(self) -> None:
        windows, self._windows = self._windows, []
        for window in merge_windows(windows):
            add_window(self._stats, window, self._type_of(window.operation))
        failures, self._failures = self._failures, []
        for f in merge_failures(failures):
            add_failures(self._stats, f, self._type_of(f.operation))


def add_window(stats: RequestStats, window: Window, method: str) -> None:
    """Merge one second of one operation into Locust's statistics."""
    if not window.finished or window.operation == SCHEDULE:
        return
    part = StatsEntry(stats, window.operation, method)
    part.start_time = float(window.second)
    part.last_request_timestamp = window.second + 1
    part.num_requests = window.finished
    part.num_failures = window.failures
    part.num_none_requests = window.failures
    part.num_reqs_per_sec[window.second] = window.finished
    if window.failures:
        part.num_fail_per_sec[window.second] = window.failures
    if window.response.indices.size:
        values_ms = bucket_high_ns(window.response.indices) / 1e6
        for value, count in zip(values_ms.tolist(), window.response.counts.tolist(), strict=True):
            part.response_times[_key_of(value)] += count  # type: ignore[index]  # with three digits: see show_microseconds()
        total_ms = float(np.dot(values_ms, window.response.counts))
        part.total_response_time = total_ms  # type: ignore[assignment]  # Locust adds up floats too
        part.min_response_time = values_ms[0].item()
        part.max_response_time = values_ms[-1].item()
    for entry in (stats.get(window.operation, method), stats.total):
        entry.extend(part)


def add_failures(stats: RequestStats, failures: FailureReason, method: str) -> None:
    """Locust's table of failures, by our reasons."""
    text = f"{failures.category}: {failures.reason}"
    key = locust.stats.StatsError.create_key(method, failures.operation, text)
    error = stats.errors.setdefault(key, locust.stats.StatsError(method, failures.operation, text))
    error.occurrences += failures.count
