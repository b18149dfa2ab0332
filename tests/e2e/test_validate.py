"""`bizra-load validate` on real parts; Grafana alone is replayed (see replayed_grafana.py)."""

import hashlib
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from bizra_load.io.ports import free_port
from bizra_load.rehearsal.local_prometheus import local_prometheus
from tests.e2e.replayed_grafana import KEY, replayed_grafana
from tests.e2e.running import ROOT

DOCUMENTS = {"GO-NO-GO-DECISION.md", "PRODUCTION-READINESS-CHECKLIST.md", "PERFORMANCE-REPORT.md"}
# what a busy machine keeps too: that latencies are judged right is held elsewhere
AGREEMENT = """
schema: bizra-load/agreement/1
name: generous
baseline: measured
operations:
  generate: {histogram: bizra_poi_generate_seconds, total: bizra_poi_generate_total, failed: bizra_poi_generate_fail_total}
  verify: {histogram: bizra_poi_verify_seconds, total: bizra_poi_verify_total, failed: bizra_poi_verify_fail_total}
  finality: {histogram: bizra_finality_check_seconds, total: bizra_finality_checks_total}
objectives:
  finality_p50:
    title: Finality p50
    severity: CRITICAL
    measure: {kind: server_quantile, operations: [finality], quantile: 0.5}
    target: "< 10 x baseline, at least 100 ms"
    baseline: finality_p99_ms
  poi_throughput:
    title: PoI throughput
    severity: WARNING
    measure: {kind: throughput, operations: [generate, verify]}
    target: ">= 80 % of plan"
  poi_success_rate:
    title: PoI success rate
    severity: CRITICAL
    measure: {kind: success, operations: [generate, verify]}
    target: ">= 99 %"
evidence:
  monitoring: Monitoring operational
validity: {unsent: 50 %, lag_p99: 10 s, cpu: 100 %, achieved: 50 %}
"""
NAMES = ("ENDPOINT", "PROMETHEUS_URL", "GRAFANA_URL", "GRAFANA_API_KEY", "METRICS_URL", "AGREEMENT")


def validate(folder, *arguments, **environment):
    command = [sys.executable, "-m", "bizra_load.cli.main", "validate", "--artifacts", str(folder / "artifacts")]
    command += ["--out", str(folder / "runs"), *arguments]
    env = {name: value for name, value in os.environ.items() if name not in NAMES} | environment
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False, timeout=200, env=env)


def generous(folder):
    (folder / "generous.yaml").write_text(AGREEMENT)
    return "--agreement", str(folder / "generous.yaml")


def validated(folder):
    return json.loads((folder / "artifacts" / "validated.json").read_text())


@pytest.mark.slow
@pytest.mark.quiet  # under bunches of late arrivals the median is not shown to be kept, however generous its limit
def test_a_healthy_node_passes_all_four_steps_and_a_canary_controller_learns_how_to_roll_out(tmp_path, node):
    address = node.metrics_url.removeprefix("http://").removesuffix("/metrics")
    with local_prometheus({"node": address}) as prometheus, replayed_grafana(prometheus.url) as grafana:
        prometheus.wait_for_scrape("node")
        ended = validate(
            tmp_path, *generous(tmp_path), "--ramp", "2s",
            ENDPOINT=node.url, PROMETHEUS_URL=prometheus.url, GRAFANA_URL=grafana.url, GRAFANA_API_KEY=KEY,
            TARGET_OPS_SEC="600", DURATION_SEC="20",
        )  # fmt: skip
        assert len(grafana.saved) == 1
        assert len(grafana.annotations) == 1
    assert ended.returncode == 0, ended.stdout + ended.stderr
    found = validated(tmp_path)
    assert found["schema"] == "bizra-load/validated/1"
    assert found["decision"] in ("GO", "GO WITH CAUTION")  # a busy machine may leave the evidence thin
    assert [(s["step"], s["outcome"]) for s in found["validation"]] == [
        ("dashboard", "DONE"), ("load_test", "DONE"), ("metrics", "DONE"), ("report", "DONE"),
    ]  # fmt: skip
    shares = [s["share_percent"] for s in found["steps"]]
    assert shares == {"standard canary": [5, 25, 50, 100], "slower canary": [1, 5, 25, 50, 100]}[found["strategy"]]
    assert all(s["wait_max_s"] >= s["wait_min_s"] > 0 for s in found["steps"])
    assert {"critical_alert", "finality_p50", "poi_success_rate"} <= {t["key"] for t in found["rollback_triggers"]}
    assert found["dashboard_url"].startswith(grafana.url)
    assert (found["rehearsal"], found["target"], found["exit_code"]) == (False, node.url, 0)
    assessment = Path(found["run"], "assessment.json").read_bytes()
    assert found["assessment_sha256"] == hashlib.sha256(assessment).hexdigest()
    report = tmp_path / "artifacts" / "metrics-validation-report.json"
    assert found["metrics_report_sha256"] == hashlib.sha256(report.read_bytes()).hexdigest()
    keys = [m["key"] for m in json.loads(report.read_text())["metrics"]]
    assert keys == ["finality_p50", "poi_throughput", "poi_success_rate"]
    assert {p.name for p in (tmp_path / "artifacts").iterdir()} >= DOCUMENTS
    for name in DOCUMENTS:
        assert found["assessment_sha256"] in (tmp_path / "artifacts" / name).read_text()
    check = json.loads((tmp_path / "artifacts" / "dashboard-check.json").read_text())
    assert (check["passed"], check["asked"]) == (True, "Grafana's data source proxy")
    for line in ("[INFO] Step 1/4: Importing Grafana dashboard...", "[INFO] Step 4/4: ", "VALIDATION PASSED (exit code 0)"):
        assert line in ended.stdout
    assert KEY not in ended.stdout + ended.stderr + "".join(p.read_text() for p in (tmp_path / "artifacts").iterdir())


@pytest.mark.slow
@pytest.mark.quiet  # arrivals that are not sent in time leave too few errors for a verdict
def test_with_nothing_configured_it_rehearses_and_three_percent_of_errors_are_no_go(tmp_path):
    ended = validate(tmp_path, *generous(tmp_path), "--duration", "12s", "--ramp", "2s", "--fault", "error_rate=3%")
    assert ended.returncode == 3, ended.stdout + ended.stderr
    assert "a rehearsal on the reference node" in ended.stdout
    assert "[INFO] Dashboard import skipped: GRAFANA_URL is not set" in ended.stdout
    assert "[ERROR] VALIDATION NOT PASSED (exit code 3)" in ended.stdout
    found = validated(tmp_path)
    assert (found["decision"], found["rehearsal"], found["steps"], found["strategy"]) == ("NO-GO", True, [], "none")
    decisions = {s["step"]: s["decision"] for s in found["validation"]}
    assert decisions == {"dashboard": None, "load_test": "NO-GO", "metrics": "NO-GO", "report": None}
    assert "PoI success rate" in found["summary"]
    assert {p.name for p in (tmp_path / "artifacts").iterdir()} >= DOCUMENTS


def test_a_target_that_is_away_leaves_the_other_steps_and_a_decision_that_nobody_rolls_out(tmp_path):
    artifacts = tmp_path / "artifacts"
    artifacts.mkdir()
    made = {"metrics-validation-report.json", "dashboard-check.json", "rules-check.json"}
    old = {*DOCUMENTS, *made, "grafana-dashboard-url.txt"}
    (artifacts / "validated.json").write_text('{"decision": "GO"}')  # of last week
    for name in old:
        (artifacts / name).write_text("https://of.last.week/\n")
    away = f"http://127.0.0.1:{free_port()}"
    with local_prometheus({}) as prometheus:
        ended = validate(tmp_path, ENDPOINT=away, PROMETHEUS_URL=prometheus.url)
    assert ended.returncode == 5, ended.stdout + ended.stderr
    found = validated(tmp_path)
    assert (found["decision"], found["steps"], found["run"], found["assessment_sha256"]) == ("INVALID", [], "", "")
    assert "can't be reached" in found["summary"]
    outcomes = {s["step"]: (s["outcome"], s["decision"]) for s in found["validation"]}
    assert outcomes["load_test"] == ("FAILED", "INVALID")
    assert outcomes["metrics"] == ("DONE", "INCONCLUSIVE")  # the last 15 minutes instead, of which there is no data
    assert outcomes["report"] == ("SKIPPED", None)
    assert "Traceback" not in ended.stderr
    assert {p.name for p in (artifacts / "before").iterdir()} == old
    left = {p.name for p in artifacts.iterdir()}
    assert left == {"before", "validated.json", *made}  # of this one
    assert found["dashboard_url"] == ""
    assert "of.last.week" not in "".join(p.read_text() for p in artifacts.iterdir() if p.is_file())


@pytest.mark.parametrize(
    ("arguments", "environment", "said"),
    [
        ([], {"PROMETHEUS_URL": "http://127.0.0.1:1"}, "ENDPOINT: is not set, but PROMETHEUS_URL is"),
        (["-H", "http://127.0.0.1:1", "--fault", "stall=1s"], {}, "--fault: is for rehearsals"),
        (["--fault", "error_rat=3%"], {}, "--fault: error_rat: unknown fault"),
        (["--agreement", "locl"], {}, "--agreement: 'locl' is unknown"),
        (["--evidence", "tests=/nowhere.xml"], {}, "tests=/nowhere.xml: no such file"),
        ([], {"GRAFANA_URL": "https://grafana.example"}, "GRAFANA_API_KEY: is missing"),
        ([], {"PATH": "/nowhere"}, "apt-get install -y --no-install-recommends prometheus"),
        (["--artifacts", "/dev/null/x"], {}, "--artifacts: /dev/null/x: "),
    ],
)
def test_what_is_wrong_is_one_line_before_anything_is_sent(tmp_path, arguments, environment, said):
    ended = validate(tmp_path, *arguments, **environment)
    assert ended.returncode == 6, ended.stdout + ended.stderr
    assert said in ended.stderr
    assert ended.stderr.count("\n") == 1
    assert not (tmp_path / "runs").exists()
