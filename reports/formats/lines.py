"""Text in lines of so many columns of a terminal, in which a Chinese or Japanese character takes two."""

from __future__ import annotations

from collections.abc import Sequence

from rich.cells import cell_len, chop_cells, set_cell_size

MORE = " ... (-v)"


def wrapped(text: str, width: int, most_lines: int, indent: str = "", more: str = MORE) -> list[str]:
    """At words, from the second line on after `indent`; a word longer than a line is broken. Of more than `most_lines` the last
    one ends in `more`.
    """
    lines = [""]
    for word in text.split():
        for part in _parts(word, width - cell_len(indent)):
            joined = f"{lines[-1]} {part}" if lines[-1].strip() else f"{lines[-1]}{part}"
            if cell_len(joined) <= width:
                lines[-1] = joined
            else:
                lines.append(indent + part)
    if len(lines) > most_lines:
        last = lines[most_lines - 1]
        while last and cell_len(last) > width - cell_len(more):
            last = last[:-1]
        lines[most_lines - 1 :] = [last.rstrip() + more]
    return [line for line in lines if line]


def shortened(text: str, width: int, more: str = MORE) -> str:
    """One line of a text, which ends in `more` where that is not all."""
    return next(iter(wrapped(text, width, 1, more=more)), "")


def without_middle(text: str, width: int, of_end: int | None = None) -> str:
    """A name whose begin and end tell it apart: "GET /a/long..id} p95". `of_end`: columns that its end has; half of them."""
    if cell_len(text) <= width:
        return text
    end = text
    while cell_len(end) > ((width - 2) // 2 if of_end is None else of_end):
        end = end[1:]
    return f"{set_cell_size(text, width - 2 - cell_len(end)).rstrip()}..{end}"


def apart(names: Sequence[str], width: int) -> list[str]:
    """without_middle() of each; cut elsewhere, as near to the middle as can be, where that tells more of them apart."""
    middle = (width - 2) // 2
    places = sorted(range(max(width - 1, 1)), key=lambda of_end: abs(of_end - middle))
    cut = ([without_middle(name, width, of_end) for name in names] for of_end in places)
    return max(cut, key=lambda texts: len(set(texts)))  # the first of those that tell as many apart


def _parts(word: str, width: int) -> list[str]:
    return [word] if cell_len(word) <= width else chop_cells(word, width)
