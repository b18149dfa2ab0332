"""validated.json: what a canary controller reads (docs/validation.md)."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from reports.formats import github
from reports.formats.markdown import pipe_table
from reports.formats.table import Row
from sla.release.validation import Outcome, StepResult
from sla.values.assessment import Assessment, Decision
from sla.values.strategy import Strategy

SCHEMA = "bizra-load/validated/1"
STEP_COLUMNS = ("Step", "Outcome", "Decision", "What")


@dataclass(frozen=True)
class ValidationReport:
    """`rehearsal`: on a node of our own, nothing to roll out. Paths and hashes are "" where there is no such file."""

    decision: Decision
    exit_code: int
    summary: str
    rehearsal: bool
    at: str  # UTC
    target: str
    agreement: str
    environment: str
    strategy: Strategy
    dashboard_url: str
    run: str
    assessment_sha256: str
    metrics_report: str
    metrics_report_sha256: str
    steps: tuple[StepResult, ...]

    def decided(self, assessment: Assessment) -> Assessment:
        """The load test's assessment with the decision of this validation, why it was made, and what follows from it."""
        return dataclasses.replace(
            assessment,
            decision=self.decision,
            summary=self.summary,
            exit_code=self.exit_code,
            strategy=self.strategy,
            rollout=str(self.strategy),
        )

    def rows(self) -> list[Row]:
        """One of each step: its title, outcome, decision, and what it says."""
        return [
            Row((s.title, s.outcome.value.lower(), s.decision.value if s.decision else "-", s.text), "") for s in self.steps
        ]


def render_json(v: ValidationReport) -> str:
    """JSON text with a stable order of keys."""
    whole: dict[str, Any] = {
        "schema": SCHEMA,
        "decision": v.decision.value,
        "exit_code": v.exit_code,
        "summary": v.summary,
        "rehearsal": v.rehearsal,
        "at": v.at,
        "target": v.target,
        "agreement": v.agreement,
        "environment": v.environment,
        "strategy": v.strategy.name,
        "check_every_s": v.strategy.check_every_s,
        "steps": [
            {"share_percent": s.traffic_percent, "wait_min_s": s.hold_min_h * 3600, "wait_max_s": s.hold_max_h * 3600}
            for s in v.strategy.steps
        ],
        "rollback_triggers": _plain(v.strategy.triggers),
        "rollback_commands": _plain(v.strategy.commands),
        "approvals": list(v.strategy.approvals),
        "dashboard_url": v.dashboard_url,
        "run": v.run,
        "assessment_sha256": v.assessment_sha256,
        "metrics_report": v.metrics_report,
        "metrics_report_sha256": v.metrics_report_sha256,
        "validation": [
            {"step": s.key, "outcome": s.outcome.value, "decision": s.decision.value if s.decision else None, "text": s.text}
            for s in v.steps
        ],
    }
    return json.dumps(whole, indent=2, ensure_ascii=False, allow_nan=False) + "\n"


def step_summary(v: ValidationReport, assessment: Assessment | None, advice: Sequence[str] = ()) -> str:
    """For GitHub Actions: the steps, and the load test's figures with the decision of the whole. `assessment`: of that test;
    None where there was none.
    """
    steps = [*pipe_table(STEP_COLUMNS, v.rows()), ""]
    if assessment is not None:
        return github.summary(v.decided(assessment), advice, steps)
    heading = github.heading("Validation", v.decision, v.agreement, v.summary)
    return "\n".join([*heading, *steps, f"- Exit code: {v.exit_code}"]) + "\n"


def commands(v: ValidationReport, assessment: Assessment | None) -> list[str]:
    """Workflow commands for GitHub Actions: of the decision, of steps that failed, and of the load test."""
    lines = [github.command("error", f"bizra-load: {v.decision.value}", v.summary)] if v.exit_code else []
    lines += [github.command("error", f"{s.title}: failed", s.text) for s in v.steps if s.outcome is Outcome.FAILED]
    return lines + (github.findings(assessment) if assessment else [])


def _plain(values: Sequence[Any]) -> list[dict[str, Any]]:
    return [dataclasses.asdict(value) for value in values]
