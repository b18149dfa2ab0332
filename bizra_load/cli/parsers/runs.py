"""`bizra-load runs`: the runs in a folder of runs, with their verdicts, the newest last."""

from __future__ import annotations

import argparse
from pathlib import Path


def add_parser(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    parser = subparsers.add_parser("runs", description=__doc__)
    parser.add_argument(
        "--out", type=Path, metavar="DIR", help="the folder that they are in (default: runs, or what BIZRA_LOAD_OUT names)"
    )
    parser.add_argument("--json", action="store_true", help="as one JSON list")
    parser.set_defaults(command="runs:run")
