"""`bizra-load alerts render`: the alert rules of an agreement as files. `bizra-load alerts drill`: do they fire?"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from bizra_load.exit_codes import KEPT, NO_GO, UsageError
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
    render.set_defaults(run=run_render)
    drill = verbs.add_parser("drill", help="provoke the alerts on a reference node under a real Prometheus")
    drill.add_argument("--rules", default="", metavar="A,B", help="only these alerts (default: all)")
    drill.add_argument("--out", type=Path, default=Path("artifacts"), metavar="DIR", help="for alert-drill.json")
    drill.set_defaults(run=run_drill)
    for verb in (render, drill):
        verb.add_argument(
            "--agreement", default=DEFAULT_AGREEMENT, help=f"a packaged name or a YAML file (default: {DEFAULT_AGREEMENT})"
        )
        verb.add_argument("--baseline", default="", metavar="FILE", help="JSON, for limits that are multiples of a baseline")


def run_render(args: argparse.Namespace) -> int:
    from bizra_load.io.files import put_or_compare
    from bizra_load.judging.agreements import read_agreement
    from bizra_load.monitoring.rule_files import groups, prometheus_rule, to_yaml
    from bizra_load.monitoring.rules import RUNBOOKS
    from bizra_load.poi.rule_tests import unit_tests
    from bizra_load.poi.rules import alert_rules, thresholds
    from bizra_load.settings import inputs
    from sla.values.section import AgreementError

    agreement = read_agreement(args.agreement, args.baseline).judged
    try:
        inputs.url(args.runbooks)
    except ValueError as error:
        raise UsageError(f"--runbooks: {error}") from None
    try:
        limits = thresholds(agreement)
        rules = alert_rules(agreement, limits)
    except AgreementError as error:
        raise UsageError(f"{args.agreement}: {error}") from None
    runbooks = args.runbooks or RUNBOOKS
    content = groups(rules, runbooks=runbooks)
    contents = {
        OBJECT: prometheus_rule(content),
        RULES: content,
        TESTS: unit_tests(agreement, rules, limits, RULES, runbooks),
    }
    texts = {name: to_yaml(value, agreement.name) for name, value in contents.items()}
    return NO_GO if put_or_compare(args.out, texts, args.check, "bizra-load alerts render") else KEPT


def run_drill(args: argparse.Namespace) -> int:
    from bizra_load.io import terminal
    from bizra_load.io.files import write_atomically
    from bizra_load.judging.agreements import read_agreement
    from bizra_load.rehearsal.drill import drill
    from bizra_load.settings import inputs
    from reports.results import alert_drill
    from sla.values.section import AgreementError

    agreement = read_agreement(args.agreement, args.baseline).judged
    try:
        inputs.out_folder(str(args.out))
    except (OSError, ValueError) as error:
        raise UsageError(f"--out: {error}") from None
    only = [name.strip() for name in args.rules.split(",") if name.strip()]
    try:
        found = drill(agreement, only, lambda line: print(line, file=sys.stderr, flush=True))
    except AgreementError as error:
        raise UsageError(f"{args.agreement}: {error}") from None
    path = args.out / "alert-drill.json"
    try:
        write_atomically(path, alert_drill.render_json(found))
    except OSError as error:
        raise UsageError(f"--out: {path}: {error.strerror}") from None
    print(alert_drill.render(found, terminal.terminal_width(sys.stdout), sys.stdout.isatty()))
    print(f"Evidence: {path}")
    return KEPT if found.passed else NO_GO
