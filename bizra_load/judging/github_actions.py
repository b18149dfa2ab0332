"""What a judgement leaves in a step of GitHub Actions, if it is made in one: summary and annotations."""

from __future__ import annotations

from pathlib import Path

from bizra_load.archive.names import ASSESSMENT
from bizra_load.exit_codes import BizraLoadError
from bizra_load.io import github_step
from bizra_load.io.terminal import tell
from bizra_load.judging.artifacts import read_assessment
from bizra_load.settings.remedies import WORDS
from reports.documents.advice import recommendations
from reports.formats import github
from reports.results import validated
from reports.results.validated import ValidationReport
from sla.values.assessment import Assessment


def advice_of(assessment: Assessment) -> list[str]:
    """A sentence for each thing to do, with the options of our command line."""
    return [f"{a.figure}: {a.action}" for a in recommendations(assessment, WORDS)]


def publish(assessment: Assessment) -> None:
    """The assessment of a run."""
    if github_step.is_one():
        github_step.put(github.summary(assessment, advice_of(assessment)), github.commands(assessment))


def publish_run(folder: Path) -> None:
    """publish() of the assessment in a run folder; nothing where it was not judged."""
    if assessment := _assessment(folder):
        publish(assessment)


def publish_validation(report: ValidationReport) -> None:
    """A whole validation, with its own decision."""
    if github_step.is_one():
        assessment = _assessment(Path(report.run)) if report.assessment_sha256 else None
        advice = advice_of(assessment) if assessment else []
        github_step.put(validated.step_summary(report, assessment, advice), validated.commands(report, assessment))


def _assessment(folder: Path) -> Assessment | None:
    """None, and a line where it should be there, instead of an error: the verdict has been given."""
    if not (folder / ASSESSMENT).exists():
        return None
    try:
        return read_assessment(folder)
    except BizraLoadError as error:
        tell(f"{github_step.SUMMARY}: without the run's figures: {error}")
        return None
