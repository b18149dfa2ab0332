"""An assessment as tables, for a terminal: all of it (-v). What a person reads first is summary.py."""

from __future__ import annotations

import io
from collections.abc import Sequence

from rich.cells import cell_len
from rich.console import Console
from rich.table import Table
from rich.text import Text

from reports.formats import many, table
from sla.values.assessment import Assessment, Decision, Status

WIDE = 110  # characters, in which eight columns of objectives can be read
STYLES = {
    "PASS": "green",
    "WARN": "yellow",
    "FAIL": "bold red",
    "INCONCLUSIVE": "magenta",
    "INVALID": "bold red",
    "IMPROVED": "green",
    "EQUIVALENT": "green",
    "REGRESSED": "bold red",
}
DECISION_STYLES = {
    "GO": "bold green",
    "GO WITH CAUTION": "bold yellow",
    "CONDITIONAL GO": "bold yellow",
    "INCONCLUSIVE": "bold magenta",
    "NOT JUDGED": "bold",
}


def render(assessment: Assessment, width: int = 120, colour: bool = False, named: bool = False) -> str:
    """Plain text, or with ANSI colours; names from the outside are never read as markup. named: it says what run it is of."""
    console, out = terminal(width, colour)
    narrow = console.width < WIDE
    columns = table.objective_columns(assessment, table.NARROW_COLUMNS if narrow else table.OBJECTIVE_COLUMNS)
    rows = table.narrow_rows(assessment) if narrow else table.objective_rows(assessment)
    draw(console, table.objectives_title(assessment), columns, rows, columns.index("Status"))
    if assessment.operations:
        title = many.titled(table.OPERATIONS_TITLE, assessment)
        draw(console, title, table.OPERATION_COLUMNS, table.operation_rows(assessment))
        latencies = table.at_level(table.LATENCIES_TITLE, assessment)
        draw(console, latencies, table.LATENCY_COLUMNS, table.latency_rows(assessment))
    if failed_requests := table.failed_rows(assessment):
        draw(console, table.at_level(table.FAILED_TITLE, assessment), table.FAILED_COLUMNS, failed_requests)
    if assessment.failures:
        draw(console, table.FAILURES_TITLE, table.FAILURE_COLUMNS, table.failure_rows(assessment))
    failed = [table.check_row(c, assessment) for c in assessment.checks if c.status is not Status.PASS]
    passed = sum(c.status is Status.PASS for c in assessment.checks)
    console.print(Text(f"Checks of the run itself: {passed} passed, {len(failed)} not"))
    if failed:
        draw(console, "", ("Check", "Status", "Why"), failed, 1)
    if drawn := table.bootstrap_line(assessment):
        console.print(Text(table.printable(drawn)))
    if generator := table.generator_line(assessment):
        console.print(Text(table.printable(f"Generator: {generator}")))
    if assessment.steady:
        s = assessment.steady
        console.print(Text(table.printable(f"Judged: {s.to_second - s.from_second} s; {s.reason}")))
    for note in assessment.notes:
        console.print(Text(table.printable(f"Note: {note}")))
    style = DECISION_STYLES.get(assessment.decision.value, "bold red")
    console.print(Text(table.printable(f"{assessment.decision.value}: {assessment.summary}"), style=style))
    console.print(Text(table.printable(f"Rollout: {assessment.rollout} (exit code {assessment.exit_code})")))
    for title, words in assessment.run.of_run if named else []:
        console.print(Text(table.printable(f"{title}: {words}")))
    return out.getvalue().rstrip("\n")


def style_of(decision: Decision) -> str:
    """The colour of a decision."""
    return DECISION_STYLES.get(decision.value, "bold red")


def terminal(width: int, colour: bool) -> tuple[Console, io.StringIO]:
    """A console that writes into a string, wide enough for tables."""
    return console_for(max(width, 60), colour)


def console_for(width: int, colour: bool) -> tuple[Console, io.StringIO]:
    """A console that writes into a string."""
    out = io.StringIO()
    return Console(file=out, width=width, force_terminal=colour, no_color=not colour, highlight=False), out


def draw(console: Console, title: str, columns: tuple[str, ...], rows: list[table.Row], status_column: int = -1) -> None:
    """Print a table whose cells are never read as markup. On a narrow terminal words stay whole as long as they can."""
    cells = [[table.printable(cell) for cell in row.cells] for row in rows]
    padding, widths = _widths([columns, *cells], console.width)
    drawn = Table(title=title or None, title_justify="left", padding=(0, padding))
    for column, width in zip(columns, widths, strict=True):
        drawn.add_column(column, overflow="fold", width=width)  # a name is broken into lines, never cut short
    for row, texts in zip(rows, cells, strict=True):
        style = STYLES.get(row.status, "")
        drawn.add_row(*(Text(text, style=style if i == status_column else "") for i, text in enumerate(texts)))
    console.print(drawn)


def _widths(lines: Sequence[Sequence[str]], width: int) -> tuple[int, list[int | None]]:
    """The spaces beside each cell, and each column's width in characters. A table that is too wide becomes narrower in its
    widest columns, but in none below its longest word, and then the spaces. None leaves it to rich, which breaks words.
    """
    columns = list(zip(*lines, strict=True))
    words = [max(cell_len(word) for cell in column for word in cell.split() or [""]) for column in columns]
    whole = [max(cell_len(line) for cell in column for line in cell.splitlines() or [""]) for column in columns]
    for padding in (1, 0):
        room = width - 1 - len(columns) * (1 + 2 * padding)
        if sum(whole) <= room:
            break
        if sum(words) <= room:
            widths = whole
            for most in range(max(whole), 0, -1):
                if sum(widths) <= room:
                    break
                widths = [max(word, min(text, most)) for word, text in zip(words, whole, strict=True)]
            return padding, list[int | None](widths)
    return padding, [None] * len(columns)
