"""`bizra-load dashboard render`: Grafana dashboards of an agreement. `import`: into a Grafana.

`check`: do the panels return data, queried through a Prometheus alone?
"""

from __future__ import annotations

import argparse
from pathlib import Path

from bizra_load.cli.parsers.shared import (
    add_agreement_arguments,
    add_grafana_arguments,
    add_render_arguments,
    add_trust_arguments,
)


def add_parser(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    parser = subparsers.add_parser("dashboard", description=__doc__)
    verbs = parser.add_subparsers(dest="dashboard_verb", required=True, metavar="VERB")
    render = verbs.add_parser("render", help="write the node's dashboard, one of each environment, and the load generator's")
    add_render_arguments(render)
    render.set_defaults(command="dashboard:run_render")
    put = verbs.add_parser(
        "import", help="into the Grafana at GRAFANA_URL, with the key in GRAFANA_API_KEY or GRAFANA_API_KEY_FILE"
    )
    add_grafana_arguments(put, "title or uid of an existing folder (default: where it lies already, or the general one)")
    put.add_argument("--snapshot", action="store_true", help="take a snapshot too")
    put.add_argument("--timeout", type=float, default=10.0, metavar="SECONDS", help="for each request (default: 10)")
    add_trust_arguments(put)
    put.set_defaults(command="dashboard:run_import")
    check = verbs.add_parser("check", help="ask a Prometheus, without any Grafana")
    check.add_argument("--prometheus-url", default="", metavar="URL", help="(environment: PROMETHEUS_URL)")
    add_trust_arguments(check)
    check.set_defaults(command="dashboard:run_check")
    for verb in (render, put, check):
        add_agreement_arguments(verb)
    for verb in (put, check):
        verb.add_argument("--out", type=Path, default=Path("artifacts"), metavar="DIR", help="for dashboard-check.json")
