"""Where the times of requests go: what appends them, and what they are of."""

from __future__ import annotations

from array import array
from collections.abc import Callable
from typing import Protocol


class Recorded(Protocol):
    """What a request is of, and whom its times are told: when it is sent, and when it was intended, sent and done."""

    @property
    def started(self) -> Callable[[int], None]: ...

    @property
    def succeeded(self) -> Callable[[int, int, int], None]: ...


def appender(times: array[int]) -> Callable[[int], None]:
    """What appends one time (ns)."""
    return times.append


def rows_appender(first: array[int], second: array[int], third: array[int]) -> Callable[[int, int, int], None]:
    """What appends one time (ns) to each of three."""
    append_first, append_second, append_third = first.append, second.append, third.append

    def append(first_ns: int, second_ns: int, third_ns: int) -> None:
        append_first(first_ns)
        append_second(second_ns)
        append_third(third_ns)

    return append
