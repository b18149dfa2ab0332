"""`bizra-load dashboard render`: Grafana dashboards of an agreement. `import`: into a Grafana.

`check`: do the panels return data, asked of a Prometheus alone?
"""

from __future__ import annotations

import argparse
import os
import sys
from pathlib import Path

from bizra_load.exit_codes import INVALID, KEPT, NO_GO, UsageError
from bizra_load.poi.dashboard_files import GENERATOR, NODE, complete, rendered
from bizra_load.settings.defaults import DEFAULT_AGREEMENT


def add_parser(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    parser = subparsers.add_parser("dashboard", description=__doc__)
    verbs = parser.add_subparsers(dest="dashboard_verb", required=True, metavar="VERB")
    render = verbs.add_parser("render", help=f"write {NODE}.json, one for each environment, and {GENERATOR}.json")
    render.add_argument("--out", type=Path, default=Path("k8s/monitoring"), metavar="DIR", help="(default: k8s/monitoring)")
    render.add_argument("--check", action="store_true", help="write nothing; exit with 3 where a file is not current")
    render.set_defaults(run=run_render)
    put = verbs.add_parser(
        "import", help="into the Grafana at GRAFANA_URL, with the key in GRAFANA_API_KEY or GRAFANA_API_KEY_FILE"
    )
    put.add_argument("--folder", default="", help="title or uid of an existing folder (default: the general one)")
    put.add_argument("--datasource", default="", help="name or uid of a Prometheus data source (default: the default one)")
    put.add_argument("--snapshot", action="store_true", help="take a snapshot too")
    put.add_argument("--timeout", type=float, default=10.0, metavar="SECONDS", help="for each request (default: 10)")
    trust = put.add_mutually_exclusive_group()
    trust.add_argument("--ca-file", default="", help="certificate authorities to trust for https")
    trust.add_argument("--insecure", action="store_true", help="do not verify the certificate; the log says so")
    put.set_defaults(run=run_import)
    check = verbs.add_parser("check", help="ask a Prometheus, without any Grafana")
    check.add_argument("--prometheus-url", default="", metavar="URL", help="(environment: PROMETHEUS_URL)")
    check.set_defaults(run=run_check)
    for verb in (render, put, check):
        verb.add_argument(
            "--agreement", default=DEFAULT_AGREEMENT, help=f"a packaged name or a YAML file (default: {DEFAULT_AGREEMENT})"
        )
        verb.add_argument("--baseline", default="", metavar="FILE", help="JSON, for limits that are multiples of a baseline")
    for verb in (put, check):
        verb.add_argument("--out", type=Path, default=Path("artifacts"), metavar="DIR", help="for dashboard-check.json")


def run_render(args: argparse.Namespace) -> int:
    from bizra_load.io.files import put_or_compare
    from bizra_load.settings import inputs

    inputs.option("--out", inputs.out_folder, str(args.out))
    stale = put_or_compare(args.out, rendered(args.agreement, args.baseline), args.check, "bizra-load dashboard render")
    return NO_GO if stale else KEPT


def run_import(args: argparse.Namespace) -> int:
    from rich.console import Console

    from bizra_load.judging.agreements import read_agreement
    from bizra_load.monitoring import grafana
    from bizra_load.poi.panels import node_panels
    from bizra_load.settings import inputs

    if not 0 < args.timeout <= 3600:
        raise UsageError(f"--timeout: {args.timeout:g} (allowed: more than 0, up to 3600 seconds)")
    inputs.option("--ca-file", inputs.ca_file, args.ca_file)
    inputs.option("--out", inputs.out_folder, str(args.out))
    agreement = read_agreement(args.agreement, args.baseline).judged
    dashboard = rendered(args.agreement, args.baseline)[f"{NODE}.json"]
    settings = grafana.settings_of_environment(args.timeout, False if args.insecure else args.ca_file or True)
    if settings is None:
        raise UsageError("GRAFANA_URL: is not set (allowed: the address of a Grafana, such as https://grafana.example)")
    log = Console(stderr=True, highlight=False)
    if args.insecure:
        log.print("WARN  the certificate is not verified (--insecure)", style="yellow", markup=False)
    done = grafana.import_dashboard(
        settings, dashboard, node_panels(agreement), agreement, args.folder, args.datasource, args.snapshot,
        lambda line: log.print(f"INFO  {line}", style="cyan", markup=False),
    )  # fmt: skip
    _write(args.out / "grafana-dashboard-url.txt", done.url + "\n")
    return _show(done.check, args.out)


def run_check(args: argparse.Namespace) -> int:
    from bizra_load.exit_codes import InvalidRunError
    from bizra_load.judging.agreements import read_agreement
    from bizra_load.monitoring.panel_check import check_panels, prometheus_query
    from bizra_load.poi.panels import node_panels
    from bizra_load.server_metrics.exposition import ScrapeError
    from bizra_load.settings import inputs

    url = inputs.option("--prometheus-url", inputs.url, args.prometheus_url or os.environ.get("PROMETHEUS_URL", ""))
    if not url:
        raise UsageError("--prometheus-url: is missing (allowed: http://... or https://..., or PROMETHEUS_URL)")
    inputs.option("--out", inputs.out_folder, str(args.out))
    agreement = read_agreement(args.agreement, args.baseline).judged
    complete(agreement, args.agreement)
    try:
        found = check_panels(prometheus_query(url), node_panels(agreement), agreement, "Prometheus")
    except ScrapeError as error:
        raise InvalidRunError(str(error)) from None
    return _show(found, args.out)


def _show(check: object, out: Path) -> int:
    from bizra_load.io.terminal import terminal_width
    from reports.results import dashboard_check

    assert isinstance(check, dashboard_check.DashboardCheck)
    _write(out / "dashboard-check.json", dashboard_check.render_json(check))
    print(dashboard_check.render(check, terminal_width(sys.stdout), sys.stdout.isatty()))
    print(f"Evidence: {out / 'dashboard-check.json'}")
    return KEPT if check.passed else INVALID


def _write(path: Path, text: str) -> None:
    from bizra_load.io.files import write_atomically

    try:
        write_atomically(path, text)
    except OSError as error:
        raise UsageError(f"--out: {path}: {error.strerror}") from None
