"""`bizra-load report RUN`: show a run's assessment as text, JSON or Markdown."""

from __future__ import annotations

import argparse
import os
import sys
from pathlib import Path

from bizra_load.exit_codes import KEPT, UsageError


def add_parser(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    parser = subparsers.add_parser("report", help="show a run's assessment", description=__doc__)
    parser.add_argument("folder", type=Path, metavar="RUN", help="a run folder that has been assessed")
    parser.add_argument("--format", choices=("text", "json", "md"), default="text")
    parser.add_argument("-o", "--output", type=Path, metavar="FILE", help="write there instead of standard output")
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    from bizra_load.archive.store import ASSESSMENT
    from reports import json_report, markdown, text

    path = args.folder / ASSESSMENT
    try:
        assessment = json_report.parse(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise UsageError(f"{path}: {error.strerror} (allowed: a run folder that has been assessed)") from None
    except ValueError as error:
        raise UsageError(f"{path}: {error}") from None
    terminal = sys.stdout.isatty() and args.output is None
    if args.format == "text":
        width = os.get_terminal_size().columns if terminal else 120
        shown = text.render(assessment, width=width, colour=terminal) + "\n"
    else:
        shown = json_report.render(assessment) if args.format == "json" else markdown.render(assessment)
    put_out(shown, args.output)
    return KEPT


def put_out(shown: str, output: Path | None) -> None:
    """To standard output, or to a file in one step. Raises UsageError."""
    from bizra_load.files import write_atomically

    if output is None:
        sys.stdout.write(shown)
        return
    try:
        write_atomically(output, shown)
    except OSError as error:
        raise UsageError(f"-o: {output}: {error.strerror}") from None
