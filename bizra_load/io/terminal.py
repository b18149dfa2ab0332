"""The terminal that is written to."""

from __future__ import annotations

import os
import sys
import textwrap
from typing import TextIO


def terminal_width(out: TextIO) -> int:
    """Columns; 120 where `out` is no terminal."""
    return os.get_terminal_size(out.fileno()).columns if out.isatty() else 120


def tell(text: str) -> None:
    """Say `text` on standard error while something is under way: one line, which a narrow terminal shows broken at words."""
    width = terminal_width(sys.stderr)
    if sys.stderr.isatty() and len(text) > width:
        text = textwrap.fill(text, width, subsequent_indent="  ", break_long_words=False, break_on_hyphens=False)
    print(text, file=sys.stderr, flush=True)
