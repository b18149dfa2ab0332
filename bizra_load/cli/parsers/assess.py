"""`bizra-load assess RUN`: judge a saved run again, by its own agreement or another one.

`bizra-load assess --import FILE` does the same for the results of k6 (CSV), JMeter (CSV) and HdrHistogram logs (.hlog).
"""

from __future__ import annotations

import argparse
from pathlib import Path

from bizra_load.cli.parsers.shared import A_RUN, add_evidence_argument, add_objective_argument, add_shown_arguments, run_named


def add_parser(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    parser = subparsers.add_parser("assess", description=__doc__)
    what = parser.add_mutually_exclusive_group(required=True)
    what.add_argument("folder", type=run_named, metavar="RUN", nargs="?", help=A_RUN)
    what.add_argument("--import", dest="imported", type=Path, metavar="FILE", help="k6 CSV, JMeter CSV or .hlog")
    parser.add_argument("--agreement", help="another agreement: a packaged name or a YAML file")
    add_objective_argument(parser)
    parser.add_argument("--baseline", type=Path, metavar="FILE", help="JSON, or a packaged name (default: the kept one)")
    parser.add_argument(
        "--spool", type=Path, nargs="+", default=[], metavar="FILE", help="spool files of workers that lost their master; "
        "without, those on this machine are found as long as the run is not sealed"
    )  # fmt: skip
    parser.add_argument("--allow", default="", metavar="NAMES", help="checks of the run that may fail with a warning")
    parser.add_argument("--hlog-unit", choices=("ns", "us", "ms"), default="ns", help="unit of an .hlog's values (default: ns)")
    parser.add_argument(
        "--out", type=Path, metavar="DIR", help="write assessment.json and .md there (default: RUN); "
        "with --import the folder that a run folder is made in (default: runs)"
    )  # fmt: skip
    add_evidence_argument(parser)
    add_shown_arguments(parser)
    parser.set_defaults(command="assess:run")
