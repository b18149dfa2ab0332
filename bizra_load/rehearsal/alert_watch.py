"""When alerts become pending, fire, reach Alertmanager and resolve, as polling shows it."""

from __future__ import annotations

import time
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

import requests

from bizra_load.io.bounded_http import BoundedSession
from bizra_load.rehearsal.local_prometheus import LocalPrometheus

MANAGER_TIMEOUT_S, MAX_ALERTS_BYTES = 5.0, 8 * 1024 * 1024


@dataclass(frozen=True)
class ActiveAlert:
    """An alert of Prometheus: its state, pending or firing, and when its expression became true (unix time, s)."""

    state: str
    since_unix_s: float


class Watched(Protocol):
    @property
    def has_manager(self) -> bool: ...

    def active(self) -> Mapping[str, ActiveAlert]:
        """By name."""

    def notified(self) -> Collection[str]:
        """Those that have reached Alertmanager."""


class AlertWatch:
    """The alerts of a real Prometheus and, at `manager` (host:port; "": none), of a real Alertmanager."""

    def __init__(self, prometheus: LocalPrometheus, manager: str) -> None:
        self._prometheus = prometheus
        self._manager = manager
        self._session = BoundedSession(MAX_ALERTS_BYTES, MANAGER_TIMEOUT_S)

    @property
    def has_manager(self) -> bool:
        return bool(self._manager)

    def active(self) -> dict[str, ActiveAlert]:
        return {
            a["labels"]["alertname"]: ActiveAlert(a["state"], datetime.fromisoformat(a["activeAt"]).timestamp())
            for a in self._prometheus.alerts()
        }

    def notified(self) -> set[str]:
        if not self._manager:
            return set()
        try:
            alerts = self._session.get(f"http://{self._manager}/api/v2/alerts").json()
        except (requests.RequestException, ValueError):
            return set()
        return {a["labels"]["alertname"] for a in alerts}

    def holds(self, expression: str) -> bool:
        return bool(self._prometheus.query(expression))


class Sightings:
    """When each alert was first seen pending, firing, notified (s since this was made) and gone (s since cleared()). `waits_s`:
    how long each must hold before it fires ("for"), by its name.
    """

    def __init__(self, watch: Watched, waits_s: Mapping[str, float]) -> None:
        self._watch = watch
        self._waits_s = waits_s
        self._began, self._began_unix_s = time.monotonic(), time.time()
        self.times: dict[str, dict[str, float]] = {alert: {} for alert in waits_s}

    def all_fired(self) -> bool:
        """Poll once: have all of them fired and, if there is an Alertmanager, reached it?

        Alertmanager is asked first: what has reached it was firing before, and Prometheus still reports it. What was pending
        only between two polls has been for as long as Prometheus reports that its expression has been true.
        """
        now_s, notified, active = time.monotonic() - self._began, self._watch.notified(), self._watch.active()
        for alert, seen in self.times.items():
            if alert in active:
                seen.setdefault(active[alert].state, now_s)
                since_s, wait_s = active[alert].since_unix_s - self._began_unix_s, self._waits_s[alert]
                if "firing" in seen and 0 < wait_s <= now_s - since_s:
                    seen.setdefault("pending", max(since_s, 0.0))
            if alert in notified:
                seen.setdefault("notified", now_s)
        return all("firing" in seen and ("notified" in seen or not self._watch.has_manager) for seen in self.times.values())

    def cleared(self) -> None:
        """The faults are off from now on."""
        self._began = time.monotonic()

    def none_is_left_of(self, alerts: Collection[str]) -> bool:
        """Poll once: is none of them active any more?"""
        now_s, active = time.monotonic() - self._began, self._watch.active()
        for alert, seen in self.times.items():
            if alert not in active and "firing" in seen:
                seen.setdefault("resolved", now_s)
        return not set(active) & set(alerts)
