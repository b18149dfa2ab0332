"""Processes we start and folders we make for a while. A signal that ends us takes them along, whenever it comes."""

from __future__ import annotations

import ctypes
import signal
import subprocess
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from bizra_load.io.signals import signals_held

_PR_SET_PDEATHSIG = 1
_PR_SET_CHILD_SUBREAPER = 36
_LIBC = ctypes.CDLL(None)  # opened here: between fork and exec as little as possible may run


def die_with_parent() -> None:
    """Runs in the child: the kernel ends it when the thread that started it ends, however that happens (prctl(2))."""
    _LIBC.prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)


def adopt_orphans() -> None:
    """From now on this process is the parent of its descendants whose own parent is gone (prctl(2))."""
    _LIBC.prctl(_PR_SET_CHILD_SUBREAPER, 1)


def start(command: Sequence[str], held: Sequence[int] = (), **options: Any) -> subprocess.Popen[bytes]:
    """A process that ends when the calling thread does; `options` are those of Popen. Signals of the numbers `held` wait for it
    until it takes them (signals.take_held). Raises OSError.

    A signal that comes meanwhile ends it before it ends us.
    """

    def begin() -> None:
        die_with_parent()
        if held:
            signal.pthread_sigmask(signal.SIG_BLOCK, held)  # stays so in the program that comes next

    process: subprocess.Popen[bytes] | None = None
    try:
        with signals_held():
            process = subprocess.Popen(list(command), preexec_fn=begin, **options)  # noqa: S603  # no shell, a list
    except BaseException:
        if process is not None:
            end(process)
        raise
    return process


def end(process: subprocess.Popen[bytes], within_s: float = 20.0) -> None:
    """Ask the process to end (SIGTERM), kill it where it has not within `within_s`. It may have ended before."""
    with signals_held():
        process.terminate()
        try:
            process.wait(timeout=within_s)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


@contextmanager
def process(command: Sequence[str], within_s: float = 20.0, **options: Any) -> Iterator[subprocess.Popen[bytes]]:
    """A process of start() until the block ends, by end(). Raises OSError."""
    started: subprocess.Popen[bytes] | None = None
    try:
        with signals_held():
            started = start(command, **options)
        yield started
    finally:
        if started is not None:
            end(started, within_s)


@contextmanager
def temporary_folder() -> Iterator[Path]:
    """A folder until the block ends. Raises OSError."""
    folder: tempfile.TemporaryDirectory[str] | None = None
    try:
        with signals_held():
            folder = tempfile.TemporaryDirectory()
        yield Path(folder.name)
    finally:
        if folder is not None:
            with signals_held():  # a removal that is interrupted leaves the rest behind
                folder.cleanup()
