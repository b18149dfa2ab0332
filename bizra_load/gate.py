"""From a run folder to the answer: read, evaluate, write assessment.json and assessment.md, tell the user, exit code."""

from __future__ import annotations

import dataclasses
import hashlib
import importlib.resources
import json
import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TextIO

from bizra_load import evidence, yaml_text
from bizra_load.archive.store import ASSESSMENT, read_record, read_run
from bizra_load.exit_codes import UsageError
from bizra_load.files import read_text, write_atomically
from bizra_load.options import Settings
from reports import json_report, markdown, text
from sla.agreement import FIGURES_ONLY, Agreement, agreement_from_mapping
from sla.assessment import Assessment
from sla.baseline import Baseline, baseline_from_mapping, is_measured, other_machine, with_baseline
from sla.evaluate import evaluate
from sla.measurements import Measurements, RunFacts
from sla.section import unknown
from sla.steady import constant_part
from sla.validity import ALLOWABLE

AGREEMENT, BASELINE = "agreement.yaml", "baseline.json"
SUFFIXES = (".yaml", ".yml")


@dataclass(frozen=True)
class ReadAgreement:
    """An agreement with its text and its baseline's, as they go into the run folder. `baseline` is None where there is none,
    or none yet: that of the run is measured when it starts.
    """

    agreement: Agreement
    baseline: Baseline | None
    text: str
    baseline_text: str

    @property
    def sha256(self) -> str:
        return hashlib.sha256(self.text.encode()).hexdigest()

    @property
    def judged(self) -> Agreement:
        """With the limits that are relative to the baseline in absolute terms, where it has their figures."""
        return with_baseline(self.agreement, self.baseline)

    def check_environment(self, environment: str | None) -> None:
        known = self.agreement.accepted
        if environment is not None and environment not in known:
            raise UsageError(f"--environment-name: {unknown(environment[:100], known)}")


def read_agreement(name: str, baseline: str = "") -> ReadAgreement:
    """A packaged agreement by name, or a YAML file; with `baseline` (the same) in place of its own. Raises UsageError with
    file, key, what is wrong and what is allowed.
    """
    content, where = _text(name, "agreements", SUFFIXES, "--agreement")
    agreement = _agreement(content, where)
    baseline_text = ""
    if baseline:
        baseline_text, _ = _text(baseline, "baselines", (".json",), "--baseline")
        return ReadAgreement(agreement, _baseline(baseline_text, Path(baseline).name), content, baseline_text)
    if agreement.baseline and not is_measured(agreement):
        beside = str(Path(where).parent / agreement.baseline) if agreement.baseline.endswith(".json") else agreement.baseline
        baseline_text, _ = _text(beside, "baselines", (".json",), f"{where}: baseline")
    return ReadAgreement(agreement, _baseline(baseline_text, agreement.baseline), content, baseline_text)


def check(settings: Settings) -> None:
    """What can be refused before the first request: the agreement, its environment, the evidence. Raises UsageError."""
    read = read_agreement(settings.agreement, settings.baseline)
    read.check_environment(settings.environment)
    evidence.read_given(settings.evidence, read.agreement.evidence)


def keep_agreement(folder: Path, read: ReadAgreement) -> None:
    """Into the run folder, so that the run can be judged again by the same words."""
    write_atomically(folder / AGREEMENT, read.text)
    if read.baseline_text:
        write_atomically(folder / BASELINE, read.baseline_text)


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
        read = kept_agreement(folder) if record.get("agreement") else ReadAgreement(FIGURES_ONLY, None, "", "")
        if read.baseline and (given_name := str(record.get("baseline") or "")):
            read = dataclasses.replace(read, baseline=dataclasses.replace(read.baseline, name=given_name))
    environment = record.get("environment") or None
    if agreement_name and environment not in read.agreement.accepted:
        environment = None
    read.check_environment(environment)
    given = evidence.read_kept(folder)
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
    assessment: Assessment, record: dict[str, Any], read: ReadAgreement, baseline: Baseline | None, allowed: Sequence[str],
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
        gates = kept_agreement(folder).agreement.evidence if record.get("agreement") else ()
        evidence.keep(folder, evidence.read_given(words, gates))


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


def terminal_width(out: TextIO) -> int:
    """Columns; 120 where `out` is no terminal."""
    return os.get_terminal_size(out.fileno()).columns if out.isatty() else 120


def kept_agreement(folder: Path) -> ReadAgreement:
    """The agreement and the baseline in a run folder. Raises UsageError."""
    path = folder / AGREEMENT
    try:
        content = read_text(path, follow=False)
        baseline_text = read_text(folder / BASELINE, follow=False) if (folder / BASELINE).exists() else ""
    except OSError as error:
        raise UsageError(f"{path}: {error.strerror} (allowed: a run folder, or --agreement)") from None
    agreement = _agreement(content, str(path))
    return ReadAgreement(agreement, _baseline(baseline_text, agreement.baseline), content, baseline_text)


def _baseline_of_the_run(folder: Path) -> Baseline | None:
    """What was measured with the run; plain figures from elsewhere say nothing about the machine of the run."""
    kept = kept_agreement(folder)
    measured = is_measured(kept.agreement) or (kept.baseline is not None and kept.baseline.machine)
    return kept.baseline if measured else None


def _agreement(content: str, where: str) -> Agreement:
    try:
        return agreement_from_mapping(yaml_text.load(content))
    except ValueError as error:  # AgreementError is one
        raise UsageError(f"{where}: {error}") from None


def read_baseline(path: Path) -> Baseline:
    """Raises UsageError."""
    content, _ = _text(str(path), "baselines", (".json",), "--baseline")
    found = _baseline(content, path.name)
    if found is None:
        raise UsageError(f"{path}: is empty")
    return found


def _baseline(content: str, name: str) -> Baseline | None:
    if not content:
        return None
    try:
        return baseline_from_mapping(json.loads(content), name)
    except RecursionError:
        raise UsageError(f"baseline {name}: nested too deeply") from None
    except ValueError as error:
        raise UsageError(f"baseline {name}: {error}") from None


def _text(name: str, folder: str, suffixes: tuple[str, ...], option: str) -> tuple[str, str]:
    """(text, where it is) of a packaged file by its name, or of a path."""
    try:
        if name.endswith(suffixes):
            return read_text(Path(name)), name
        packaged = importlib.resources.files("sla") / folder
        known = sorted(p.name.removesuffix(suffixes[0]) for p in packaged.iterdir() if p.name.endswith(suffixes[0]))
        if name in known:
            return (packaged / (name + suffixes[0])).read_text(encoding="utf-8"), name
    except (OSError, ValueError) as error:
        raise UsageError(f"{option}: {name}: {getattr(error, 'strerror', None) or error}") from None
    raise UsageError(f"{option}: {unknown(name[:100], [*known, f'a {suffixes[0]} file'])}")
