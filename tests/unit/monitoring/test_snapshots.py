"""A snapshot holds the data of every panel, in the form that Grafana reads; nothing of its queries is left."""

import json
from datetime import datetime
from pathlib import Path

import pytest

from bizra_load.judging.agreements import read_agreement
from bizra_load.monitoring.panels import Panel, runnable
from bizra_load.monitoring.snapshots import LENGTH_S, STEP_S, snapshot_of
from bizra_load.poi.panels import node_panels
from bizra_load.server_metrics.exposition import ScrapeError
from tests.e2e.grafana_snapshots import frames_of, shown

ROOT = Path(__file__).resolve().parents[3]
DASHBOARD = json.loads((ROOT / "k8s/monitoring/grafana-rust-metrics.json").read_text())
PANELS = node_panels(read_agreement("v2.2.0-rc1").agreement)
NOW_S = 1_800_000_000.0


def made(query, dashboard=DASHBOARD, panels=PANELS):
    snapshot = snapshot_of(dashboard, panels, query, NOW_S, ("Prometheus", "prom1"), "https://grafana.example/d/x/y")
    return json.loads(json.dumps(snapshot, allow_nan=False))


def one_series(expression, from_s, to_s, step_s):
    assert (to_s, to_s - from_s, step_s) == (NOW_S, LENGTH_S, STEP_S)
    return [{"metric": {}, "values": [[from_s, "1.5"], [from_s + 15.25, "NaN"], [to_s, "+Inf"]]}]


def test_every_panel_holds_a_frame_for_each_series_as_grafana_reads_it():
    snapshot = made(one_series)
    assert [p["title"] for p in snapshot["panels"]] == [p.title for p in PANELS]
    for panel, content in zip(PANELS, snapshot["panels"], strict=True):
        assert [f["name"] for f in frames_of(content)] == list(panel.queries)
        for name, times, values in shown(content):
            assert name in panel.queries
            assert times == [1_799_998_200_000, 1_799_998_215_250, 1_800_000_000_000]
            assert values == [1.5, None, None]


def test_units_and_thresholds_are_in_the_data_for_versions_that_look_nowhere_else():
    [panel] = [p for p in made(one_series)["panels"] if p["title"] == "PoI success rate"]
    config = frames_of(panel)[0]["fields"][1]["config"]
    assert (config["unit"], config["thresholds"]["steps"][1]["value"]) == ("percentunit", 0.99)


def test_nothing_of_the_queries_is_left_and_the_times_are_fixed():
    snapshot = made(one_series)
    text = json.dumps(snapshot)
    assert "bizra_poi" not in text
    assert "rate(" not in text
    begin, end = (datetime.fromisoformat(snapshot["time"][key]).timestamp() for key in ("from", "to"))
    assert (begin, end) == (NOW_S - LENGTH_S, NOW_S)
    assert all(p["targets"] == [] and p["datasource"] is None for p in snapshot["panels"])
    assert all("datasource" not in a and "target" not in a and a["snapshotData"] == [] for a in snapshot["annotations"]["list"])
    variables = {v["name"]: v for v in snapshot["templating"]["list"]}
    assert all((v["query"], v["refresh"]) == ("", 0) for v in variables.values())
    assert variables["datasource"]["options"] == [{"selected": True, "text": "Prometheus", "value": "prom1"}]
    assert snapshot["snapshot"]["originalUrl"] == "https://grafana.example/d/x/y"
    assert "snapshot" not in DASHBOARD
    assert DASHBOARD["panels"][0]["targets"], "the dashboard itself is as it was"


def test_a_legend_with_labels_names_each_series():
    panel = {
        "title": "A",
        "fieldConfig": {"defaults": {}},
        "targets": [{"legendFormat": "{{outcome}} {{ gone }}", "refId": "B"}],
    }
    dashboard = {"title": "x", "panels": [panel], "annotations": {"list": []}, "templating": {"list": []}}

    def query(expression, *_):
        assert expression == runnable("up")
        return [{"metric": {"outcome": o}, "values": [[NOW_S, "1"]]} for o in ("ok", "timeout")]

    snapshot = made(query, dashboard, (Panel("A", "", "s", {"{{outcome}} {{ gone }}": "up"}),))
    assert [name for name, _, _ in shown(snapshot["panels"][0])] == ["ok {{ gone }}", "timeout {{ gone }}"]
    assert [f["refId"] for f in frames_of(snapshot["panels"][0])] == ["B", "B"]


def test_a_prometheus_that_scrapes_once_a_minute_is_asked_over_five():
    asked = []

    def query(expression, *_):
        asked.append(expression)
        return [] if "[1m]" in expression else [{"metric": {}, "values": [[NOW_S, "1"]]}]

    snapshot = made(query)
    assert all(frames_of(panel) for panel in snapshot["panels"])
    assert any("[5m]" in expression for expression in asked)


@pytest.mark.parametrize("series", [{"metric": {}}, {"metric": {}, "values": [["x", "1"]]}, {"values": []}, "text"])
def test_what_is_no_matrix_is_refused(series):
    with pytest.raises(ScrapeError, match="no matrix of Prometheus"):
        made(lambda *_: [series])
