"""Panels return series from a real Prometheus; the import speaks Grafana's API (replayed, see replayed_grafana.py)."""

import json
import os
import ssl
import subprocess
import sys

import pytest
import trustme

from bizra_load.io.ports import free_port
from bizra_load.judging.agreements import read_agreement
from bizra_load.monitoring.panels import runnable
from bizra_load.poi.light_load import LightLoad
from bizra_load.poi.panels import node_panels
from bizra_load.poi.rules import JOB
from bizra_load.rehearsal.local_prometheus import local_prometheus
from bizra_load.rehearsal.node_process import start_node
from bizra_load.server_metrics.prometheus_api import PrometheusClient
from tests.e2e.grafana_snapshots import shown
from tests.e2e.replayed_grafana import KEY, replayed_grafana
from tests.e2e.running import ROOT, load, until

AGREEMENT = read_agreement("v2.2.0-rc1").agreement


@pytest.fixture(scope="module")
def prometheus():
    """One that has scraped a node under a light load for long enough."""
    with start_node() as node:
        target = node.metrics_url.removeprefix("http://").removesuffix("/metrics")
        with local_prometheus({JOB: target}, 0.5) as started, LightLoad(node.url):
            until(lambda: started.query("rate(bizra_finality_checks_total[30s]) > 0"), "two scrapes")
            yield started.url


def dashboard(*words, **environment):
    command = [sys.executable, "-m", "bizra_load.cli.main", "dashboard", *words]
    plain = {k: v for k, v in os.environ.items() if not k.startswith(("GRAFANA", "PROMETHEUS"))}
    return subprocess.run(
        command, cwd=ROOT, env={**plain, **environment}, capture_output=True, text=True, timeout=60, check=False
    )


@pytest.mark.parametrize("panel", node_panels(AGREEMENT), ids=lambda p: p.title)
def test_every_expression_of_every_panel_returns_series(prometheus, panel):
    query = PrometheusClient.with_token_of_environment(prometheus).query
    for expression in panel.queries.values():
        assert query(runnable(expression, job=JOB)), expression
        assert not query(runnable(expression, job="another")), "the job variable selects nothing"


def test_the_check_without_grafana_passes_and_writes_its_evidence(prometheus, tmp_path):
    done = dashboard("check", "--prometheus-url", prometheus, "--out", str(tmp_path))
    assert done.returncode == 0, done.stdout + done.stderr
    check = json.loads((tmp_path / "dashboard-check.json").read_text())
    assert (check["schema"], check["passed"]) == ("bizra-load/dashboard-check/1", True)
    assert [p["passed"] for p in check["panels"]] == [True] * 6
    assert 0 < check["scrape_s"] < 4 == check["scrape_limit_s"]


def test_panels_without_data_fail_the_check_and_are_named(tmp_path):
    with local_prometheus({"nothing": f"127.0.0.1:{free_port()}"}) as empty:
        done = dashboard("check", "--prometheus-url", empty.url, "--out", str(tmp_path))
    assert done.returncode == 5
    assert "no data: p50, p90, p99" in done.stdout
    check = json.loads((tmp_path / "dashboard-check.json").read_text())
    assert (check["passed"], check["scrape_s"]) == (False, None)


def test_an_import_creates_then_updates_asks_the_panels_and_writes_the_address(prometheus, tmp_path):
    with replayed_grafana(prometheus) as grafana:
        key_file = tmp_path / "key"
        key_file.write_text(KEY + "\n")
        environment = {"GRAFANA_URL": grafana.url, "GRAFANA_API_KEY_FILE": str(key_file)}
        words = ("import", "--folder", "Releases", "--snapshot", "--out", str(tmp_path / "out"))
        first, second = dashboard(*words, **environment), dashboard(*words, **environment)
        for done in (first, second):
            assert done.returncode == 0, done.stdout + done.stderr
            assert KEY not in done.stdout + done.stderr
        assert "Dashboard revision 2" in second.stderr
        assert [s["folderUid"] for s in grafana.saved] == ["fold7", "fold7"]
        assert grafana.saved[0]["dashboard"]["uid"] == "bizra-node"
        assert grafana.saved[0]["overwrite"] is True
        assert len(grafana.saved[0]["dashboard"]["panels"]) == 6
        assert len(grafana.snapshots) == 2
        for panel in grafana.snapshots[1]["dashboard"]["panels"]:
            lines = {name: [v for v in values if v is not None] for name, _, values in shown(panel)}
            assert set(lines) == set(next(p.queries for p in node_panels(AGREEMENT) if p.title == panel["title"]))
            assert all(values for values in lines.values()), panel["title"]
        assert (tmp_path / "out/grafana-dashboard-url.txt").read_text() == f"{grafana.url}/d/bizra-node/bizra-node\n"
        check = json.loads((tmp_path / "out/dashboard-check.json").read_text())
        assert (check["passed"], check["asked"]) == (True, "Grafana's data source proxy")


def test_an_import_leaves_the_dashboard_where_it_lies_unless_a_folder_is_named(prometheus, tmp_path):
    with replayed_grafana(prometheus) as grafana:
        environment = {"GRAFANA_URL": grafana.url, "GRAFANA_API_KEY": KEY}
        lies_in = []
        for words in ((), ("--folder", "Releases"), (), ("--folder", "Of the week")):
            assert dashboard("import", "--out", str(tmp_path / "out"), *words, **environment).returncode == 0
            lies_in.append(grafana.dashboards["bizra-node"]["folderUid"])
    assert lies_in == ["", "fold7", "fold7", "fold8"]


def test_a_prometheus_behind_grafana_that_is_away_is_one_line(tmp_path):
    with replayed_grafana(f"http://127.0.0.1:{free_port()}") as grafana:
        done = dashboard("import", "--out", str(tmp_path / "out"), GRAFANA_URL=grafana.url, GRAFANA_API_KEY=KEY)
    assert done.returncode == 5, done.stderr
    [line] = [line for line in done.stderr.splitlines() if not line.startswith("INFO")]
    assert f"{grafana.url}/api/datasources/proxy/uid/prom1: " in line
    assert "502" in line
    assert KEY not in done.stderr


SHORT = ("--target-ops", "200", "--ramp", "0s", "--duration", "6s", "--run-name", "annotated")


def test_a_load_test_is_marked_with_its_beginning_and_end(tmp_path, node):
    with replayed_grafana() as grafana:
        ended = load(tmp_path, node, *SHORT, GRAFANA_URL=grafana.url, GRAFANA_API_KEY=KEY)
    [marked] = grafana.annotations
    facts = ended.measurements.facts
    assert (marked["time"], marked["timeEnd"]) == (facts.load_started_ns // 10**6, facts.load_ended_ns // 10**6)
    assert marked["tags"] == ["load-test", "annotated", ended.assessment["decision"]]
    assert ended.folder.name in marked["text"]


def test_a_grafana_that_is_away_costs_one_line_and_no_verdict(tmp_path, node):
    ended = load(tmp_path, node, *SHORT, GRAFANA_URL=f"http://127.0.0.1:{free_port()}", GRAFANA_API_KEY=KEY)
    assert ended.code == ended.assessment["exit_code"]
    assert ended.err.count("The run was not marked in Grafana: ") == 1
    assert "Traceback" not in ended.err
    assert KEY not in ended.out + ended.err


@pytest.mark.parametrize(
    ("change", "code", "message"),
    [
        ({"GRAFANA_API_KEY": "wrong"}, 6, "401, the key is not accepted"),
        ({"GRAFANA_API_KEY": ""}, 6, "GRAFANA_API_KEY: is missing"),
        ({"GRAFANA_API_KEY_FILE": "/nonexistent"}, 6, "GRAFANA_API_KEY_FILE: /nonexistent: No such file"),
        ({"words": ("--folder", "Release")}, 6, "did you mean 'Releases'?"),
        ({"words": ("--datasource", "Logs")}, 6, "--datasource: 'Logs' is unknown"),
        ({"GRAFANA_URL": "grafana:3000"}, 6, "GRAFANA_URL: not a URL"),
        ({"GRAFANA_URL": ""}, 6, "GRAFANA_URL: is not set"),
        ({"path": "/somewhere"}, 6, "404, no such address: is this a Grafana?"),
        ({"version": "8.5.1"}, 6, "Grafana 8.5.1 is too old"),
        ({"closed": True}, 5, "can't be reached"),
        ({"hang": True, "words": ("--timeout", "0.5")}, 5, "no response within 0.5 s"),
    ],
    ids=lambda v: str(v)[:40],
)
def test_every_trouble_is_one_clear_line(tmp_path, change, code, message):
    with replayed_grafana() as grafana:
        grafana.version = change.get("version", grafana.version)
        if change.get("hang"):
            grafana.hang.clear()
        url = f"http://127.0.0.1:{free_port()}" if change.get("closed") else grafana.url + change.get("path", "")
        environment = {"GRAFANA_URL": url, "GRAFANA_API_KEY": KEY} | {k: v for k, v in change.items() if k.isupper()}
        done = dashboard("import", "--out", str(tmp_path / "out"), *change.get("words", ()), **environment)
    assert done.returncode == code, done.stderr
    lines = [line for line in done.stderr.splitlines() if not line.startswith("INFO")]
    assert len(lines) == 1
    assert message in lines[0]
    assert KEY not in done.stderr
    assert not (tmp_path / "out").exists()


def test_a_certificate_is_verified_unless_it_is_said_otherwise(prometheus, tmp_path):
    authority = trustme.CA()
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("127.0.0.1").configure_cert(context)
    authority.cert_pem.write_to_path(str(tmp_path / "ca.pem"))
    with replayed_grafana(prometheus, context) as grafana:
        environment = {"GRAFANA_URL": grafana.url, "GRAFANA_API_KEY": KEY}
        words = ("import", "--out", str(tmp_path / "out"))
        refused = dashboard(*words, **environment)
        assert (refused.returncode, refused.stderr.count("\n")) == (5, 1), refused.stderr
        assert "TLS: certificate verify failed" in refused.stderr
        assert dashboard(*words, "--ca-file", str(tmp_path / "ca.pem"), **environment).returncode == 0
        warned = dashboard(*words, "--insecure", **environment)
        assert warned.returncode == 0
        assert "the certificate is not verified" in warned.stderr
