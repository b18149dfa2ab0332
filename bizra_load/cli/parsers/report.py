"""`bizra-load report RUN`: show a run's assessment as text, JSON, Markdown, HTML, JUnit XML, or for GitHub Actions; or its
seconds as CSV or an HdrHistogram log.

`bizra-load report RUN --artifacts DIR` writes the decision, the readiness checklist and the performance report there.
"""

from __future__ import annotations

import argparse
from pathlib import Path

from bizra_load.cli.parsers.shared import A_RUN, add_evidence_argument, add_output_arguments, add_shown_arguments, run_named


def add_parser(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    parser = subparsers.add_parser("report", description=__doc__)
    parser.add_argument("folder", type=run_named, metavar="RUN", help=f"{A_RUN}, that has been assessed")
    add_output_arguments(parser, ("text", "json", "md", "html", "junit", "github", "csv", "hlog"))
    add_shown_arguments(parser, as_json=False)
    parser.add_argument(
        "--if-changed",
        type=Path,
        metavar="FILE",
        help="only where the decision is not the one in FILE, which keeps it from then on; else nothing",
    )
    parser.add_argument(
        "--second-opinion", action="store_true", help="the latencies' intervals by resampling, beside those that decide (text)"
    )
    parser.add_argument("--artifacts", type=Path, metavar="DIR", help="write the decision, the checklist and the report there")
    add_evidence_argument(parser)
    parser.set_defaults(command="report:run")
