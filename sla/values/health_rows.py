"""The health of all workers as columns: an hour of 200 workers is 720,000 rows.

Histograms are summed over the workers of each second as they come: of those of one worker nothing is judged but how long its
longest lag was, which stays in its row.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, overload

import numpy as np
from numpy.typing import NDArray

from sla.values import histogram
from sla.values.histogram import Histogram, IntArray
from sla.values.machine import MachineSecond
from sla.values.packed import HistogramSums
from sla.values.window import Health

HISTOGRAMS = ("lag", "own_lag", "hub")
_COUNTS = ("second", "reconnects", "rss_bytes", "gc_pause_ns", "slots", "bad_samples", "report_errors", "housekeeping_ns")
_CLOCKS = ("label_offset_ns", "wall_offset_ns", "clock_error_ns")
_MACHINE = ("cpu_s", "waited_s", "steal", "pressure", "throttled_s")
# `worker` and `process` are numbers of names; a `process` of -1: nothing was measured of the machine
COLUMNS = np.dtype(
    [(name, np.int64) for name in (*_COUNTS, *_CLOCKS, "machine_second", "cores")]
    + [(name, np.int32) for name in ("worker", "process")]
    + [(name, np.float64) for name in ("cpu_share", "longest_lag_ns", *_MACHINE)]
)
_BLOCK = 4096  # rows that are packed at once
_OWN = (*_COUNTS, *_CLOCKS, "cpu_share")


@dataclass(frozen=True, eq=False)
class HealthRows(Sequence[Health]):
    """`columns`: COLUMNS of each worker's seconds, shape (n,); `names`: of workers and processes; `sums`: by second, the
    HISTOGRAMS of all its workers together. As a sequence of Health, the first row of each second has these, the others none.
    """

    columns: NDArray[Any]
    names: tuple[str, ...]
    sums: Mapping[int, tuple[Histogram, Histogram, Histogram]]

    @classmethod
    def of(cls, rows: Sequence[Health]) -> HealthRows:
        """From single rows, in their order."""
        if isinstance(rows, HealthRows):
            return rows
        sums = HealthSums()
        for h in rows:
            sums.add(h)
        return sums.rows()

    def __len__(self) -> int:
        return int(self.columns.size)

    @overload
    def __getitem__(self, at: int) -> Health: ...
    @overload
    def __getitem__(self, at: slice) -> Sequence[Health]: ...
    def __getitem__(self, at: int | slice) -> Health | Sequence[Health]:
        if isinstance(at, slice):
            return [self[i] for i in range(*at.indices(len(self)))]
        row = self.columns[at]
        values = {name: row[name].item() for name in _OWN}
        if at % len(self) in self._firsts:
            values |= dict(zip(HISTOGRAMS, self.sums[values["second"]], strict=True))
        if row["process"] >= 0:
            figures = {name: row[name].item() for name in _MACHINE}
            process = self.names[row["process"]]
            values["machine"] = MachineSecond(row["machine_second"].item(), process, row["cores"].item(), **figures)
        return Health(worker=self.names[row["worker"]], **values)

    @cached_property
    def _firsts(self) -> frozenset[int]:
        """Numbers of the rows that are the first of their second."""
        return frozenset(np.unique(self.columns["second"], return_index=True)[1].tolist())

    def within(self, from_second: int, to_second: int) -> HealthRows:
        """The rows of [from_second, to_second)."""
        seconds = self.columns["second"]
        here = (seconds >= from_second) & (seconds < to_second)
        sums = {second: sums for second, sums in self.sums.items() if from_second <= second < to_second}
        return HealthRows(self.columns[here], self.names, sums)

    def list_of(self, name: str) -> list[Any]:
        """One column as Python's numbers."""
        values: list[Any] = self.columns[name].tolist()
        return values

    def merged(self, name: str) -> Histogram:
        """One of HISTOGRAMS over all rows."""
        at = HISTOGRAMS.index(name)
        return histogram.merge(sums[at] for sums in self.sums.values())

    def of_machine(self, name: str) -> NDArray[Any]:
        """One column of those rows in which the machine was measured."""
        return self.columns[name][self.columns["process"] >= 0]


def accounts_of(process: IntArray, second: IntArray) -> tuple[IntArray, IntArray, IntArray, IntArray]:
    """Rows of one process and second are one account: (process and second of each, sorted, and its first row, shape (m,);
    which account each row is of, shape (n,)).
    """
    seconds, column = np.unique(second, return_inverse=True)
    keys = process.astype(np.int64) * seconds.size + column
    accounts, first, of_row = np.unique(keys, return_index=True, return_inverse=True)
    return accounts // seconds.size, seconds[accounts % seconds.size], first, of_row


class HealthSums:
    """HealthRows in the making: rows are added as they come."""

    def __init__(self) -> None:
        self.histograms = HistogramSums()  # by (second, name)
        self._seconds: dict[int, None] = {}
        self._numbers: dict[str, int] = {}
        self._blocks: list[NDArray[Any]] = []
        self._latest: list[tuple[Any, ...]] = []

    def add(self, h: Health) -> None:
        """Add one row with its histograms."""
        for name in HISTOGRAMS:
            self.histograms.add((h.second, name), getattr(h, name))
        self.add_row(h, h.lag.max_ns)

    def add_row(self, h: Health, longest_lag_ns: float) -> None:
        """Add one row whose histograms, not those of `h`, are added to `histograms` by the caller."""
        number, m = self._number(h.worker), h.machine
        machine = (m.cpu_s, m.waited_s, m.steal, m.pressure, m.throttled_s) if m else (0.0,) * len(_MACHINE)
        process = (self._number(m.process) if m else -1,)
        place = (m.second, m.cores) if m else (0, 0)
        self._seconds[h.second] = None
        self._latest.append(
            (
                h.second, h.reconnects, h.rss_bytes, h.gc_pause_ns, h.slots, h.bad_samples, h.report_errors, h.housekeeping_ns,
                h.label_offset_ns, h.wall_offset_ns, h.clock_error_ns, *place, number, *process, h.cpu_share, longest_lag_ns,
                *machine,
            )
        )  # fmt: skip
        if len(self._latest) >= _BLOCK:
            self._close()

    def take(self, columns: NDArray[Any], names: Iterable[str]) -> None:
        """Begin with the rows of HealthRows.columns and their names; nothing has been added before."""
        self._numbers = {name: number for number, name in enumerate(names)}
        self._blocks = [columns]
        self._seconds = dict.fromkeys(np.unique(columns["second"]).tolist())

    def join(self, more: HealthSums) -> None:
        """Add all of another behind these, with its histograms packed; the other is used up."""
        self._close()
        more._close()
        numbers = np.array([self._number(name) for name in more._numbers] + [-1], np.int32)  # -1 stays -1
        while more._blocks:  # block by block: together they are large
            block = more._blocks.pop(0)
            block["worker"], block["process"] = numbers[block["worker"]], numbers[block["process"]]
            self._blocks.append(block)
        self._seconds |= more._seconds
        self.histograms.join(more.histograms)

    def rows(self, by_worker: bool = False) -> HealthRows:
        """What was added so far, in the order in which it came, or by the worker's name and the second."""
        self._close()
        names = tuple(self._numbers)
        columns = self._together(names if by_worker else ())
        sums = {s: tuple(self.histograms.sum((s, name)) for name in HISTOGRAMS) for s in self._seconds}
        return HealthRows(columns, names, sums)  # type: ignore[arg-type]  # as many as HISTOGRAMS

    def _together(self, names: tuple[str, ...]) -> NDArray[Any]:
        """All blocks as one, by the names of workers and second where names are given. Each block is let go once it is copied:
        two copies of all would be the most memory that judging takes.
        """
        second, worker = (
            np.concatenate([np.zeros(0, np.int64), *(b[key] for b in self._blocks)]) for key in ("second", "worker")
        )
        order = np.arange(second.size)
        if names:
            rank = np.empty(len(names), np.int64)
            rank[sorted(range(len(names)), key=names.__getitem__)] = np.arange(len(names))
            order = np.lexsort((second, rank[worker]))
        if len(self._blocks) != 1 or (np.diff(order) != 1).any():
            place = np.empty_like(order)
            place[order] = np.arange(order.size)
            columns, at = np.empty(order.size, COLUMNS), 0
            while self._blocks:
                block = self._blocks.pop(0)
                columns[place[at : at + block.size]] = block
                at += block.size
            self._blocks = [columns]
        return self._blocks[0]

    def _number(self, name: str) -> int:
        return self._numbers.setdefault(name, len(self._numbers))

    def _close(self) -> None:
        if self._latest:
            self._blocks.append(np.array(self._latest, COLUMNS))
            self._latest = []
