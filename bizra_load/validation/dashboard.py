"""The dashboard import and the check of its panels, with settings from the environment."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from bizra_load.io.files import write_atomically, writing
from bizra_load.io.trust import Trust
from bizra_load.monitoring import grafana
from bizra_load.monitoring.panel_check import check_panels
from bizra_load.products import dashboard_of, panels_of
from bizra_load.server_metrics.prometheus_api import PrometheusClient
from reports.results import dashboard_check
from reports.results.dashboard_check import DashboardCheck
from sla.values.agreement import Agreement
from sla.values.promql import job_name

URL_FILE, CHECK_FILE = "grafana-dashboard-url.txt", "dashboard-check.json"
_MATCHER = re.compile(r'\s*(\w+)\s*(=~|!~|!=|=)\s*"((?:[^"\\]|\\.)*)"\s*,?')


@dataclass(frozen=True)
class DashboardSubject:
    """What the dashboard of a validation shows: an agreement in one of its environments (`name`: as it is called on the command
    line; `sha256`: of its text), and the nodes of a selector, if that names a job.
    """

    agreement: Agreement
    sha256: str
    name: str
    environment: str
    selector: str
    place: grafana.Place
    trust: Trust

    @property
    def job(self) -> str:
        """The job that the selector names with `=`; "" for none, several, or one that no rule can be rendered for."""
        named = {value for label, is_, value in _MATCHER.findall(self.selector) if (label, is_) == ("job", "=")}
        with suppress(ValueError):
            return job_name(named.pop()) if len(named) == 1 else ""
        return ""

    @property
    def jobs(self) -> str:
        """The same as a regular expression in PromQL."""
        return re.escape(self.job).replace("\\", "\\\\") or ".*"


def import_own(what: DashboardSubject, artifacts: Path, say: Callable[[str], None]) -> grafana.ImportedDashboard | None:
    """The environment's own dashboard, into the Grafana at GRAFANA_URL; None when that is not set. Raises BizraLoadError."""
    settings = grafana.settings_of_environment(trust=what.trust)
    if settings is None:
        return None
    # "default" is the only one of an agreement that names no environments
    environment = "" if list(what.agreement.accepted) == ["default"] else what.environment
    dashboard = dashboard_of(what.agreement, what.name, environment, what.job)
    panels = panels_of(what.agreement, what.name)
    done = grafana.import_dashboard(settings, dashboard, panels, what.agreement, what.place, say=say)
    _write(artifacts / URL_FILE, done.url + "\n")
    return done


def check(what: DashboardSubject, prometheus_url: str, url: str) -> DashboardCheck:
    """Through Grafana where GRAFANA_URL is set, else of Prometheus. Raises BizraLoadError."""
    panels = panels_of(what.agreement, what.name)
    settings = grafana.settings_of_environment(trust=what.trust)
    if settings is not None:
        return grafana.check_dashboard(settings, panels, what.agreement, what.place.source, url, what.jobs)
    query = PrometheusClient.with_token_of_environment(prometheus_url, trust=what.trust).query
    return check_panels(query, panels, what.agreement, "Prometheus", url, what.jobs)


def write_check(check_result: DashboardCheck, run: Mapping[str, str], by: DashboardSubject, artifacts: Path) -> None:
    """`run`: see checksums.named(). Raises UsageError."""
    _write(artifacts / CHECK_FILE, dashboard_check.render_json(check_result, run, by.agreement.name, by.sha256))


def _write(path: Path, text: str) -> None:
    with writing(path):
        write_atomically(path, text)
