"""Panels of a dashboard have data, or are named: NaN is what Prometheus gives for a quantile of nothing."""

import dataclasses
import json
from datetime import UTC, datetime

import pytest

from bizra_load.judging.agreements import read_agreement
from bizra_load.judging.made import made_monitoring
from bizra_load.monitoring.panel_check import check_panels
from bizra_load.monitoring.panels import Panel
from bizra_load.products import panels_of
from bizra_load.server_metrics.exposition import ScrapeError
from reports.results.dashboard_check import render_json
from sla.release.dashboard_evidence import of_dashboard

AGREEMENT = read_agreement("v2.2.0-rc1").agreement
PANELS = (Panel("Latency", "", "s", {"p50": "median", "p99": "tail"}),)


def series(value):
    return {"metric": {}, "value": [1_800_000_000, value]}


def checked(**vectors):
    """A check where Prometheus has these vectors, and the last scrape took 0.2 s."""

    def query(expression):
        if "scrape_duration_seconds" in expression:
            return [series("0.2")]
        return vectors[expression]

    return check_panels(query, PANELS, AGREEMENT, "a Prometheus")


@pytest.mark.parametrize("value", ["NaN", "+Inf", "-Inf"])
def test_a_value_that_is_no_finite_number_is_no_data(value):
    check = checked(median=[series("0.1")], tail=[series(value)])
    [panel] = check.panels
    assert (panel.empty, panel.series, panel.expressions) == (("p99",), 1, ("median", "tail"))
    assert not check.passed


def test_one_finite_series_beside_others_is_data():
    check = checked(median=[series("0")], tail=[series("NaN"), series("0.3")])
    assert (check.panels[0].empty, check.panels[0].series) == ((), 2)
    assert check.passed
    assert check.scrape_s == 0.2


def test_a_check_says_when_it_was_made_by_the_clock_of_the_world():
    before = datetime.now(UTC).replace(microsecond=0)
    at = datetime.fromisoformat(json.loads(render_json(checked(median=[], tail=[]), {}, "x", "0" * 64))["checked_at"])
    assert before <= at <= datetime.now(UTC)


def test_rates_are_asked_over_two_scrapes_of_a_prometheus_that_scrapes_once_a_minute():
    asked = []

    def query(expression):
        asked.append(expression)
        return [series("0.1")]

    check_panels(query, (Panel("Rate", "", "s", {"": "rate(a_total[$__rate_interval])"}),), AGREEMENT, "a Prometheus")
    assert "rate(a_total[5m])" in asked


def test_a_vector_without_series_is_no_data_and_one_of_another_form_is_refused():
    assert checked(median=[], tail=[]).panels[0].empty == ("p50", "p99")
    with pytest.raises(ScrapeError, match="no instant vector"):
        checked(median=[{"metric": {}}], tail=[])


@pytest.mark.parametrize("value", ["-1", "NaN", "-Inf", "+Inf"])
def test_a_scrape_that_took_no_possible_time_is_not_known(value):
    def query(expression):
        return [series(value if "scrape_duration_seconds" in expression else "0.1")]

    check = check_panels(query, PANELS, AGREEMENT, "a Prometheus")
    assert check.scrape_s is None
    assert not check.passed


def test_a_check_of_the_agreements_own_panels_closes_its_gate_as_evidence_and_one_of_others_does_not():
    """The file that a check writes is what the decision reads."""
    file = read_agreement("v2.2.0-rc1")
    own = panels_of(file.judged, "v2.2.0-rc1")
    other = (dataclasses.replace(own[0], queries={"p50": "vector(1)"}), *own[1:])
    statuses = []
    for panels in (own, other):
        check = check_panels(lambda _: [series("0.1")], panels, file.judged, "a Prometheus", "http://g/d", "node")
        document = json.loads(render_json(check, {}, "v2.2.0-rc1", file.sha256))
        assert (document["job"], document["passed"]) == ("node", True)
        proofs = of_dashboard(document, file.agreement.monitoring, made_monitoring(file), 4.0, file.sha256)
        statuses.append({e.key: e.status.value for e in proofs})
    assert set(statuses[0].values()) == {"PASS"}
    assert statuses[1] == statuses[0] | dict.fromkeys(("monitoring", "panels"), "INCONCLUSIVE")
