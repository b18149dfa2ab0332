"""Standard output and error of a process whose work must not depend on whether somebody still reads them."""

from __future__ import annotations

import errno
import io
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stdout
from typing import Any

_GONE = (errno.EPIPE, errno.EBADF, errno.EIO)  # the reader ended (| head), nothing was there (>&-), the terminal was closed


class _Lasting(io.FileIO):
    """Whatever can't be written any more is dropped; why, if it is no reader that went away, is reported once."""

    _failed = False
    lost = ""

    def write(self, data: Any) -> int:
        try:
            # None: a pipe that does not wait for its reader is full; what does not fit is dropped too
            return super().write(data) or len(data)
        except OSError as error:
            if not self._failed and error.errno not in _GONE and self.fileno() != 2:
                self.lost = error.strerror or "it failed"
                print(f"standard output can't be written: {error.strerror}", file=sys.stderr)
            self._failed = True
            return len(data)


def keep_standard_streams() -> None:
    """From now on no print() of this process raises. And no file of a run can become descriptor 0, 1 or 2, where prints go,
    since whoever started this process had closed those. A stream that a test has put in place of the real one is left alone.
    """
    for number in range(3):
        try:
            os.fstat(number)
        except OSError:
            opened = os.open(os.devnull, os.O_RDWR)
            if opened != number:
                os.dup2(opened, number)
                os.close(opened)
            os.set_inheritable(number, True)
    for name, number in (("stdout", 1), ("stderr", 2)):
        stream, original = getattr(sys, name), getattr(sys, f"__{name}__")
        if stream is original and not (stream and isinstance(getattr(stream.buffer, "raw", None), _Lasting)):
            setattr(sys, name, _lasting(stream, number))
            setattr(sys, f"__{name}__", getattr(sys, name))


@contextmanager
def to_standard_error() -> Iterator[None]:
    """Within the block whatever is printed goes to standard error, of this process and of those that it starts: standard output
    is kept for something else.
    """
    sys.stdout.flush()
    kept = os.dup(1)
    os.dup2(2, 1)
    try:
        with redirect_stdout(sys.stderr):
            yield
    finally:
        os.dup2(kept, 1)
        os.close(kept)


def lost_output() -> str:
    """Why some of what was printed could not be written; "" where all was, or its reader went away and wanted no more."""
    sys.stdout.flush()
    raw = getattr(getattr(sys.stdout, "buffer", None), "raw", None)
    return raw.lost if isinstance(raw, _Lasting) else ""


def _lasting(stream: Any, number: int) -> io.TextIOWrapper:
    encoding = stream.encoding if stream else "utf-8"
    errors = "backslashreplace" if encoding.lower().startswith("utf") else "replace"  # a table's lines are in few encodings
    if stream:
        stream.flush()
    buffered = io.BufferedWriter(_Lasting(number, "wb", closefd=False))
    return io.TextIOWrapper(buffered, encoding=encoding, errors=errors, line_buffering=number == 2 or os.isatty(number))
