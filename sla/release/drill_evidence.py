"""What an alert drill proves: the gate "alerts", and the item on critical alerts."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sla.release.evidence_fields import (
    MAX_EXPRESSION,
    EvidenceError,
    a_count,
    a_flag,
    a_list,
    a_text,
    an_object,
    another_agreement,
    left_open,
    of_schema,
    only,
    seconds,
)
from sla.values.assessment import Evidence, Status
from sla.values.monitoring import MadeMonitoring, MadeRule, RequiredMonitoring
from sla.values.shown import first_of

DRILL_SCHEMA = "bizra-load/alert-drill/1"
KEYS = ("alerts", "critical-alerts")
_TOP = ("schema", "agreement", "agreement_sha256", "checked_at", "rules_loaded", "alertmanager", "shortened", "rules", "passed")
_TIMES = ("pending_s", "firing_s", "notified_s", "resolved_s")
_AGREE = " (allowed: fields that agree)"
_RULE = ("alert", "group", "severity", "expression", "fault", *_TIMES, "reason", "passed")


@dataclass(frozen=True)
class _Drilled:
    """One rule; `other`: what tells it from the agreement's own, "" where nothing does."""

    passed: bool
    text: str
    fired: bool
    other: str


def of_alert_drill(document: object, required: RequiredMonitoring, made: MadeMonitoring, sha256: str) -> tuple[Evidence, ...]:
    """Only critical rules decide the gate. That rules are loaded in the drill's own Prometheus says nothing of the service's;
    that they are not fails that item, too. A drill of another agreement than the one with this `sha256`, or of other rules than
    are `made` of it, proves nothing of it. Raises EvidenceError for a document that contradicts itself.
    """
    top = an_object(document, "the document")
    of_schema(top, DRILL_SCHEMA)
    if other := another_agreement(top, sha256):
        return left_open(KEYS, f"{other}: repeat the alert drill")
    only(top, _TOP, "")
    loaded, passed = a_count(top, "rules_loaded", ""), a_flag(top, "passed", "")
    rules = _rules(top, {rule.name: rule for rule in made.rules})
    _agree(loaded, passed, rules)
    critical = required.critical_rules
    missing = [name for name in critical if name not in rules]
    failed = [f"{name} {rules[name].text}" for name in critical if name in rules and not rules[name].passed]
    others = [name for name, rule in rules.items() if not rule.passed and name not in critical]
    text = f"all {len(critical)} critical rules were loaded, fired and resolved"
    status = Status.PASS
    if failed:
        status, text = Status.FAIL, "; ".join(failed)
    elif loaded < len(critical):
        status, text = Status.FAIL, f"only {loaded} rules were loaded"
    elif unlike := _unlike(loaded, rules, made):
        status, text = Status.INCONCLUSIVE, f"{unlike}: repeat the alert drill"
    elif missing:
        status, text = Status.INCONCLUSIVE, f"not drilled: {', '.join(missing)}"
    if others:
        text += f"; not critical, but failed too: {', '.join(others)}"
    evidence = tuple(Evidence(key, status, text) for key in KEYS)
    if loaded >= required.rules:
        return evidence
    return (*evidence, Evidence("alert-rules", Status.FAIL, f"{loaded} of {required.rules} rules were loaded in the drill"))


def _rules(top: Mapping[str, Any], own: Mapping[str, MadeRule]) -> dict[str, _Drilled]:
    rules: dict[str, _Drilled] = {}
    has_manager = a_flag(top, "alertmanager", "") if "alertmanager" in top else None
    for i, value in enumerate(a_list(top, "rules")):
        rule, where = an_object(value, f"rules[{i}]"), f"rules[{i}]."
        only(rule, _RULE, where)
        name = a_text(rule, "alert", where)
        if name in rules:
            raise EvidenceError(f"{where}alert: {name!r} is there twice")
        other = _other(rule, where, own.get(name))
        rules[name] = _drilled(rule, where, own.get(name), has_manager, other)
    return rules


def _other(rule: Mapping[str, Any], where: str, own: MadeRule | None) -> str:
    """What tells a drilled rule from the agreement's own."""
    group, severity = a_text(rule, "group", where), a_text(rule, "severity", where)
    expression = a_text(rule, "expression", where, MAX_EXPRESSION) if "expression" in rule else None
    if own is None:
        return "is no rule of the agreement"
    if expression is None:
        return "does not say its expression"
    pairs = {"group": (group, own.group), "severity": (severity, own.severity), "expression": (expression, own.expression)}
    unlike = [what for what, (drilled, made) in pairs.items() if drilled != made]
    return f"was drilled with another {' and '.join(unlike)} than the agreement's" if unlike else ""


def _unlike(loaded: int, rules: Mapping[str, _Drilled], made: MadeMonitoring) -> str:
    """Why these are not the rules of the agreement; "" where they are."""
    if made.no_rules:
        return f"no alert rules can be made of the agreement to compare with ({made.no_rules})"
    if others := [f"{name[:100]} {rule.other}" for name, rule in rules.items() if rule.other]:
        return first_of(others, 3, last=", and ")
    return f"{loaded} rules were loaded, and the agreement has {len(made.rules)}" if loaded > len(made.rules) else ""


def _drilled(rule: Mapping[str, Any], where: str, own: MadeRule | None, has_manager: bool | None, other: str) -> _Drilled:
    _, firing, notified, resolved = (seconds(rule, key, where) for key in _TIMES)
    passed = a_flag(rule, "passed", where)
    for key in ("reason", "fault"):
        if key in rule:
            a_text(rule, key, where)
    slips = _slips_of_passed(rule, own, has_manager) if passed else {}
    if resolved is not None and firing is None:
        slips["resolved_s"] = "is there, and firing_s is not"
    if notified is not None and has_manager is False:
        slips["notified_s"] = "is there, and alertmanager is false"
    for key, what in slips.items():
        raise EvidenceError(f"{where}{key}: {what}{_AGREE}")
    text = "did not fire" if firing is None else "did not resolve" if resolved is None else "did not pass"
    return _Drilled(passed, text, firing is not None, other)


def _slips_of_passed(rule: Mapping[str, Any], own: MadeRule | None, has_manager: bool | None) -> dict[str, str]:
    """Fields of a rule that passed which say that it did not. Pending and firing count from the fault, resolved from its end:
    an alert may resolve sooner than it fired.
    """
    pending, firing, notified, resolved = (seconds(rule, key, "") for key in _TIMES)
    wrong = {
        "firing_s": "is null, and passed is true" if firing is None else "",
        "resolved_s": "is null, and passed is true" if resolved is None else "",
        "pending_s": "is null, and passed is true" if pending is None and own is not None and own.waits_s > 0 else "",
        "notified_s": "is null, and passed and alertmanager are true" if notified is None and has_manager else "",
        "reason": "says what went wrong, and passed is true" if rule.get("reason") else "",
    }
    if firing is not None and pending is not None and pending > firing:
        wrong["pending_s"] = "is after firing_s"
    if firing is not None and notified is not None and notified < firing:
        wrong["notified_s"] = "is before firing_s"
    return {key: what for key, what in wrong.items() if what}


def _agree(loaded: int, passed: bool, rules: Mapping[str, _Drilled]) -> None:
    """Raises EvidenceError where the sums of a drill say something else than its rules."""
    fired, bad = sum(rule.fired for rule in rules.values()), [name for name, rule in rules.items() if not rule.passed]
    if fired > loaded:
        raise EvidenceError(f"rules_loaded: {loaded}, and {fired} of the rules fired{_AGREE}")
    if passed and (bad or not rules):
        what = f"{len(bad)} of its {len(rules)} rules did not" if rules else "it has no rules"
        raise EvidenceError(f"passed: is true, and {what}{_AGREE}")
    if not passed and rules and not bad:
        raise EvidenceError(f"passed: is false, and all of its {len(rules)} rules passed{_AGREE}")
