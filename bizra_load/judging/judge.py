"""From a run folder to the answer: read, evaluate, write assessment.json and assessment.md, tell the user, exit code."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from pathlib import Path
from typing import Any, TextIO

from bizra_load.archive.store import ASSESSMENT, read_record, read_run
from bizra_load.exit_codes import UsageError
from bizra_load.io.files import write_atomically
from bizra_load.io.terminal import terminal_width
from bizra_load.judging import evidence
from bizra_load.judging.agreements import AgreementFile, _baseline_of_the_run, figures_only, kept_agreement, read_agreement
from bizra_load.settings.settings import Settings
from reports.formats import json_report, markdown, text
from sla.judgement.evaluate import evaluate
from sla.judgement.run_checks import ALLOWABLE
from sla.judgement.steady import constant_part
from sla.values.assessment import Assessment
from sla.values.baseline import Baseline, is_measured, other_machine
from sla.values.measurements import Measurements, RunFacts


def check(settings: Settings) -> None:
    """What can be refused before the first request: the agreement, its environment, the evidence. Raises UsageError."""
    read = read_agreement(settings.agreement, settings.baseline)
    read.check_environment(settings.environment)
    evidence.read_given(settings.evidence, read.agreement)


def judge(
    folder: Path, agreement_name: str | None = None, baseline: Baseline | None = None, allow: tuple[str, ...] = ()
) -> tuple[Assessment, Measurements]:
    """Judge a run folder by its own agreement and baseline, or by others; what was judged comes along. `allow` adds to the
    checks that the run itself was allowed to fail. Raises UsageError.
    """
    measurements, record = read_run(folder)
    if agreement_name:
        read = read_agreement(agreement_name)
        if is_measured(read.agreement) and record.get("agreement"):
            read = dataclasses.replace(read, baseline=_baseline_of_the_run(folder))
    else:
        read = kept_agreement(folder) if record.get("agreement") else AgreementFile(figures_only(), None, "", "")
        if read.baseline and (given_name := str(record.get("baseline") or "")):
            read = dataclasses.replace(read, baseline=dataclasses.replace(read.baseline, name=given_name))
    environment = record.get("environment") or None
    if agreement_name and environment not in read.agreement.accepted:
        environment = None
    read.check_environment(environment)
    given = evidence.read_kept(folder, read.agreement)
    allowed = sorted({*allow, *(str(name) for name in record.get("allow") or () if name in ALLOWABLE)})
    assessment = evaluate(
        measurements,
        read.agreement,
        baseline or read.baseline,
        environment=environment,
        evidence=given,
        fail_on_warn=bool(record.get("fail_on_warn")),
        allowed=frozenset(allowed),
    )
    shown: dict[str, object] = {
        k: record[k] for k in ("name", "started", "target", "command", "versions", "host", "arrivals") if k in record
    }
    facts = measurements.facts
    shown |= {"seed": facts.seed, "workers": len(facts.workers), "agreement_sha256": read.sha256}
    if planned_per_s := constant_part(facts)[2]:
        shown["planned_per_s"] = planned_per_s
    notes = _notes(assessment, record, read, baseline or read.baseline, allowed, facts, set(given))
    return dataclasses.replace(assessment, run=shown, notes=tuple(notes)), measurements


def _notes(
    assessment: Assessment, record: dict[str, Any], read: AgreementFile, baseline: Baseline | None, allowed: Sequence[str],
    facts: RunFacts, given: set[str],
) -> list[str]:  # fmt: skip
    """What is to be said beside the verdicts; `given`: the evidence that there is."""
    notes = list(assessment.notes)
    notes += [str(note) for note in record.get("notes") or ()]
    host = record.get("host")
    if isinstance(host, dict):
        # what runs recorded before usable cores were: all of the machine's
        another = other_machine(baseline, host.get("cpu"), host.get("usable_cores") or host.get("cores"))
        notes += [another] if another else []
    if allowed:
        notes.append(f"allowed by --allow: {', '.join(allowed)}")
    if facts.spools:
        notes.append(f"taken in from workers that could not hand over: {', '.join(facts.spools)}")
    if record.get("insecure"):
        notes.append("the target's TLS certificate was not verified (--insecure)")
    unjudged = sorted({"node_tests", "alerts", "monitoring"} & given - set(read.agreement.evidence))
    if unjudged:
        notes.append(f"evidence was given that this agreement has no gate for, so it decides nothing: {', '.join(unjudged)}")
    if record.get("truncated"):
        notes.append(f"cut short while being written: {', '.join(record['truncated'])}")
    return notes


def add_evidence(folder: Path, words: Sequence[str]) -> None:
    """Check what --evidence names and copy it into the run folder. Raises UsageError before anything is written."""
    if words:
        record = read_record(folder)
        agreement = kept_agreement(folder).agreement if record.get("agreement") else figures_only()
        evidence.keep(folder, evidence.read_given(words, agreement))


def assess(
    folder: Path,
    agreement_name: str | None = None,
    out: Path | None = None,
    allow: tuple[str, ...] = (),
    baseline: Baseline | None = None,
) -> Assessment:
    """judge(), and write assessment.json and assessment.md into `out` (default: the run folder). Raises UsageError."""
    assessment, _ = judge(folder, agreement_name, baseline, allow)
    target = out or folder
    try:
        write_atomically(target / ASSESSMENT, json_report.render(assessment))
        write_atomically(target / "assessment.md", markdown.render(assessment))
    except OSError as error:
        raise UsageError(f"{target}: {error.strerror} (allowed: a folder that can be written)") from None
    return assessment


def announce(assessment: Assessment, folder: Path, out: TextIO) -> None:
    """The terminal summary."""
    print(text.render(assessment, width=terminal_width(out), colour=out.isatty()), file=out)
    print(f"Run: {folder}", file=out, flush=True)
