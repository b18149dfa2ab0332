"""`bizra-load compare BASELINE CANDIDATE [BASELINE CANDIDATE ...]`: is the candidate better, worse or the same?

Sides alternate: the first, third, ... are baseline runs, the others candidate runs. Runs that were made in that order, one
after the other, are compared in pairs. The baseline may also be one .json file of earlier figures.
Exit code 0 IMPROVED or EQUIVALENT, 3 REGRESSED, 4 INCONCLUSIVE, 5 a run can't be trusted, 6 wrong usage.
"""

from __future__ import annotations

import argparse

from bizra_load.cli.parsers.shared import A_RUN, add_output_arguments, run_named


def add_parser(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    parser = subparsers.add_parser("compare", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument(
        "sides", nargs="+", type=run_named, metavar="RUN", help=f"baseline, candidate, baseline, ...: each {A_RUN}"
    )
    parser.add_argument("--margin", default="10%", help="a relative change that counts as none (default: 10%%)")
    add_output_arguments(parser)
    parser.set_defaults(command="compare:run")
