"""The few requests of Grafana's HTTP API that are needed here, typed and bounded in size and time.

Source of paths and forms: grafana.com/docs/grafana/latest/developers/http_api (9.0 and newer).
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar
from urllib.parse import quote, urlsplit

import requests

from bizra_load.exit_codes import InvalidRunError, UsageError
from bizra_load.io.bounded_http import MALFORMED, BoundedSession, reason_of
from bizra_load.io.redaction import secret_values, text_without_secrets, without_userinfo
from bizra_load.io.trust import THIS_MACHINES, Trust
from bizra_load.server_metrics.prometheus_api import PrometheusClient

MAX_RESPONSE_BYTES = 32 * 1024 * 1024
_MESSAGE_CHARACTERS = 200
_HINTS = {403: "the key may not do this (role Editor is needed)", 404: "no such address: is this a Grafana?"}

T = TypeVar("T")


@dataclass(frozen=True)
class GrafanaSettings:
    """Key and password are left out of repr."""

    url: str
    key: str
    timeout_s: float = 10.0
    trust: Trust = THIS_MACHINES

    def __repr__(self) -> str:
        return f"GrafanaSettings({self.public_url})"

    @property
    def public_url(self) -> str:
        """The address as it may be shown."""
        return without_userinfo(self.url)


@dataclass(frozen=True)
class DataSource:
    name: str
    uid: str
    kind: str  # prometheus, loki, ...
    is_default: bool


@dataclass(frozen=True)
class Folder:
    title: str
    uid: str


@dataclass(frozen=True)
class Annotation:
    number: int
    text: str


@dataclass(frozen=True)
class SavedDashboard:
    """`path` is the dashboard's on this Grafana; `revision` counts up with every save."""

    path: str
    revision: int


class GrafanaApi:
    """One Grafana. Every method raises UsageError for a wrong key and an address that is no Grafana, InvalidRunError where
    Grafana does not respond within `settings.timeout_s` or within MAX_RESPONSE_BYTES; each with one line.

    The key goes to the host of `settings.url` alone: requests takes the header off a redirect to any other.
    """

    def __init__(self, settings: GrafanaSettings) -> None:
        self._settings = settings
        self._public_url = settings.public_url
        self._secrets = secret_values([("Authorization", f"Bearer {settings.key}")], settings.url)
        parts = urlsplit(self._public_url)  # without user and password: requests would send those in place of the key
        self._api = f"{parts.scheme}://{parts.netloc}{parts.path.rstrip('/')}/api"
        self._session = BoundedSession(MAX_RESPONSE_BYTES, settings.timeout_s, settings.url, settings.trust)
        self._session.headers.update({"Authorization": f"Bearer {settings.key}", "User-Agent": "bizra-load"})

    def version(self) -> str:
        """Grafana's own, such as "11.6.0". Amazon Managed Grafana has no /api/health, but this."""
        return self._get("/frontend/settings", lambda content: str(content["buildInfo"]["version"]))

    def data_sources(self) -> list[DataSource]:
        return self._get(
            "/datasources",
            lambda content: [
                DataSource(str(s["name"]), str(s["uid"]), str(s.get("type")), bool(s.get("isDefault"))) for s in content
            ],
        )

    def folders(self) -> list[Folder]:
        """All that the key may see, those inside others too, which /api/folders leaves out since Grafana 11."""
        lists = [
            self._get(path, lambda content: [Folder(str(f["title"]), str(f["uid"])) for f in content])
            for path in ("/folders", "/search?type=dash-folder&limit=5000")
        ]
        return list(dict.fromkeys(folder for listed in lists for folder in listed))

    def folder_of(self, dashboard_uid: str) -> str | None:
        """Uid of the folder that a dashboard lies in, "" for the general one; None where there is no such dashboard."""

        def parse(content: Any) -> str | None:
            uid = str(content["meta"].get("folderUid") or "")
            return "" if uid == "general" else uid

        return self._request("GET", f"/dashboards/uid/{quote(dashboard_uid, safe='')}", None, parse, None)

    def save_dashboard(self, dashboard: Mapping[str, Any], message: str, folder_uid: str = "") -> SavedDashboard:
        """Create it, or replace the one with its uid, which moves to `folder_uid` ("" is the general folder)."""
        body = {"dashboard": dashboard, "overwrite": True, "message": message}
        return self._post(
            "/dashboards/db",
            {**body, "folderUid": folder_uid} if folder_uid else body,
            lambda content: SavedDashboard(str(content.get("url", "")), int(content.get("version", 0))),
        )

    def create_snapshot(self, dashboard: Mapping[str, Any]) -> str:
        """The URL of a dashboard with its data (see snapshots)."""
        return self._post(
            "/snapshots",
            {"dashboard": dashboard, "name": dashboard["title"]},
            lambda content: str(content.get("url", "")),
        )

    def annotate(self, from_ns: int, to_ns: int, text: str, tags: Sequence[str]) -> None:
        """A region annotation of the organisation, on no dashboard of its own."""
        times_ms = {"time": from_ns // 1_000_000, "timeEnd": to_ns // 1_000_000}
        self._post("/annotations", {"panelId": None, **times_ms, "tags": list(tags), "text": text}, lambda content: None)

    def annotations(self, from_ns: int, to_ns: int, tag: str) -> list[Annotation]:
        """Those of the organisation that have this tag and touch this time."""
        span = f"from={from_ns // 1_000_000}&to={to_ns // 1_000_000}"
        return self._get(
            f"/annotations?{span}&tags={quote(tag, safe='')}&type=annotation&limit=1000",
            lambda content: [Annotation(int(a["id"]), str(a.get("text", ""))) for a in content],
        )

    def change_annotation(self, number: int, text: str, tags: Sequence[str]) -> None:
        """Its times stay."""
        self._request("PATCH", f"/annotations/{number}", {"text": text, "tags": list(tags)}, lambda content: None)

    def prometheus(self, source_uid: str) -> PrometheusClient:
        """A client of a Prometheus data source, through Grafana's proxy."""
        url = f"{self._api}/datasources/proxy/uid/{quote(source_uid, safe='')}"
        return PrometheusClient(url, self._settings.key, self._settings.timeout_s, self._settings.trust)

    def _get(self, path: str, parse: Callable[[Any], T]) -> T:
        return self._request("GET", path, None, parse)

    def _post(self, path: str, body: Mapping[str, Any], parse: Callable[[Any], T]) -> T:
        return self._request("POST", path, body, parse)

    def _request(self, method: str, path: str, body: Mapping[str, Any] | None, parse: Callable[[Any], T], *missing: T) -> T:
        """`missing` is returned for a 404."""
        try:
            response = self._session.request(method, f"{self._api}{path}", json=body)
        except requests.exceptions.SSLError as error:
            raise InvalidRunError(f"{self._public_url}: {reason_of(error)}") from None
        except requests.Timeout:
            raise InvalidRunError(f"{self._public_url}: no response within {self._settings.timeout_s:g} s") from None
        except requests.RequestException as error:
            raise InvalidRunError(f"{self._public_url}: can't be reached: {self._line(reason_of(error))}") from None
        if missing and response.status_code == 404:
            return missing[0]
        self._raise_for_status(response)
        try:
            return parse(json.loads(response.content) if response.content else None)
        except MALFORMED as error:
            raise UsageError(f"{self._public_url}: does not respond as a Grafana does ({type(error).__name__})") from None

    def _raise_for_status(self, response: requests.Response) -> None:
        status = response.status_code
        if status < 400:
            return
        try:
            content = json.loads(response.content)
        except ValueError:
            content = response.text
        message = content["message"] if isinstance(content, dict) and "message" in content else response.text
        if status == 401:
            raise UsageError(
                f"{self._public_url}: 401, the key is not accepted (allowed: a service account token that may edit)"
            )
        if status >= 500:
            raise InvalidRunError(f"{self._public_url}: {status}, {self._line(f'Server Error {status}: {message}')}")
        text = f"Bad Input: `{content}`" if status == 400 else f"Client Error {status}: {message}"
        raise UsageError(f"{self._public_url}: {status}, {_HINTS.get(status) or self._line(text)}")

    def _line(self, text: str) -> str:
        return text_without_secrets(" ".join(text.split()), self._secrets)[:_MESSAGE_CHARACTERS]
