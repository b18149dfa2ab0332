"""The dashboards: current, what was agreed, and nothing Grafana would not know."""

import json
import sys
from pathlib import Path

import promql_parser
import pytest
from grafana_foundation_sdk.cog.encoder import JSONEncoder
from grafana_foundation_sdk.cog.plugins import register_default_plugins
from grafana_foundation_sdk.models.dashboard import Dashboard

from bizra_load.cli.main import main
from bizra_load.judging.agreements import read_agreement
from bizra_load.monitoring.panels import generator_panels, runnable
from bizra_load.poi.panels import TEMPLATES, node_panels
from tests.unit.sla.synthetic import LOCAL

ROOT = Path(__file__).resolve().parents[3]
FILES = sorted((ROOT / "k8s/monitoring").glob("grafana-*.json"))
AGREEMENT = read_agreement("v2.2.0-rc1").agreement


def test_the_committed_files_are_current(capsys):
    assert main(["dashboard", "render", "--check", "--out", str(ROOT / "k8s/monitoring")]) == 0, capsys.readouterr().err


def test_there_is_one_for_each_environment_and_one_for_the_generator():
    assert {f.stem for f in FILES} == {
        "grafana-rust-metrics",
        *(f"grafana-rust-metrics-{e}" for e in TEMPLATES),
        "grafana-load-generator",
    }


@pytest.mark.parametrize("file", FILES, ids=lambda f: f.stem)
def test_grafanas_own_schema_knows_every_key(file):
    register_default_plugins()
    content = json.loads(file.read_text())
    assert json.loads(JSONEncoder().encode(Dashboard.from_json(content))) == content


@pytest.mark.parametrize("file", FILES, ids=lambda f: f.stem)
def test_a_dashboard_is_read_only_refreshes_every_5_s_and_shows_deployments_and_load_tests(file):
    content = json.loads(file.read_text())
    assert (content["editable"], content["refresh"]) == (False, "5s")
    tags = [a["target"]["tags"] for a in content["annotations"]["list"] if "target" in a]
    assert tags == [["deployment"], ["load-test"]]
    variables = [v["name"] for v in content["templating"]["list"]]
    assert variables[:2] == ["datasource", "job"]
    for panel in content["panels"]:
        assert panel["description"]
        assert panel["fieldConfig"]["defaults"]["unit"]
        assert panel["datasource"]["uid"] == "${datasource}"
        assert panel["targets"]
    assert len({f["title"] for f in content["panels"]}) == len(content["panels"])


def test_the_six_panels_are_the_agreed_ones_with_their_lines():
    panels = [(p.title, list(p.queries), p.line.value if p.line else None) for p in node_panels(AGREEMENT)]
    assert panels == [
        ("Finality check performance", ["p50", "p90", "p99"], 1e-3),
        ("Finality throughput", ["finality checks"], None),
        ("PoI generation performance", ["p50", "p95", "p99"], pytest.approx(200e-6)),
        ("PoI verification performance", ["p50", "p95", "p99"], pytest.approx(400e-6)),
        ("PoI throughput", ["generate", "verify", "both"], 100_000),
        ("PoI success rate", ["success rate"], 0.99),
    ]


def test_the_red_side_of_a_line_is_the_one_that_breaks_the_agreement():
    content = json.loads((ROOT / "k8s/monitoring/grafana-rust-metrics.json").read_text())
    steps = {p["title"]: [s["color"] for s in p["fieldConfig"]["defaults"]["thresholds"]["steps"]] for p in content["panels"]}
    assert steps["PoI generation performance"] == ["green", "red"]
    assert steps["PoI success rate"] == ["red", "green"]


def test_an_environments_own_policy_moves_its_lines():
    lines = {e: node_panels(read_agreement(name).agreement, e)[4].line for e, (name, _) in TEMPLATES.items()}
    assert (lines["testnet"].value, lines["production"].value) == (50_000, 100_000)
    assert lines["local"] is None  # a share of the plan has no place on a dashboard


def test_a_target_relative_to_a_baseline_has_its_line_where_there_is_one_and_else_says_why_not():
    without, with_one = node_panels(LOCAL.agreement)[2], node_panels(LOCAL.judged)[2]
    assert without.line is None
    assert "No line: the agreement's p99 target is 10 times what the operation takes alone" in without.description
    assert with_one.line.value == pytest.approx(200e-6)
    assert "The line is the agreement's p99 target." in with_one.description


@pytest.mark.parametrize("panel", [*node_panels(AGREEMENT), *generator_panels()], ids=lambda p: p.title)
def test_every_expression_is_promql_and_uses_the_rate_interval_where_it_rates(panel):
    for expression in panel.queries.values():
        promql_parser.parse(runnable(expression))
        assert "$job" in expression
        assert ("rate(" in expression) == ("$__rate_interval" in expression)


def test_an_agreement_without_an_operation_that_is_shown_is_refused(tmp_path, capsys):
    text = (ROOT / "bizra_load/poi/agreements/v2.2.0-rc1.yaml").read_text().replace(", failed: bizra_poi_verify_fail_total", "")
    path = tmp_path / "mine.yaml"
    path.write_text(text)
    assert main(["dashboard", "render", "--agreement", str(path), "--out", str(tmp_path / "out")]) == 6
    error = capsys.readouterr().err
    assert "operations.verify.failed: is missing" in error
    assert error.count("\n") == 1
    assert not (tmp_path / "out").exists()


def test_without_grafanas_libraries_the_install_line_is_said(monkeypatch, tmp_path, capsys):
    monkeypatch.setitem(sys.modules, "grafana_foundation_sdk.builders", None)
    monkeypatch.delitem(sys.modules, "bizra_load.monitoring.dashboards", raising=False)
    assert main(["dashboard", "render", "--out", str(tmp_path / "out")]) == 6
    error = capsys.readouterr().err
    assert "pip install 'bizra-load[grafana]'" in error
    assert error.count("\n") == 1
