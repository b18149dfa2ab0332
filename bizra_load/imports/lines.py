"""Lines of a file that a tool may have been killed over: the last one may be cut short."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TextIO

MAX_LINE = 1024 * 1024
CUT = "its last line was cut short and is left out: was the tool killed?"


class Lines:
    """Lines that fit the memory: a compressed file may hold one of gigabytes. Iterating raises ValueError for a longer one.

    count   how many were read
    cut     whether the file ends within a line that was left out
    """

    def __init__(self, file: TextIO) -> None:
        self._file, self._ended = file, True
        self.count, self.cut = 0, False

    def __iter__(self) -> Iterator[str]:
        try:
            while line := self._file.readline(MAX_LINE):
                self._ended = line.endswith(("\n", "\r"))
                if len(line) == MAX_LINE and not self._ended:
                    raise ValueError(f"a line of more than {MAX_LINE:,} characters")
                self.count += 1
                yield line
        except EOFError:  # a compressed file without its end
            self.cut = True

    def leave_out(self, line: int) -> bool:
        """Whether line number `line`, which nobody understands, is the last one and was cut short: then it is left out."""
        unfinished = not self._ended and line == self.count
        self.cut = self.cut or unfinished
        return unfinished

    def notes(self) -> list[str]:
        """What a reader of the results must know."""
        return [CUT] if self.cut else []
