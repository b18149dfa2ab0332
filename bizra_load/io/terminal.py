"""The terminal that is written to, and how much it is to be told."""

from __future__ import annotations

import os
import sys
import textwrap
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TextIO

from sla.values.number import whole_in

TABLES_WIDE = 120  # columns of tables where nothing says how wide the output is
NARROW = 80  # of a terminal that does not know its width
AGAIN = "\r\x1b[K"  # to the line's begin, and what is there erased (ECMA-48)
TOLD_VARIABLE = "BIZRA_LOAD_TOLD"  # one of the two that follow, for this process and those that it starts; "": the summary
QUIET, VERBOSE = "quiet", "verbose"


def terminal_width(out: TextIO, otherwise: int = TABLES_WIDE) -> int:
    """Columns: COLUMNS, the terminal's, or `otherwise` where `out` is none. A width of 0 is no width."""
    if columns := whole_in(os.environ.get("COLUMNS", "")):
        return columns
    if not out.isatty():
        return otherwise
    try:
        return os.get_terminal_size(out.fileno()).columns or NARROW
    except OSError:
        return NARROW


def rewritable(out: TextIO) -> bool:
    """Whether a line can be written over there, with AGAIN before it."""
    return out.isatty() and os.environ.get("TERM") != "dumb"


def coloured(out: TextIO) -> bool:
    """Whether colours are shown there, and wanted (no-color.org)."""
    return rewritable(out) and not os.environ.get("NO_COLOR")


@contextmanager
def telling(quiet: bool = False, verbose: bool = False) -> Iterator[None]:
    """Within the block this process and those that it starts say less, or more."""
    before = os.environ.get(TOLD_VARIABLE)
    os.environ[TOLD_VARIABLE] = QUIET if quiet else VERBOSE if verbose else ""
    try:
        yield
    finally:
        os.environ.pop(TOLD_VARIABLE)
        if before is not None:
            os.environ[TOLD_VARIABLE] = before


def told() -> str:
    """QUIET, VERBOSE or ""."""
    return os.environ.get(TOLD_VARIABLE, "")


def tell(text: str) -> None:
    """Say `text` on standard error while something is under way: one line, which a narrow terminal shows broken at words. With
    --quiet nothing.
    """
    if told() == QUIET:
        return
    width = terminal_width(sys.stderr)
    if sys.stderr.isatty() and len(text) > width:
        text = textwrap.fill(text, width, subsequent_indent="  ", break_long_words=False, break_on_hyphens=False)
    begin = AGAIN if rewritable(sys.stderr) else ""  # over a line that counts the seconds of a step
    print(f"{begin}{text}", file=sys.stderr, flush=True)
