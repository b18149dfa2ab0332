"""Options that several verbs have."""

from __future__ import annotations

import argparse
from pathlib import Path


def add_evidence_argument(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--evidence", action="append", default=[], metavar="NAME=PATH",
        help="evidence for what a load can't see, such as tests=junit.xml (docs/decision.md); repeatable",
    )  # fmt: skip


def add_artifacts_argument(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--artifacts", type=Path, default=Path("artifacts"), metavar="DIR", help="default: artifacts")


def add_output_arguments(parser: argparse.ArgumentParser, formats: tuple[str, ...] = ("text", "json", "md")) -> None:
    """--format and -o, for write_output()."""
    parser.add_argument("--format", choices=formats, default="text")
    parser.add_argument("-o", "--output", type=Path, metavar="FILE", help="write there instead of standard output")
