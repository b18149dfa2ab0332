"""Which sequence numbers have arrived, in memory that does not grow with them."""

from __future__ import annotations

MAX_SEQUENCE = 1 << 31  # 68 years of one-second reports
MAX_AHEAD = 7200  # two hours of one-second reports; a sender keeps an hour of them (exchange.MAX_UNACKNOWLEDGED)


class Sequences:
    """A set of numbers from 0 on: everything below `_below` has arrived, and some at most MAX_AHEAD further on."""

    def __init__(self) -> None:
        self._below = 0
        self._beyond: set[int] = set()
        self._missed = 0  # below `_below`, given up
        self._highest = -1

    def __contains__(self, sequence: object) -> bool:
        return isinstance(sequence, int) and (sequence < self._below or sequence in self._beyond)

    def __len__(self) -> int:
        """How many have arrived."""
        return self._below - self._missed + len(self._beyond)

    def acceptable(self, sequence: int) -> bool:
        """Whether a sender can have come so far since the last one that arrived."""
        return 0 <= sequence <= self.highest + MAX_AHEAD

    def add(self, sequence: int) -> None:
        """`sequence` has arrived; it is acceptable(). What lies more than MAX_AHEAD back is given up, and stays missing."""
        if sequence in self:
            return
        self._beyond.add(sequence)
        self._highest = max(self._highest, sequence)
        self._advance()
        while len(self._beyond) > MAX_AHEAD:
            first = min(self._beyond)
            self._missed += first - self._below
            self._below = first
            self._advance()

    @property
    def highest(self) -> int:
        """-1 when none has arrived."""
        return self._highest

    def _advance(self) -> None:
        while self._below in self._beyond:
            self._beyond.remove(self._below)
            self._below += 1
