"""The assessment as Markdown, for pull requests and release notes."""

from __future__ import annotations

import html
import re
from collections.abc import Sequence

from reports.formats import many, table
from sla.values.assessment import Assessment


def render(assessment: Assessment, next_step: str = "") -> str:
    """The document, with every name from the outside escaped. `next_step`: what to do now; "" leaves it out."""
    lines = [f"# {escape(assessment.decision.value)}", "", escape(assessment.summary), ""]
    lines += [f"- Rollout: {escape(assessment.rollout)}", f"- Exit code: {assessment.exit_code}"]
    lines += [f"- Next: {escape(next_step)}"] if next_step else []
    lines += [f"- Agreement: {escape(assessment.agreement)}, environment {escape(assessment.environment)}"]
    lines += [f"- Baseline: {escape(assessment.baseline or 'none')}"]
    shown = assessment.run.of_run + assessment.run.titled("started", "target", "workers", "seed")
    lines += [f"- {title}: {escape(text)}" for title, text in shown]
    if assessment.steady:
        s = assessment.steady
        lines.append(f"- Judged: {s.to_second - s.from_second} s; {escape(s.reason)}")
    lines += [
        "",
        f"## {table.objectives_title(assessment)}",
        "",
        *pipe_table(table.objective_columns(assessment), table.objective_rows(assessment)),
    ]
    if assessment.operations:
        lines += ["", f"## {many.titled(table.OPERATIONS_TITLE, assessment)}", ""]
        lines += pipe_table(table.OPERATION_COLUMNS, table.operation_rows(assessment))
        lines += ["", f"## {table.at_level(table.LATENCIES_TITLE, assessment)}", ""]
        lines += pipe_table(table.LATENCY_COLUMNS, table.latency_rows(assessment))
    if failed := table.failed_rows(assessment):
        title = table.at_level(table.FAILED_TITLE, assessment)
        lines += ["", f"## {title}", "", *pipe_table(table.FAILED_COLUMNS, failed)]
    if assessment.failures:
        lines += ["", f"## {table.FAILURES_TITLE}", "", *pipe_table(table.FAILURE_COLUMNS, table.failure_rows(assessment))]
    lines += ["", "## Checks of the run itself", ""]
    lines += pipe_table(("Check", "Status", "Why"), table.check_rows(assessment))
    if assessment.notes:
        lines += ["", "## Notes", "", *(f"- {escape(note)}" for note in assessment.notes)]
    return "\n".join(lines) + "\n"


def pipe_table(columns: Sequence[str], rows: Sequence[table.Row]) -> list[str]:
    """Lines of a Markdown table."""
    lines = ["| " + " | ".join(columns) + " |", "|" + " --- |" * len(columns)]
    return lines + ["| " + " | ".join(escape(c) for c in row.cells) + " |" for row in rows]


def escape(text: str) -> str:
    """Names come from the outside: no HTML, no Markdown structure, one line."""
    plain = html.escape(table.printable(" ".join(text.split())), quote=False)
    return re.sub(r"([\\`*_\[\]|#!])", r"\\\1", plain)
