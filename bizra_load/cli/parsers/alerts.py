"""`bizra-load alerts render`: the alert rules of an agreement as files. `bizra-load alerts drill`: do they fire?"""

from __future__ import annotations

import argparse
from pathlib import Path

from bizra_load.cli.parsers.shared import add_agreement_arguments, add_render_arguments
from bizra_load.monitoring.rules import RUNBOOKS

OBJECT, RULES, TESTS = "prometheus-alerts.yaml", "prometheus-rules.yaml", "prometheus-rules-test.yaml"


def add_parser(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    parser = subparsers.add_parser("alerts", description=__doc__)
    verbs = parser.add_subparsers(dest="alerts_verb", required=True, metavar="VERB")
    render = verbs.add_parser("render", help=f"write {OBJECT}, {RULES} and {TESTS}")
    add_render_arguments(render)
    render.add_argument(
        "--runbooks", default="", metavar="URL", help=f"where docs/runbooks.md is published (default: {RUNBOOKS})"
    )
    render.add_argument(
        "--job", default="", metavar="NAME", help="the scrape job of the nodes that the alerts are on (default: the product's)"
    )
    render.set_defaults(command="alerts:run_render")
    drill = verbs.add_parser("drill", help="provoke the alerts on a reference node under a real Prometheus")
    drill.add_argument("--rules", default="", metavar="A,B", help="only these alerts (default: all)")
    drill.add_argument("--out", type=Path, default=Path("artifacts"), metavar="DIR", help="for alert-drill.json")
    drill.set_defaults(command="alerts:run_drill")
    for verb in (render, drill):
        add_agreement_arguments(verb)
