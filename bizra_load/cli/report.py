"""`bizra-load report RUN`: show a run's assessment as text, JSON, Markdown, HTML, JUnit XML, or for GitHub Actions; or its
seconds as CSV or an HdrHistogram log.

`bizra-load report RUN --artifacts DIR` writes the decision, the readiness checklist and the performance report there.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path

from bizra_load.archive.named import shown_name
from bizra_load.archive.names import RECORD
from bizra_load.archive.store import read_run
from bizra_load.cli.output import put, write_output
from bizra_load.exit_codes import KEPT, UsageError
from bizra_load.io.files import read_text, set_aside, write_atomically, writing
from bizra_load.io.terminal import TABLES_WIDE
from bizra_load.judging.artifacts import DOCUMENTS, read_assessment, write_artifacts
from bizra_load.judging.evidence import named_files
from bizra_load.judging.github_actions import advice_of
from bizra_load.judging.judge import summarised
from bizra_load.measure.hlog_text import hlog_text
from bizra_load.settings import inputs
from bizra_load.settings.remedies import WORDS
from reports.documents.next_step import next_step
from reports.formats import github, html, json_report, junit, markdown, summary, text, windows_csv
from reports.results import second_opinion
from sla.judgement.second_opinion import second_opinions
from sla.values.assessment import Assessment, Decision, Steady
from sla.values.window import Window

MOST_BYTES = 1024  # of a file that holds one decision


def run(args: argparse.Namespace) -> int:
    if args.artifacts is not None:
        if args.if_changed is not None:
            raise UsageError("--if-changed: not with --artifacts, which are always written")
        inputs.option("--artifacts", inputs.out_folder, str(args.artifacts))
        set_aside(args.artifacts, DOCUMENTS, f"--artifacts: {args.artifacts}", named_files(args.evidence))
        for path in write_artifacts(args.folder, args.artifacts, args.evidence):
            print(path)
        return KEPT
    if args.evidence:
        raise UsageError("--evidence: belongs to --artifacts here (allowed: bizra-load assess RUN --evidence ... judges alone)")
    assessment = read_assessment(args.folder)
    if args.second_opinion:
        if args.if_changed is not None:
            raise UsageError("--if-changed: not with --second-opinion, which has no decision")
        if args.format != "text":
            raise UsageError(f"--second-opinion: available as text only (--format {args.format})")
        write_output(args, _second_opinion(args.folder, assessment.steady), {})
        return KEPT
    if args.if_changed is None:
        _show(args, assessment)
        return KEPT
    before, now = _last_decision(args.if_changed), assessment.decision.value
    if before == now:
        put(args, "")
        return KEPT
    _show(args, assessment, f"The decision was {before}, and is {now} now.\n\n" if before else "")
    with writing(f"--if-changed: {args.if_changed}", "a file"):
        write_atomically(args.if_changed, now + "\n")
    return KEPT


def _show(args: argparse.Namespace, assessment: Assessment, changed: str = "") -> None:
    """`changed`: what documents in Markdown begin with."""
    following = next_step(assessment, WORDS, shown_name(args.folder))
    write_output(
        args,
        partial(text.render, assessment, named=True)
        if args.verbose
        else partial(summarised, assessment, args.folder, stored=args.output is not None),
        {
            "json": partial(json_report.render, assessment),
            "md": lambda: changed + markdown.render(assessment, following),
            "html": lambda: html.render(assessment, _windows(args.folder), following),
            "junit": partial(junit.render, assessment),
            "github": lambda: changed + github.render(assessment, advice_of(assessment)),
            "csv": lambda: windows_csv.render(_needed_windows(args)),
            "hlog": lambda: hlog_text(_needed_windows(args), assessment.steady),
        },
        TABLES_WIDE if args.verbose else summary.WIDTH,
    )


def _last_decision(path: Path) -> str:
    """What --if-changed has kept; "" where there is no such file yet. Raises UsageError before anything is written."""
    inputs.option("--if-changed", inputs.out_file, str(path))
    try:
        known = read_text(path, MOST_BYTES).strip()
    except FileNotFoundError:
        return ""
    except OSError as error:
        raise UsageError(f"--if-changed: {path}: {error.strerror} (allowed: a file that it wrote, or none yet)") from None
    if known not in list(Decision):
        raise UsageError(f"--if-changed: {path}: holds no decision (allowed: a file that it wrote, or none yet)")
    return known


def _windows(folder: Path) -> Sequence[Window]:
    """For the charts; an assessment that was written elsewhere (assess --out) has none beside it."""
    return read_run(folder)[0].windows if (folder / RECORD).exists() else ()


def _needed_windows(args: argparse.Namespace) -> Sequence[Window]:
    """Raises UsageError where there are none."""
    if not (args.folder / RECORD).exists():
        raise UsageError(f"{args.folder}: holds an assessment alone (--format {args.format} needs the run's own folder)")
    return read_run(args.folder)[0].windows


def _second_opinion(folder: Path, steady: Steady | None) -> Callable[[int, bool], str]:
    measurements, _ = read_run(folder)
    return partial(second_opinion.render, second_opinions(measurements, steady) if steady else [])
