"""The assessment as Markdown, for pull requests and release notes."""

from __future__ import annotations

import html
import re
from collections.abc import Sequence

from reports import table
from sla.assessment import Assessment


def render(assessment: Assessment) -> str:
    lines = [f"# {_escape(assessment.decision.value)}", "", _escape(assessment.summary), ""]
    lines += [f"- Rollout: {_escape(assessment.rollout)}", f"- Exit code: {assessment.exit_code}"]
    lines += [f"- Agreement: {_escape(assessment.agreement)}, environment {_escape(assessment.environment)}"]
    lines += [f"- Baseline: {_escape(assessment.baseline or 'none')}"]
    for key in ("started", "target", "workers", "seed"):
        if key in assessment.run:
            lines.append(f"- {key.capitalize()}: {_escape(str(assessment.run[key]))}")
    if assessment.steady:
        s = assessment.steady
        lines.append(f"- Judged: {s.to_second - s.from_second} s; {_escape(s.reason)}")
    lines += ["", "## Objectives", "", *_table(table.OBJECTIVE_COLUMNS, table.objective_rows(assessment))]
    if assessment.operations:
        lines += ["", "## Operations, as the client saw them", ""]
        lines += _table(table.OPERATION_COLUMNS, table.operation_rows(assessment))
        lines += ["", "## Latencies with 95 % intervals", ""]
        lines += _table(table.LATENCY_COLUMNS, table.latency_rows(assessment))
    lines += ["", "## Checks of the run itself", ""]
    lines += _table(("Check", "Status", "Why"), [table.check_row(c) for c in assessment.checks])
    if assessment.notes:
        lines += ["", "## Notes", "", *(f"- {_escape(note)}" for note in assessment.notes)]
    return "\n".join(lines) + "\n"


def _table(columns: Sequence[str], rows: Sequence[table.Row]) -> list[str]:
    lines = ["| " + " | ".join(columns) + " |", "|" + " --- |" * len(columns)]
    return lines + ["| " + " | ".join(_escape(c) for c in row.cells) + " |" for row in rows]


def _escape(text: str) -> str:
    """Names come from the outside: no HTML, no Markdown structure, one line."""
    plain = html.escape(" ".join(text.split()), quote=False)
    return re.sub(r"([\\`*_\[\]|#!])", r"\\\1", plain)
