"""Are an agreement's alert rules loaded where they are to fire? A real Prometheus, with and without them."""

import dataclasses
import json
import time
from datetime import UTC, datetime

import pytest
import yaml

from bizra_load.cli.main import main
from bizra_load.io.ports import free_port
from bizra_load.io.utc import utc_text
from bizra_load.judging.agreements import read_agreement
from bizra_load.judging.made import made_monitoring
from bizra_load.monitoring.rule_check import NO_ALERTMANAGER, check_rules, job_of
from bizra_load.monitoring.rule_files import groups, to_yaml
from bizra_load.poi.rules import alert_rules
from bizra_load.rehearsal.local_prometheus import local_prometheus
from bizra_load.server_metrics.prometheus_api import PrometheusClient
from reports.results.rules_check import render_json
from sla.release import rules_evidence
from tests.e2e.remote_write import history, remote_write
from tests.e2e.running import until
from tests.e2e.test_validate import validate

FILE = read_agreement("v2.2.0-rc1")
RULES = alert_rules(FILE.judged)


def checked(url, rules=RULES):
    return check_rules(PrometheusClient(url, timeout_s=2.0), rules, "v2.2.0-rc1", FILE.sha256, "bizra-node", "job bizra-node")


def of_rules_check(check):
    return rules_evidence.of_rules_check(json.loads(render_json(check, {})), made_monitoring(FILE), FILE.sha256)


@pytest.fixture(scope="module")
def prometheus():
    deployed = [
        dataclasses.replace(RULES[0], expr=RULES[0].expr + " and vector(1)"),
        dataclasses.replace(RULES[1], for_s=RULES[1].for_s + 60),
        dataclasses.replace(RULES[2], expr=RULES[2].expr.replace(" ", "\n   ")),  # the same, otherwise written
        *RULES[3:-1],
    ]
    with local_prometheus({}, rules=to_yaml(groups(deployed), "x")) as started:
        yield started.url


def test_rules_are_compared_by_their_expressions_and_waits(prometheus):
    reasons = {r.alert: r.reason for r in checked(prometheus).rules}
    assert reasons.pop(RULES[0].name) == "is loaded with another expression"
    assert reasons.pop(RULES[1].name) == f"waits {RULES[1].for_s + 60:g} s, not {RULES[1].for_s:g} s"
    assert reasons.pop(RULES[-1].name) == "is not loaded"
    assert reasons == {r.name: "" for r in RULES[2:-1]}


def test_labels_and_how_often_a_rule_is_evaluated_are_compared_too():
    text = yaml.safe_load(to_yaml(groups(RULES), "x"))
    rules = [r for group in text["groups"] for r in group["rules"]]
    rules[0]["labels"]["severity"] = "none"
    rules[1]["labels"]["job"] = "elsewhere"
    rules[2]["labels"]["team"] = "somebody's own"
    text["groups"][-1]["interval"] = "1d"
    with local_prometheus({}, rules=yaml.safe_dump(text)) as started:
        reasons = {r.alert: r.reason for r in checked(started.url).rules}
    assert reasons.pop(rules[0]["alert"]) == "has other labels: severity='none'"
    assert reasons.pop(rules[1]["alert"]) == "has other labels: job='elsewhere'"
    seldom = {r["alert"] for r in text["groups"][-1]["rules"]}
    assert {name for name, reason in reasons.items() if reason} == seldom
    assert {reasons[name] for name in seldom} == {"is evaluated every 86400 s (allowed: 120 s)"}


def test_the_job_of_the_nodes_that_are_validated_is_asked_for_where_the_selector_names_none():
    """Else the gate passes for a job that nobody watches."""
    with local_prometheus({}, flags=["--web.enable-remote-write-receiver"]) as started:
        client = PrometheusClient(started.url, timeout_s=2.0)
        for job in ("prod-node", "other"):
            remote_write(started.url, job, history(time.time(), 60, 15, 100))
        assert job_of(client, FILE.judged, 'job=~"prod-node"') == "prod-node"
        assert job_of(client, FILE.judged, 'job=~"prod.*", job!="x"') == "prod-node"
        assert job_of(client, FILE.judged, 'job="nowhere"') == job_of(client, FILE.judged, "") == ""
        assert job_of(client, FILE.judged, 'job="') == ""
    assert job_of(client, FILE.judged, "") == ""  # it is away


def test_no_rules_at_all_fail_the_gate_and_all_of_them_close_the_item():
    with local_prometheus({}) as started:
        nothing = checked(started.url)
    assert {r.reason for r in nothing.rules} == {"is not loaded"}
    with local_prometheus({}, rules=to_yaml(groups(RULES), "x")) as started:
        everything = checked(started.url)
    assert (nothing.passed, everything.passed) == (False, True)
    assert {nothing.remark, everything.remark} == {NO_ALERTMANAGER}
    [item] = of_rules_check(everything)
    assert item.reason.endswith(f"; {NO_ALERTMANAGER}")
    assert nothing.checked_at <= everything.checked_at <= utc_text(datetime.now(UTC))
    outcomes = [{e.key: e.status.value for e in of_rules_check(c)} for c in (nothing, everything)]
    assert outcomes == [{"alerts": "FAIL", "alert-rules": "FAIL"}, {"alert-rules": "PASS"}]


def test_a_prometheus_that_sends_its_alerts_on_gets_no_remark():
    with local_prometheus({}, rules=to_yaml(groups(RULES), "x"), alertmanager=f"127.0.0.1:{free_port()}") as started:
        # Prometheus takes some seconds to know them
        until(lambda: PrometheusClient(started.url).alertmanagers(), "the Alertmanager", within_s=60)
        check = checked(started.url)
    assert (check.passed, check.remark) == (True, "")


def test_a_prometheus_that_is_away_leaves_it_open_and_its_password_is_said_nowhere():
    away = checked(f"http://me:se%2Fcret@127.0.0.1:{free_port()}")
    assert "cret" not in render_json(away, {})
    assert "Prometheus at http://127.0.0.1:" in away.asked
    assert (away.passed, away.rules) == (False, ())
    assert "Connection" in away.unread
    statuses = {e.key: e.status.value for e in of_rules_check(away)}
    assert statuses == {"alerts": "INCONCLUSIVE", "alert-rules": "INCONCLUSIVE"}


def test_a_validation_compares_the_rules_of_the_job_that_its_selector_names(tmp_path):
    """Those of a staging job are loaded; the target is away, which spares the load."""
    assert main(["alerts", "render", "--job", "staging-node", "--out", str(tmp_path)]) == 0
    reasons = {}
    with local_prometheus({}, rules=(tmp_path / "prometheus-rules.yaml").read_text()) as started:
        for selector in ('cluster="a", job="staging-node"', 'job="bizra-node"', 'job=~"staging-node"'):
            away = f"http://127.0.0.1:{free_port()}"
            ended = validate(tmp_path, ENDPOINT=away, PROMETHEUS_URL=started.url, PROMETHEUS_SELECTOR=selector)
            check = json.loads((tmp_path / "artifacts/rules-check.json").read_text())
            assert f"alert rules are loaded in {check['asked']}: " in ended.stdout, ended.stderr
            reasons[check["asked"].partition(", ")[2]] = {r["reason"] for r in check["rules"]}
    other = {"is loaded with another expression"}
    assert reasons == {
        "job staging-node": {""},
        "job bizra-node": other,
        'job bizra-node, since --prometheus-selector names none by job="..." and its nodes are not in one job': other,
    }
