"""Intervals by resampling beside those that decide, as text."""

from __future__ import annotations

from collections.abc import Sequence

from reports.formats.table import Row, interval, printable, quantity
from reports.formats.text import draw, terminal
from sla.estimators.bootstrap import DRAWS
from sla.judgement.second_opinion import SecondOpinion

COLUMNS = ("Operation", "Latency", "Percentile", "Estimate", "Decides", f"{DRAWS:,} resamples", "Blocks of windows")


def render(opinions: Sequence[SecondOpinion], width: int = 120, colour: bool = False) -> str:
    """A table, or one line where nothing was measured. The last two columns judge nothing (docs/statistics.md)."""
    if not opinions:
        return "No latencies were measured"
    console, out = terminal(width, colour)
    draw(console, "95 % intervals, three ways", COLUMNS, [_row(o) for o in opinions])
    return out.getvalue().rstrip("\n")


def _row(o: SecondOpinion) -> Row:
    cells = (printable(o.operation), o.latency, f"p{100 * o.quantile:g}", quantity(o.decides.point, "ns"))
    return Row((*cells, *(interval(e, "ns") for e in (o.decides, o.resampled, o.blocks))), "")
