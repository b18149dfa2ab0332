"""`bizra-load validate`: import the dashboard, put the load on, validate the metrics, report and decide.

GRAFANA_URL, GRAFANA_API_KEY, PROMETHEUS_URL and ENDPOINT name the parts, TARGET_OPS_SEC and DURATION_SEC the load. Without a
target it rehearses on the reference node under a Prometheus of its own. artifacts/validated.json is for the canary controller.
"""

from __future__ import annotations

import argparse

from bizra_load.cli.parsers.load import USAGE, add_load_arguments
from bizra_load.cli.parsers.shared import add_artifacts_argument, add_grafana_arguments


def add_parser(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    parser = subparsers.add_parser("validate", description=__doc__, usage=USAGE)
    add_load_arguments(parser)
    add_artifacts_argument(parser)
    add_grafana_arguments(parser, "title or uid of an existing folder for a new dashboard (default: the general one)")
    parser.add_argument(
        "--fault", action="append", default=[], metavar="NAME=VALUE", help="rehearse with this fault of the reference node"
    )
    parser.set_defaults(command="validate:run")
