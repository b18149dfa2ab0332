"""The client of Prometheus' HTTP API, bounded in size and time: prometheus.io/docs/prometheus/latest/querying/api."""

from __future__ import annotations

import os
import time
from collections.abc import Mapping
from typing import Any

import requests

from bizra_load.io.bounded_http import MALFORMED, BoundedSession, reason_of
from bizra_load.io.redaction import secret_values, text_without_secrets
from bizra_load.io.trust import THIS_MACHINES, Trust
from bizra_load.server_metrics.exposition import ScrapeError
from sla.values.from_json import loads

MAX_RESPONSE_BYTES = 128 * 1024 * 1024
MAX_LISTS = 1_000_000  # samples and buckets are lists: of a few bytes, each takes hundreds once it is read
TOKEN = "PROMETHEUS_TOKEN"  # noqa: S105  # the name of a variable of the environment
_TRY_AGAIN_AFTER_S = (0.0, 1.0, 2.0)
_PASSING = frozenset({408, 429, 500, 502, 503, 504})  # of a Prometheus that starts, or of a proxy before it
_CHARACTERS, _READ_BYTES = 200, 4_000  # shown of a response; looked through for secrets, which may be cut in two at an end


class PrometheusClient:
    """Every method raises ScrapeError with one line. A refused connection or a passing status is tried again, as long as
    `timeout_s` is not over; the last try may take as long again.
    """

    def __init__(self, url: str, token: str = "", timeout_s: float = 10.0, trust: Trust = THIS_MACHINES) -> None:
        self.url = url.rstrip("/")
        self.timeout_s = timeout_s
        self._session = BoundedSession(MAX_RESPONSE_BYTES, timeout_s, self.url, trust)
        self._secrets = secret_values([("Authorization", f"Bearer {token}")] if token else [], url)
        if token:
            self._session.headers["Authorization"] = f"Bearer {token}"

    @classmethod
    def with_token_of_environment(cls, url: str, timeout_s: float = 10.0, trust: Trust = THIS_MACHINES) -> PrometheusClient:
        """The token is PROMETHEUS_TOKEN's, if there is one."""
        return cls(url, os.environ.get(TOKEN, ""), timeout_s, trust)

    def query(self, expression: str, at_s: float | None = None) -> list[dict[str, Any]]:
        """The series of a PromQL expression: an instant vector, or a matrix for a range selector; at the unix time `at_s`
        (default: now).
        """
        limit = {"timeout": f"{max(int(self.timeout_s), 1)}s"}
        at = {} if at_s is None else {"time": f"{at_s:.3f}"}
        return self._list("query", {"query": expression, **limit, **at}, "result")

    def query_range(self, expression: str, from_s: float, to_s: float, step_s: float) -> list[dict[str, Any]]:
        """The matrix of a PromQL expression: its values from one unix time to another, every `step_s` seconds."""
        limit = {"timeout": f"{max(int(self.timeout_s), 1)}s"}
        span = {"start": f"{from_s:.3f}", "end": f"{to_s:.3f}", "step": f"{step_s:g}"}
        return self._list("query_range", {"query": expression, **limit, **span}, "result")

    def alerts(self) -> list[dict[str, Any]]:
        """All alerts that are pending or firing."""
        return self._list("alerts", {}, "alerts")

    def rule_groups(self) -> list[dict[str, Any]]:
        """The groups of rules that are loaded."""
        return self._list("rules", {}, "groups")

    def alertmanagers(self) -> list[dict[str, Any]]:
        """Those that alerts are sent to now."""
        return self._list("alertmanagers", {}, "activeAlertmanagers")

    def formatted(self, expression: str) -> str:
        """The expression as Prometheus writes it, so that two can be compared; without white space where it can't tell."""
        try:
            return str(self._data("format_query", {"query": expression}, None))
        except ScrapeError:  # older ones, and others that speak its language
            return "".join(expression.split())

    def _list(self, path: str, parameters: Mapping[str, str], key: str) -> list[dict[str, Any]]:
        items = self._data(path, parameters, key)
        if not isinstance(items, list) or not all(isinstance(item, dict) for item in items):
            raise ScrapeError(self._line(f"does not respond as a Prometheus does: {key} is no list of objects"))
        return items

    def _data(self, path: str, parameters: Mapping[str, str], key: str | None) -> Any:
        try:
            response = self._response(f"{self.url}/api/v1/{path}", parameters)
            if response.status_code != 200:
                raise ScrapeError(self._line(f"HTTP Status Code {response.status_code} ({response.content[:_READ_BYTES]!r})"))
            if response.content.count(b"[") > MAX_LISTS:
                raise ScrapeError(self._line(f"a response with more than {MAX_LISTS:,} samples"))
            document = loads(response.content.decode("utf-8-sig"))
            if document.get("status", "success") != "success":
                raise ScrapeError(self._line(f"{document['status']}: {document.get('error')}"))
            warnings = document.get("warnings")  # of Thanos or Mimir: a store did not respond, what is here is a part
            if warnings or document.get("isPartial"):  # VictoriaMetrics' word for the same
                text = "; ".join(map(str, warnings)) if isinstance(warnings, list) else str(warnings or "isPartial")
                raise ScrapeError(self._line(f"Prometheus warns that its response may be incomplete: {text}"))
            return document["data"] if key is None else document["data"][key]
        except requests.exceptions.SSLError as error:
            raise ScrapeError(self._line(reason_of(error))) from error
        except requests.ConnectionError as error:  # a read that timed out is one, too
            raise ScrapeError(self._line(f"{type(error).__name__}: {reason_of(error)}")) from error
        except (requests.RequestException, *MALFORMED) as error:
            raise ScrapeError(self._line(f"{type(error).__name__}: {error}")) from error

    def _response(self, url: str, parameters: Mapping[str, str]) -> requests.Response:
        end_s = time.monotonic() + self.timeout_s
        for pause_s in _TRY_AGAIN_AFTER_S:
            try:
                response = self._session.get(url, params=dict(parameters))
                if response.status_code not in _PASSING:
                    return response
            except requests.Timeout:
                raise
            except requests.ConnectionError:
                if time.monotonic() + pause_s >= end_s:
                    raise
            if time.monotonic() + pause_s >= end_s:
                break
            time.sleep(pause_s)
        return self._session.get(url, params=dict(parameters))

    def _line(self, text: str) -> str:
        return f"{self.url}: {text_without_secrets(' '.join(text.split()), self._secrets)[:_CHARACTERS]}"
