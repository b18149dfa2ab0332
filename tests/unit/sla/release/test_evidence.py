"""Files given from outside -> gates: what is proved, what is refuted, what stays open."""

import copy

import pytest

from bizra_load.io.utc import utc_now
from bizra_load.judging.agreements import read_agreement
from bizra_load.judging.made import made_monitoring
from bizra_load.poi.product import REQUIRED
from sla.release import dashboard_evidence, drill_evidence
from sla.release.deployment import of_manifests, of_text
from sla.release.evidence import TestCounts, of_document, of_tests
from sla.release.evidence_fields import EvidenceError
from sla.values.assessment import Status

CRITICAL_RULES = REQUIRED.critical_rules
SHA256 = "0123456789abcdef" * 4
MADE = made_monitoring(read_agreement("v2.2.0-rc1"))
DRILLED = (*CRITICAL_RULES, "PrometheusScrapeSlow")


def of_alert_drill(document):
    return drill_evidence.of_alert_drill(document, REQUIRED, MADE, SHA256)


def of_dashboard(document):
    return dashboard_evidence.of_dashboard(document, REQUIRED, MADE, 4.0, SHA256)


def drill(made=MADE, names=DRILLED, **rule):
    """A drill of the six critical rules and one warning rule that passed; `rule` changes the first one."""
    own = {r.name: r for r in made.rules}
    of_rule = {name: {k: getattr(own[name], k) for k in ("group", "severity", "expression")} for name in names}
    times = {"pending_s": 1, "firing_s": 2.5, "resolved_s": 9}
    rules = [{"alert": name, **of_rule[name], **times, "passed": True} for name in names]
    rules[0] |= rule
    made_by = {"schema": "bizra-load/alert-drill/1", "agreement_sha256": SHA256, "checked_at": utc_now()}
    return made_by | {"rules_loaded": len(made.rules), "rules": rules, "passed": all(r["passed"] for r in rules)}


def dashboard(panels=6, made=MADE, **top):
    asked = {**made.panels, "Mine": ("up",)}
    rows = [{"title": t, "expressions": list(e), "series": len(e), "passed": True} for t, e in asked.items()][:panels]
    base = {"schema": "bizra-load/dashboard-check/1", "url": "http://g/d/x", "panels": rows, "scrape_s": 0.2, "passed": True}
    return base | {"agreement_sha256": SHA256, "checked_at": utc_now()} | top


def by_key(proofs):
    return {e.key: e for e in proofs}


@pytest.mark.parametrize(
    ("counts", "status"),
    [
        ((10, 0, 0, 0), "PASS"),
        ((10, 0, 0, 9), "PASS"),
        ((10, 1, 0, 0), "FAIL"),
        ((10, 0, 1, 0), "FAIL"),
        ((0, 0, 1, 0), "FAIL"),
        ((0, 0, 0, 0), "INCONCLUSIVE"),
        ((3, 0, 0, 3), "INCONCLUSIVE"),
    ],
)
def test_tests_pass_when_one_ran_and_none_failed(counts, status):
    [e] = of_tests("node_tests", TestCounts(*counts))
    assert e.status.value == status
    assert f"{counts[0]} tests" in e.reason


def test_a_whole_drill_closes_the_gate_and_its_item_and_says_nothing_of_what_the_service_has_loaded():
    proofs = by_key(of_alert_drill(drill()))
    assert set(proofs) == {"alerts", "critical-alerts"}
    assert {e.status for e in proofs.values()} == {Status.PASS}


@pytest.mark.parametrize(
    ("rule", "message"),
    [
        ({"firing_s": None, "resolved_s": None}, "FinalityCheckP99Violation did not fire"),
        ({"resolved_s": None}, "did not resolve"),
        ({"pending_s": 2.6}, "did not pass"),
        ({}, "did not pass"),
    ],
)
def test_one_critical_alert_that_did_not_fire_and_resolve_fails_the_gate(rule, message):
    gate = by_key(of_alert_drill(drill(passed=False, **rule)))["alerts"]
    assert gate.status is Status.FAIL
    assert message in gate.reason


def test_a_drill_of_fewer_rules_leaves_the_gate_open_and_a_warning_rule_decides_nothing():
    short = drill()
    short["rules"] = short["rules"][1:]
    gate = by_key(of_alert_drill(short))["alerts"]
    assert gate.status is Status.INCONCLUSIVE
    assert "not drilled: FinalityCheckP99Violation" in gate.reason
    warned = drill() | {"passed": False}
    warned["rules"][-1]["passed"] = False
    gate = by_key(of_alert_drill(warned))["alerts"]
    assert gate.status is Status.PASS
    assert "failed too: PrometheusScrapeSlow" in gate.reason


def test_an_alert_may_resolve_sooner_after_its_fault_than_it_fired_for_it():
    quick = {"pending_s": 5.0, "firing_s": 6.0, "resolved_s": 0.0}  # resolved: from the end of the fault
    assert {e.status for e in of_alert_drill(drill(**quick))} == {Status.PASS}
    at_once = {"pending_s": 2.5, "firing_s": 2.5}
    assert {e.status for e in of_alert_drill(drill(**at_once))} == {Status.PASS}


@pytest.mark.parametrize(
    ("loaded", "gate", "item"),
    [(5, "FAIL", "FAIL"), (6, "PASS", "FAIL"), (11, "PASS", "FAIL"), (12, "PASS", None)],
)
def test_the_gate_needs_the_six_critical_rules_loaded_and_the_item_fails_without_all_twelve(loaded, gate, item):
    proofs = by_key(of_alert_drill(drill() | {"rules": drill()["rules"][: min(loaded, 6)], "rules_loaded": loaded}))
    assert [proofs[key].status.value for key in ("alerts", "critical-alerts")] == [gate, gate]
    assert ("alert-rules" in proofs) == (item is not None)
    if item:
        assert proofs["alert-rules"].status.value == item
        assert proofs["alert-rules"].reason == f"{loaded} of 12 rules were loaded in the drill"


@pytest.mark.parametrize(
    ("document", "status"),
    [
        (dashboard(), "PASS"),
        (dashboard(panels=5), "INCONCLUSIVE"),
        (dashboard(panels=0), "INCONCLUSIVE"),
        (dashboard(scrape_s=4), "FAIL"),
        (dashboard(scrape_s=None), "INCONCLUSIVE"),
        (dashboard(passed=False), "FAIL"),
        (dashboard(panels=7), "PASS"),
    ],
)
def test_monitoring_passes_with_six_panels_and_a_scrape_under_four_seconds(document, status):
    assert by_key(of_dashboard(document))["monitoring"].status.value == status


def test_a_check_without_the_dashboards_url_leaves_its_import_open():
    proofs = by_key(of_dashboard(dashboard(url="")))
    assert (proofs["dashboard"].status, proofs["panels"].status) == (Status.INCONCLUSIVE, Status.PASS)


def test_a_panel_that_returns_no_series_has_not_passed_whatever_it_says():
    document = dashboard()
    document["panels"][2]["series"] = 0
    proofs = by_key(of_dashboard(document))
    assert proofs["monitoring"].status is proofs["panels"].status is Status.FAIL
    assert "no data in: PoI generation performance" in proofs["panels"].reason
    assert proofs["scrape"].status is Status.PASS


def broken(document, *path, value):
    changed = copy.deepcopy(document)
    inner = changed
    for key in path[:-1]:
        inner = inner[key]
    inner[path[-1]] = value
    return changed


@pytest.mark.parametrize(
    ("read", "document", "where"),
    [
        (of_alert_drill, [], "the document"),
        (of_alert_drill, None, "the document"),
        (of_alert_drill, {}, "schema"),
        (of_alert_drill, dashboard(), "schema"),
        (of_alert_drill, broken(drill(), "rules_loaded", value=True), "rules_loaded"),
        (of_alert_drill, broken(drill(), "rules_loaded", value=-1), "rules_loaded"),
        (of_alert_drill, broken(drill(), "rules", value={}), "rules"),
        (of_alert_drill, broken(drill(), "rules", 0, value="x"), "rules[0]"),
        (of_alert_drill, broken(drill(), "rules", 1, "alert", value=CRITICAL_RULES[0]), "rules[1].alert"),
        (of_alert_drill, broken(drill(), "rules", 0, "firing_s", value="1"), "rules[0].firing_s"),
        (of_alert_drill, broken(drill(), "rules", 0, "firing_s", value=float("inf")), "rules[0].firing_s"),
        (of_alert_drill, broken(drill(), "rules", 0, "passed", value="yes"), "rules[0].passed"),
        (of_dashboard, drill(), "schema"),
        (of_dashboard, broken(dashboard(), "scrape_s", value=-1), "scrape_s"),
        (of_dashboard, broken(dashboard(), "panels", 0, "series", value=1.5), "panels[0].series"),
        (of_dashboard, broken(dashboard(), "url", value="x" * 501), "url"),
        (lambda d: of_document("x", d), {"passed": 1}, "passed"),
    ],
)
def test_another_form_is_refused_with_its_key(read, document, where):
    with pytest.raises(EvidenceError) as raised:
        read(document)
    assert str(raised.value).startswith(where + ":")
    assert "\n" not in str(raised.value)


def manifest(**container):
    probes = {"readinessProbe": {"httpGet": {"path": "/health"}}, "livenessProbe": {"tcpSocket": {"port": 8080}}}
    limits = {"resources": {"limits": {"cpu": "1", "memory": "1Gi"}}}
    whole = {"name": "node", "image": "bizra/node:2.2.0", **probes, **limits, **container}
    return {
        "kind": "Deployment",
        "metadata": {"name": "bizra-node", "namespace": "testnet"},
        "spec": {"replicas": 3, "template": {"spec": {"containers": [whole]}}},
    }


def test_manifests_fill_three_items_and_name_what_is_rolled_back():
    proofs = by_key(of_manifests([{"kind": "Service"}, manifest()]))
    assert {k: e.status.value for k, e in proofs.items()} == {
        "deployment": "PASS",
        "health-probes": "PASS",
        "resource-limits": "PASS",
    }
    facts = proofs["deployment"].facts
    assert (facts["name"], facts["namespace"], facts["images"]) == ("bizra-node", "testnet", "bizra/node:2.2.0")


def test_a_container_needs_both_probes_and_a_live_workload_its_replicas():
    whole = manifest()
    del whole["spec"]["template"]["spec"]["containers"][0]["livenessProbe"]
    proofs = by_key(of_manifests([whole | {"status": {"readyReplicas": 3}}]))
    assert (proofs["health-probes"].status, proofs["health-probes"].reason) == (
        Status.FAIL, "no readiness and liveness probe: bizra-node/node",
    )  # fmt: skip
    assert (proofs["deployment"].status, proofs["deployment"].reason) == (
        Status.PASS, "bizra-node, and its replicas are ready",
    )  # fmt: skip


def test_what_manifests_lack_fails_its_own_item():
    live = manifest(resources={}) | {"status": {"readyReplicas": 2}}
    proofs = by_key(of_manifests([{"kind": "List", "items": [live]}]))
    assert proofs["deployment"].reason == "bizra-node: 2 of 3 replicas are ready"
    assert [proofs[k].status.value for k in ("deployment", "health-probes", "resource-limits")] == ["FAIL", "PASS", "FAIL"]


def test_a_name_that_is_no_kubernetes_name_never_reaches_a_command():
    hostile = manifest()
    hostile["metadata"] = {"name": "x; rm -rf /", "namespace": "$(id)"}
    assert set(of_manifests([hostile])[0].facts) == {"kind", "images"}


@pytest.mark.parametrize("documents", [[], [None], ["text"], [{"kind": "Service"}], [{"kind": "Deployment"}]])
def test_manifests_without_a_workload_are_refused(documents):
    with pytest.raises(EvidenceError):
        of_manifests(documents)


def test_a_note_is_complete_when_no_box_is_open():
    assert of_text("# Deployed\n\n- [x] pods\n- [X] service\n")[0].status is Status.PASS
    [e] = of_text("# Deployed\n- [x] pods\n- [ ] ingress\n")
    assert e.status is Status.INCONCLUSIVE
    assert "1 of 2 boxes of the note are open: ingress" in e.reason
    assert of_text("all pods run")[0].status is Status.PASS
    with pytest.raises(EvidenceError):
        of_text(" \n")


@pytest.mark.parametrize(
    ("named", "message"),
    [({}, "does not name the sha256"), ({"agreement_sha256": "f" * 64}, "made by another agreement (sha256 ffff")],
)
def test_a_drill_of_another_agreement_proves_nothing(named, message):
    document = {key: value for key, value in drill().items() if key != "agreement_sha256"} | named
    proofs = of_alert_drill(document)
    assert {e.status for e in proofs} == {Status.INCONCLUSIVE}
    assert all(message in e.reason for e in proofs)


@pytest.mark.parametrize(
    ("named", "message"),
    [(None, "does not name the sha256"), ("f" * 64, "made by another agreement (sha256 ffff")],
)
def test_a_dashboard_check_by_another_agreement_proves_nothing(named, message):
    proofs = of_dashboard(dashboard(agreement_sha256=named))
    assert {e.key for e in proofs} == {"monitoring", "dashboard", "panels", "scrape"}
    assert {e.status for e in proofs} == {Status.INCONCLUSIVE}
    assert all(message in e.reason for e in proofs)
