"""Rows of cells beside each other in so many columns of a terminal: names are cut first, then columns left out."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence

from rich.cells import cell_len, set_cell_size

from reports.formats.lines import apart, without_middle

SHORTEST_NAME = 10  # characters that a name keeps however wide the figures are
GAP = "  "
Rows = Sequence[tuple[str, ...]]


def wide(rows: Rows) -> int:
    """How many columns the table of these rows has."""
    return sum(_widths(rows)) + len(GAP) * (len(rows[0]) - 1)


def drawn(rows: Rows, width: int, dispensable: Sequence[int]) -> list[str]:
    """Columns beside each other, the last one ragged. Where they are too wide, names are cut short, and then `dispensable`
    columns left out, from the first on.
    """
    rows, widths = _fitted(rows, width, dispensable)
    names = apart([row[0] for row in rows], widths[0])
    return [_row((name, *row[1:]), widths, width) for name, row in zip(names, rows, strict=True)]


def alike(rows: Rows, width: int, dispensable: Sequence[int]) -> list[int]:
    """Which rows have names that are the same text once their middle is cut, though they are not the same."""
    rows, widths = _fitted(rows, width, dispensable)
    cut = Counter(without_middle(name, widths[0]) for name in {row[0] for row in rows})
    return [i for i, row in enumerate(rows) if cut[without_middle(row[0], widths[0])] > 1]


def _fitted(rows: Rows, width: int, dispensable: Sequence[int]) -> tuple[Rows, list[int]]:
    least = wide(rows) - max(_widths(rows)[0] - SHORTEST_NAME, 0)
    if least > width and dispensable:
        left_out, *others = dispensable
        fewer = [(*row[:left_out], *row[left_out + 1 :]) for row in rows]
        return _fitted(fewer, width, [n - (n > left_out) for n in others])
    widths = _widths(rows)
    widths[0] = max(widths[0] - max(wide(rows) - width, 0), min(widths[0], SHORTEST_NAME))
    return rows, widths


def _widths(rows: Rows) -> list[int]:
    return [max(map(cell_len, column)) for column in zip(*rows, strict=True)]


def _row(row: Iterable[str], widths: Sequence[int], width: int) -> str:
    *padded, last = row
    line = GAP.join((*(set_cell_size(c, max(w, cell_len(c))) for c, w in zip(padded, widths, strict=False)), last)).rstrip()
    return line if cell_len(line) <= width else set_cell_size(line, width - 2) + ".."
