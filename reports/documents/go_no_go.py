"""GO-NO-GO-DECISION.md: the decision, the gates behind it, and how it is rolled out, watched, rolled back and approved."""

from __future__ import annotations

from reports.documents import template
from reports.documents.rollout import commands, schedule, triggers
from reports.formats import table
from sla.values.assessment import Assessment, Decision, Gate, Severity, Status

# the decision matrix: scenario, critical gates, warnings that count, decision
MATRIX = (
    ("A", "all PASS", "0", Decision.GO),
    ("B", "all PASS", "1 or 2", Decision.GO_WITH_CAUTION),
    ("C", "all PASS", "3 or more", Decision.CONDITIONAL_GO),
    ("D", "any FAIL", "any", Decision.NO_GO),
    ("-", "no FAIL for certain, and a gate for which the run can't be trusted", "any", Decision.INVALID),
    ("-", "else any without an answer", "any", Decision.INCONCLUSIVE),
)


def render(assessment: Assessment, run: str) -> str:
    """`run`: the run folder as seen from the document, for links."""
    strategy = assessment.strategy
    assert strategy is not None
    here = [m for m in MATRIX if m[3] is assessment.decision]
    return template.render(
        "go-no-go.md.j2",
        a=assessment,
        s=strategy,
        run=run,
        scenario=here[0][0],
        critical=_gates(assessment, Severity.CRITICAL, run),
        warning=_gates(assessment, Severity.WARNING, run),
        matrix=template.cells(
            ("Scenario", "Critical gates", "Warnings that count", "Decision", "Here"),
            [table.Row((*m[:3], m[3].value, "this one" if m in here else ""), "") for m in MATRIX],
        ),
        counted=sum(g.counts and g.status in (Status.WARN, Status.FAIL) for g in assessment.gates),
        accepted=[o for o in assessment.objectives if o.accepted],
        objectives=template.cells(table.OBJECTIVE_COLUMNS, table.objective_rows(assessment)),
        schedule=schedule(strategy),
        triggers=triggers(strategy),
        commands=commands(strategy),
        evidence={e.key: e for e in assessment.evidence},
        approved={role: f"approval-{role.lower().replace(' ', '-')}" for role in strategy.approvals},
        started=assessment.run.get("started", "unknown"),
        target=assessment.run.get("target", "unknown") or "none",
    )


def _gates(a: Assessment, severity: Severity, run: str) -> list[tuple[Gate, str, template.Markdown]]:
    """(gate, status in words, link to its evidence)."""
    rows = []
    for g in (g for g in a.gates if g.severity is severity):
        words = g.status.value + ("" if g.counts else " (accepted)")
        rows.append((g, words, template.link(g.source.rpartition("/")[2], run, g.source)))
    return rows
