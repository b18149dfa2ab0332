"""`bizra-load dashboard render`: Grafana dashboards of an agreement. `import`: into a Grafana.

`check`: do the panels return data, queried through a Prometheus alone?
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from rich.console import Console

from bizra_load.archive import checksums
from bizra_load.cli.server_options import prometheus_url_of, trust_of
from bizra_load.exit_codes import INVALID, KEPT, NO_GO, InvalidRunError, UsageError
from bizra_load.io.files import put_or_compare, set_aside, write_atomically, writing
from bizra_load.io.terminal import coloured, terminal_width
from bizra_load.judging.agreements import AgreementFile, read_agreement
from bizra_load.monitoring import grafana
from bizra_load.monitoring.dashboard_library import generator_dashboard
from bizra_load.monitoring.panel_check import check_panels
from bizra_load.products import dashboard_of, panels_of, product_of
from bizra_load.server_metrics.exposition import ScrapeError
from bizra_load.server_metrics.prometheus_api import PrometheusClient
from bizra_load.settings import inputs
from bizra_load.validation.dashboard import CHECK_FILE, URL_FILE
from reports.results import dashboard_check
from reports.results.dashboard_check import DashboardCheck


def run_render(args: argparse.Namespace) -> int:
    inputs.option("--out", inputs.out_folder, str(args.out))
    product = product_of(read_agreement(args.agreement, args.baseline).agreement)
    texts = {**product.dashboards(args.agreement, args.baseline), **generator_dashboard()}
    stale = put_or_compare(args.out, texts, args.check, "bizra-load dashboard render")
    return NO_GO if stale else KEPT


def run_import(args: argparse.Namespace) -> int:
    if not 0 < args.timeout <= 3600:
        raise UsageError(f"--timeout: {args.timeout:g} (allowed: more than 0, up to 3600 seconds)")
    trust = trust_of(args)
    inputs.option("--out", inputs.out_folder, str(args.out))
    file = read_agreement(args.agreement, args.baseline)
    agreement = file.judged
    dashboard = dashboard_of(agreement, args.agreement)
    settings = grafana.settings_of_environment(args.timeout, trust)
    if settings is None:
        raise UsageError("GRAFANA_URL: is not set (allowed: the address of a Grafana, such as https://grafana.example)")
    log = Console(stderr=True, highlight=False)
    if args.insecure:
        log.print("WARN  the certificate is not verified (--insecure)", style="yellow", markup=False)
    set_aside(args.out, [URL_FILE, CHECK_FILE], f"--out: {args.out}")
    done = grafana.import_dashboard(
        settings, dashboard, panels_of(agreement, args.agreement), agreement, grafana.Place(args.folder, args.datasource),
        args.snapshot, lambda line: log.print(f"INFO  {line}", style="cyan", markup=False),
    )  # fmt: skip
    _write(args.out / URL_FILE, done.url + "\n")
    return _show(done.check, args.out, file)


def run_check(args: argparse.Namespace) -> int:
    url = prometheus_url_of(args)
    inputs.option("--out", inputs.out_folder, str(args.out))
    file = read_agreement(args.agreement, args.baseline)
    agreement = file.judged
    panels = panels_of(agreement, args.agreement)
    set_aside(args.out, [CHECK_FILE], f"--out: {args.out}")
    try:
        query = PrometheusClient.with_token_of_environment(url, trust=trust_of(args)).query
        check = check_panels(query, panels, agreement, "Prometheus")
    except ScrapeError as error:
        raise InvalidRunError(str(error)) from None
    return _show(check, args.out, file)


def _show(check: DashboardCheck, out: Path, by: AgreementFile) -> int:
    _write(out / CHECK_FILE, dashboard_check.render_json(check, checksums.named(None), by.agreement.name, by.sha256))
    print(dashboard_check.render(check, terminal_width(sys.stdout), coloured(sys.stdout)))
    print(f"Evidence: {out / CHECK_FILE}")
    return KEPT if check.passed else INVALID


def _write(path: Path, text: str) -> None:
    with writing(f"--out: {path}", "a file"):
        write_atomically(path, text)
