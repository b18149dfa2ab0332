"""SIGTERM and SIGHUP end a command as Ctrl+C does: what was started is ended, temporary folders are removed on the way out."""

from __future__ import annotations

import signal
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, NoReturn

if TYPE_CHECKING:
    from sys import UnraisableHookArgs

_ENDING = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
_AGAIN_AFTER_S = 0.01


class EndedBySignal(KeyboardInterrupt):
    """As Ctrl+C."""

    def __init__(self, number: int) -> None:
        super().__init__()
        self.number = number


def end_on_signals() -> None:
    """From now on, in the main thread. Under nohup, what is ignored stays so.

    What a handler raises is printed and lost where Python happens to be in a callback: around a fork, in an import, when an
    object is collected. It is raised again a little later then, or the command would go on.
    """
    for number in (signal.SIGTERM, signal.SIGHUP):
        if signal.getsignal(number) is signal.SIG_DFL:
            signal.signal(number, _end)
    sys.unraisablehook = _lost


def _end(number: int, _: object) -> NoReturn:
    raise EndedBySignal(number)


def _lost(what: UnraisableHookArgs) -> None:
    error = what.exc_value
    if not isinstance(error, KeyboardInterrupt):
        sys.__unraisablehook__(what)
        return
    number = error.number if isinstance(error, EndedBySignal) else signal.SIGINT
    signal.signal(signal.SIGALRM, lambda *_: _end(number, None))
    signal.setitimer(signal.ITIMER_REAL, _AGAIN_AFTER_S)


def take_held(number: int) -> None:
    """A process that was started with this signal `held` (children.start) takes it from now on, and what came meanwhile. Where
    nothing else was asked for it ends the process without a word: Python's own handler would print where it happened to be.
    """
    if signal.getsignal(number) is signal.default_int_handler:
        signal.signal(number, signal.SIG_DFL)
    signal.pthread_sigmask(signal.SIG_UNBLOCK, (number,))


@contextmanager
def signals_held() -> Iterator[None]:
    """What would end us does so at the end of the block, not within it. May be nested.

    By handlers, not by the thread's mask: a signal is for the process, and another thread that has not blocked it takes it.
    """
    came: list[int] = []
    before: dict[signal.Signals, Any] = {}
    if threading.current_thread() is threading.main_thread():  # no handler ever interrupts another
        for number in _ENDING:
            if signal.getsignal(number) not in (signal.SIG_IGN, None):  # None: a handler that isn't Python's
                before[number] = signal.signal(number, lambda number, _: came.append(number))
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
        for which in came:
            signal.raise_signal(which)
