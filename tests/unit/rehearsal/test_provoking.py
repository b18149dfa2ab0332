"""When a rule has passed its part of the drill, and why not; Prometheus and Alertmanager follow a script."""

import json
import time
from contextlib import contextmanager
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, HTTPServer
from threading import Thread
from types import SimpleNamespace

import pytest

from bizra_load.monitoring.rules import AlertRule
from bizra_load.poi.product import REQUIRED
from bizra_load.rehearsal import drill
from bizra_load.rehearsal.alert_watch import ActiveAlert
from bizra_load.rehearsal.drill import Phase
from reports.results.alert_drill import Drill, render_json
from sla.release.drill_evidence import of_alert_drill
from sla.values.assessment import Status
from tests.unit.sla.release.test_evidence import MADE

PHASE = Phase({"error_rate": ("40%", ("A",))})


@contextmanager
def admin():
    """A node's administration that takes every fault; `.asked` has what it was asked."""
    asked = []

    class Handler(BaseHTTPRequestHandler):
        def _take(self):
            self.rfile.read(int(self.headers.get("Content-Length") or 0))
            asked.append(self.command)
            self.send_response(200)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *_):
            pass

        do_POST = do_DELETE = _take  # the names that http.server calls

    server = HTTPServer(("127.0.0.1", 0), Handler)
    thread = Thread(target=server.serve_forever, args=(0.01,), daemon=True)
    thread.start()
    try:
        yield SimpleNamespace(admin_url=f"http://127.0.0.1:{server.server_address[1]}", asked=asked)
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


class Scripted:
    """Alert "A" is in `before` till the fault is set, or for so many `looks`; in `during` till it is gone, then in `after`."""

    def __init__(
        self, node, before=None, during="firing", after=None, notified=True, true_for_s=60.0, manager=True, looks=1000
    ):
        self._node, self._states, self._looks = node, (before, during, after), looks
        self._notified, self._true_for_s, self.has_manager = notified, true_for_s, manager

    def notified(self):
        return {"A"} if self._notified else set()

    def active(self):
        self._looks -= 1
        state = self._states[len(self._node.asked)] if self._node.asked or self._looks >= 0 else None
        return {"A": ActiveAlert(state, time.time() - self._true_for_s)} if state else {}


def drilled(monkeypatch, **script):
    monkeypatch.setattr(drill, "FIRES_WITHIN_S", 0.3)
    monkeypatch.setattr(drill, "RESOLVES_WITHIN_S", 0.3)
    monkeypatch.setattr(drill, "POLL_EVERY_S", 0.01)
    rule = AlertRule("A", "a-group", "critical", "health", "up == 0", 2.0, "", "", service="a-service")
    with admin() as node:
        [provoked] = drill._provoke(PHASE, ["A"], node, Scripted(node, **script), {"A": rule})
        assert node.asked == ["POST", "DELETE"]
    return provoked


def test_a_rule_that_fires_for_its_fault_and_resolves_after_it_passes(monkeypatch):
    provoked = drilled(monkeypatch)
    assert (provoked.reason, provoked.passed, provoked.fault) == ("", True, "error_rate=40%")
    assert 0 <= provoked.pending_s <= provoked.firing_s <= provoked.notified_s
    assert provoked.resolved_s >= 0


def test_an_alert_that_a_slow_scrape_made_pending_for_a_moment_was_not_active_before_its_fault(monkeypatch):
    assert drilled(monkeypatch, before="pending", looks=3).passed


def test_a_drill_that_passed_closes_its_gate_as_evidence(monkeypatch):
    """The file that the drill writes is what the decision reads; here the alert resolves sooner than it fired."""
    rule = replace(drilled(monkeypatch), firing_s=6.0, notified_s=6.5)
    rules = tuple(
        replace(rule, alert=r.name, group=r.group, severity=r.severity, expression=r.expression)
        for r in MADE.rules
        if r.name in REQUIRED.critical_rules
    )
    document = json.loads(render_json(Drill("x", "0123abcd", "2027-01-15T07:00:00Z", 12, True, {}, rules)))
    assert {e.status for e in of_alert_drill(document, REQUIRED, MADE, "0123abcd")} == {Status.PASS}


@pytest.mark.parametrize(
    ("script", "reason"),
    [
        ({"before": "firing"}, "was active before its fault"),
        ({"before": "pending"}, "was active before its fault"),
        ({"during": None}, "did not fire within 0.3 s"),
        ({"true_for_s": 0.1}, "was never pending"),  # for less than the 2 s that it must hold
        ({"notified": False}, "did not reach Alertmanager"),
        ({"after": "firing"}, "did not resolve within 0.3 s"),
    ],
)
def test_a_rule_that_does_anything_else_does_not(monkeypatch, script, reason):
    provoked = drilled(monkeypatch, **script)
    assert (provoked.reason, provoked.passed) == (reason, False)


def test_without_an_alertmanager_nobody_has_to_be_notified(monkeypatch):
    assert drilled(monkeypatch, notified=False, manager=False).passed
