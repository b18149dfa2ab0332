"""What a check of the rules that a Prometheus has loaded proves: it can fail or open the gate "alerts", and close the item."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sla.release.evidence_fields import (
    OF_RUN,
    EvidenceError,
    a_flag,
    a_list,
    a_text,
    an_object,
    another_agreement,
    left_open,
    of_schema,
    only,
)
from sla.values.assessment import Evidence, Status
from sla.values.monitoring import MadeMonitoring
from sla.values.promql import job_name

RULES_SCHEMA = "bizra-load/rules-check/1"
KEYS = ("alerts", "alert-rules")
_TOP = (
    *("schema", *OF_RUN, "agreement", "agreement_sha256", "job", "asked", "checked_at", "unread", "rules", "remark"),
    "passed",
)
_RULE = ("alert", "severity", "reason")


def _job(top: Mapping[str, Any]) -> Mapping[str, str]:
    """Whose rules they are, whatever became of them; {} where nobody named a job, as in files of earlier versions."""
    job = a_text(top, "job", "") if "job" in top else ""
    try:
        return {"job": job_name(job)} if job else {}
    except ValueError as error:
        raise EvidenceError(f"job: {error}") from None


def of_rules_check(document: object, made: MadeMonitoring, sha256: str) -> tuple[Evidence, ...]:
    """What the Prometheus under validation has loaded. It closes the item on loaded rules; the gate "alerts" it can only open
    or fail: that a rule is loaded does not show that it fires. A check of other rules than are `made` of the agreement closes
    nothing.
    """
    top = an_object(document, "the document")
    of_schema(top, RULES_SCHEMA)
    facts = _job(top)
    if other := another_agreement(top, sha256):
        return left_open(KEYS, other, facts)
    only(top, _TOP, "")
    asked, unread = a_text(top, "asked", ""), a_text(top, "unread", "")
    if unread:
        return left_open(KEYS, f"the rules of {asked} can't be checked: {unread}", facts)
    severities, wrong, critical = _checked(top, {r.name: r.severity for r in made.rules})
    if not severities:
        return left_open(("alert-rules",), "no rule was checked", facts)
    loaded = f"all {len(severities)} rules are loaded in {asked}"
    remark = a_text(top, "remark", "") if "remark" in top else ""  # earlier versions made none
    item = Evidence("alert-rules", Status.PASS, "; ".join(filter(None, (loaded, remark[:500]))), facts=facts)
    if wrong:
        item = Evidence("alert-rules", Status.FAIL, f"in {asked}: {'; '.join(wrong)}"[:500], facts=facts)
    elif "passed" in top and not a_flag(top, "passed", ""):
        item = Evidence("alert-rules", Status.FAIL, f"in {asked}: the check itself says that it did not pass", facts=facts)
    elif unlike := _unlike(severities, made):
        return left_open(KEYS, f"{unlike}: repeat the check of the rules", facts)
    if not wrong:
        return (item,)
    if critical:
        return Evidence("alerts", Status.FAIL, f"in {asked}: {'; '.join(critical)}"[:500]), item
    others = f"rules that are not critical are not the agreement's in {asked}: {'; '.join(wrong)}"
    return Evidence("alerts", Status.INCONCLUSIVE, others[:500]), item


def _checked(top: Mapping[str, Any], own: Mapping[str, str]) -> tuple[dict[str, str], list[str], list[str]]:
    """(severities by name, what is wrong with rules, the same of critical ones)"""
    severities: dict[str, str] = {}
    wrong, critical = [], []
    for i, value in enumerate(a_list(top, "rules")):
        rule, where = an_object(value, f"rules[{i}]"), f"rules[{i}]."
        only(rule, _RULE, where)
        name, severity = a_text(rule, "alert", where), a_text(rule, "severity", where)
        if name in severities:
            raise EvidenceError(f"{where}alert: {name[:100]!r} is there twice")
        severities[name] = severity
        if reason := a_text(rule, "reason", where):
            wrong.append(f"{name} {reason}")
            critical += [wrong[-1]] if "critical" in (severity, own.get(name)) else []
    return severities, wrong, critical


def _unlike(severities: Mapping[str, str], made: MadeMonitoring) -> str:
    """Why these are not the rules of the agreement; "" where they are."""
    if made.no_rules:
        return f"no alert rules can be made of the agreement to compare with ({made.no_rules})"
    own = {r.name: r.severity for r in made.rules}
    for what, names in {
        "not checked": own.keys() - severities.keys(),
        "no rules of the agreement": severities.keys() - own.keys(),
        "of another severity": {name for name in own.keys() & severities.keys() if own[name] != severities[name]},
    }.items():
        if names:
            return f"{what}: {', '.join(sorted(names))}"[:500]
    return ""
