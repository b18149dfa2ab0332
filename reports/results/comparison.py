"""A comparison of two sides: text, Markdown, JSON."""

from __future__ import annotations

import dataclasses
import json

from rich.text import Text

from reports.formats import markdown, table, text
from reports.formats.json_report import finite
from sla.judgement.comparison import Compared, Comparison
from sla.values.shown_facts import sealed_text

SCHEMA = "bizra-load/comparison/1"
COLUMNS = ("Figure", "Baseline", "Candidate", "Ratio", "95 % interval", "Verdict", "Why")


def render(comparison: Comparison, width: int = 120, colour: bool = False) -> str:
    """Plain text, or with ANSI colours, at most `width` columns wide."""
    console, out = text.terminal(width, colour)
    text.draw(console, "Candidate against baseline", COLUMNS, [_row(c) for c in comparison.compared], 5)
    for side, runs in _sides(comparison):
        for name, digest in runs:
            console.print(Text(table.printable(f"{side}: {name}{f' ({digest})' if digest else ''}")))
    for note in (comparison.method, *comparison.notes):
        console.print(Text(table.printable(f"Note: {note}")))
    console.print(Text(f"{comparison.change.value}"))
    return out.getvalue().rstrip("\n")


def render_markdown(comparison: Comparison) -> str:
    """A heading with the verdict, a table and notes."""
    lines = [f"# {comparison.change.value}", "", *markdown.pipe_table(COLUMNS, [_row(c) for c in comparison.compared]), ""]
    for side, runs in _sides(comparison):
        lines += [f"- {side}: {markdown.escape(name)}{f' ({digest})' if digest else ''}" for name, digest in runs]
    return "\n".join(lines + [f"- {markdown.escape(note)}" for note in (comparison.method, *comparison.notes)]) + "\n"


def render_json(comparison: Comparison) -> str:
    """JSON text of SCHEMA; infinities are the text "inf"."""
    return json.dumps(finite({"schema": SCHEMA, **dataclasses.asdict(comparison)}), indent=2, allow_nan=False) + "\n"


def _sides(comparison: Comparison) -> list[tuple[str, list[tuple[str, str]]]]:
    """Both: their names, and each run's or file's name with its digest ("" for a run that was cut off)."""
    return [
        (side, [_named(**run) for run in runs])
        for side, runs in (("Baseline", comparison.baseline), ("Candidate", comparison.candidate))
    ]


def _named(run: str = "", measured_sha256: str = "", file: str = "", sha256: str = "") -> tuple[str, str]:
    if file:
        return file, f"SHA-256: {sha256}"
    return run, sealed_text(measured_sha256) if measured_sha256 else ""


def _row(c: Compared) -> table.Row:
    sides = [table.quantity(v, c.unit) if v is not None else "no data" for v in (c.baseline, c.candidate)]
    ratio = (f"{c.ratio.point:.3f}", f"{c.ratio.low:.3f} to {c.ratio.high:.3f}") if c.ratio else ("-", "-")
    return table.Row((table.printable(c.title), *sides, *ratio, c.change.value, c.reason), c.change.value)
