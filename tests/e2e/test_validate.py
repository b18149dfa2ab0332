"""`bizra-load validate` on real parts; Grafana alone is replayed (see replayed_grafana.py)."""

import hashlib
import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from bizra_load.io.ports import free_port
from bizra_load.io.trust import THIS_MACHINES
from bizra_load.judging.agreements import read_agreement
from bizra_load.monitoring.grafana import Place
from bizra_load.poi.light_load import LightLoad
from bizra_load.rehearsal.local_prometheus import local_prometheus
from bizra_load.validation.dashboard import DashboardSubject, check, import_own
from tests.e2e.replayed_grafana import KEY, replayed_grafana
from tests.e2e.running import ROOT, until

SHA256 = "0" * 64
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
        [marked] = grafana.annotations
    assert ended.returncode == 0, ended.stdout + ended.stderr
    record = validated(tmp_path)
    assert marked["tags"][2] == record["decision"], "the load test alone lacks the evidence of step 3"
    assert record["schema"] == "bizra-load/validated/1"
    assert record["decision"] in ("GO", "GO WITH CAUTION")  # a busy machine may leave the evidence thin
    assert [(s["step"], s["outcome"]) for s in record["validation"]] == [
        ("dashboard", "DONE"), ("load_test", "DONE"), ("metrics", "DONE"), ("report", "DONE"),
    ]  # fmt: skip
    shares = [s["share_percent"] for s in record["steps"]]
    assert shares == {"standard canary": [5, 25, 50, 100], "slower canary": [1, 5, 25, 50, 100]}[record["strategy"]]
    assert all(s["wait_max_s"] >= s["wait_min_s"] > 0 for s in record["steps"])
    assert {"critical_alert", "finality_p50", "poi_success_rate"} <= {t["key"] for t in record["rollback_triggers"]}
    assert record["dashboard_url"].startswith(grafana.url)
    assert (record["rehearsal"], record["target"], record["exit_code"]) == (False, node.url, 0)
    assessment = Path(record["run"], "assessment.json").read_bytes()
    assert record["assessment_sha256"] == hashlib.sha256(assessment).hexdigest()
    report = tmp_path / "artifacts" / "metrics-validation-report.json"
    assert record["metrics_report_sha256"] == hashlib.sha256(report.read_bytes()).hexdigest()
    keys = [m["key"] for m in json.loads(report.read_text())["metrics"]]
    assert keys == ["finality_p50", "poi_throughput", "poi_success_rate"]
    assert {p.name for p in (tmp_path / "artifacts").iterdir()} >= DOCUMENTS
    for name in DOCUMENTS:
        assert record["assessment_sha256"] in (tmp_path / "artifacts" / name).read_text()
    measured = hashlib.sha256(Path(record["run"], "SHA256SUMS").read_bytes()).hexdigest()
    for name in ("dashboard-check.json", "rules-check.json", "metrics-validation-report.json"):
        made = json.loads((tmp_path / "artifacts" / name).read_text())
        assert (made["run"], made["measured_sha256"]) == (record["run"], measured), name
    assert json.loads(assessment)["run"]["measured_sha256"] == measured
    check = json.loads((tmp_path / "artifacts" / "dashboard-check.json").read_text())
    assert (check["passed"], check["asked"]) == (True, "Grafana's data source proxy")
    for line in ("[INFO] Step 1/4: Importing Grafana dashboard...", "[INFO] Step 4/4: ", "VALIDATION PASSED (exit code 0)"):
        assert line in ended.stdout
    assert KEY not in ended.stdout + ended.stderr + "".join(p.read_text() for p in (tmp_path / "artifacts").iterdir())


@pytest.mark.slow
def test_with_nothing_configured_it_rehearses_and_three_percent_of_errors_are_no_go(tmp_path):
    load = ("--target-ops", "400", "--duration", "16s", "--ramp", "2s")  # a rate that a busy machine sends in time too
    step = {"GITHUB_ACTIONS": "true", "GITHUB_STEP_SUMMARY": str(tmp_path / "summary.md")}
    ended = validate(tmp_path, *generous(tmp_path), *load, "--fault", "error_rate=3%", **step)
    assert ended.returncode == 3, ended.stdout + ended.stderr
    assert "a rehearsal on the reference node" in ended.stdout
    assert "rollout: none: a rehearsal on the reference node; remediate, validate again" in ended.stdout
    assert "[INFO] Dashboard import skipped: GRAFANA_URL is not set" in ended.stdout
    assert "[ERROR] VALIDATION NOT PASSED (exit code 3)" in ended.stdout
    record = validated(tmp_path)
    assert (record["decision"], record["rehearsal"], record["steps"], record["strategy"]) == ("NO-GO", True, [], "none")
    decisions = {s["step"]: s["decision"] for s in record["validation"]}
    assert decisions == {"dashboard": None, "load_test": "NO-GO", "metrics": "NO-GO", "report": None}
    assert "PoI success rate" in record["summary"]
    assert {p.name for p in (tmp_path / "artifacts").iterdir()} >= DOCUMENTS
    # the load test has no summary of its own, which might say otherwise
    assert re.findall(r"^## .*", (tmp_path / "summary.md").read_text(), re.MULTILINE) == [
        "## Validation: NO-GO (agreement generous)"
    ]
    assert ended.stderr.count("::error title=bizra-load%3A NO-GO::") == 1
    assert "::error title=FAIL%3A PoI success rate (CRITICAL)::" in ended.stderr


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
        step = {"GITHUB_ACTIONS": "true", "GITHUB_STEP_SUMMARY": str(tmp_path / "summary.md")}
        ended = validate(tmp_path, ENDPOINT=away, PROMETHEUS_URL=prometheus.url, **step)
    assert ended.returncode == 5, ended.stdout + ended.stderr
    record = validated(tmp_path)
    assert (record["decision"], record["steps"], record["run"], record["assessment_sha256"]) == ("INVALID", [], "", "")
    assert "can't be reached" in record["summary"]
    outcomes = {s["step"]: (s["outcome"], s["decision"]) for s in record["validation"]}
    assert outcomes["load_test"] == ("FAILED", "INVALID")
    assert outcomes["metrics"] == ("DONE", "INCONCLUSIVE")  # the last 15 minutes instead, of which there is no data
    assert outcomes["report"] == ("SKIPPED", None)
    assert "Traceback" not in ended.stderr
    assert {p.name for p in (artifacts / "before").iterdir()} == {*old, "validated.json"}
    left = {p.name for p in artifacts.iterdir()}
    assert left == {"before", "validated.json", *made}  # of this one
    assert record["dashboard_url"] == ""
    summary = (tmp_path / "summary.md").read_text()
    assert summary.startswith("## Validation: INVALID (agreement ")
    assert "| Load test | failed | INVALID | the target http" in summary
    assert "::error title=Load test%3A failed::the target http" in ended.stderr
    assert "of.last.week" not in "".join(p.read_text() for p in artifacts.iterdir() if p.is_file())


def test_the_load_test_is_marked_with_the_final_decision_and_the_dashboard_stays_where_it_lies(tmp_path, node):
    """A Prometheus without the node: no panel has data, which fails a gate that the load test alone does not decide."""
    artifacts = tmp_path / "artifacts"
    artifacts.mkdir()
    for name in ("grafana-dashboard-url.txt", "dashboard-check.json"):
        (artifacts / name).write_text("https://of.last.week/\n")
    with local_prometheus({}) as prometheus, replayed_grafana(prometheus.url) as grafana:
        grafana.dashboards["bizra-node"] = {"version": 4, "folderUid": "fold8"}
        ended = validate(
            tmp_path, *generous(tmp_path), "--ramp", "0s", "--folder", "Releases", "--datasource", "Prometheus",
            ENDPOINT=node.url, METRICS_URL=node.metrics_url, PROMETHEUS_URL=prometheus.url,
            GRAFANA_URL=grafana.url, GRAFANA_API_KEY=KEY, TARGET_OPS_SEC="200", DURATION_SEC="6",
        )  # fmt: skip
    assert ended.returncode == 3, ended.stdout + ended.stderr
    record = validated(tmp_path)
    [marked], [before] = grafana.annotations, grafana.changed
    assert (before["tags"][2], marked["tags"][2], record["decision"]) == ("INCONCLUSIVE", "NO-GO", "NO-GO")
    assert marked["text"] == f"{Path(record['run']).name}: NO-GO ({record['summary']})"
    assert (marked["time"], marked["timeEnd"]) == (before["time"], before["timeEnd"])
    assert grafana.dashboards == {"bizra-node": {"version": 5, "folderUid": "fold8"}}
    assert "lies in another folder than Releases already, and stays there" in ended.stdout
    assert record["dashboard_url"] == f"{grafana.url}/d/bizra-node/bizra-node"
    assert {p.name for p in (artifacts / "before").iterdir()} == {"grafana-dashboard-url.txt", "dashboard-check.json"}
    assert json.loads((artifacts / "dashboard-check.json").read_text())["passed"] is False


@pytest.mark.parametrize(
    ("name", "environment", "selector", "uid", "title", "line", "jobs"),
    [
        ("v2.2.0-rc1", "testnet", 'job="pods"', "bizra-node-testnet", "BIZRA node, testnet", 50_000, ["pods"]),
        ("v2.2.0-rc1", "production", "", "bizra-node-production", "BIZRA node, production", 100_000, "$__all"),
        ("v2.2.0-rc1", "production", 'a="b", job="x.y"', "bizra-node-production", "BIZRA node, production", 100_000, ["x.y"]),
        ("mine", "staging 2", 'job=~"a|b"', "bizra-node-staging-2-", "BIZRA node, staging 2", 100_000, "$__all"),
        ("mine", "default", "", "bizra-node", "BIZRA node", 100_000, "$__all"),
    ],
)
def test_an_environments_own_dashboard_is_imported(tmp_path, monkeypatch, name, environment, selector, uid, title, line, jobs):
    if name == "mine":
        text = (ROOT / "bizra_load/poi/agreements/v2.2.0-rc1.yaml").read_text()
        own = {"staging 2": "  staging 2: {accepted: []}\n  other: {accepted: []}\n", "default": "  default: {}\n"}[environment]
        name = str(tmp_path / "mine.yaml")
        before, _, after = text.partition("  testnet: {accepted: [poi_throughput]}\n  production: {accepted: []}\n")
        Path(name).write_text(before + own + after)
    with local_prometheus({}) as prometheus, replayed_grafana(prometheus.url) as grafana:
        monkeypatch.setenv("GRAFANA_URL", grafana.url)
        monkeypatch.setenv("GRAFANA_API_KEY", KEY)
        place = Place("Releases", "prom1", moves=False)
        what = DashboardSubject(read_agreement(name).judged, SHA256, name, environment, selector, place, THIS_MACHINES)
        import_own(what, tmp_path, print)
        checked = check(what, "", "")
    [saved] = grafana.saved
    dashboard = saved["dashboard"]
    assert dashboard["uid"].startswith(uid)
    assert len(dashboard["uid"]) <= 40
    assert (dashboard["title"], saved["folderUid"]) == (title, "fold7")
    [throughput] = [p for p in dashboard["panels"] if p["title"] == "PoI throughput"]
    assert throughput["fieldConfig"]["defaults"]["thresholds"]["steps"][1]["value"] == line
    [variable] = [v for v in dashboard["templating"]["list"] if v["name"] == "job"]
    assert variable["current"]["value"] == jobs
    assert checked.asked == "Grafana's data source proxy"


def test_only_the_job_of_the_selector_is_asked_for_data(tmp_path, node):
    address = node.metrics_url.removeprefix("http://").removesuffix("/metrics")
    with local_prometheus({"a.b": address, "axb": address}) as prometheus, LightLoad(node.url):
        until(lambda: prometheus.query("count(rate(bizra_finality_checks_total[20s]) > 0) == 2"), "two scrapes of both")
        passed = []
        for job in ("a.b", "a.c", "b"):
            agreement = read_agreement("v2.2.0-rc1").judged
            what = DashboardSubject(agreement, SHA256, "v2.2.0-rc1", "testnet", f'job="{job}"', Place(), THIS_MACHINES)
            passed.append(sum(p.passed for p in check(what, prometheus.url, "").panels))
    assert passed == [6, 0, 0]


@pytest.mark.parametrize(
    ("arguments", "environment", "message"),
    [
        (["--folder", "Release"], {}, "--folder: 'Release' is unknown, did you mean 'Releases'?"),
        (["--datasource", "Logs"], {}, "--datasource: 'Logs' is unknown"),
        ([], {"GRAFANA_API_KEY": "wrong"}, "401, the key is not accepted"),
        (["--folder", "Releases"], {"GRAFANA_URL": ""}, "--folder: is Grafana's, and GRAFANA_URL is not set"),
    ],
)
def test_what_grafana_would_refuse_is_one_line_before_anything_is_sent(tmp_path, arguments, environment, message):
    with replayed_grafana() as grafana:
        ended = validate(tmp_path, *arguments, **({"GRAFANA_URL": grafana.url, "GRAFANA_API_KEY": KEY} | environment))
    assert ended.returncode == 6, ended.stdout + ended.stderr
    assert message in ended.stderr
    assert ended.stderr.count("\n") == 1
    assert not (tmp_path / "runs").exists()


@pytest.mark.parametrize(
    ("arguments", "environment", "message"),
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
def test_what_is_wrong_is_one_line_before_anything_is_sent(tmp_path, arguments, environment, message):
    ended = validate(tmp_path, *arguments, **environment)
    assert ended.returncode == 6, ended.stdout + ended.stderr
    assert message in ended.stderr
    assert ended.stderr.count("\n") == 1
    assert not (tmp_path / "runs").exists()
