"""The dashboard import and the check of its panels, with settings from the environment."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from bizra_load.io.files import write_atomically, writing
from bizra_load.io.trust import Trust
from bizra_load.judging.agreements import read_agreement
from bizra_load.monitoring import grafana
from bizra_load.monitoring.panel_check import check_panels
from bizra_load.products import panels_of, product_of
from bizra_load.server_metrics.prometheus_api import PrometheusClient
from reports.results import dashboard_check
from reports.results.dashboard_check import DashboardCheck


def from_environment(agreement_name: str, artifacts: Path, trust: Trust, say: Callable[[str], None]) -> grafana.Imported | None:
    """Import into the Grafana at GRAFANA_URL; None when that is not set. Raises BizraLoadError."""
    settings = grafana.settings_of_environment(trust=trust)
    if settings is None:
        return None
    agreement = read_agreement(agreement_name).agreement
    product = product_of(agreement)
    dashboard = product.dashboards(agreement_name, "")[f"{product.dashboard}.json"]
    done = grafana.import_dashboard(settings, dashboard, panels_of(agreement, agreement_name), agreement, say=say)
    _write(artifacts / "grafana-dashboard-url.txt", done.url + "\n")
    return done


def check(agreement_name: str, prometheus_url: str, url: str, trust: Trust) -> DashboardCheck:
    """Through Grafana where GRAFANA_URL is set, else of Prometheus. Raises BizraLoadError."""
    agreement = read_agreement(agreement_name).agreement
    panels = panels_of(agreement, agreement_name)
    settings = grafana.settings_of_environment(trust=trust)
    if settings is not None:
        return grafana.check_dashboard(settings, panels, agreement, url=url)
    query = PrometheusClient.with_token_of_environment(prometheus_url, trust=trust).query
    return check_panels(query, panels, agreement, "Prometheus", url)


def write_check(check_result: DashboardCheck, artifacts: Path) -> None:
    """Raises UsageError."""
    _write(artifacts / "dashboard-check.json", dashboard_check.render_json(check_result))


def _write(path: Path, text: str) -> None:
    with writing(path):
        write_atomically(path, text)
