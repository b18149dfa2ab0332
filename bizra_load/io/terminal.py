"""The terminal that is written to."""

from __future__ import annotations

import os
from typing import TextIO


def terminal_width(out: TextIO) -> int:
    """Columns; 120 where `out` is no terminal."""
    return os.get_terminal_size(out.fileno()).columns if out.isatty() else 120
