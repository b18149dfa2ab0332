"""`bizra-load metrics`: judge the agreement by what Prometheus holds of the node, with or without a load test.

Writes metrics-validation-report.json into the artifacts folder. Exit codes are those of a run.
"""

from __future__ import annotations

import argparse
from pathlib import Path

from bizra_load.cli.parsers.shared import add_artifacts_argument, add_trust_arguments, run_named
from bizra_load.settings.defaults import DEFAULT_AGREEMENT


def add_parser(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    parser = subparsers.add_parser("metrics", description=__doc__)
    parser.add_argument("--prometheus-url", metavar="URL", help="environment: PROMETHEUS_URL")
    parser.add_argument(
        "--prometheus-selector",
        metavar="MATCHERS",
        help='the node\'s series, e.g. job="node" (environment: PROMETHEUS_SELECTOR)',
    )
    when = parser.add_mutually_exclusive_group()
    when.add_argument("--window", default="15m", metavar="TIME", help="how far to look back, 10s to 24h (default: 15m)")
    when.add_argument("--run", dest="folder", type=run_named, metavar="RUN", help="the steady part of this load test instead")
    parser.add_argument(
        "--agreement", help=f"name or YAML file (environment: AGREEMENT; default: RUN's, or {DEFAULT_AGREEMENT})"
    )
    parser.add_argument(
        "--environment-name", metavar="NAME", help="whose accepted deviations count (environment: AGREEMENT_ENVIRONMENT)"
    )
    parser.add_argument("--baseline", type=Path, metavar="FILE", help="JSON, or a packaged name (default: the agreement's)")
    parser.add_argument("--fail-on", choices=("no-go", "warn"), default="no-go", help="warn: warnings exit with 3 too")
    add_trust_arguments(parser)
    add_artifacts_argument(parser)
    parser.set_defaults(command="metrics:run")
