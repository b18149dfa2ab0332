"""Sets of whole numbers that are mostly consecutive, in memory that grows with their gaps alone."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterator


class Ranges:
    """A set of numbers. Iterating gives (first, last) of each run of consecutive ones, ascending."""

    def __init__(self) -> None:
        self._firsts: list[int] = []
        self._lasts: list[int] = []

    def add(self, first: int, last: int | None = None) -> None:
        """Add a number, or all from `first` to `last`."""
        last = first if last is None else last
        begin = bisect_left(self._lasts, first - 1)  # of those that overlap the new one, or touch it
        end = bisect_right(self._firsts, last + 1)
        if begin < end:
            first, last = min(first, self._firsts[begin]), max(last, self._lasts[end - 1])
        self._firsts[begin:end], self._lasts[begin:end] = [first], [last]

    def join(self, more: Ranges) -> None:
        """Add all of another."""
        for first, last in more:
            self.add(first, last)

    def __contains__(self, number: int) -> bool:
        at = bisect_right(self._firsts, number)
        return at > 0 and number <= self._lasts[at - 1]

    def __iter__(self) -> Iterator[tuple[int, int]]:
        return iter(zip(self._firsts, self._lasts, strict=True))

    def __len__(self) -> int:
        """How many numbers."""
        return sum(self._lasts) - sum(self._firsts) + len(self._firsts)

    @property
    def highest(self) -> int:
        """-1 where there is none."""
        return self._lasts[-1] if self._lasts else -1
