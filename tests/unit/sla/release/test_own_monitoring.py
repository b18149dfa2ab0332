"""A drill or a dashboard check is of the agreement's own rules and panels, and says one thing only; else it is no proof."""

import dataclasses

import pytest

from sla.release.dashboard_evidence import of_dashboard
from sla.release.drill_evidence import of_alert_drill
from sla.release.evidence_fields import EvidenceError
from sla.values.assessment import Status
from sla.values.monitoring import MadeMonitoring
from tests.unit.sla.release.test_evidence import MADE, REQUIRED, SHA256, broken, by_key, dashboard, drill

FIRST = REQUIRED.critical_rules[0]


def drilled(document, made=MADE):
    return by_key(of_alert_drill(document, REQUIRED, made, SHA256))["alerts"]


def checked(document, made=MADE):
    return by_key(of_dashboard(document, REQUIRED, made, 4.0, SHA256))


@pytest.mark.parametrize(
    ("rule", "reason"),
    [
        ({"severity": "warning"}, f"{FIRST} was drilled with another severity than the agreement's"),
        ({"group": "g", "severity": "info"}, f"{FIRST} was drilled with another group and severity than the agreement's"),
        ({"expression": "vector(1)"}, f"{FIRST} was drilled with another expression than the agreement's"),
        ({"alert": "Mine"}, "Mine is no rule of the agreement"),
    ],
)
def test_a_drill_of_other_rules_than_the_agreements_leaves_the_gate_open(rule, reason):
    gate = drilled(drill(**rule))
    assert (gate.status, gate.reason) == (Status.INCONCLUSIVE, f"{reason}: repeat the alert drill")


def test_a_drill_that_does_not_say_its_expressions_leaves_the_gate_open_and_a_failure_still_fails_it():
    document = drill()
    for rule in document["rules"]:
        del rule["expression"]
    gate = drilled(document)
    assert gate.status is Status.INCONCLUSIVE
    assert gate.reason.endswith("PoISuccessRateCritical does not say its expression, and 4 more: repeat the alert drill")
    document["passed"] = document["rules"][0]["passed"] = False
    assert (drilled(document).status, drilled(document).reason) == (Status.FAIL, f"{FIRST} did not pass")


def test_rules_that_are_no_critical_ones_are_compared_too():
    document = broken(drill(), "rules", -1, "expression", value="vector(1)")
    assert drilled(document).reason.startswith("PrometheusScrapeSlow was drilled with another expression")


def test_more_rules_than_the_agreement_has_were_others():
    assert drilled(drill() | {"rules_loaded": 13}).reason.startswith("13 rules were loaded, and the agreement has 12")


def test_a_drill_by_the_limits_of_another_baseline_is_none_of_these_rules():
    other = dataclasses.replace(MADE, rules=tuple(dataclasses.replace(r, expression=r.expression + " + 0") for r in MADE.rules))
    assert drilled(drill(), other).status is Status.INCONCLUSIVE


def test_where_nothing_can_be_made_of_the_agreement_nothing_is_compared_and_nothing_passes():
    nothing = MadeMonitoring(no_rules="objectives: no throughput", no_panels="operations: no counter")
    assert drilled(drill(), nothing).status is Status.INCONCLUSIVE
    assert "no alert rules can be made of the agreement to compare with (objectives: no throughput)" in (
        drilled(drill(), nothing).reason
    )
    panels = checked(dashboard(), nothing)["panels"]
    assert panels.status is Status.INCONCLUSIVE
    assert "no panels can be made of the agreement to compare with (operations: no counter)" in panels.reason


@pytest.mark.parametrize(
    ("top", "rule", "where"),
    [
        ({}, {"firing_s": None}, "rules[0].firing_s: is null, and passed is true"),
        ({}, {"resolved_s": None}, "rules[0].resolved_s: is null, and passed is true"),
        ({}, {"pending_s": None}, "rules[0].pending_s: is null, and passed is true"),
        ({}, {"pending_s": 2.6}, "rules[0].pending_s: is after firing_s"),
        ({}, {"notified_s": 2.4}, "rules[0].notified_s: is before firing_s"),
        ({"alertmanager": True}, {}, "rules[0].notified_s: is null, and passed and alertmanager are true"),
        ({"alertmanager": False}, {"notified_s": 3}, "rules[0].notified_s: is there, and alertmanager is false"),
        ({}, {"reason": "did not fire"}, "rules[0].reason: says what went wrong, and passed is true"),
        ({"passed": False}, {"passed": False, "firing_s": None}, "rules[0].resolved_s: is there, and firing_s is not"),
        ({"passed": True}, {"passed": False}, "passed: is true, and 1 of its 7 rules did not"),
        ({"passed": False}, {}, "passed: is false, and all of its 7 rules passed"),
        ({"passed": True, "rules": []}, {}, "passed: is true, and it has no rules"),
        ({"rules_loaded": 6}, {}, "rules_loaded: 6, and 7 of the rules fired"),
    ],
)
def test_a_drill_that_contradicts_itself_is_refused_with_the_field(top, rule, where):
    with pytest.raises(EvidenceError) as raised:
        drilled(drill(**rule) | top)
    assert str(raised.value) == f"{where} (allowed: fields that agree)"


@pytest.mark.parametrize(
    ("read", "document", "where"),
    [
        (drilled, drill(fired=False), "rules[0].fired: 'fired' is unknown"),
        (drilled, drill() | {"rules_failed": 3}, "rules_failed: 'rules_failed' is unknown"),
        (checked, dashboard(failed=3), "failed: 'failed' is unknown"),
        (checked, broken(dashboard(), "panels", 1, "ok", value=False), "panels[1].ok: 'ok' is unknown"),
        (checked, broken(dashboard(), "panels", 1, "title", value=next(iter(MADE.panels))), "panels[1].title: "),
        (checked, broken(dashboard(), "panels", 1, "expressions", value=[1]), "panels[1].expressions[0]: must be text"),
        (checked, broken(dashboard(), "panels", 1, "expressions", value="up"), "panels[1].expressions: must be a list"),
    ],
)
def test_what_nobody_reads_is_refused(read, document, where):
    with pytest.raises(EvidenceError) as raised:
        read(document)
    assert str(raised.value).startswith(where)


def test_six_panels_of_any_other_titles_leave_the_gate_open():
    document = dashboard()
    for i, panel in enumerate(document["panels"]):
        panel["title"] = f"P{i}"
    result = checked(document)
    assert {result[key].status for key in ("monitoring", "panels")} == {Status.INCONCLUSIVE}
    assert result["panels"].reason.startswith("not the agreement's panels: Finality check performance, Finality throughput, ")


@pytest.mark.parametrize(
    ("expressions", "reason"),
    [
        (["up", "up", "up"], "other expressions than the agreement's were asked in: Finality check performance"),
        (list(next(iter(MADE.panels.values()))[:2]), "other expressions than the agreement's were asked in: Finality check"),
        (3, "it does not say which expressions were asked"),
    ],
)
def test_panels_with_other_expressions_or_none_leave_the_gate_open(expressions, reason):
    result = checked(broken(dashboard(), "panels", 0, "expressions", value=expressions))
    assert {result[key].status for key in ("monitoring", "panels")} == {Status.INCONCLUSIVE}
    assert result["panels"].reason.startswith(reason)
    assert result["panels"].reason.endswith(": repeat the dashboard check")


@pytest.mark.parametrize("panel", [{"series": 2}, {"empty": ["p99"]}])
def test_a_panel_of_fewer_series_than_expressions_has_not_passed(panel):
    document = dashboard()
    document["panels"][0] |= panel
    assert checked(document)["monitoring"].status is Status.FAIL


@pytest.mark.parametrize(
    "url",
    [
        "javascript:alert(1)",
        "data:text/html,x",
        "file:///etc/passwd",
        "//g/d",
        "g/d",
        "http://",
        "http:///d",
        "http://a b",
        "ftp://g/d",
    ],
)
def test_an_address_that_is_none_of_a_page_is_refused(url):
    with pytest.raises(EvidenceError, match=r"^url: is no address of a page \(allowed: http://"):
        checked(dashboard(url=url))


@pytest.mark.parametrize(
    "url",
    [
        "http://g/d/x",
        "https://grafana.example:3000/d/bizra-node/?orgId=1",
        "http://[::1]:3000/d",
        "https://\u00e4pfel.example/d",
        "",
    ],
)
def test_an_address_of_a_page_is_taken(url):
    assert checked(dashboard(url=url))["monitoring"].status is Status.PASS
