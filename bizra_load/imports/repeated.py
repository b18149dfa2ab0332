"""Rows that stand in a file twice: files that were put together, one of them two times."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

_TOLD_BY = 100  # rows in the same order and the same to the last digit
_DIFFERENT = 10  # of them at least: a load may well have many rows of the same time and latency
_MOST_FILES = 1000  # whose beginnings are kept

_Row = tuple[str, ...]


@dataclass
class RepeatedRows:
    """Whether the beginning of a file comes again later, behind a header of its own or without one."""

    _rows: list[_Row] = field(default_factory=list)  # of the file under way, up to _TOLD_BY of them
    _begins: int = 0  # its line
    _known: dict[_Row, tuple[int, list[_Row]]] = field(default_factory=dict)  # line and rows of each beginning, by its first
    _under_way: list[tuple[int, list[_Row], int, int]] = field(default_factory=list)  # what may come again, where, how far

    def header(self) -> None:
        """Another file begins."""
        self._know()
        self._rows = []

    def row(self, cells: Sequence[str], line: int) -> None:
        """Raises ValueError where with this row the beginning of a file has come again."""
        row = tuple(cells)
        if self._under_way:
            self._under_way = [(at, rows, since, n + 1) for at, rows, since, n in self._under_way if rows[n] == row]
        if row in self._known:
            self._under_way.append((*self._known[row], line, 1))
        for at, rows, since, n in self._under_way:
            if n == len(rows):
                raise ValueError(f"line {since}: the rows from line {at} on come again: one file twice, import it once")
        if len(self._rows) < _TOLD_BY:
            self._begins = self._begins if self._rows else line
            self._rows.append(row)
            if len(self._rows) == _TOLD_BY:
                self._know()

    def _know(self) -> None:
        if len(set(self._rows)) >= _DIFFERENT and len(self._known) < _MOST_FILES:
            self._known.setdefault(self._rows[0], (self._begins, self._rows))
