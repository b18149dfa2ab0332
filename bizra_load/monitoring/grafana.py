"""What is done with a Grafana: import a dashboard, see that its panels return data, annotate load tests.

The key comes from GRAFANA_API_KEY or the file named by GRAFANA_API_KEY_FILE, never from an option.
"""

from __future__ import annotations

import json
import os
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from bizra_load.exit_codes import BizraLoadError, InvalidRunError, UsageError
from bizra_load.io.redaction import without_userinfo
from bizra_load.io.trust import THIS_MACHINES, Trust
from bizra_load.io.urls import check_authority
from bizra_load.monitoring.grafana_api import DataSource, GrafanaApi, GrafanaSettings
from bizra_load.monitoring.panel_check import check_panels
from bizra_load.monitoring.panels import Panel
from bizra_load.monitoring.snapshots import snapshot_of
from bizra_load.server_metrics.exposition import ScrapeError
from reports.results.dashboard_check import DashboardCheck
from sla.values.agreement import Agreement
from sla.values.section import unknown

OLDEST = (9, 0)  # /api/dashboards/db with folderUid, and the data source proxy by uid
LOAD_TEST = "load-test"  # the tag of annotations that mark one
_PROXY = "Grafana's data source proxy"


@dataclass(frozen=True)
class Place:
    """Folder of a new dashboard and source of its data: titles, names or uids ("": the general folder; the default or only
    Prometheus). A dashboard that lies elsewhere already moves to a named folder only with `moves`.
    """

    folder: str = ""
    source: str = ""
    moves: bool = True


ANYWHERE = Place()


@dataclass(frozen=True)
class LoadTest:
    """`run` is the run folder's name, `name` the user's; unix times."""

    run: str
    name: str
    from_ns: int
    to_ns: int


@dataclass(frozen=True)
class ImportedDashboard:
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
    place: Place = ANYWHERE,
    snapshot: bool = False,
    say: Callable[[str], None] = lambda line: None,
) -> ImportedDashboard:
    """Create or replace the dashboard (JSON), then ask for every panel's data through Grafana's data source proxy.

    Raises UsageError for a wrong key, folder or data source and for an address that is no Grafana, InvalidRunError where
    Grafana or the Prometheus behind it does not respond.
    """
    grafana = GrafanaApi(settings)
    version = _version(grafana, settings)
    say(f"Grafana {version} at {settings.public_url}")
    chosen = _source(grafana, place.source)
    say(f"Data source {chosen.name} ({chosen.uid})")
    content = json.loads(dashboard)
    saved = grafana.save_dashboard(content, "bizra-load dashboard import", _put_into(grafana, content["uid"], place, say))
    url = _address(settings, saved.path)
    say(f"Dashboard revision {saved.revision} at {url}")
    prometheus = grafana.prometheus(chosen.uid)
    snapshot_url = ""
    try:
        check = check_panels(prometheus.query, panels, agreement, _PROXY, url)
        if snapshot:
            named = (chosen.name, chosen.uid)
            with_data = snapshot_of(content, panels, prometheus.query_range, time.time(), named, url)
            snapshot_url = grafana.create_snapshot(with_data)
            say(f"Snapshot {snapshot_url}")
    except ScrapeError as error:
        raise InvalidRunError(str(error)) from None
    return ImportedDashboard(url, version, saved.revision, snapshot_url, check)


def check_place(settings: GrafanaSettings, place: Place) -> None:
    """Raises as import_dashboard() does for what it would refuse before it changes anything."""
    grafana = GrafanaApi(settings)
    _version(grafana, settings)
    _source(grafana, place.source)
    if place.folder:
        _folder_uid(grafana, place.folder)


def check_dashboard(
    settings: GrafanaSettings, panels: Sequence[Panel], agreement: Agreement, source: str = "", url: str = "", job: str = ".*"
) -> DashboardCheck:
    """Ask for every panel's data once more, of jobs that match the regular expression `job`. Raises as import_dashboard()."""
    grafana = GrafanaApi(settings)
    try:
        query = grafana.prometheus(_source(grafana, source).uid).query
        return check_panels(query, panels, agreement, _PROXY, url, job)
    except ScrapeError as error:
        raise InvalidRunError(str(error)) from None


def mark(settings: GrafanaSettings, test: LoadTest, decision: str, summary: str) -> None:
    """Mark a load test with the decision on it, from its beginning to its end: what marks it already is changed. Raises
    BizraLoadError.
    """
    grafana = GrafanaApi(settings)
    text, tags = f"{test.run}: {decision} ({summary})", (LOAD_TEST, test.name, decision)
    marks = [a for a in grafana.annotations(test.from_ns, test.to_ns, LOAD_TEST) if a.text.startswith(f"{test.run}: ")]
    for a in marks:
        grafana.change_annotation(a.number, text, tags)
    if not marks:
        grafana.annotate(test.from_ns, test.to_ns, text, tags)


def mark_if_there_is_one(test: LoadTest, decision: str, summary: str, trust: Trust = THIS_MACHINES) -> None:
    """The same in the Grafana at GRAFANA_URL; without one nothing happens, and trouble is one line on standard error."""
    try:
        if settings := settings_of_environment(5.0, trust):
            mark(settings, test, decision, summary)
    except BizraLoadError as error:
        print(f"The run was not marked in Grafana: {error}", file=sys.stderr)


def _put_into(grafana: GrafanaApi, uid: str, place: Place, say: Callable[[str], None]) -> str:
    """Uid of the folder for a dashboard: the one where it lies already, unless it is to be moved."""
    wanted = _folder_uid(grafana, place.folder) if place.folder else ""
    lies_in = grafana.folder_of(uid)
    if lies_in is None or (place.folder and place.moves):
        return wanted
    if place.folder and lies_in != wanted:
        say(f"The dashboard lies in another folder than {place.folder} already, and stays there")
    return lies_in


def _is_address(url: str) -> bool:
    try:
        parts = urlsplit(url)
        check_authority(parts.netloc)
        if "?" in url or "#" in url:  # paths are added to it
            return False
        return parts.scheme in ("http", "https") and bool(parts.hostname) and (parts.port is None or parts.port > 0)
    except ValueError:  # a port that is none, brackets that do not close, a host that can be no name
        return False


def _version(grafana: GrafanaApi, settings: GrafanaSettings) -> str:
    version = grafana.version()
    try:
        numbers = tuple(int(part) for part in version.split(".")[:2])
    except ValueError:
        raise UsageError(f"{settings.public_url}: does not respond as a Grafana does (ValueError)") from None
    if numbers < OLDEST:
        raise UsageError(f"{settings.public_url}: Grafana {version} is too old (allowed: {OLDEST[0]} or newer)")
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
    parts = urlsplit(settings.public_url)
    return f"{parts.scheme}://{parts.netloc}{path}"
