"""`bizra-load alerts render`: the alert rules of an agreement as files. `bizra-load alerts drill`: do they fire?"""

from __future__ import annotations

import argparse
import sys

from bizra_load.cli.parsers.alerts import OBJECT, RULES, TESTS
from bizra_load.exit_codes import KEPT, NO_GO, UsageError
from bizra_load.io import terminal
from bizra_load.io.files import put_or_compare, set_aside, write_atomically, writing
from bizra_load.judging.agreements import read_agreement
from bizra_load.monitoring.rule_files import groups, prometheus_rule, to_yaml
from bizra_load.monitoring.rules import RUNBOOKS
from bizra_load.products import product_of
from bizra_load.rehearsal.drill import drill
from bizra_load.settings import inputs
from reports.results import alert_drill
from sla.values.section import AgreementError


def run_render(args: argparse.Namespace) -> int:
    agreement = read_agreement(args.agreement, args.baseline).judged
    runbooks = inputs.option("--runbooks", inputs.url, args.runbooks) or RUNBOOKS
    if "#" in runbooks:
        raise UsageError(f"--runbooks: {runbooks[:200]!r} (allowed: a URL without #: each alert adds its own)")
    try:
        product = product_of(agreement)
        job = inputs.option("--job", inputs.job, args.job) or product.job
        rules = product.alert_rules(agreement, job)
        content = groups(rules, runbooks=runbooks)
        contents = {
            OBJECT: prometheus_rule(content, job),
            RULES: content,
            TESTS: product.rule_tests(agreement, rules, RULES, runbooks, job),
        }
    except AgreementError as error:
        raise UsageError(f"{args.agreement}: {error}") from None
    texts = {name: to_yaml(value, agreement.name) for name, value in contents.items()}
    if put_or_compare(args.out, texts, args.check, "bizra-load alerts render"):
        return NO_GO
    if not (args.runbooks or args.check):
        text = f"runbook_url begins with {RUNBOOKS}, the default, which nothing has checked"
        print(f"{text} (--runbooks URL: where you publish docs/runbooks.md)", file=sys.stderr)
    return KEPT


def run_drill(args: argparse.Namespace) -> int:
    file = read_agreement(args.agreement, args.baseline)
    inputs.option("--out", inputs.out_folder, str(args.out))
    only = [name.strip() for name in args.rules.split(",") if name.strip()]
    path = args.out / "alert-drill.json"
    set_aside(args.out, [path.name], f"--out: {args.out}")
    try:
        result = drill(file, only, lambda line: print(line, file=sys.stderr, flush=True))
    except AgreementError as error:
        raise UsageError(f"{args.agreement}: {error}") from None
    with writing(f"--out: {path}", "a file"):
        write_atomically(path, alert_drill.render_json(result))
    print(alert_drill.render(result, terminal.terminal_width(sys.stdout), terminal.coloured(sys.stdout)))
    print(f"Evidence: {path}")
    return KEPT if result.passed else NO_GO
