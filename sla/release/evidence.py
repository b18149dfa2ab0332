"""What a file from outside proves: parsed documents -> statuses of gates and of checklist items.

Every function raises EvidenceError with one line (key, what is wrong, what is allowed) for a document of another form. Missing
proof is INCONCLUSIVE, never a pass.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sla.values.assessment import Evidence, Status
from sla.values.monitoring import RequiredMonitoring
from sla.values.number import finite
from sla.values.promql import job_name
from sla.values.section import wrong_schema

DRILL_SCHEMA = "bizra-load/alert-drill/1"
DASHBOARD_SCHEMA = "bizra-load/dashboard-check/1"
RULES_SCHEMA = "bizra-load/rules-check/1"
_KINDS = ((str, "text"), (bool, "true or false"), (int | float, "a number"), (list, "a list"), (Mapping, "an object"))
MAX_COUNT = 1_000_000_000  # of tests, rules, panels: what is larger is a slip
MAX_ENTRIES = 1000  # of a list: more rules or panels than anybody has
UNCHECKED = "given by the operator; its content is not checked here"


class EvidenceError(ValueError):
    """A document of another form: where, what is wrong, what is allowed."""


@dataclass(frozen=True)
class TestCounts:
    """The counts of a JUnit file; `tests` counts all of them, skipped ones too. unknown: of no known outcome. not_shown: of
    those, the ones that the file counts, and shows as no case, though it shows others.
    """

    __test__ = False  # not a test itself

    tests: int
    failures: int
    errors: int
    skipped: int
    unknown: int = 0
    not_shown: int = 0


# such a file cannot be told from one whose cases are hidden
_COUNTS_ASSERTIONS = "Catch2 and doctest count assertions: run their tests by CTest, and give what ctest --output-junit writes"


def of_tests(key: str, c: TestCounts) -> tuple[Evidence, ...]:
    """Zero tests that ran are no pass."""
    ran = c.tests - c.skipped
    text = f"{c.tests:,} tests: {c.failures:,} failures, {c.errors:,} errors, {c.skipped:,} skipped"
    if c.failures or c.errors:
        return (Evidence(key, Status.FAIL, text),)
    if ran <= 0:
        return (Evidence(key, Status.INCONCLUSIVE, f"{text}; not one was run"),)
    if c.unknown:
        text = f"{text}; {c.unknown:,} without a recorded outcome"
        text += f" ({c.not_shown:,} are counted but not listed; {_COUNTS_ASSERTIONS})" if c.not_shown else ""
        return (Evidence(key, Status.INCONCLUSIVE, text),)
    return (Evidence(key, Status.PASS, text),)


def of_alert_drill(document: object, required: RequiredMonitoring, sha256: str) -> tuple[Evidence, ...]:
    """The gate "alerts", and the item on critical alerts. Only critical rules decide the gate. That rules are loaded in the
    drill's own Prometheus says nothing of the service's; that they are not fails that item, too. A drill of another agreement
    than the one with this `sha256` proves nothing of it.
    """
    top = _object(document, "the document")
    _schema(top, DRILL_SCHEMA)
    if other := _another_agreement(top, sha256):
        return _left_open(("alerts", "critical-alerts"), f"{other}: repeat the alert drill")
    loaded, passed = _count(top, "rules_loaded", ""), _flag(top, "passed", "")
    rules: dict[str, tuple[bool, str]] = {}
    for i, value in enumerate(_list(top, "rules")):
        rule, where = _object(value, f"rules[{i}]"), f"rules[{i}]."
        name = _text(rule, "alert", where)
        if name in rules:
            raise EvidenceError(f"{where}alert: {name!r} is there twice")
        rules[name] = _drilled(rule, where)
    critical = required.critical_rules
    missing = [name for name in critical if name not in rules]
    failed = [f"{name} {rules[name][1]}" for name in critical if name in rules and not rules[name][0]]
    others = [name for name, (good, _) in rules.items() if not good and name not in critical]
    text = f"all {len(critical)} critical rules were loaded, fired and resolved"
    status = Status.PASS
    if failed:
        status, text = Status.FAIL, "; ".join(failed)
    elif loaded < len(critical):
        status, text = Status.FAIL, f"only {loaded} rules were loaded"
    elif missing:
        status, text = Status.INCONCLUSIVE, f"not drilled: {', '.join(missing)}"
    elif not passed and not others:
        status, text = Status.FAIL, "the drill reports that it did not pass"
    if others:
        text += f"; not critical, but failed too: {', '.join(others)}"
    evidence = (Evidence("alerts", status, text), Evidence("critical-alerts", status, text))
    if loaded >= required.rules:
        return evidence
    return (*evidence, Evidence("alert-rules", Status.FAIL, f"{loaded} of {required.rules} rules were loaded in the drill"))


def _another_agreement(top: Mapping[str, Any], sha256: str) -> str:
    """What is wrong where a document was made by another agreement; "" where it was not."""
    named = top.get("agreement_sha256")
    if named is None:
        return "it does not name the sha256 of the agreement that it was made by"
    return "" if named == sha256 else f"it was made by another agreement (sha256 {str(named)[:12]}, not {sha256[:12]})"


def _left_open(keys: Sequence[str], reason: str, facts: Mapping[str, str] | None = None) -> tuple[Evidence, ...]:
    return tuple(Evidence(key, Status.INCONCLUSIVE, reason, facts=facts or {}) for key in keys)


def _job(top: Mapping[str, Any]) -> Mapping[str, str]:
    """Whose rules they are, whatever became of them; {} where nobody named a job, as in files of earlier versions."""
    job = _text(top, "job", "") if "job" in top else ""
    try:
        return {"job": job_name(job)} if job else {}
    except ValueError as error:
        raise EvidenceError(f"job: {error}") from None


def of_rules_check(document: object, sha256: str) -> tuple[Evidence, ...]:
    """What the Prometheus under validation has loaded. It closes the item on loaded rules; the gate "alerts" it can only open
    or fail: that a rule is loaded does not show that it fires.
    """
    top = _object(document, "the document")
    _schema(top, RULES_SCHEMA)
    facts = _job(top)
    if other := _another_agreement(top, sha256):
        return _left_open(("alerts", "alert-rules"), other, facts)
    asked, unread = _text(top, "asked", ""), _text(top, "unread", "")
    if unread:
        return _left_open(("alerts", "alert-rules"), f"the rules of {asked} can't be read: {unread}", facts)
    wrong, critical, count = [], [], 0
    for i, value in enumerate(_list(top, "rules")):
        rule, where = _object(value, f"rules[{i}]"), f"rules[{i}]."
        count += 1
        if reason := _text(rule, "reason", where):
            text = f"{_text(rule, 'alert', where)} {reason}"
            wrong.append(text)
            critical += [text] if _text(rule, "severity", where) == "critical" else []
    if not count:
        return _left_open(("alert-rules",), "no rule was checked", facts)
    loaded = f"all {count} rules are loaded in {asked}"
    remark = _text(top, "remark", "") if "remark" in top else ""  # earlier versions made none
    item = Evidence("alert-rules", Status.PASS, "; ".join(filter(None, (loaded, remark[:500]))), facts=facts)
    if wrong:
        item = Evidence("alert-rules", Status.FAIL, f"in {asked}: {'; '.join(wrong)}"[:500], facts=facts)
    elif "passed" in top and not _flag(top, "passed", ""):
        item = Evidence("alert-rules", Status.FAIL, f"in {asked}: the check itself says that it did not pass", facts=facts)
    gate = Evidence("alerts", Status.FAIL, f"in {asked}: {'; '.join(critical)}"[:500])
    return (gate, item) if critical else (item,)


def _drilled(rule: Mapping[str, Any], where: str) -> tuple[bool, str]:
    for key in ("group", "severity"):
        _text(rule, key, where)
    pending, firing, resolved = (_seconds(rule, key, where) for key in ("pending_s", "firing_s", "resolved_s"))
    passed = _flag(rule, "passed", where)
    if firing is None:
        return False, "did not fire"
    # pending and firing count from the fault, resolved from its end: an alert may fire after a minute and resolve in a second
    if resolved is None or (pending is not None and firing < pending):
        return False, "did not resolve" if resolved is None else "has times that are out of order"
    return passed, "fired and resolved" if passed else "did not pass"


def of_dashboard(document: object, required: RequiredMonitoring, scrape_limit_s: float, sha256: str) -> tuple[Evidence, ...]:
    """The gate "monitoring", and the items on the dashboard, its panels and the scrape, which must take less than the limit. A
    check by another agreement than the one with this `sha256` proves nothing of it.
    """
    top = _object(document, "the document")
    _schema(top, DASHBOARD_SCHEMA)
    if other := _another_agreement(top, sha256):
        return _left_open(("monitoring", "dashboard", "panels", "scrape"), f"{other}: repeat the dashboard check")
    url, passed, scrape_s = _text(top, "url", ""), _flag(top, "passed", ""), _seconds(top, "scrape_s", "")
    titles, empty = set(), []
    for i, value in enumerate(_list(top, "panels")):
        panel, where = _object(value, f"panels[{i}]"), f"panels[{i}]."
        title = _text(panel, "title", where)
        titles.add(title)
        series = _count(panel, "series", where)
        if not (_flag(panel, "passed", where) and series):
            empty.append(title)
    panels, panels_text = Status.PASS, f"all {len(titles)} panels return data"
    if empty:
        panels, panels_text = Status.FAIL, f"no data in: {', '.join(empty)}"
    elif len(titles) < required.panels:
        panels, panels_text = Status.INCONCLUSIVE, f"only {len(titles)} of {required.panels} panels were checked"
    scrape, scrape_text = Status.INCONCLUSIVE, "how long a scrape takes was not measured"
    if scrape_s is not None:
        scrape = Status.PASS if scrape_s < scrape_limit_s else Status.FAIL
        scrape_text = f"a scrape takes {scrape_s:.3g} s (limit: < {scrape_limit_s:g} s)"
    gate, text = worst((panels, scrape)), f"{panels_text}; {scrape_text}"
    if gate is Status.PASS and not passed:
        gate, text = Status.FAIL, f"the check reports that it did not pass; {text}"
    return (
        Evidence("monitoring", gate, text, facts={"url": url}),
        Evidence("dashboard", Status.PASS if url else Status.INCONCLUSIVE, f"at {url}" if url else "its URL is not given"),
        Evidence("panels", panels, panels_text),
        Evidence("scrape", scrape, scrape_text),
    )


def of_document(key: str, document: object) -> tuple[Evidence, ...]:
    """A gate that only the agreement knows: {"passed": true or false, ...}."""
    passed = _flag(_object(document, "the document"), "passed", "")
    return (Evidence(key, Status.PASS if passed else Status.FAIL, f"passed is {str(passed).lower()}"),)


def of_file(key: str) -> tuple[Evidence, ...]:
    return (Evidence(key, Status.PASS, UNCHECKED),)


def worst(statuses: Sequence[Status]) -> Status:
    """FAIL before INCONCLUSIVE before PASS."""
    return next((s for s in (Status.FAIL, Status.INCONCLUSIVE) if s in statuses), Status.PASS)


def _object(value: object, where: str) -> Mapping[str, Any]:
    if not isinstance(value, Mapping):
        raise EvidenceError(f"{where}: must be an object, not {_kind(value)}")
    return value


def _schema(top: Mapping[str, Any], wanted: str) -> None:
    if wrong := wrong_schema(top, wanted):
        raise EvidenceError(wrong)


def _list(top: Mapping[str, Any], key: str) -> list[Any]:
    value = top.get(key)
    if not isinstance(value, list):
        raise EvidenceError(f"{key}: must be a list, not {_kind(value)}")
    if len(value) > MAX_ENTRIES:
        raise EvidenceError(f"{key}: has {len(value):,} entries (allowed: {MAX_ENTRIES:,})")
    return value


def _text(values: Mapping[str, Any], key: str, where: str) -> str:
    value = values.get(key)
    if not isinstance(value, str) or len(value) > 500:
        what = f"text of {len(value):,}" if isinstance(value, str) else _kind(value)
        raise EvidenceError(f"{where}{key}: must be text of at most 500 characters, not {what}")
    return value


def _flag(values: Mapping[str, Any], key: str, where: str) -> bool:
    value = values.get(key)
    if not isinstance(value, bool):
        raise EvidenceError(f"{where}{key}: must be true or false, not {_kind(value)}")
    return value


def _count(values: Mapping[str, Any], key: str, where: str) -> int:
    value = values.get(key)
    if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value <= MAX_COUNT:
        allowed = f"a whole number from 0 to {MAX_COUNT:,}"
        raise EvidenceError(f"{where}{key}: must be {allowed}, not {_kind(value)}")
    return value


def _seconds(values: Mapping[str, Any], key: str, where: str) -> float | None:
    """None where it is null or missing: it was never seen."""
    value = values.get(key)
    if value is None:
        return None
    seconds = finite(value)
    if seconds is None or seconds < 0:
        raise EvidenceError(f"{where}{key}: must be seconds that are not negative, or null, not {_kind(value)}")
    return seconds


def _kind(value: object) -> str:
    """What it is, and nothing of it: the file may be one of secrets."""
    if value is None:
        return "missing"
    return next((name for kind, name in _KINDS if isinstance(value, kind)), "something else")
