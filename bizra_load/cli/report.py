"""`bizra-load report RUN`: show a run's assessment as text, JSON, Markdown or HTML.

`bizra-load report RUN --artifacts DIR` writes the decision, the readiness checklist and the performance report there.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path

from bizra_load.archive.names import RECORD
from bizra_load.archive.store import read_run
from bizra_load.cli.output import write_output
from bizra_load.exit_codes import KEPT, UsageError
from bizra_load.io.files import set_aside
from bizra_load.judging.artifacts import DOCUMENTS, read_assessment, write_artifacts
from bizra_load.judging.evidence import named_files
from bizra_load.settings import inputs
from reports.formats import html, json_report, markdown, text
from reports.results import second_opinion
from sla.judgement.second_opinion import second_opinions
from sla.values.assessment import Steady
from sla.values.window import Window


def run(args: argparse.Namespace) -> int:
    if args.artifacts is not None:
        inputs.option("--artifacts", inputs.out_folder, str(args.artifacts))
        set_aside(args.artifacts, DOCUMENTS, f"--artifacts: {args.artifacts}", named_files(args.evidence))
        for path in write_artifacts(args.folder, args.artifacts, args.evidence):
            print(path)
        return KEPT
    if args.evidence:
        raise UsageError("--evidence: belongs to --artifacts here (allowed: bizra-load assess RUN --evidence ... judges alone)")
    assessment = read_assessment(args.folder)
    if args.second_opinion:
        if args.format != "text":
            raise UsageError(f"--second-opinion: available as text only (--format {args.format})")
        write_output(args, _second_opinion(args.folder, assessment.steady), {})
        return KEPT
    write_output(
        args,
        partial(text.render, assessment, named=True),
        {
            "json": partial(json_report.render, assessment),
            "md": partial(markdown.render, assessment),
            "html": lambda: html.render(assessment, _windows(args.folder)),
        },
    )
    return KEPT


def _windows(folder: Path) -> Sequence[Window]:
    """For the charts; an assessment that was written elsewhere (assess --out) has none beside it."""
    return read_run(folder)[0].windows if (folder / RECORD).exists() else ()


def _second_opinion(folder: Path, steady: Steady | None) -> Callable[[int, bool], str]:
    measurements, _ = read_run(folder)
    return partial(second_opinion.render, second_opinions(measurements, steady) if steady else [])
