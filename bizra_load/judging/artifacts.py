"""The three documents of a run: decision, checklist, performance report."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from pathlib import Path

from bizra_load.archive import checksums
from bizra_load.archive.latest import run_folders
from bizra_load.archive.names import ASSESSMENT
from bizra_load.exit_codes import UsageError
from bizra_load.io.files import write_together, writing
from bizra_load.judging.agreements import agreement_of_run
from bizra_load.judging.judge import add_evidence, assess_folder, stored_assessment
from bizra_load.settings.remedies import WORDS
from reports.documents import checklist, go_no_go, performance
from reports.results.validated import ValidationReport
from sla.judgement.trends import EarlierRun
from sla.values.assessment import Assessment, Decision, Status

DECISION, CHECKLIST, PERFORMANCE = "GO-NO-GO-DECISION.md", "PRODUCTION-READINESS-CHECKLIST.md", "PERFORMANCE-REPORT.md"
DOCUMENTS = (DECISION, CHECKLIST, PERFORMANCE)
EARLIER_RUNS = 10


def write_artifacts(
    folder: Path,
    out: Path,
    evidence: Sequence[str] = (),
    validation: Callable[[Assessment], ValidationReport] | None = None,
) -> list[Path]:
    """Write the three documents of an assessed run into `out`; their paths. `evidence`, as NAME=PATH, is copied into the run
    folder, and the run is judged again by its own agreement before; without any, assessment.json is taken as it is. All three
    say the decision of the `validation` that the run is a part of, where there is one.

    Raises UsageError before anything is written for evidence that is wrong, or a folder that has not been assessed.
    """
    if evidence:
        add_evidence(folder, evidence)
        assessment = assess_folder(folder)
    else:
        assessment = read_assessment(folder)
    if assessment.strategy is None:
        raise UsageError(
            f"{folder / ASSESSMENT}: was judged by an earlier version (allowed: judge it again: bizra-load assess RUN)"
        )
    run = os.path.relpath(folder.resolve(), out.resolve()).replace(os.sep, "/")
    sha256 = checksums.sha256_of(folder / ASSESSMENT)
    whole = validation(assessment) if validation else None
    of_run, assessment = assessment, whole.decided(assessment) if whole else assessment
    documents = {
        DECISION: go_no_go.render(of_run, run, sha256, WORDS, whole),
        CHECKLIST: checklist.render(assessment, run, sha256, agreement_of_run(folder), WORDS),
        PERFORMANCE: performance.render(assessment, run, sha256, earlier_runs(folder, assessment), WORDS),
    }
    with writing(f"--artifacts: {out}"):
        write_together({out / name: text for name, text in documents.items()})
    return [out / name for name in documents]


def read_assessment(folder: Path) -> Assessment:
    """The assessment in assessment.json of a run folder. Raises UsageError."""
    checksums.covered(folder)
    return stored_assessment(folder)


def earlier_runs(folder: Path, assessment: Assessment) -> tuple[EarlierRun, ...]:
    """The latest runs beside this one that were made before it on the same target and judged by the same agreement in the same
    environment, oldest first. Runs that could not be trusted, or can't be read, are left out.
    """
    runs = []
    for path in run_folders(folder.resolve().parent):
        if path == folder.resolve() or not os.path.exists(path / ASSESSMENT):  # False where it may not be looked into
            continue
        try:
            other = read_assessment(path)
        except UsageError:
            continue
        started = other.run.started or ""
        before = (started, path.name) < (assessment.run.started or "", folder.resolve().name)
        if before and _same(other, assessment) and other.decision is not Decision.INVALID:
            estimates = {
                o.key: o.estimate for o in other.objectives if o.estimate is not None and o.status is not Status.INVALID
            }
            runs.append(EarlierRun(path.name, started, other.decision.value, other.run.planned_per_s or 0.0, estimates))
    return tuple(sorted(runs, key=lambda r: (r.started, r.name))[-EARLIER_RUNS:])


def _same(one: Assessment, other: Assessment) -> bool:
    facts = [(a.agreement, a.environment, a.run.agreement_sha256, a.run.target) for a in (one, other)]
    return facts[0] == facts[1]
