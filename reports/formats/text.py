"""The terminal summary."""

from __future__ import annotations

import io

from rich.console import Console
from rich.table import Table
from rich.text import Text

from reports.formats import table
from sla.values.assessment import Assessment, Status

_STYLES = {
    "PASS": "green",
    "WARN": "yellow",
    "FAIL": "bold red",
    "INCONCLUSIVE": "magenta",
    "INVALID": "bold red",
    "IMPROVED": "green",
    "EQUIVALENT": "green",
    "REGRESSED": "bold red",
}
DECISION_STYLES = {"GO": "bold green", "GO WITH CAUTION": "bold yellow", "CONDITIONAL GO": "bold yellow"}


def render(assessment: Assessment, width: int = 120, colour: bool = False) -> str:
    """Plain text, or with ANSI colours; names from the outside are never read as markup."""
    console, out = terminal(width, colour)
    objectives = draw(table.objectives_title(assessment), table.OBJECTIVE_COLUMNS, table.objective_rows(assessment), 6)
    console.print(objectives)
    if assessment.operations:
        console.print(draw("Operations, as the client saw them", table.OPERATION_COLUMNS, table.operation_rows(assessment)))
        console.print(draw("Latencies with 95 % intervals", table.LATENCY_COLUMNS, table.latency_rows(assessment)))
    if assessment.failures:
        console.print(draw(table.FAILURES_TITLE, table.FAILURE_COLUMNS, table.failure_rows(assessment)))
    failed = [table.check_row(c, assessment) for c in assessment.checks if c.status is not Status.PASS]
    passed = sum(c.status is Status.PASS for c in assessment.checks)
    console.print(Text(f"Checks of the run itself: {passed} passed, {len(failed)} not"))
    if failed:
        console.print(draw("", ("Check", "Status", "Why"), failed, 1))
    if generator := table.generator_line(assessment):
        console.print(Text(table.printable(f"Generator: {generator}")))
    if assessment.steady:
        s = assessment.steady
        console.print(Text(table.printable(f"Judged: {s.to_second - s.from_second} s; {s.reason}")))
    for note in assessment.notes:
        console.print(Text(table.printable(f"Note: {note}")))
    style = DECISION_STYLES.get(assessment.decision.value, "bold red")
    console.print(Text(table.printable(f"{assessment.decision.value}: {assessment.summary}"), style=style))
    console.print(Text(table.printable(f"Rollout: {assessment.shown_rollout} (exit code {assessment.exit_code})")))
    return out.getvalue().rstrip("\n")


def terminal(width: int, colour: bool) -> tuple[Console, io.StringIO]:
    """A console that writes into a string."""
    out = io.StringIO()
    return Console(file=out, width=max(width, 60), force_terminal=colour, no_color=not colour, highlight=False), out


def draw(title: str, columns: tuple[str, ...], rows: list[table.Row], status_column: int = -1) -> Table:
    """A table whose cells are never read as markup."""
    drawn = Table(title=title or None, title_justify="left")
    for column in columns:
        drawn.add_column(column, overflow="fold")  # a name is broken into lines, never cut short
    for row in rows:
        style = _STYLES.get(row.status, "")
        drawn.add_row(*(Text(table.printable(c), style=style if i == status_column else "") for i, c in enumerate(row.cells)))
    return drawn
