"""How long the master of a worker has sent nothing."""

from __future__ import annotations

import time
from collections.abc import Callable

CHECK_EVERY_S = 0.25
# Without a message from the master for so long, a worker stops: nobody would stop it. A link that was away for 4 s carries
# nothing for 6.2 s, since TCP sends again after 0.2, 0.6, 1.4, 3.0 and 6.2 s (RFC 6298, from Linux' least time-out).
MASTER_SILENT_S = 8.0
IDLE_MASTER_SILENT_S = 60.0  # the same where a worker has nothing to lose, and only waits for the next test
STOPS_WITHIN_S = 10.0  # what MASTER_SILENT_S amounts to at most, with the checks in between
_RAN_S = 1.0  # a longer time between two checks is none in which this process ran


class Silence:
    """`signs` counts signs of life; until the first one, nobody is silent. `clock`: monotonic seconds.

    Only time in which this process ran counts: a worker that was itself stopped for a while has not lost its master.
    """

    def __init__(self, signs: Callable[[], int], clock: Callable[[], float] = time.monotonic) -> None:
        self._signs = signs
        self._clock = clock
        self._seen = 0
        self._checked_s = clock()
        self._silent_s = 0.0

    def silent_s(self) -> float:
        """Seconds since the last sign; to be asked every CHECK_EVERY_S."""
        now_s, signs = self._clock(), self._signs()
        self._silent_s = self._silent_s + min(now_s - self._checked_s, _RAN_S) if signs == self._seen != 0 else 0.0
        self._seen, self._checked_s = signs, now_s
        return self._silent_s
