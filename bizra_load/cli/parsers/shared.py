"""Options that several verbs have."""

from __future__ import annotations

import argparse
from pathlib import Path

from bizra_load.archive.named import folder_of_runs, run_folder
from bizra_load.settings.defaults import DEFAULT_AGREEMENT, OBJECTIVE, OBJECTIVE_HELP

A_RUN = "a run folder, a name that bizra-load runs shows, or latest"


def run_named(text: str) -> Path:
    """The run folder that a RUN names: a path, `latest`, or a name in the folder of runs."""
    return run_folder(text, folder_of_runs())


def add_shown_arguments(parser: argparse._ActionsContainer, as_json: bool = True) -> None:
    """--verbose, --quiet and --json, of what ends with a summary."""
    how = parser.add_mutually_exclusive_group()
    how.add_argument("-v", "--verbose", action="store_true", help="all tables in place of the summary")
    if as_json:
        how.add_argument("-q", "--quiet", action="store_true", help="nothing but errors, and the verdict in one line")
        text = "write the assessment there as JSON; -: to standard output, and everything else to standard error"
        parser.add_argument("--json", metavar="FILE", help=text)


def add_evidence_argument(parser: argparse._ActionsContainer) -> None:
    parser.add_argument(
        "--evidence", action="append", default=[], metavar="NAME=PATH",
        help="evidence for what a load can't see, such as tests=junit.xml (docs/decision.md); repeatable",
    )  # fmt: skip


def add_objective_argument(parser: argparse._ActionsContainer) -> None:
    parser.add_argument(OBJECTIVE, action="append", default=[], metavar="WORDS", help=OBJECTIVE_HELP)


def add_artifacts_argument(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--artifacts", type=Path, default=Path("artifacts"), metavar="DIR", help="default: artifacts")


def output_file(text: str) -> Path | None:
    """None: standard output, for which "-" is the word of other tools too."""
    return None if text == "-" else Path(text)


def add_output_arguments(parser: argparse.ArgumentParser, formats: tuple[str, ...] = ("text", "json", "md")) -> None:
    """--format and -o, for write_output()."""
    parser.add_argument("--format", choices=formats, default="text")
    parser.add_argument("-o", "--output", type=output_file, metavar="FILE", help="write there instead of standard output (-)")


def add_agreement_arguments(parser: argparse.ArgumentParser) -> None:
    """--agreement and --baseline, of what is made from an agreement."""
    parser.add_argument(
        "--agreement", default=DEFAULT_AGREEMENT, help=f"a packaged name or a YAML file (default: {DEFAULT_AGREEMENT})"
    )
    parser.add_argument("--baseline", default="", metavar="FILE", help="JSON, for limits that are multiples of a baseline")


def add_grafana_arguments(parser: argparse.ArgumentParser, folder: str) -> None:
    """--folder, with its help, and --datasource, of what imports a dashboard."""
    parser.add_argument("--folder", default="", metavar="NAME", help=folder)
    parser.add_argument(
        "--datasource", default="", metavar="NAME", help="name or uid of a Prometheus in Grafana (default: the default one)"
    )


def add_render_arguments(parser: argparse.ArgumentParser) -> None:
    """--out and --check, of files that are made from an agreement (put_or_compare())."""
    parser.add_argument("--out", type=Path, default=Path("k8s/monitoring"), metavar="DIR", help="(default: k8s/monitoring)")
    parser.add_argument("--check", action="store_true", help="write nothing; exit with 3 where a file is not current")


def add_trust_arguments(parser: argparse.ArgumentParser) -> None:
    """--ca-file and --insecure, for trust_of()."""
    trust = parser.add_mutually_exclusive_group()
    trust.add_argument("--ca-file", default="", help="certificate authorities to trust for https (environment: CA_FILE)")
    trust.add_argument("--insecure", action="store_true", help="do not verify the certificate")
