"""Grafana's HTTP API through grafana-client: import a dashboard, see that its panels return data, annotate load tests.

The key comes from GRAFANA_API_KEY or the file named by GRAFANA_API_KEY_FILE, never from an option.
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlsplit

from bizra_load.exit_codes import BizraLoadError, InvalidRunError, UsageError
from bizra_load.io.redaction import without_userinfo
from bizra_load.monitoring.panel_check import Query, check_panels
from bizra_load.monitoring.panels import Panel
from reports.results.dashboard_check import DashboardCheck
from sla.values.agreement import Agreement
from sla.values.section import unknown

OLDEST = (9, 0)  # /api/dashboards/db with folderUid, and the data source proxy by uid


@dataclass(frozen=True)
class GrafanaSettings:
    """`verify`: True, False (--insecure) or the path of certificate authorities. The key is left out of repr."""

    url: str
    key: str
    timeout_s: float = 10.0
    verify: bool | str = True

    def __repr__(self) -> str:
        return f"GrafanaSettings({self.url})"


@dataclass(frozen=True)
class Imported:
    url: str
    version: str  # Grafana's own
    revision: int
    snapshot_url: str
    check: DashboardCheck


def settings_of_environment(timeout_s: float = 10.0, verify: bool | str = True) -> GrafanaSettings | None:
    """None when GRAFANA_URL is not set. Raises UsageError where the URL is none or the key is missing."""
    url = os.environ.get("GRAFANA_URL", "").rstrip("/")
    if not url:
        return None
    parts = urlsplit(url)
    if parts.scheme not in ("http", "https") or not parts.hostname:
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
    return GrafanaSettings(url, key, timeout_s, verify)


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
    wrong key, folder or data source and for an address that is no Grafana, InvalidRunError where Grafana does not answer.
    """
    with _session(settings) as grafana:
        version = _version(grafana, settings)
        say(f"Grafana {version} at {without_userinfo(settings.url)}")
        chosen = _source(grafana, source)
        say(f"Data source {chosen['name']} ({chosen['uid']})")
        content: dict[str, Any] = {
            "dashboard": json.loads(dashboard),
            "overwrite": True,
            "message": "bizra-load dashboard import",
        }
        if folder:
            content["folderUid"] = _folder(grafana, folder)
        made = grafana.dashboard.update_dashboard(content)
        url = _shown(settings, str(made.get("url", "")))
        say(f"Dashboard revision {made.get('version')} at {url}")
        check = check_panels(_proxied(grafana, chosen["uid"]), panels, agreement, "Grafana's data source proxy", url)
        snapshot_url = ""
        if snapshot:
            taken = grafana.snapshots.create_new_snapshot(dashboard=content["dashboard"], name=content["dashboard"]["title"])
            snapshot_url = str(taken.get("url", ""))
            say(f"Snapshot {snapshot_url}")
    return Imported(url, version, int(made.get("version", 0)), snapshot_url, check)


def check_dashboard(
    settings: GrafanaSettings, panels: Sequence[Panel], agreement: Agreement, source: str = "", url: str = ""
) -> DashboardCheck:
    """Ask for every panel's data once more; nothing is imported. Raises as import_dashboard() does."""
    with _session(settings) as grafana:
        uid = _source(grafana, source)["uid"]
        return check_panels(_proxied(grafana, uid), panels, agreement, "Grafana's data source proxy", url)


def annotate(settings: GrafanaSettings, from_ns: int, to_ns: int, text: str, tags: Sequence[str]) -> None:
    """Post a region annotation. Raises BizraLoadError."""
    with _session(settings) as grafana:
        grafana.annotations.add_annotation(
            time_from=from_ns // 1_000_000, time_to=to_ns // 1_000_000, tags=list(tags), text=text
        )


def annotate_if_there_is_one(from_ns: int, to_ns: int, text: str, tags: Sequence[str]) -> None:
    """The same in the Grafana at GRAFANA_URL; without one nothing happens, and trouble is one line on standard error."""
    try:
        if settings := settings_of_environment(timeout_s=5.0):
            annotate(settings, from_ns, to_ns, text, tags)
    except BizraLoadError as error:
        print(f"The run was not marked in Grafana: {error}", file=sys.stderr)


@contextmanager
def _session(settings: GrafanaSettings) -> Iterator[Any]:
    """A client whose every trouble is one line of ours."""
    try:
        import niquests
        from grafana_client.api import GrafanaApi
        from grafana_client.client import (
            GrafanaClientError,
            GrafanaException,
            GrafanaTimeoutError,
            GrafanaUnauthorizedError,
            TokenAuth,
        )
    except ImportError:
        raise UsageError("grafana-client is missing (install it: pip install 'bizra-load[grafana]')") from None
    shown = without_userinfo(settings.url)
    try:
        token = TokenAuth(settings.key)  # type: ignore[no-untyped-call]  # it has no hints
        grafana = GrafanaApi.from_url(settings.url, credential=token, timeout=settings.timeout_s)
        grafana.client.verify = settings.verify
        grafana.client.s.trust_env = False
        yield grafana
    except GrafanaUnauthorizedError:
        raise UsageError(f"{shown}: 401, the key is not accepted (allowed: a service account token that may edit)") from None
    except GrafanaTimeoutError:
        raise InvalidRunError(f"{shown}: no answer within {settings.timeout_s:g} s") from None
    except GrafanaClientError as error:
        hint = {403: "the key may not do this (role Editor is needed)", 404: "no such address: is this a Grafana?"}
        said = hint.get(error.status_code, " ".join(str(error.message).split())[:200])
        raise UsageError(f"{shown}: {error.status_code}, {said}") from None
    except GrafanaException as error:
        raise InvalidRunError(
            f"{shown}: {error.status_code or 'no answer'}, {' '.join(str(error.message).split())[:200]}"
        ) from None
    except niquests.exceptions.SSLError as error:
        raise InvalidRunError(f"{shown}: TLS: {_reason(error)} (--ca-file names further authorities)") from None
    except niquests.exceptions.Timeout:
        raise InvalidRunError(f"{shown}: no answer within {settings.timeout_s:g} s") from None
    except niquests.exceptions.RequestException as error:
        raise InvalidRunError(f"{shown}: can't be reached: {_reason(error)}") from None
    except (ValueError, KeyError, IndexError, TypeError, AttributeError, OverflowError) as error:
        raise UsageError(f"{shown}: does not answer as a Grafana does ({type(error).__name__})") from None


def _version(grafana: Any, settings: GrafanaSettings) -> str:
    health = grafana.health.check()
    version = str(health["version"])
    numbers = tuple(int(part) for part in version.split(".")[:2])
    if numbers < OLDEST:
        raise UsageError(f"{without_userinfo(settings.url)}: Grafana {version} is too old (allowed: {OLDEST[0]} or newer)")
    return version


def _source(grafana: Any, wanted: str) -> dict[str, Any]:
    found = [s for s in grafana.datasource.list_datasources() if s.get("type") == "prometheus"]
    names = [str(s["name"]) for s in found]
    if not found:
        raise UsageError("--datasource: this Grafana has no Prometheus data source")
    if wanted:
        chosen = [s for s in found if wanted in (s["name"], s["uid"])]
        if not chosen:
            raise UsageError(f"--datasource: {unknown(wanted, names)}")
        return dict(chosen[0])
    return dict(next((s for s in found if s.get("isDefault")), found[0]))


def _folder(grafana: Any, wanted: str) -> str:
    folders = grafana.folder.get_all_folders()
    for f in folders:
        if wanted in (f["title"], f["uid"]):
            return str(f["uid"])
    raise UsageError(f"--folder: {unknown(wanted, [f['title'] for f in folders])}")


def _proxied(grafana: Any, uid: str) -> Query:
    def query(expression: str) -> list[dict[str, Any]]:
        path = f"/datasources/proxy/uid/{quote(uid, safe='')}/api/v1/query?query={quote(expression, safe='')}"
        found: list[dict[str, Any]] = grafana.client.GET(path)["data"]["result"]
        return found

    return query


def _shown(settings: GrafanaSettings, path: str) -> str:
    parts = urlsplit(without_userinfo(settings.url))
    return f"{parts.scheme}://{parts.netloc}{path}"


def _reason(error: BaseException) -> str:
    text = " ".join(str(error).split())
    for mark in ("certificate verify failed", "Connection refused", "Name or service not known", "hostname mismatch"):
        if mark.lower() in text.lower():
            return mark
    return text[:200]
