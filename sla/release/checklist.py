"""The production readiness checklist, filled from an assessment: an item without evidence stays open, with what closes it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import PurePosixPath

from sla.values.agreement import Agreement
from sla.values.assessment import Assessment, Check, Evidence, Gate, Severity, Status
from sla.values.kinds import KINDS, SuccessRate
from sla.values.remedies import PLAIN, Remedy, RemedyWords

# Items that a file closes: key -> (title, the evidence that the file is given as, what it is). What stands in braces is the
# agreement's, or what its product requires.
FROM_FILES = {
    "dashboard": ("The dashboard is imported", "monitoring", "a dashboard check"),
    "panels": ("All {panels} panels return data", "monitoring", "a dashboard check"),
    "scrape": ("A scrape takes less than {scrape_s:g} s", "monitoring", "a dashboard check"),
    "alert-rules": ("All {rules} alert rules are loaded", "rules", "rules-check.json of a validation"),
    "critical-alerts": ("All {critical} critical alerts fire and resolve", "alerts", "an alert drill"),
    "node_tests": ("The node's own tests pass", "tests", "JUnit XML of the node's build"),
    "deployment": ("The deployment is complete", "deployment", "a note or Kubernetes manifests"),
    "health-probes": ("Containers have readiness and liveness probes", "deployment", "Kubernetes manifests"),
    "resource-limits": ("Containers have CPU and memory limits", "deployment", "Kubernetes manifests"),
    "rollback-drill": ("A rollback was tried", "rollback-drill", "its log"),
    "security-audit": ("Security audit", "security-audit", "its report"),
    "compliance-audit": ("Compliance audit", "compliance-audit", "its report"),
    "runbook": ("Runbook for every critical alert", "runbook", ""),
    "release-notes": ("Release notes", "release-notes", ""),
    "deployment-guide": ("Deployment guide", "deployment-guide", ""),
    "approval-technical-lead": ("Technical lead", "approval-technical-lead", "the signed decision"),
    "approval-devops-lead": ("DevOps lead", "approval-devops-lead", "the signed decision"),
    "approval-product-owner": ("Product owner", "approval-product-owner", "the signed decision"),
    "post-alerts": ("No critical alert has fired for 24 h at 100 %", "post-alerts", ""),
    "post-load-test": ("A load test after 100 % keeps the agreement", "post-load-test", "its assessment"),
    "post-baseline": ("The baseline holds the new version's figures", "post-baseline", "the new baseline"),
}
_BY_COMMAND = ("dashboard", "panels", "scrape", "alert-rules", "critical-alerts", "node_tests", "deployment")
FREE = tuple(key for key in FROM_FILES if key not in _BY_COMMAND)  # any file closes these
RULES = "rules"  # the evidence of which rules are loaded


@dataclass(frozen=True)
class Item:
    """`source` is the evidence's file in the run folder, "" for the run itself; `closes`: what would close an open item;
    `words`: a status as the decision document has it, "" where the box says it.
    """

    title: str
    status: Status
    detail: str
    source: str
    closes: str
    words: str = ""


@dataclass(frozen=True)
class ChecklistSection:
    title: str
    items: tuple[Item, ...]


def checklist(assessment: Assessment, agreement: Agreement, words: RemedyWords = PLAIN) -> tuple[ChecklistSection, ...]:
    """The items of an assessment by that agreement, in their sections; `words` for what would close an open one."""
    gates, checks = assessment.gates, {c.key: c for c in assessment.checks}
    objectives = {o.key for o in assessment.objectives}
    evidence = {e.key: e for e in assessment.evidence}

    def files(*keys: str) -> list[Item]:
        return [_from_file(key, evidence.get(key), agreement, words) for key in keys]

    approvals = assessment.strategy.approvals if assessment.strategy else ()
    rates, whole = _success_rates(assessment, agreement)
    performance = [_gate(g, objectives, words) for g in gates if g.key in objectives and (g.key not in whole or rates == whole)]
    success = [_gate(g, objectives, words) for g in gates if g.key in (whole or rates)] or [_success(assessment)]
    critical, warning = (
        [_gate(g, objectives, words) for g in gates if g.severity is s] for s in (Severity.CRITICAL, Severity.WARNING)
    )
    sections = {
        "Performance": performance,
        "Monitoring and observability": [
            *files("dashboard", "panels", "scrape", "alert-rules", "critical-alerts"), _server(checks.get("server_data"), words)
        ],
        "Testing": [*files("node_tests"), _load_test(assessment), *success],
        "Infrastructure and deployment": files("deployment", "health-probes", "resource-limits", "rollback-drill"),
        "Security and compliance": files("security-audit", "compliance-audit"),
        "Documentation": files("runbook", "release-notes", "deployment-guide"),
        "Critical gates (all must pass)": critical,
        "Warning gates (to be reviewed)": warning,
        "Approvals": files(*(approval_key(role) for role in approvals)),
        "After the deployment": files("post-alerts", "post-load-test", "post-baseline"),
    }  # fmt: skip
    return tuple(ChecklistSection(title, tuple(items)) for title, items in sections.items())


def _success_rates(assessment: Assessment, agreement: Agreement) -> tuple[set[str], set[str]]:
    """(all success and error rates among the objectives, those over all operations: they say how the load test went)."""
    rates = {o.key: set(o.operations) for o in assessment.objectives if issubclass(KINDS[o.kind], SuccessRate)}
    of_load = {o.key for o in agreement.objectives if not o.operations} & set(rates)
    return set(rates), of_load or {key for key, operations in rates.items() if operations == set(agreement.operations)}


def given_as(key: str) -> str:
    """The name that evidence for a gate or an item is given by."""
    return FROM_FILES[key][1] if key in FROM_FILES else key


def approval_key(role: str) -> str:
    """The evidence that an approval is given as."""
    return f"approval-{role.lower().replace(' ', '-')}"


def count(sections: Sequence[ChecklistSection]) -> tuple[int, int, int]:
    """(closed, failed, open); a warning that is not accepted is open."""
    statuses = [i.status for s in sections for i in s.items]
    closed, failed = statuses.count(Status.PASS), statuses.count(Status.FAIL)
    return closed, failed, len(statuses) - closed - failed


def _from_file(key: str, e: Evidence | None, agreement: Agreement, words: RemedyWords) -> Item:
    title, name, what = FROM_FILES[key]
    if e is not None and _is_rules_check(e.source):
        name, what = RULES, "a check of the loaded rules"
    how = words[Remedy.EVIDENCE].format(key=name) + (f", {what}" if what else "")
    required = agreement.monitoring
    title = title.format(
        panels=required.panels, rules=required.rules, critical=len(required.critical_rules), scrape_s=agreement.process.scrape_s
    )
    if e is None:
        return Item(title, Status.INCONCLUSIVE, "no evidence was given", "", how)
    when = f" (file of {e.modified}, sha256 {e.sha256[:12]})" if e.sha256 else ""
    closes = {Status.PASS: "", Status.FAIL: f"a remedy, then {how}"}.get(e.status, how)
    return Item(title, e.status, e.reason + when, e.source, closes)


def _is_rules_check(source: str) -> bool:
    """It takes from a gate what another file proves: a new one of that kind does not give it back."""
    return PurePosixPath(source).stem == RULES


def _gate(g: Gate, objectives: set[str], words: RemedyWords) -> Item:
    status = Status.PASS if g.status is Status.WARN and not g.counts else g.status
    closes = {
        Status.PASS: "",
        Status.WARN: "a reviewer's approval, or a run that keeps it",
        Status.FAIL: "a change of the node, and a run that keeps it",
        Status.INVALID: "a run whose checks hold",
    }.get(status, "a longer run")
    if status is not Status.PASS and g.key not in objectives:  # no load shows it
        how = words[Remedy.EVIDENCE].format(key=RULES if _is_rules_check(g.source) else given_as(g.key))
        closes = f"a remedy, then {how}" if status is Status.FAIL else how
    shown = "" if g.status in (Status.PASS, Status.INCONCLUSIVE) else g.status_words
    return Item(g.title, status, g.reason, g.source, closes, shown)


def _server(check: Check | None, words: RemedyWords) -> Item:
    title, how = "The node's own metrics were read during the load", words[Remedy.RUN_WITH_SERVER_METRICS]
    if check is None:
        return Item(title, Status.INCONCLUSIVE, "the agreement asks for none", "", how)
    return Item(title, check.status, check.reason, "", "" if check.status is Status.PASS else how)


def _load_test(assessment: Assessment) -> Item:
    broken = [c for c in assessment.checks if c.status is Status.FAIL]
    title = "The load test ran, and its own checks hold"
    if broken:
        return Item(title, Status.FAIL, "; ".join(c.reason for c in broken), "", "a run whose checks hold")
    return Item(title, Status.PASS, f"{len(assessment.checks)} checks of the run", "", "")


def _success(assessment: Assessment) -> Item:
    """Where the agreement has no such objective: what the client counted, judged by nothing."""
    ok = sum(o.ok for o in assessment.operations)
    failed = sum(sum(o.failed.values()) for o in assessment.operations)
    detail = (
        f"{ok:,} of {ok + failed:,} operations were successful; the agreement has no such objective"
        if ok + failed
        else "no data"
    )
    return Item("Load-test success of at least 99 %", Status.INCONCLUSIVE, detail, "", "an agreement with this objective")
