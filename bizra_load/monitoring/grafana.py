"""What is done with a Grafana: import a dashboard, see that its panels return data, annotate load tests.

The key comes from GRAFANA_API_KEY or the file named by GRAFANA_API_KEY_FILE, never from an option.
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from urllib.parse import urlsplit

from bizra_load.exit_codes import BizraLoadError, UsageError
from bizra_load.io.redaction import without_userinfo
from bizra_load.io.trust import THIS_MACHINES, Trust
from bizra_load.monitoring.grafana_api import DataSource, GrafanaApi, GrafanaSettings
from bizra_load.monitoring.panel_check import check_panels
from bizra_load.monitoring.panels import Panel
from reports.results.dashboard_check import DashboardCheck
from sla.values.agreement import Agreement
from sla.values.section import unknown

OLDEST = (9, 0)  # /api/dashboards/db with folderUid, and the data source proxy by uid
_PROXY = "Grafana's data source proxy"


@dataclass(frozen=True)
class Imported:
    url: str
    version: str  # Grafana's own
    revision: int
    snapshot_url: str
    check: DashboardCheck


def settings_of_environment(timeout_s: float = 10.0, trust: Trust = THIS_MACHINES) -> GrafanaSettings | None:
    """None when GRAFANA_URL is not set. Raises UsageError where the URL is none or the key is missing."""
    url = os.environ.get("GRAFANA_URL", "").rstrip("/")
    if not url:
        return None
    if not _is_address(url):
        raise UsageError(f"GRAFANA_URL: not a URL: {without_userinfo(url)!r} (allowed: http://... or https://...)")
    file = os.environ.get("GRAFANA_API_KEY_FILE", "")
    try:
        key = Path(file).read_text(encoding="utf-8").strip() if file else os.environ.get("GRAFANA_API_KEY", "").strip()
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError(f"GRAFANA_API_KEY_FILE: {file}: {getattr(error, 'strerror', None) or 'not text'}") from None
    if not key or not key.isascii() or not key.isprintable():
        raise UsageError(
            "GRAFANA_API_KEY: is missing or holds impossible characters (allowed: a service account token, or a file)"
        )
    return GrafanaSettings(url, key, timeout_s, trust)


def import_dashboard(
    settings: GrafanaSettings,
    dashboard: str,
    panels: Sequence[Panel],
    agreement: Agreement,
    folder: str = "",
    source: str = "",
    snapshot: bool = False,
    say: Callable[[str], None] = lambda line: None,
) -> Imported:
    """Create or replace the dashboard (JSON), then ask for every panel's data through Grafana's data source proxy.

    `folder` and `source` are titles or uids ("": the general folder, the default or only Prometheus). Raises UsageError for a
    wrong key, folder or data source and for an address that is no Grafana, InvalidRunError where Grafana does not respond.
    """
    grafana = GrafanaApi(settings)
    version = _version(grafana, settings)
    say(f"Grafana {version} at {settings.shown}")
    chosen = _source(grafana, source)
    say(f"Data source {chosen.name} ({chosen.uid})")
    content = json.loads(dashboard)
    saved = grafana.save_dashboard(content, "bizra-load dashboard import", _folder_uid(grafana, folder) if folder else "")
    url = _address(settings, saved.path)
    say(f"Dashboard revision {saved.revision} at {url}")
    check = check_panels(partial(grafana.query, chosen.uid), panels, agreement, _PROXY, url)
    snapshot_url = ""
    if snapshot:
        snapshot_url = grafana.create_snapshot(content)
        say(f"Snapshot {snapshot_url}")
    return Imported(url, version, saved.revision, snapshot_url, check)


def check_dashboard(
    settings: GrafanaSettings, panels: Sequence[Panel], agreement: Agreement, source: str = "", url: str = ""
) -> DashboardCheck:
    """Ask for every panel's data once more; nothing is imported. Raises as import_dashboard() does."""
    grafana = GrafanaApi(settings)
    return check_panels(partial(grafana.query, _source(grafana, source).uid), panels, agreement, _PROXY, url)


def annotate(settings: GrafanaSettings, from_ns: int, to_ns: int, text: str, tags: Sequence[str]) -> None:
    """Post a region annotation. Raises BizraLoadError."""
    GrafanaApi(settings).annotate(from_ns, to_ns, text, tags)


def annotate_if_there_is_one(from_ns: int, to_ns: int, text: str, tags: Sequence[str]) -> None:
    """The same in the Grafana at GRAFANA_URL; without one nothing happens, and trouble is one line on standard error."""
    try:
        if settings := settings_of_environment(timeout_s=5.0):
            annotate(settings, from_ns, to_ns, text, tags)
    except BizraLoadError as error:
        print(f"The run was not marked in Grafana: {error}", file=sys.stderr)


def _is_address(url: str) -> bool:
    try:
        parts = urlsplit(url)
        return parts.scheme in ("http", "https") and bool(parts.hostname) and (parts.port is None or parts.port > 0)
    except ValueError:  # a port that is none, or brackets that do not close
        return False


def _version(grafana: GrafanaApi, settings: GrafanaSettings) -> str:
    version = grafana.version()
    try:
        numbers = tuple(int(part) for part in version.split(".")[:2])
    except ValueError:
        raise UsageError(f"{settings.shown}: does not respond as a Grafana does (ValueError)") from None
    if numbers < OLDEST:
        raise UsageError(f"{settings.shown}: Grafana {version} is too old (allowed: {OLDEST[0]} or newer)")
    return version


def _source(grafana: GrafanaApi, wanted: str) -> DataSource:
    sources = [s for s in grafana.data_sources() if s.kind == "prometheus"]
    if not sources:
        raise UsageError("--datasource: this Grafana has no Prometheus data source")
    if wanted:
        chosen = [s for s in sources if wanted in (s.name, s.uid)]
        if not chosen:
            raise UsageError(f"--datasource: {unknown(wanted, [s.name for s in sources])}")
        return chosen[0]
    return next((s for s in sources if s.is_default), sources[0])


def _folder_uid(grafana: GrafanaApi, wanted: str) -> str:
    folders = grafana.folders()
    for f in folders:
        if wanted in (f.title, f.uid):
            return f.uid
    raise UsageError(f"--folder: {unknown(wanted, [f.title for f in folders])}")


def _address(settings: GrafanaSettings, path: str) -> str:
    parts = urlsplit(settings.shown)
    return f"{parts.scheme}://{parts.netloc}{path}"
