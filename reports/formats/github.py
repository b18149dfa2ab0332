"""The assessment for GitHub Actions: a step summary in Markdown, and annotations (workflow commands).

In the whole document the annotations are in a comment of its Markdown: a log shows them as annotations, a page not at all.
Escapes: github.com/actions/toolkit, packages/core/src/command.ts.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from reports.formats import table
from reports.formats.markdown import escape, pipe_table
from sla.values.assessment import Assessment, Decision, Severity, Status


def render(assessment: Assessment, advice: Sequence[str] = ()) -> str:
    """summary(), under a comment that holds commands(); none where there is nothing to annotate."""
    lines = [re.sub(r"--(!?)>", r"-- \1>", line) for line in commands(assessment)]  # would end the comment
    comment = ["<!--", *lines, "-->", ""] if lines else []
    return "\n".join([*comment, summary(assessment, advice)])


def summary(assessment: Assessment, advice: Sequence[str] = (), steps: Sequence[str] = ()) -> str:
    """Verdict, objectives, what is open or failed besides, what next. `advice`: a sentence for each thing to do; `steps`: lines
    of Markdown under the verdict, of the validation that the run was a part of.
    """
    a = assessment
    lines = heading("Validation" if steps else "Load test", a.decision, a.agreement, a.summary) + list(steps)
    lines += [f"- {title}: {escape(text)}" for title, text in a.run.titled("target") + a.run.of_run]
    lines += [f"- Rollout: {escape(a.rollout)}", f"- Exit code: {a.exit_code}"]
    if a.objectives:
        columns = table.objective_columns(a, table.NARROW_COLUMNS)
        lines += ["", f"### {table.objectives_title(a)}", "", *pipe_table(columns, table.narrow_rows(a))]
    if evidence := [g for g in a.gates_of_evidence if g.status is not Status.PASS]:
        rows = [table.Row((g.title, g.status_words, g.reason), "") for g in evidence]
        lines += ["", "### Evidence", "", *pipe_table(("Gate", "Status", "Why"), rows)]
    rows = [table.check_row(c, a) for c in a.checks if c.status is not Status.PASS]
    lines += ["", "### Checks of the run itself", "", f"{len(a.checks) - len(rows)} passed, {len(rows)} not"]
    if rows:
        lines += ["", *pipe_table(("Check", "Status", "Why"), rows)]
    if advice:
        lines += ["", "### What next", "", *(f"- {escape(text)}" for text in advice)]
    return "\n".join(lines) + "\n"


def heading(what: str, decision: Decision, agreement: str, why: str) -> list[str]:
    """The first lines of a summary."""
    return [f"## {what}: {decision.value} (agreement {escape(agreement)})", "", escape(why), ""]


def commands(assessment: Assessment) -> list[str]:
    """Lines for a step's output: the decision where it does not pass, then findings()."""
    a = assessment
    return [*([command("error", f"bizra-load: {a.decision.value}", a.summary)] if a.exit_code else []), *findings(a)]


def findings(a: Assessment) -> list[str]:
    """Annotations of each objective and gate that failed or is open, and of each check that failed. What a failed check opened
    has no line of its own: the check's line says it. An accepted warning has none.
    """
    lines = []
    for o, row in zip(a.objectives, table.narrow_rows(a), strict=True):
        _, limit, estimate, status, why = row.cells
        if o.status not in (Status.PASS, Status.INVALID) and not o.accepted:
            certain = o.status is Status.FAIL and o.severity is Severity.CRITICAL
            text = f"{estimate}, target {limit}: {why}"
            lines.append(command("error" if certain else "warning", f"{status}: {o.title} ({o.severity.value})", text))
    for g in a.gates_of_evidence:
        if g.status is not Status.PASS and g.counts:
            certain = g.status is Status.FAIL and g.severity is Severity.CRITICAL
            lines.append(command("error" if certain else "warning", f"{g.status.value}: {g.title}", g.reason))
    for c in a.checks:
        if c.status in (Status.FAIL, Status.WARN):
            _, _, why = table.check_row(c, a).cells
            lines.append(command("error" if c.status is Status.FAIL else "warning", f"{c.status.value}: {c.title}", why))
    return lines


def command(level: str, title: str, message: str) -> str:
    """One annotation: `level` is error, warning or notice."""
    return f"::{level} title={_data(title).replace(':', '%3A').replace(',', '%2C')}::{_data(message)}"


def _data(text: str) -> str:
    lines = text.replace("\r\n", "\n").replace("\r", "\n").split("\n")
    return "%0A".join(table.printable(line).replace("%", "%25") for line in lines)
