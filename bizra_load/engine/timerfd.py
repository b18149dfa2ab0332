"""One kernel timer as a file descriptor (timerfd_create(2)), absolute on CLOCK_MONOTONIC, which is perf_counter_ns on Linux.

os.timerfd_create exists from Python 3.13 only, hence ctypes. `available()` is False where the system has none.
"""

from __future__ import annotations

import ctypes
import os
import struct

_CLOCK_MONOTONIC = 1
_TFD_NONBLOCK = os.O_NONBLOCK
_TFD_CLOEXEC = os.O_CLOEXEC
_TFD_TIMER_ABSTIME = 1


def _libc() -> ctypes.CDLL | None:
    try:
        libc = ctypes.CDLL(None, use_errno=True)
        return libc if hasattr(libc, "timerfd_create") else None
    except OSError:
        return None


def available() -> bool:
    return _libc() is not None


class TimerFd:
    """Raises OSError when the kernel refuses a timer."""

    def __init__(self) -> None:
        libc = _libc()
        if libc is None:
            raise OSError("this system has no timerfd")
        self._settime = libc.timerfd_settime
        self._buffer = ctypes.create_string_buffer(32)
        self.fd = libc.timerfd_create(_CLOCK_MONOTONIC, _TFD_NONBLOCK | _TFD_CLOEXEC)
        if self.fd < 0:
            raise OSError(ctypes.get_errno(), "timerfd_create failed")

    def arm(self, at_ns: int) -> None:
        """Become readable at `at_ns`, and unreadable until then. A time in the past fires at once. Raises OSError for one that
        is none: an arrival whose timer was not set would never be woken.
        """
        struct.pack_into("qqqq", self._buffer, 0, 0, 0, at_ns // 1_000_000_000, at_ns % 1_000_000_000)
        if self._settime(self.fd, _TFD_TIMER_ABSTIME, self._buffer, None) < 0:
            raise OSError(ctypes.get_errno(), f"timerfd_settime failed for {at_ns} ns")

    def disarm(self) -> None:
        """Become unreadable, and stay so."""
        self.arm(0)

    def close(self) -> None:
        os.close(self.fd)
