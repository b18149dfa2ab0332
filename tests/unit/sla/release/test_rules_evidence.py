"""What a Prometheus has loaded -> the gate on alerts and the item on loaded rules, and whose rules they are."""

import pytest

from sla.release import evidence
from sla.release.rollout import names_in
from sla.values.assessment import Status
from tests.unit.sla.release.test_evidence import SHA256


def rules_check(reasons=("", ""), **more):
    rules = [{"alert": f"A{i}", "severity": ("critical", "warning")[i], "reason": r} for i, r in enumerate(reasons)]
    head = {"schema": "bizra-load/rules-check/1", "agreement": "x", "agreement_sha256": SHA256, "asked": "Prometheus at u"}
    return head | {"unread": "", "rules": rules} | more


@pytest.mark.parametrize(
    ("document", "statuses"),
    [
        (rules_check(), {"alert-rules": "PASS"}),
        (rules_check(("is not loaded", "")), {"alerts": "FAIL", "alert-rules": "FAIL"}),
        (rules_check(("", "is not loaded")), {"alert-rules": "FAIL"}),
        (rules_check(()), {"alert-rules": "INCONCLUSIVE"}),
        (rules_check(unread="connection refused"), {"alerts": "INCONCLUSIVE", "alert-rules": "INCONCLUSIVE"}),
        (rules_check(agreement_sha256="f" * 64), {"alerts": "INCONCLUSIVE", "alert-rules": "INCONCLUSIVE"}),
    ],
)
def test_what_is_deployed_closes_the_item_and_can_only_fail_or_open_the_gate(document, statuses):
    assert {e.key: e.status.value for e in evidence.of_rules_check(document, SHA256)} == statuses


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
    item = next(e for e in evidence.of_rules_check(document, SHA256) if e.key == "alert-rules")
    assert item.facts == facts
    assert names_in([item]) == facts


def test_a_rules_check_that_did_not_pass_is_no_pass():
    [item] = evidence.of_rules_check(rules_check(passed=False), SHA256)
    assert (item.status, item.reason) == (Status.FAIL, "in Prometheus at u: the check itself says that it did not pass")
    [item] = evidence.of_rules_check(rules_check(passed=True), SHA256)
    assert item.status is Status.PASS


def test_a_remark_is_said_and_fails_nothing():
    [item] = evidence.of_rules_check(rules_check(remark="it notifies nobody"), SHA256)
    assert (item.status, item.reason) == (Status.PASS, "all 2 rules are loaded in Prometheus at u; it notifies nobody")


@pytest.mark.parametrize("job", ["a`b", "a  b", "-x", "a\nb", "a" * 101])
def test_a_job_that_could_be_something_else_in_a_query_is_refused(job):
    with pytest.raises(evidence.EvidenceError, match=r"^job: .*\(allowed: up to 100 letters, digits and"):
        evidence.of_rules_check(rules_check(job=job), SHA256)


@pytest.mark.parametrize("job", [None, 7, ["a"], "x" * 501])
def test_a_job_that_is_no_text_is_refused(job):
    with pytest.raises(evidence.EvidenceError, match=r"^job: must be text of at most 500 characters"):
        evidence.of_rules_check(rules_check(job=job), SHA256)
