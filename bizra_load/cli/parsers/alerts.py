"""`bizra-load alerts render`: the alert rules of an agreement as files. `bizra-load alerts drill`: do they fire?"""

from __future__ import annotations

import argparse
from pathlib import Path

from bizra_load.settings.defaults import DEFAULT_AGREEMENT

OBJECT, RULES, TESTS = "prometheus-alerts.yaml", "prometheus-rules.yaml", "prometheus-rules-test.yaml"


def add_parser(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    parser = subparsers.add_parser("alerts", description=__doc__)
    verbs = parser.add_subparsers(dest="alerts_verb", required=True, metavar="VERB")
    render = verbs.add_parser("render", help=f"write {OBJECT}, {RULES} and {TESTS}")
    render.add_argument("--out", type=Path, default=Path("k8s/monitoring"), metavar="DIR", help="(default: k8s/monitoring)")
    render.add_argument("--check", action="store_true", help="write nothing; exit with 3 where a file is not current")
    render.add_argument(
        "--runbooks", default="", metavar="URL", help="what runbook_url begins with (default: docs/runbooks.md)"
    )
    render.set_defaults(command="alerts:run_render")
    drill = verbs.add_parser("drill", help="provoke the alerts on a reference node under a real Prometheus")
    drill.add_argument("--rules", default="", metavar="A,B", help="only these alerts (default: all)")
    drill.add_argument("--out", type=Path, default=Path("artifacts"), metavar="DIR", help="for alert-drill.json")
    drill.set_defaults(command="alerts:run_drill")
    for verb in (render, drill):
        verb.add_argument(
            "--agreement", default=DEFAULT_AGREEMENT, help=f"a packaged name or a YAML file (default: {DEFAULT_AGREEMENT})"
        )
        verb.add_argument("--baseline", default="", metavar="FILE", help="JSON, for limits that are multiples of a baseline")
