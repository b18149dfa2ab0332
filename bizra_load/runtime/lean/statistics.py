"""Locust's statistics, to which successful requests are added many at a time, before anybody reads them.

StatsEntry.log() costs as much as a quarter of a request, twice for each. Rows in C arrays cost next to nothing.
"""

from __future__ import annotations

import math
import time
from array import array
from collections.abc import Callable

import locust.stats
import numpy as np
from locust.stats import EntriesDict, RequestStats, StatsEntry, StatsError

MOST_ROWS = 512  # of one name: adding them takes some tenths of a millisecond


class Rows:
    """Successful requests of one name: when they had ended (perf_counter_ns), how long they took (ns), bytes received."""

    __slots__ = ("done", "length", "took")

    def __init__(self) -> None:
        self.done, self.took, self.length = array("q"), array("q"), array("q")


class LeanStats(RequestStats):
    """What an environment's statistics become. Rows are added when anybody looks; the order of events stays."""

    _rows: dict[tuple[str, str], Rows]
    _filled: dict[tuple[str, str], Rows]  # those that hold something

    @classmethod
    def of(cls, stats: RequestStats) -> LeanStats:
        """The object itself, of this class from now on: everybody holds it already."""
        if not isinstance(stats, cls):
            stats.__dict__.update(_rows={}, _filled={})
            stats.__class__ = cls
        assert isinstance(stats, cls)
        return stats

    def adder(self, method: str, name: str) -> Callable[[int, int, int], None]:
        """Call it with a request's start and end (perf_counter_ns) and its response's length."""
        rows, filled, add = self._rows.setdefault((name, method), Rows()), self._filled, self._add
        done, add_done, add_took, add_length = rows.done, rows.done.append, rows.took.append, rows.length.append

        def succeeded(start_ns: int, done_ns: int, length: int) -> None:
            add_done(done_ns)
            add_took(done_ns - start_ns)
            add_length(length)
            if (count := len(done)) == 1:
                filled[name, method] = rows
            elif count >= MOST_ROWS:
                add()

        return succeeded

    # Locust assigns them, and everybody reads them
    @property
    def total(self) -> StatsEntry:
        self._add()
        value: StatsEntry = self.__dict__["total"]
        return value

    @total.setter
    def total(self, value: StatsEntry) -> None:
        self.__dict__["total"] = value

    @property  # type: ignore[override]  # what it is made as
    def entries(self) -> EntriesDict:
        self._add()
        value: EntriesDict = self.__dict__["entries"]
        return value

    @entries.setter
    def entries(self, value: EntriesDict) -> None:
        self.__dict__["entries"] = value

    @property
    def errors(self) -> dict[str, StatsError]:
        self._add()
        value: dict[str, StatsError] = self.__dict__["errors"]
        return value

    @errors.setter
    def errors(self, value: dict[str, StatsError]) -> None:
        self.__dict__["errors"] = value

    def clear_all(self) -> None:
        self._add()
        super().clear_all()

    def _add(self) -> None:
        if not self._filled:
            return
        offset_ns = time.time_ns() - time.perf_counter_ns()
        total, entries = self.__dict__["total"], self.__dict__["entries"]
        filled = list(self._filled.items())
        self._filled.clear()
        for (name, method), rows in filled:
            done, took, length = (np.array(column, dtype=np.int64) for column in (rows.done, rows.took, rows.length))
            for column in (rows.done, rows.took, rows.length):
                del column[:]  # in place: adders hold the bound append
            unix_ns = done + offset_ns
            seconds = unix_ns // 1_000_000_000
            for second in np.unique(seconds).tolist():
                here = seconds == second
                part = _part(self, name, method, second, took[here], int(length[here].sum()))
                part.last_request_timestamp = int(unix_ns[here].max()) / 1e9
                for entry in (total, entries[name, method]):
                    entry.extend(part)


def _part(stats: RequestStats, name: str, method: str, second: int, took_ns: np.ndarray, length: int) -> StatsEntry:
    """The successful requests that ended in a second, as StatsEntry.log() would have them."""
    part = StatsEntry(stats, name, method)
    part.start_time = math.inf
    part.num_requests = took_ns.size
    part.num_reqs_per_sec = {second: took_ns.size}
    part.total_content_length = length
    part.total_response_time = float(took_ns.sum()) / 1e6  # type: ignore[assignment]  # Locust adds up floats too
    part.min_response_time, part.max_response_time = int(took_ns.min()) / 1e6, int(took_ns.max()) / 1e6  # type: ignore[assignment]
    times: dict[int, int] = {}
    for us, count in zip(*(a.tolist() for a in np.unique((took_ns + 500) // 1_000, return_counts=True)), strict=True):
        key = locust.stats.bucket_response_time(us / 1e3)
        times[key] = times.get(key, 0) + count
    part.response_times = times
    return part
