"""GO-NO-GO-DECISION.md: the decision, the gates behind it, and how it is rolled out, watched, rolled back and approved."""

from __future__ import annotations

from collections.abc import Sequence

from reports.documents import template
from reports.documents.rollout import commands, schedule, triggers
from reports.formats import table
from reports.results.validated import STEP_COLUMNS, ValidationReport
from sla.judgement.decision import MATRIX, MatrixRow, warnings_at_worst, warnings_that_count
from sla.release.checklist import approval_key
from sla.values.assessment import Assessment, Gate, Severity
from sla.values.remedies import PLAIN, Remedy, RemedyWords


def render(
    assessment: Assessment, run: str, sha256: str, words: RemedyWords = PLAIN, validation: ValidationReport | None = None
) -> str:
    """`run`: the run folder as seen from the document, for links; `sha256`: of its assessment.json; `words`: how to say what
    can be done; `validation`: the one that the run is a part of, whose decision it then is.
    """
    here = next(row for row in MATRIX if row.decision is assessment.decision)  # the matrix is of the run's own gates
    of_run = assessment.decision
    if validation is not None:
        assessment = validation.decided(assessment)
    strategy = assessment.strategy
    assert strategy is not None
    approved = {role: approval_key(role) for role in strategy.approvals}
    return template.render(
        "go-no-go.md.j2",
        a=assessment,
        s=strategy,
        run=run,
        sha256=sha256,
        scenario=here.scenario,
        of_run=of_run.value,
        steps=template.cells(STEP_COLUMNS, validation.rows()) if validation else None,
        critical=_gates(assessment, Severity.CRITICAL, run),
        warning=_gates(assessment, Severity.WARNING, run),
        matrix=template.cells(
            ("Scenario", "Critical gates", "Warnings that count", "Decision", "Here"),
            [
                table.Row((m.scenario, m.critical, m.warnings_text(), m.decision.value, "this one" if m is here else ""), "")
                for m in MATRIX
            ],
        ),
        counted=_counted(assessment.gates, here),
        accepted=[o for o in assessment.objectives if o.accepted],
        objectives=template.cells(table.objective_columns(assessment), table.objective_rows(assessment)),
        schedule=schedule(strategy),
        triggers=triggers(strategy),
        commands=commands(strategy),
        evidence={e.key: e for e in assessment.evidence},
        approved=approved,
        evidence_file={key: template.Markdown(words[Remedy.EVIDENCE].format(key=key)) for key in approved.values()},
        named=assessment.run.named_text,
        target=assessment.run.target_text,
    )


def _counted(gates: Sequence[Gate], here: MatrixRow) -> str:
    """How many warnings the row was chosen by; where critical gates decide, open ones count for nothing."""
    count, still_open = len(warnings_that_count(gates)), len(warnings_at_worst(gates)) if here.warnings else 0
    return f"{count}" + (f", and at worst {still_open} more of what is open" if still_open else "")


def _gates(a: Assessment, severity: Severity, run: str) -> list[tuple[Gate, str, template.Markdown]]:
    """(gate, status in words, link to its evidence)."""
    rows = []
    for g in (g for g in a.gates if g.severity is severity):
        rows.append((g, g.status_words, template.link(g.source.rpartition("/")[2], run, g.source)))
    return rows
