"""What a Prometheus has loaded -> the gate on alerts and the item on loaded rules, and whose rules they are."""

import pytest

from bizra_load.io.utc import utc_now
from sla.release import rules_evidence
from sla.release.evidence_fields import EvidenceError
from sla.release.rollout import names_in
from sla.values.assessment import Status
from sla.values.monitoring import MadeMonitoring
from tests.unit.sla.release.test_evidence import MADE, SHA256


def rules_check(reasons=("", ""), made=MADE, **more):
    """By all rules of the agreement; `reasons` are of the first critical one and of the first warning."""
    wrong = {
        next(r.name for r in made.rules if r.severity == s): w for s, w in zip(("critical", "warning"), reasons, strict=False)
    }
    rules = [{"alert": r.name, "severity": r.severity, "reason": wrong.get(r.name, "")} for r in made.rules if reasons]
    head = {"schema": "bizra-load/rules-check/1", "agreement": "x", "agreement_sha256": SHA256, "asked": "Prometheus at u"}
    return head | {"checked_at": utc_now(), "unread": "", "rules": rules} | more


def of_rules_check(document, made=MADE):
    return rules_evidence.of_rules_check(document, made, SHA256)


@pytest.mark.parametrize(
    ("document", "statuses"),
    [
        (rules_check(), {"alert-rules": "PASS"}),
        (rules_check(("is not loaded", "")), {"alerts": "FAIL", "alert-rules": "FAIL"}),
        (rules_check(("", "is not loaded")), {"alerts": "INCONCLUSIVE", "alert-rules": "FAIL"}),
        (rules_check(()), {"alert-rules": "INCONCLUSIVE"}),
        (rules_check(unread="connection refused"), {"alerts": "INCONCLUSIVE", "alert-rules": "INCONCLUSIVE"}),
        (rules_check(agreement_sha256="f" * 64), {"alerts": "INCONCLUSIVE", "alert-rules": "INCONCLUSIVE"}),
    ],
)
def test_what_is_deployed_closes_the_item_and_can_only_fail_or_open_the_gate(document, statuses):
    assert {e.key: e.status.value for e in of_rules_check(document)} == statuses


@pytest.mark.parametrize(
    ("document", "facts"),
    [
        (rules_check(job="node"), {"job": "node"}),
        (rules_check(("", "is not loaded"), job="node"), {"job": "node"}),
        (rules_check((), job="node"), {"job": "node"}),
        (rules_check(job="node", unread="connection refused"), {"job": "node"}),
        (rules_check(job="node", agreement_sha256="f" * 64), {"job": "node"}),
        (rules_check(job=""), {}),
        (rules_check(), {}),
    ],
)
def test_the_rules_say_whose_they_are_where_the_file_does_whatever_became_of_them(document, facts):
    item = next(e for e in of_rules_check(document) if e.key == "alert-rules")
    assert item.facts == facts
    assert names_in([item]) == facts


def test_a_rules_check_that_did_not_pass_is_no_pass():
    [item] = of_rules_check(rules_check(passed=False))
    assert (item.status, item.reason) == (Status.FAIL, "in Prometheus at u: the check itself says that it did not pass")
    [item] = of_rules_check(rules_check(passed=True))
    assert item.status is Status.PASS


def test_a_remark_is_said_and_fails_nothing():
    [item] = of_rules_check(rules_check(remark="it notifies nobody"))
    assert (item.status, item.reason) == (Status.PASS, "all 12 rules are loaded in Prometheus at u; it notifies nobody")


@pytest.mark.parametrize("job", ["a`b", "a  b", "-x", "a\nb", "a" * 101])
def test_a_job_that_could_be_something_else_in_a_query_is_refused(job):
    with pytest.raises(EvidenceError, match=r"^job: .*\(allowed: up to 100 letters, digits and"):
        of_rules_check(rules_check(job=job))


@pytest.mark.parametrize("job", [None, 7, ["a"], "x" * 501])
def test_a_job_that_is_no_text_is_refused(job):
    with pytest.raises(EvidenceError, match=r"^job: must be text of at most 500 characters"):
        of_rules_check(rules_check(job=job))


def changed(document, i, **values):
    rules = [rule | values if n == i else rule for n, rule in enumerate(document["rules"])]
    return document | {"rules": rules}


@pytest.mark.parametrize(
    ("document", "reason"),
    [
        (rules_check() | {"rules": rules_check()["rules"][:1]}, "not checked: FinalityCheckStalled"),
        (changed(rules_check(), 0, severity="warning"), "of another severity: FinalityCheckP99Violation"),
        (
            rules_check() | {"rules": [*rules_check()["rules"], {"alert": "Mine", "severity": "info", "reason": ""}]},
            "no rules of the agreement: Mine",
        ),
    ],
)
def test_a_check_of_other_rules_than_the_agreements_closes_nothing(document, reason):
    proofs = of_rules_check(document)
    assert {e.key: e.status for e in proofs} == dict.fromkeys(("alerts", "alert-rules"), Status.INCONCLUSIVE)
    assert all(e.reason.startswith(reason) and e.reason.endswith("repeat the check of the rules") for e in proofs)


def test_a_critical_rule_that_is_called_a_warning_fails_the_gate_all_the_same():
    document = changed(rules_check(("is not loaded", "")), 0, severity="warning")
    assert {e.key: e.status.value for e in of_rules_check(document)} == {"alerts": "FAIL", "alert-rules": "FAIL"}


def test_where_no_rules_can_be_made_of_the_agreement_nothing_is_compared_and_nothing_passes():
    proofs = of_rules_check(rules_check(), MadeMonitoring(no_rules="objectives: none"))
    assert {e.status for e in proofs} == {Status.INCONCLUSIVE}
    assert "no alert rules can be made of the agreement to compare with (objectives: none)" in proofs[0].reason


@pytest.mark.parametrize(
    ("document", "message"),
    [
        (changed(rules_check(), 1, alert="FinalityCheckP99Violation"), r"rules\[1\]\.alert: .* is there twice"),
        (changed(rules_check(), 1, loaded=False), r"rules\[1\]\.loaded: 'loaded' is unknown"),
        (rules_check(complete=False), "complete: 'complete' is unknown"),
    ],
)
def test_what_nobody_reads_or_contradicts_itself_is_refused(document, message):
    with pytest.raises(EvidenceError, match=rf"^{message}"):
        of_rules_check(document)
