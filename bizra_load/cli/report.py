"""`bizra-load report RUN`: show a run's assessment as text, JSON, Markdown or HTML.

`bizra-load report RUN --artifacts DIR` writes the decision, the readiness checklist and the performance report there.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path

from bizra_load.exit_codes import KEPT, UsageError
from sla.values.assessment import Steady
from sla.values.window import Window


def add_parser(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    from bizra_load.cli.assess import add_evidence_argument

    parser = subparsers.add_parser("report", description=__doc__)
    parser.add_argument("folder", type=Path, metavar="RUN", help="a run folder that has been assessed")
    add_output_arguments(parser, ("text", "json", "md", "html"))
    parser.add_argument(
        "--second-opinion", action="store_true", help="the latencies' intervals by resampling, beside those that decide (text)"
    )
    parser.add_argument("--artifacts", type=Path, metavar="DIR", help="write the decision, the checklist and the report there")
    add_evidence_argument(parser)
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    from bizra_load.judging.artifacts import read_assessment, write_artifacts
    from bizra_load.settings import inputs
    from reports.formats import html, json_report, markdown, text

    if args.artifacts is not None:
        inputs.option("--artifacts", inputs.out_folder, str(args.artifacts))
        for path in write_artifacts(args.folder, args.artifacts, args.evidence):
            print(path)
        return KEPT
    if args.evidence:
        raise UsageError("--evidence: belongs to --artifacts here (allowed: bizra-load assess RUN --evidence ... judges alone)")
    assessment = read_assessment(args.folder)
    if args.second_opinion:
        if args.format != "text":
            raise UsageError(f"--second-opinion: is shown as text only (--format {args.format})")
        put_out(args, _second_opinion(args.folder, assessment.steady), {})
        return KEPT
    put_out(
        args,
        partial(text.render, assessment),
        {
            "json": partial(json_report.render, assessment),
            "md": partial(markdown.render, assessment),
            "html": lambda: html.render(assessment, _windows(args.folder)),
        },
    )
    return KEPT


def _windows(folder: Path) -> Sequence[Window]:
    """For the charts; an assessment that was written elsewhere (assess --out) has none beside it."""
    from bizra_load.archive.store import RECORD, read_run

    return read_run(folder)[0].windows if (folder / RECORD).exists() else ()


def _second_opinion(folder: Path, steady: Steady | None) -> Callable[[int, bool], str]:
    from bizra_load.archive.store import read_run
    from reports.results import second_opinion
    from sla.judgement.second_opinion import second_opinions

    measurements, _ = read_run(folder)
    return partial(second_opinion.render, second_opinions(measurements, steady) if steady else [])


def add_output_arguments(parser: argparse.ArgumentParser, formats: tuple[str, ...] = ("text", "json", "md")) -> None:
    """--format and -o, for put_out()."""
    parser.add_argument("--format", choices=formats, default="text")
    parser.add_argument("-o", "--output", type=Path, metavar="FILE", help="write there instead of standard output")


def put_out(args: argparse.Namespace, text: Callable[[int, bool], str], others: dict[str, Callable[[], str]]) -> None:
    """What --format asks for, to standard output or to a file in one step. `text` takes the width and whether there is colour.
    Raises UsageError.
    """
    from bizra_load.io.files import write_atomically
    from bizra_load.io.terminal import terminal_width

    if args.format == "text":
        terminal = sys.stdout.isatty() and args.output is None
        shown = text(terminal_width(sys.stdout) if terminal else 120, terminal) + "\n"
    else:
        shown = others[args.format]()
    if args.output is None:
        sys.stdout.write(shown)
        return
    try:
        write_atomically(args.output, shown)
    except OSError as error:
        raise UsageError(f"-o: {args.output}: {error.strerror}") from None
