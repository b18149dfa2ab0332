"""`bizra-load assess RUN`: judge a saved run again, by its own agreement or another one."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path


def add_parser(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    parser = subparsers.add_parser("assess", help="judge a saved run again", description=__doc__)
    parser.add_argument("folder", type=Path, metavar="RUN", help="a run folder")
    parser.add_argument("--agreement", help="another agreement: a packaged name or a YAML file")
    parser.add_argument("--out", type=Path, metavar="DIR", help="write assessment.json and .md there (default: RUN)")
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    from bizra_load import gate

    assessment = gate.assess(args.folder, args.agreement, args.out)
    gate.announce(assessment, args.folder, sys.stdout)
    return assessment.exit_code
