"""The dashboard import and the check of its panels, with settings from the environment."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from bizra_load.io.files import write_atomically, writing
from bizra_load.judging.agreements import read_agreement
from bizra_load.monitoring import grafana
from bizra_load.monitoring.panel_check import check_panels, prometheus_query
from bizra_load.poi.dashboard_files import NODE, rendered
from bizra_load.poi.panels import node_panels
from reports.results import dashboard_check
from reports.results.dashboard_check import DashboardCheck


def from_environment(agreement_name: str, artifacts: Path, say: Callable[[str], None]) -> grafana.Imported | None:
    """Import into the Grafana at GRAFANA_URL; None when that is not set. Raises BizraLoadError."""
    settings = grafana.settings_of_environment()
    if settings is None:
        return None
    agreement = read_agreement(agreement_name).agreement
    done = grafana.import_dashboard(
        settings, rendered(agreement_name)[f"{NODE}.json"], node_panels(agreement), agreement, say=say
    )
    _write(artifacts / "grafana-dashboard-url.txt", done.url + "\n")
    return done


def check(agreement_name: str, prometheus_url: str, url: str) -> DashboardCheck:
    """Through Grafana where GRAFANA_URL is set, else of Prometheus. Raises BizraLoadError."""
    agreement = read_agreement(agreement_name).agreement
    settings = grafana.settings_of_environment()
    if settings is not None:
        return grafana.check_dashboard(settings, node_panels(agreement), agreement, url=url)
    return check_panels(prometheus_query(prometheus_url), node_panels(agreement), agreement, "Prometheus", url)


def write_check(check_result: DashboardCheck, artifacts: Path) -> None:
    """Raises UsageError."""
    _write(artifacts / "dashboard-check.json", dashboard_check.render_json(check_result))


def _write(path: Path, text: str) -> None:
    with writing(path):
        write_atomically(path, text)
