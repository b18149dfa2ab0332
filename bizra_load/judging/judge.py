"""From a run folder to its assessment: read, evaluate, write assessment.json and assessment.md, print the summary."""

from __future__ import annotations

import dataclasses
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TextIO

from bizra_load.archive import checksums
from bizra_load.archive.latest import EXIT_CODE
from bizra_load.archive.named import shown_name
from bizra_load.archive.names import ASSESSMENT, ASSESSMENT_CHECKSUM, ASSESSMENT_MARKDOWN
from bizra_load.archive.run_record import RunRecord
from bizra_load.archive.store import read_record, read_run
from bizra_load.exit_codes import UsageError
from bizra_load.io import terminal
from bizra_load.io.files import check_replaceable, read_text, write_together, writing
from bizra_load.io.terminal import coloured, terminal_width, told
from bizra_load.io.this_program import copyable
from bizra_load.io.under_way import under_way
from bizra_load.judging import evidence
from bizra_load.judging.agreements import (
    AgreementFile,
    check_figures,
    figures_only,
    kept_agreement,
    measured_with_run,
    read_agreement,
)
from bizra_load.measure.run_sums import RunSums
from bizra_load.settings.defaults import NO_AGREEMENT, OBJECTIVE
from bizra_load.settings.name_folding import folding_note
from bizra_load.settings.remedies import WORDS
from reports.documents.next_step import next_step
from reports.formats import json_report, markdown, summary, text
from sla.judgement.checks.allowable import ALLOWABLE
from sla.judgement.evaluate import evaluate
from sla.judgement.steady import constant_part, operations_of
from sla.values.assessment import Assessment, Decision, Evidence
from sla.values.baseline import Baseline, is_measured, lacking_latencies, other_machine
from sla.values.measurements import Measurements, RunFacts

MAX_ASSESSMENT_BYTES = 64 * 1024 * 1024
BY_ANOTHER = "judged by "  # the note that begins so: by another agreement than the run's own


@dataclass(frozen=True)
class Override:
    """What a run is judged by in place of what its folder holds.

    agreement   packaged name or YAML file; None: the run's own
    baseline    None: the run's own, or the agreement's
    objectives  in words, added to that agreement; without one these are the agreement
    allow       checks of the run that may fail with a warning, added to those that the run itself allows
    """

    agreement: str | None = None
    baseline: Baseline | None = None
    allow: tuple[str, ...] = ()
    objectives: tuple[str, ...] = ()


NO_OVERRIDE = Override()


@dataclass(frozen=True)
class _Basis:
    """Everything that a run is judged by. `evidence`: by key of what it proves."""

    file: AgreementFile
    baseline: Baseline | None
    environment: str | None
    allowed: tuple[str, ...]
    evidence: Mapping[str, Evidence]


def judge_folder(
    folder: Path, override: Override = NO_OVERRIDE, sums: RunSums | None = None
) -> tuple[Assessment, Measurements]:
    """The assessment of a run folder, and the measurements that it is made of. Nothing is written. `sums`: what the folder
    holds of its workers, if it is known (see read_run). Raises UsageError.
    """
    measurements, record = read_run(folder, sums)
    basis = _basis(folder, record, override)
    with under_way("Judging"):
        assessment = evaluate(
            measurements,
            basis.file.agreement,
            basis.baseline,
            environment=basis.environment,
            evidence=basis.evidence,
            fail_on_warn=bool(record.fail_on_warn),
            allowed=frozenset(basis.allowed),
            words=WORDS,
        )
    facts = measurements.facts
    run = dataclasses.replace(
        record.repeated(),
        measured_sha256=checksums.of_measured(folder) or None,
        seed=facts.seed if record.arrivals else None,  # without a schedule nothing was drawn by it
        workers=len(facts.workers),
        agreement_sha256=basis.file.sha256,
        planned_per_s=constant_part(facts)[2] or None,
    )
    folded = folding_note(record.fold_names or "", operations_of(measurements.windows))
    notes = [
        *_notes(record, facts, basis),
        *folded,
        *_by_another(record, basis, override),
    ]  # the last is the last to be left out
    return assessment.of_run(run, notes), measurements


def add_evidence(folder: Path, words: Sequence[str]) -> None:
    """Check what --evidence names and copy it into the run folder. Raises UsageError before anything is written."""
    if words:
        evidence.keep_files(folder, evidence.read_files(words, agreement_of(folder)))


def agreement_of(folder: Path) -> AgreementFile:
    """What a run folder was made to be judged by; without objectives where it was not. Raises UsageError."""
    return kept_agreement(folder) if read_record(folder).agreement else figures_only()


def assess_folder(
    folder: Path, override: Override = NO_OVERRIDE, out: Path | None = None, sums: RunSums | None = None
) -> Assessment:
    """judge_folder(), with assessment.json and .md written into `out` (default: the run folder), and its exit code where one is
    kept there. Raises UsageError.
    """
    assessment, _ = judge_folder(folder, override, sums)
    target = out or folder
    judged = json_report.render(assessment)
    documents = {
        ASSESSMENT: judged,
        ASSESSMENT_MARKDOWN: markdown.render(assessment, next_step(assessment, WORDS, folder.name)),
    }
    documents[ASSESSMENT_CHECKSUM] = checksums.line_of_assessment(judged.encode())
    if _keeps_exit_code(target, assessment):
        documents[EXIT_CODE] = f"{assessment.exit_code}\n"
    for name in documents:  # before the first is written: they are of one judgement
        with writing(target / name, "a file"):
            check_replaceable(target / name)
    with writing(target):
        write_together({target / name: text for name, text in documents.items()})
    return assessment


def stored_assessment(folder: Path) -> Assessment:
    """What assessment.json of a folder holds. Raises UsageError, also where it is not what was judged."""
    path = folder / ASSESSMENT
    try:
        checksums.check_assessment(folder)
        return json_report.parse(read_text(path, MAX_ASSESSMENT_BYTES, follow=False))
    except OSError as error:
        raise UsageError(f"{path}: {error.strerror} (allowed: a run folder that has been assessed)") from None
    except ValueError as error:
        raise UsageError(f"{path}: {error}") from None


def verdict_there(folder: Path) -> Assessment | None:
    """The verdict that a folder holds, None where there is none, or none that can be read."""
    try:
        assessment = stored_assessment(folder)
    except UsageError:
        return None
    return assessment if assessment.decision is not Decision.NOT_JUDGED else None


def replaced(before: Assessment | None, now: Assessment) -> str:
    """One line on a verdict that is not there any more; "" where it is the same."""
    if before is None or before.decision is now.decision:
        return ""
    by = next((note for note in before.notes if note.startswith(BY_ANOTHER)), "")
    return f"{now.decision.value} replaces {before.decision.value} " + (f"({by})" if by else "of the run's own agreement")


def _keeps_exit_code(folder: Path, now: Assessment) -> bool:
    """Whether the folder's exit code becomes that of this assessment. Where none was nor is judged, it is the locustfile's."""
    path = folder / EXIT_CODE
    return (
        os.path.isfile(path)
        and not os.path.islink(path)
        and (now.decision is not Decision.NOT_JUDGED or verdict_there(folder) is not None)
    )


def print_summary(assessment: Assessment, folder: Path, out: TextIO) -> None:
    """What a person reads: the summary; with --quiet its verdict alone, with --verbose all tables. Where the run is, too."""
    match told():
        case terminal.QUIET:
            shown = summary.verdict_line(assessment)
        case terminal.VERBOSE:
            tables = text.render(assessment, width=terminal_width(out), colour=coloured(out))
            shown = f"{tables}\nNext: {copyable(next_step(assessment, WORDS, shown_name(folder)))}\nSaved: {folder}"
        case _:
            shown = summarised(assessment, folder, terminal_width(out, summary.WIDTH), coloured(out))
    print(shown, file=out, flush=True)


def summarised(assessment: Assessment, folder: Path, width: int, colour: bool, stored: bool = False) -> str:
    """The summary of a run folder, with its next step in the words of our command line. One that is `stored` is read where this
    program may have been started by another path.
    """
    step = next_step(assessment, WORDS, shown_name(folder))
    return summary.render(assessment, step if stored else copyable(step), str(folder), width, colour)


def _basis(folder: Path, record: RunRecord, override: Override) -> _Basis:
    """Raises UsageError."""
    environment = record.environment or None
    if override.agreement or override.objectives:
        file = read_agreement(override.agreement or "", objectives=override.objectives)
        if is_measured(file.agreement) and record.agreement:
            file = dataclasses.replace(file, baseline=measured_with_run(folder))
        if environment not in file.agreement.accepted:
            environment = None
    else:
        file = kept_agreement(folder) if record.agreement else figures_only()
        if file.baseline and record.baseline:
            file = dataclasses.replace(file, baseline=dataclasses.replace(file.baseline, name=record.baseline))
    file.check_environment(environment)
    # names that this version does not know may stand in a run's record
    allowed = {*override.allow, *(name for name in record.allow or () if name in ALLOWABLE)}
    baseline = override.baseline or file.baseline
    if override.baseline:
        check_figures(file.agreement, baseline, "--baseline")
    return _Basis(
        file, baseline, environment, tuple(sorted(allowed)), evidence.read_kept_files(folder, file, record.started or "")
    )


def _by_another(record: RunRecord, basis: _Basis, override: Override) -> list[str]:
    """A verdict is on promises: who finds it in the run folder must see where they are not those that the run was made for."""
    own = record.agreement.sha256 if record.agreement else ""
    if not (override.agreement or override.objectives) or basis.file.sha256 == own:
        return []
    name = "" if override.agreement == NO_AGREEMENT else override.agreement
    by = " and ".join(filter(None, (name, OBJECTIVE if override.objectives else ""))) or "no agreement"
    return [f"{BY_ANOTHER}{by}, " + ("not by the run's own agreement" if record.agreement else "the run itself by none")]


def _notes(record: RunRecord, facts: RunFacts, basis: _Basis) -> list[str]:
    """What a reader has to know beside the verdicts."""
    notes = list(record.notes or ())
    if (host := record.host) is not None:
        # runs recorded before usable cores were: all of the machine's
        another = other_machine(basis.baseline, host.cpu, host.usable_cores or host.cores)
        notes += [another] if another else []
    notes += lacking_latencies(basis.file.agreement, basis.baseline)
    if basis.allowed:
        notes.append(f"allowed by --allow: {', '.join(basis.allowed)}")
    if facts.spools:
        notes.append(f"taken in from workers that could not hand over: {', '.join(facts.spools)}")
    for taken_in in record.taken_in or ():
        signed = "" if taken_in.signed else ", which no known key of its worker has signed"
        notes.append(f"added by --spool on {taken_in.at}: {taken_in.file} (SHA-256 {taken_in.sha256}){signed}")
    if record.left_out:
        notes.append(f"left out: {'; '.join(record.left_out)}")
    if record.insecure:
        whose = "/metrics, Prometheus or Grafana" if record.foreign_users else "the target, /metrics, Prometheus or Grafana"
        notes.append(f"no TLS certificate was verified, of {whose} (--insecure)")
    given = {key for key, e in basis.evidence.items() if not evidence.is_of_rules(e)}
    unjudged = {"node_tests", "alerts", "monitoring"} & given - set(basis.file.agreement.evidence)
    if unjudged:
        names = ", ".join(sorted(map(evidence.typed, unjudged)))
        notes.append(f"evidence was given that this agreement has no gate for, so it decides nothing: {names}")
    if record.truncated:
        notes.append(f"cut short while being written: {', '.join(record.truncated)}")
    return notes
