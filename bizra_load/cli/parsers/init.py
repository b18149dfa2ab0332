"""`bizra-load init`: write a first agreement, to put one's own promises in: of a recorded run, a locustfile, or an OpenAPI
document.

`bizra-load init RUN` takes the operations that the run had, at what it showed and some room; the run keeps it.
"""

from __future__ import annotations

import argparse
from pathlib import Path

from bizra_load.cli.parsers.shared import A_RUN, output_file, run_named


def add_parser(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    parser = subparsers.add_parser("init", description=__doc__)
    source = parser.add_mutually_exclusive_group(required=True)
    source.add_argument("folder", type=run_named, metavar="RUN", nargs="?", help=A_RUN)
    source.add_argument("-f", "--locustfile", type=Path, metavar="FILE", help="a locustfile, for the names of its requests")
    source.add_argument("--openapi", type=Path, metavar="FILE", help="an OpenAPI document, YAML or JSON")
    parser.add_argument(
        "-o",
        "--output",
        type=output_file,
        default=Path("agreement.yaml"),
        metavar="FILE",
        help="-: to standard output (default: agreement.yaml)",
    )
    parser.add_argument("--force", action="store_true", help="write over a file that is there")
    parser.set_defaults(command="init:run")
