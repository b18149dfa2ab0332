"""A step that may take long says so: a line that counts seconds on a terminal, now and then a line in a log."""

from __future__ import annotations

import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TextIO

from bizra_load.io.terminal import AGAIN, QUIET, rewritable, tell, told

EACH_S = 1.0  # on a terminal
FIRST_S, THEN_S = 10.0, 30.0  # in a log, which is to stay short


@contextmanager
def under_way(what: str, over: Callable[[], bool] = lambda: False) -> Iterator[None]:
    """While the block runs and it is not `over`. On a terminal `what` is there from the start, and gone at the end."""
    if told() == QUIET:
        yield
        return
    ended = threading.Event()
    show = _on_terminal if rewritable(sys.stderr) else _in_log
    if show is _on_terminal:
        _rewrite(sys.stderr, f"{what} ...")
    thread = threading.Thread(target=show, args=(what, over, ended), name="under way", daemon=True)
    thread.start()
    try:
        yield
    finally:
        ended.set()
        thread.join()
        if show is _on_terminal:
            _rewrite(sys.stderr, "")


def _on_terminal(what: str, over: Callable[[], bool], ended: threading.Event) -> None:
    began = time.monotonic()
    while not ended.wait(EACH_S):
        if over():
            _rewrite(sys.stderr, "")
            return
        _rewrite(sys.stderr, f"{what} ... {time.monotonic() - began:.0f} s")


def _in_log(what: str, over: Callable[[], bool], ended: threading.Event) -> None:
    began, wait_s = time.monotonic(), FIRST_S
    while not ended.wait(wait_s) and not over():
        tell(f"{what}: {time.monotonic() - began:.0f} s so far")
        wait_s = THEN_S


def _rewrite(out: TextIO, line: str) -> None:
    print(f"{AGAIN}{line}", end="", file=out, flush=True)
