"""Samples that stand in a file twice: files that were put together, of which one, or a part of one, is there two times."""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, field

_TOGETHER = 4  # rows in the same order, all of them different, and the same to the last digit: seldom chance
_FEWEST, _SHARE = 30, 0.02  # of such fours that come again: a repetition of less moves no figure by more
_MOST_IN_PAIRS = 200  # rows that are all there an even number of times: two threads may go in step for a while
MOST_KEPT = 200_000  # fours; of a longer file every second one is kept, every fourth and so on, by their hashes


@dataclass
class RepeatedRows:
    """Whether samples come again, in the same order or (in a file that was sorted) side by side.

    Which fours of rows are looked at is decided by their own hash, so that those which come again are looked at again.
    """

    _latest: deque[int] = field(default_factory=lambda: deque(maxlen=_TOGETHER))
    _seen: dict[int, int] = field(default_factory=dict)  # line of each kept four, by its hash
    _every: int = 1
    _fours: int = 0
    _again: int = 0
    _first: tuple[int, int] = (0, 0)  # lines where the first one that came again stands
    _row: int = 0  # hash of the row before
    _alike: int = 1  # how many rows like that one follow each other
    _runs: int = 0
    _odd_runs: int = 0

    def row(self, cells: Sequence[str], line: int) -> None:
        """One row of a sample."""
        row = hash(tuple(cells))
        if row == self._row:
            self._alike += 1
            return  # many requests of one millisecond are alike
        self._runs += 1
        self._odd_runs += self._alike % 2
        self._row, self._alike = row, 1
        self._latest.append(row)
        if len(set(self._latest)) == _TOGETHER and (four := hash(tuple(self._latest))) % self._every == 0:
            self._look(four, line)

    def _look(self, four: int, line: int) -> None:
        self._fours += 1
        if four in self._seen:
            self._first = self._first if self._again else (self._seen[four], line)
            self._again += 1
            return
        self._seen[four] = line
        if len(self._seen) > MOST_KEPT:
            self._every *= 2
            self._seen = {kept: at for kept, at in self._seen.items() if kept % self._every == 0}
            self._fours //= 2
            self._again //= 2

    def check(self) -> None:
        """Raises ValueError where a part of the samples is there twice."""
        if self._again >= max(_FEWEST / self._every, _SHARE * self._fours, 1):
            first, again = (max(line - _TOGETHER + 1, 2) for line in self._first)
            share = 2 * self._again / self._fours
            raise ValueError(
                f"line {again}: samples from line {first} on come again, {100 * min(share, 1):.0f} % of all are there twice: "
                "import each file once"
            )
        if self._runs > _MOST_IN_PAIRS and self._odd_runs <= 1 and self._alike % 2 == 0:  # the first run is of no row
            raise ValueError("each sample is there twice, side by side: import each file once")
