"""Rows that stand in a file twice: files that were put together, one of them two times."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

_TOLD_BY = 100  # rows in the same order and the same to the last digit
_DIFFERENT = 10  # of them at least: a load may well have many rows of the same time and latency
_MOST_FILES = 1000  # whose beginnings are kept

_Row = tuple[str, ...]


@dataclass
class _Beginning:
    """The first rows of a file, and where it begins; `whole` once another one follows it."""

    line: int
    rows: list[_Row] = field(default_factory=list)
    whole: bool = False

    @property
    def telling(self) -> bool:
        return (self.whole or len(self.rows) == _TOLD_BY) and len(set(self.rows)) >= _DIFFERENT


@dataclass
class RepeatedRows:
    """Whether the beginning of a file comes again later, behind a header of its own or without one."""

    _files: list[_Beginning] = field(default_factory=list)
    _by_first: dict[_Row, _Beginning] = field(default_factory=dict)
    _under_way: list[tuple[_Beginning, int, int]] = field(default_factory=list)  # what may come again, since when, so far

    def header(self) -> None:
        """Another file begins."""
        if self._files:
            self._files[-1].whole = True

    def row(self, cells: Sequence[str], line: int) -> None:
        """Raises ValueError where with this row the beginning of a file has come again."""
        row = tuple(cells)
        if self._under_way:
            self._under_way = [
                (file, since, n + 1) for file, since, n in self._under_way if n < len(file.rows) and file.rows[n] == row
            ]
        if known := self._by_first.get(row):
            self._under_way.append((known, line, 1))
        for file, since, n in self._under_way:
            if file.telling and n == len(file.rows):
                raise ValueError(f"line {since}: the rows from line {file.line} on come again: one file twice, import it once")
        self._keep(row, line)

    def _keep(self, row: _Row, line: int) -> None:
        if not self._files or self._files[-1].whole:
            if len(self._files) >= _MOST_FILES:
                return
            self._files.append(_Beginning(line))
            self._by_first.setdefault(row, self._files[-1])
        if len(self._files[-1].rows) < _TOLD_BY:
            self._files[-1].rows.append(row)
