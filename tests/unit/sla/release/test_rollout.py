"""Strategies, triggers and commands as the decision framework has them."""

import json
import re
import shutil
import subprocess

import pytest
import yaml

from bizra_load.judging.agreements import read_agreement
from sla.judgement.decision import STRATEGY, decide, strategy_for
from sla.judgement.evaluate import evaluate
from sla.release.rollout import SLOWER, STANDARD, VERY_SLOW, rollback_commands
from sla.release.triggers import triggers
from sla.values.assessment import Decision, Evidence, Gate, Severity, Status
from tests.unit.sla.synthetic import measurements

READ = read_agreement("v2.2.0-rc1")


@pytest.mark.parametrize(
    ("strategy", "shares", "days"),
    [
        (STANDARD, [5, 25, 50, 100], (4, 7)),
        (SLOWER, [1, 5, 25, 50, 100], (7, 10)),
        (VERY_SLOW, [1, 2, 5, 10, 25, 100], (10, 14)),
    ],
)
def test_steps_are_the_frameworks_and_their_holds_add_up_to_its_days(strategy, shares, days):
    assert [s.traffic_percent for s in strategy.steps] == shares
    assert (strategy.min_days, strategy.max_days) == days
    assert (sum(s.hold_min_h for s in strategy.steps), sum(s.hold_max_h for s in strategy.steps)) == tuple(24 * d for d in days)
    assert all(0 < s.hold_min_h <= s.hold_max_h for s in strategy.steps)


def test_how_often_is_checked():
    assert (STANDARD.check_every_s, SLOWER.check_every_s, VERY_SLOW.check) == (86_400, 4 * 3600, "continuous watch")


@pytest.mark.parametrize("decision", [Decision.NO_GO, Decision.INCONCLUSIVE, Decision.INVALID])
def test_without_a_go_there_is_nothing_to_roll_out(decision):
    s = strategy_for(decision, READ.agreement, ())
    assert (s.steps, s.triggers, s.commands, s.approvals) == ((), (), (), ())
    assert str(s).startswith("none: ")


def gate(status, severity=Severity.WARNING, counts=True):
    return Gate("x", "X", severity, status, counts, "because")


@pytest.mark.parametrize(
    ("critical", "warnings", "decision"),
    [
        (["PASS"], [], "GO"),
        (["PASS"], ["WARN"], "GO WITH CAUTION"),
        (["PASS"], ["WARN", "FAIL"], "GO WITH CAUTION"),
        (["PASS"], ["WARN", "WARN", "FAIL"], "CONDITIONAL GO"),
        (["PASS", "FAIL"], [], "NO-GO"),
        (["FAIL"], ["WARN", "WARN", "WARN"], "NO-GO"),
        (["INCONCLUSIVE", "FAIL"], [], "NO-GO"),
        (["INCONCLUSIVE"], ["PASS"], "INCONCLUSIVE"),
        (["PASS"], ["INCONCLUSIVE", "WARN"], "INCONCLUSIVE"),
    ],
)
def test_the_matrix(critical, warnings, decision):
    gates = [gate(Status(s), Severity.CRITICAL) for s in critical] + [gate(Status(s)) for s in warnings]
    assert decide(gates, []).decision.value == decision


def given(**statuses):
    return {
        k: Evidence(k, Status(statuses.get(k, "PASS")), f"{k} shown", f"evidence/{k}.json") for k in READ.agreement.evidence
    }


@pytest.fixture(scope="module")
def run():
    return measurements(rate=300, hold_s=30)


@pytest.mark.parametrize(
    ("statuses", "decision"),
    [({}, "GO WITH CAUTION"), ({"alerts": "FAIL"}, "NO-GO"), ({"node_tests": "INCONCLUSIVE"}, "INCONCLUSIVE")],
)
def test_evidence_decides_its_critical_gate(run, statuses, decision):
    a = evaluate(run, READ.agreement, READ.baseline, evidence=given(**statuses))
    assert a.decision.value == decision, a.summary
    assert {g.key: g.source for g in a.gates if g.source} == {k: f"evidence/{k}.json" for k in READ.agreement.evidence}
    assert bool(a.strategy.steps) is (decision == "GO WITH CAUTION")
    for key in statuses:
        assert f"{key} shown" in a.summary


def test_a_go_watches_the_agreement_and_the_cautious_ones_the_warnings_too(run):
    results = evaluate(run, READ.agreement, READ.baseline).objectives
    plain = {t.key: t for t in triggers(READ.agreement, results, cautious=False)}
    assert set(plain) == {"critical_alert", "finality_p99", "poi_generate_p99", "poi_verify_p99", "poi_success_rate"}
    assert plain["critical_alert"].for_s == 300
    assert plain["poi_generate_p99"].threshold == pytest.approx(240e3)
    assert plain["poi_generate_p99"].expression.endswith("> 0.00024")
    assert " < 0.99 and 300 * sum by (" in plain["poi_success_rate"].expression
    more = {t.key for t in triggers(READ.agreement, results, cautious=True)} - set(plain)
    assert more == {f"{k}_degraded" for k in ("poi_generate_p99", "poi_verify_p99", "poi_throughput", "load_test_success")}


def test_what_is_worse_by_a_tenth_is_so_beyond_the_far_end_of_the_runs_interval(run):
    """From the estimate itself a new run of the same service would roll back: it lies anywhere in the interval."""
    results = {o.key: o for o in evaluate(run, READ.agreement, READ.baseline).objectives}
    by_key = {t.key: t for t in triggers(READ.agreement, tuple(results.values()), cautious=True)}
    latency, success = results["poi_generate_p99"].estimate, results["load_test_success"].estimate
    assert latency.point < latency.high
    assert success.low < success.point
    assert by_key["poi_generate_p99_degraded"].threshold == pytest.approx(1.1 * latency.high)
    assert by_key["load_test_success_degraded"].threshold == pytest.approx(0.9 * success.low)
    limit = by_key["load_test_success_degraded"].expression.partition(" < ")[2].partition(" and ")[0]
    assert float(limit) == pytest.approx(0.9 * success.low, 1e-3)


def test_what_was_not_measured_can_not_degrade():
    keys = {t.key for t in triggers(READ.agreement, (), cautious=True)}
    assert {k for k in keys if k.endswith("_degraded")} == {"poi_throughput_degraded"}  # against the day before


def test_commands_name_the_deployment_of_the_evidence():
    named = Evidence("deployment", Status.PASS, "", facts={"name": "poi", "namespace": "testnet", "images": "x"})
    commands = strategy_for(Decision.GO, READ.agreement, (), [named]).commands
    assert commands[0].command == "export DEPLOYMENT=poi NAMESPACE=testnet"
    assert {c.kind for c in commands} == {"names", "automated", "manual"}
    assert any(c.command.startswith("kubectl rollout undo") for c in commands if c.kind == "manual")
    assert any("argo rollouts abort" in c.command for c in commands if c.kind == "automated")


@pytest.mark.parametrize(
    ("kind", "rolled_back"),
    [
        ("", {"rollout undo", "argo rollouts abort"}),
        ("Deployment", {"rollout undo"}),
        ("StatefulSet", {"rollout undo"}),
        ("DaemonSet", {"rollout undo"}),
        ("Rollout", {"argo rollouts abort"}),
    ],
)
def test_commands_are_those_of_the_kind_that_the_evidence_names(kind, rolled_back):
    """`kubectl rollout undo deployment/NAME` finds no StatefulSet, and knows no Rollout."""
    commands = rollback_commands({"kind": kind} if kind else {}, "node")
    plain = {"Rollout": None, "": "deployment"}.get(kind, kind.lower())
    assert {c.command.split(" ", 1)[1].split(' "')[0] for c in commands if c.kind == "automated"} == rolled_back
    assert {m for c in commands for m in re.findall(r'"(\w+)/', c.command)} == ({plain} if plain else set())
    back = [c.command for c in commands if "is back" in c.title]
    assert any(c.startswith("kubectl rollout status") for c in back) == (kind != "Rollout")
    assert any("argo rollouts get rollout" in c for c in back) == (kind in ("", "Rollout"))


@pytest.mark.parametrize(
    ("names", "result"),
    [
        ({}, "put your own names in"),
        ({"kind": "Deployment", "name": "poi", "namespace": "testnet"}, "as the deployment's evidence names them"),
        ({"kind": "Deployment", "name": "poi"}, "its name as the deployment's evidence says; put the other in"),
        ({"kind": "Deployment", "namespace": "testnet"}, "its namespace as the deployment's evidence says; put the other in"),
    ],
)
def test_what_the_evidence_does_not_name_is_to_be_put_in(names, result):
    first = rollback_commands(names, "node")[0]
    assert first.title == f"What is rolled back ({result})"
    assert first.command == f"export DEPLOYMENT={names.get('name', 'node')} NAMESPACE={names.get('namespace', 'default')}"


def test_promtool_lets_every_trigger_fire_for_one_bad_canary_among_good_instances(tmp_path, run):
    """99 instances without errors hide a canary's in a sum: it must be seen by itself, and silence must stay silence."""
    results = evaluate(run, READ.agreement, READ.baseline).objectives
    all_triggers = triggers(READ.agreement, results, cautious=True)
    rules = [{"alert": t.key, "expr": t.expression, "for": f"{t.for_s:g}s"} for t in all_triggers]
    (tmp_path / "rules.yml").write_text(yaml.safe_dump({"groups": [{"name": "rollback", "rules": rules}]}))
    for name, series, firing in (("good", [], False), ("bad", _bad_canary(), True)):
        cases = [{"eval_time": "20m", "alertname": t.key, "exp_alerts": []} for t in all_triggers if t.key in FIRES]
        if firing:
            for case in cases:
                case["exp_alerts"] = [{"exp_labels": FIRES[case["alertname"]]}]
        test = {"interval": "1m", "input_series": [*_good(), *series], "alert_rule_test": cases}
        document = {"rule_files": ["rules.yml"], "evaluation_interval": "1m", "tests": [test]}
        agrees(tmp_path / f"{name}.yml", document)


@pytest.mark.parametrize(
    ("names", "labelled", "fires"),
    [
        ({"namespace": "production"}, "staging", False),
        ({"namespace": "production"}, "production", True),
        ({"namespace": "production"}, "", True),
        ({"namespace": "production", "job": "poi"}, "production", True),
        ({"namespace": "production", "job": "poi-v3"}, "production", False),
    ],
)
def test_a_bad_node_of_another_namespace_or_job_rolls_nothing_back(tmp_path, run, names, labelled, fires):
    """One of the same namespace and job does, and one whose series have no label of a namespace."""
    results = evaluate(run, READ.agreement, READ.baseline).objectives
    watched = [t for t in triggers(READ.agreement, results, cautious=True, names=names) if t.key in FIRES]
    rules = [{"alert": t.key, "expr": t.expression, "for": f"{t.for_s:g}s"} for t in watched]
    (tmp_path / "rules.yml").write_text(yaml.safe_dump({"groups": [{"name": "rollback", "rules": rules}]}))
    labels = ', job="poi"' + (f', namespace="{labelled}"' if labelled else "")
    series = [{**s, "series": s["series"].replace("}", f"{labels}}}")} for s in _bad_canary()]
    cases = [
        {
            "eval_time": "20m",
            "alertname": t.key,
            "exp_alerts": [{"exp_labels": FIRES[t.key] | ({"job": "poi"} if FIRES[t.key] else {})}] if fires else [],
        }
        for t in watched
    ]
    test = {"interval": "1m", "input_series": series, "alert_rule_test": cases}
    agrees(tmp_path / "rollback.yml", {"rule_files": ["rules.yml"], "evaluation_interval": "1m", "tests": [test]})


@pytest.mark.parametrize(
    ("first", "second", "falls_to"),
    [
        ("0+600x1450", "0+600x100 stale", None),  # traffic is as it was, and one replica is lost
        ("0+600x700 420000+360x750", "_x700 0+360x750", 12.0),  # traffic falls by 40 %, and a second replica comes
    ],
)
def test_a_replica_of_prometheus_that_comes_or_goes_is_no_change_of_traffic(tmp_path, first, second, falls_to):
    [trigger] = [t for t in triggers(READ.agreement, (), cautious=True) if t.key == "poi_throughput_degraded"]
    replicas = (("prometheus-0", first), ("prometheus-1", second))
    series = [
        {"series": f'{c}{{job="node", instance="a", prometheus_replica="{name}", __replica__="{name}"}}', "values": values}
        for c in ("bizra_poi_generate_total", "bizra_poi_verify_total")
        for name, values in replicas
    ]
    expected = [] if falls_to is None else [{"labels": '{job="node"}', "value": falls_to}]
    asked = {"expr": trigger.expression, "eval_time": "1445m", "exp_samples": expected}
    test = {"interval": "1m", "input_series": series, "promql_expr_test": [asked]}
    agrees(tmp_path / "replicas.yml", {"rule_files": [], "evaluation_interval": "1m", "tests": [test]})


def agrees(path, document):
    """promtool carries these tests out, and all pass."""
    promtool = shutil.which("promtool")
    assert promtool, "promtool is missing: apt-get install -y --no-install-recommends prometheus"
    path.write_text(json.dumps(document))
    ended = subprocess.run([promtool, "test", "rules", path.name], cwd=path.parent, capture_output=True, text=True, check=False)
    assert ended.returncode == 0, ended.stdout + ended.stderr


CANARY = {"instance": "canary"}
FIRES = {
    "critical_alert": {},
    "poi_generate_p99": CANARY,
    "poi_success_rate": CANARY,
    "poi_generate_p99_degraded": CANARY,
}


def _series(instance, successful, failed, fast, slow):
    name = "bizra_poi_generate_seconds_bucket"
    counted = {"bizra_poi_generate_total": successful, "bizra_poi_generate_fail_total": failed,
               "bizra_poi_verify_total": successful, "bizra_poi_verify_fail_total": 0}  # fmt: skip
    rows = [{"series": f'{k}{{instance="{instance}"}}', "values": f"0+{v}x20"} for k, v in counted.items()]
    for edge, count in (("0.000026", fast), ("0.0002", fast), ("0.0005", fast + slow), ("+Inf", fast + slow)):
        rows.append({"series": f'{name}{{instance="{instance}", le="{edge}"}}', "values": f"0+{count}x20"})
    return rows


def _good():
    alert = {"series": 'ALERTS{alertstate="firing", severity="critical", alertname="OfAnotherService"}', "values": "1x20"}
    return [alert, *(row for i in range(5) for row in _series(f"n{i}", 100_000, 0, 100_000, 0))]


def _bad_canary():
    alert = {"series": 'ALERTS{alertstate="firing", severity="critical", alertname="FinalityCheckStalled"}', "values": "1x20"}
    series = _series("canary", 900, 100, 500, 500)
    return [*(row for row in series if "verify_fail" not in row["series"]), alert]  # it has failed no verification yet


def test_every_decision_has_a_strategy():
    assert set(STRATEGY) == set(Decision)
