"""The validation's own lines: [INFO], [SUCCESS], [WARN], [ERROR], coloured on a terminal."""

from __future__ import annotations

from pathlib import Path
from typing import TextIO

from rich.console import Console
from rich.text import Text

from reports.formats.text import draw, style_of
from reports.results.validated import STEP_COLUMNS, ValidationReport
from sla.release.validation import Outcome, StepResult
from sla.values.assessment import Decision

_STYLES = {"INFO": "blue", "SUCCESS": "green", "WARN": "yellow", "ERROR": "bold red"}
_PASSED = (Decision.GO, Decision.GO_WITH_CAUTION, Decision.CONDITIONAL_GO)
_RULE = "═" * 59


class Log:
    """Prints the lines of a validation as they come."""

    def __init__(self, out: TextIO, width: int) -> None:
        self._console = Console(file=out, width=width, highlight=False)

    def title(self, text: str) -> None:
        """A title between two rules."""
        for line in (_RULE, f"  {text}", _RULE, ""):
            self._console.print(Text(line))

    def info(self, text: str) -> None:
        """One line at the level INFO."""
        self._line("INFO", text)

    def result(self, step: StepResult) -> None:
        """How a step ended, and an empty line."""
        text = f"{step.title}: {step.decision.value + ', ' if step.decision else ''}{step.text}"
        if step.outcome is Outcome.SKIPPED:
            self._line("WARN" if step.needed else "INFO", f"{step.title} skipped: {step.text}")
        elif step.outcome is Outcome.FAILED:
            self._line("ERROR", f"{step.title} failed: {step.text}")
        elif step.decision in (None, Decision.GO):
            self._line("SUCCESS", text)
        else:
            self._line("WARN" if step.decision in (*_PASSED, Decision.INCONCLUSIVE) else "ERROR", text)
        self._console.print()

    def summary(self, report: ValidationReport, path: Path) -> None:
        """The table of steps, the decision, and where the canary controller reads it."""
        self.title("Validation summary")
        draw(self._console, "", STEP_COLUMNS, report.rows())
        style = style_of(report.decision)
        self._console.print(Text(f"{report.decision.value}: {report.summary}", style=style))
        rollout = "none: this was a rehearsal, which judged the reference node and not your service"
        self._console.print(Text(f"Rollout: {rollout if report.rehearsal else report.strategy}"))
        if report.rehearsal:
            self.info("Next, for your own service: bizra-load validate -H URL --metrics-url URL (or ENDPOINT, METRICS_URL)")
        self.info(f"For the canary controller: {path}")
        if report.exit_code == 0:
            self._line("SUCCESS" if report.decision is Decision.GO else "WARN", "VALIDATION PASSED (exit code 0)")
        else:
            self._line("ERROR", f"VALIDATION NOT PASSED (exit code {report.exit_code})")

    def _line(self, level: str, text: str) -> None:
        line = Text(f"[{level}] ", style=_STYLES[level])
        line.append(text, style="default")
        self._console.print(line, soft_wrap=True)
        self._console.file.flush()
