"""`python -m tests.architecture.wrap FILE ...`: wrap the prose of Markdown pages at 100 columns; tables and code stay."""

from __future__ import annotations

import re
import sys
from pathlib import Path

from tests.architecture.markdown import Block, blocks

COLUMNS = 100
_ITEM = re.compile(r"\s*(?:[-*]|\d+\.) ")


def words(text: str) -> list[str]:
    """What stays in one piece: words, spans of code, and marks that would begin a list at the beginning of a line."""
    whole: list[str] = []
    for match in re.finditer(r"(?:`[^`]+`|[^\s`])+", text):
        if whole and re.fullmatch(r"[-*+#|>]+|\d+\.", match[0]):
            whole[-1] += f" {match[0]}"
        else:
            whole.append(match[0])
    return whole


def wrapped(block: Block) -> list[str]:
    """The lines of a block of prose."""
    item = _ITEM.match(block.lines[0])
    first = item[0] if item else re.match(r"\s*", block.lines[0])[0]
    lines, line = [], first
    for word in words(" ".join([block.lines[0][len(first) :], *(part.strip() for part in block.lines[1:])])):
        if line.strip() and line != first and len(line) + 1 + len(word) > COLUMNS:
            lines.append(line)
            line = " " * len(first)
        line += word if line in (first, " " * len(first)) else f" {word}"
    return [*lines, line]


def wrap(text: str) -> str:
    lines, done = text.splitlines(), 0
    out: list[str] = []
    for block in blocks(text):
        if block.kind == "prose":
            out += lines[done : block.line - 1] + wrapped(block)
            done = block.line - 1 + len(block.lines)
    return "\n".join(out + lines[done:]) + "\n"


if __name__ == "__main__":
    for name in sys.argv[1:]:
        path = Path(name)
        path.write_text(wrap(path.read_text()))
