"""The project's own Markdown, parted into blocks: enough of the language for the tests of this folder."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PAGES = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")])
_ITEM = re.compile(r"\s*(?:[-*]|\d+\.) ")


@dataclass(frozen=True)
class Block:
    """kind: heading, prose (a paragraph or one item of a list), table, or code. line: number of its first line, from 1.

    language   of fenced code, what stands after the fence; "" elsewhere
    """

    kind: str
    line: int
    lines: tuple[str, ...]
    language: str = ""

    @property
    def text(self) -> str:
        return "\n".join(self.lines)


def blocks(text: str) -> Iterator[Block]:
    """Blocks in their order; blank lines and the fences themselves are in none."""
    lines = text.splitlines()
    number, in_list = 0, False
    while number < len(lines):
        first, line = number, lines[number]
        number += 1
        if not line.strip():
            continue
        if line.lstrip().startswith("```"):
            while not lines[number].lstrip().startswith("```"):
                number += 1
            yield Block("code", first + 2, tuple(lines[first + 1 : number]), line.strip().removeprefix("```"))
            number += 1
            continue
        if line.startswith("    ") and not in_list:
            kind, goes_on = "code", re.compile(r"    |\s*$")
        elif line.startswith("|"):
            kind, goes_on = "table", re.compile(r"\|")
        elif line.startswith("#"):
            kind, goes_on = "heading", re.compile(r"(?!)")
        else:
            kind, goes_on = "prose", re.compile(r"(?!\s*$|\s*(?:[-*]|\d+\.) |\||#|\s*```)")
        in_list = bool(_ITEM.match(line)) or (in_list and line.startswith(" "))
        while number < len(lines) and goes_on.match(lines[number]):
            number += 1
        block = lines[first:number]
        while not block[-1].strip():
            block.pop()
        yield Block(kind, first + 1, tuple(block))


def sentences(block: Block) -> list[str]:
    """The sentences of a block of prose; a span of code or the target of a link counts as one word."""
    text = re.sub(rf"^{_ITEM.pattern}", "", " ".join(block.lines))
    text = re.sub(r"`[^`]+`", "CODE", text)
    text = re.sub(r"\]\([^)]*\)", "]", text)
    return [s for s in re.split(r"(?<=[.!?])[)\"*]*\s+(?=[^a-z])", text) if s.strip()]


def table_cells(text: str) -> list[list[str]]:
    """The cells of every row of every table, head rows too, without the lines between head and body."""
    rows = [line for block in blocks(text) if block.kind == "table" for line in block.lines]
    cut = [[cell.strip().replace("\\|", "|") for cell in re.split(r"(?<!\\)\|", row.strip().strip("|"))] for row in rows]
    return [cells for cells in cut if not all(re.fullmatch(r":?-+:?", cell) for cell in cells)]


def section(text: str, heading: str) -> str:
    """What stands under a heading, up to the next of its level or above. Raises ValueError where there is no such heading."""
    level = len(heading) - len(heading.lstrip("#"))
    lines = text.splitlines()
    first = lines.index(heading) + 1
    fenced, taken = False, []
    for line in lines[first:]:
        fenced ^= line.startswith("```")
        if not fenced and (match := re.match(r"(#+) ", line)) and len(match[1]) <= level:
            break
        taken.append(line)
    return "\n".join(taken)
