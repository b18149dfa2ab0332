"""The production readiness checklist, filled from an assessment: an item without evidence stays open, with what closes it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sla.values.agreement import Agreement
from sla.values.assessment import Assessment, Check, Evidence, Gate, Severity, Status

# Items that a file closes: key -> (title, where the file comes from). The key is the name on the command line, but where
# one file closes several items. What stands in braces is the agreement's, or what its product requires.
FROM_FILES = {
    "dashboard": ("The dashboard is imported", "--evidence monitoring=FILE, a dashboard check"),
    "panels": ("All {panels} panels return data", "--evidence monitoring=FILE, a dashboard check"),
    "scrape": ("A scrape takes less than {scrape_s:g} s", "--evidence monitoring=FILE, a dashboard check"),
    "alert-rules": ("All {rules} alert rules are loaded", "--evidence alerts=FILE, an alert drill"),
    "critical-alerts": ("All {critical} critical alerts fire and resolve", "--evidence alerts=FILE, an alert drill"),
    "node_tests": ("The node's own tests pass", "--evidence tests=FILE, JUnit XML of the node's build"),
    "deployment": ("The deployment is complete", "--evidence deployment=FILE, a note or Kubernetes manifests"),
    "health-probes": ("Containers have readiness and liveness probes", "--evidence deployment=FILE, Kubernetes manifests"),
    "resource-limits": ("Containers have CPU and memory limits", "--evidence deployment=FILE, Kubernetes manifests"),
    "rollback-drill": ("A rollback was tried", "--evidence rollback-drill=FILE, its log"),
    "security-audit": ("Security audit", "--evidence security-audit=FILE, its report"),
    "compliance-audit": ("Compliance audit", "--evidence compliance-audit=FILE, its report"),
    "runbook": ("Runbook for every critical alert", "--evidence runbook=FILE"),
    "release-notes": ("Release notes", "--evidence release-notes=FILE"),
    "deployment-guide": ("Deployment guide", "--evidence deployment-guide=FILE"),
    "approval-technical-lead": ("Technical lead", "--evidence approval-technical-lead=FILE, the signed decision"),
    "approval-devops-lead": ("DevOps lead", "--evidence approval-devops-lead=FILE, the signed decision"),
    "approval-product-owner": ("Product owner", "--evidence approval-product-owner=FILE, the signed decision"),
    "post-alerts": ("No critical alert has fired for 24 h at 100 %", "--evidence post-alerts=FILE"),
    "post-load-test": ("A load test after 100 % keeps the agreement", "--evidence post-load-test=FILE, its assessment"),
    "post-baseline": ("The baseline holds the new version's figures", "--evidence post-baseline=FILE, the new baseline"),
}
_BY_COMMAND = ("dashboard", "panels", "scrape", "alert-rules", "critical-alerts", "node_tests", "deployment")
FREE = tuple(key for key in FROM_FILES if key not in _BY_COMMAND)  # any file closes these
NOT_PERFORMANCE = ("load_test_success",)  # a step of testing


@dataclass(frozen=True)
class Item:
    """`source` is the evidence's file in the run folder, "" for the run itself; `closes`: what would close an open item."""

    title: str
    status: Status
    detail: str
    source: str
    closes: str


@dataclass(frozen=True)
class ChecklistSection:
    title: str
    items: tuple[Item, ...]


def checklist(assessment: Assessment, agreement: Agreement) -> tuple[ChecklistSection, ...]:
    """The items of an assessment by that agreement, in their sections."""
    gates, checks = assessment.gates, {c.key: c for c in assessment.checks}
    objectives = {o.key for o in assessment.objectives}
    evidence = {e.key: e for e in assessment.evidence}

    def files(*keys: str) -> list[Item]:
        return [_from_file(key, evidence.get(key), agreement) for key in keys]

    performance = [_gate(g) for g in gates if g.key in objectives and g.key not in NOT_PERFORMANCE]
    tested = [_load_test(assessment), *(_gate(g) for g in gates if g.key in NOT_PERFORMANCE)]
    if len(tested) == 1:
        tested.append(_success(assessment))
    critical, warning = ([_gate(g) for g in gates if g.severity is s] for s in (Severity.CRITICAL, Severity.WARNING))
    sections = {
        "Performance": performance,
        "Monitoring and observability": [
            *files("dashboard", "panels", "scrape", "alert-rules", "critical-alerts"), _server(checks.get("server_data"))
        ],
        "Testing": [*files("node_tests"), *tested],
        "Infrastructure and deployment": files("deployment", "health-probes", "resource-limits", "rollback-drill"),
        "Security and compliance": files("security-audit", "compliance-audit"),
        "Documentation": files("runbook", "release-notes", "deployment-guide"),
        "Critical gates (all must pass)": critical,
        "Warning gates (to be reviewed)": warning,
        "Approvals": files("approval-technical-lead", "approval-devops-lead", "approval-product-owner"),
        "After the deployment": files("post-alerts", "post-load-test", "post-baseline"),
    }  # fmt: skip
    return tuple(ChecklistSection(title, tuple(items)) for title, items in sections.items())


def count(sections: Sequence[ChecklistSection]) -> tuple[int, int, int]:
    """(closed, failed, open); a warning that is not accepted is open."""
    statuses = [i.status for s in sections for i in s.items]
    closed, failed = statuses.count(Status.PASS), statuses.count(Status.FAIL)
    return closed, failed, len(statuses) - closed - failed


def _from_file(key: str, e: Evidence | None, agreement: Agreement) -> Item:
    title, how = FROM_FILES[key]
    required = agreement.monitoring
    title = title.format(
        panels=required.panels, rules=required.rules, critical=len(required.critical_rules), scrape_s=agreement.process.scrape_s
    )
    if e is None:
        return Item(title, Status.INCONCLUSIVE, "no evidence was given", "", how)
    when = f" (file of {e.modified}, sha256 {e.sha256[:12]})" if e.sha256 else ""
    closes = {Status.PASS: "", Status.FAIL: f"a remedy, then {how}"}.get(e.status, how)
    return Item(title, e.status, e.reason + when, e.source, closes)


def _gate(g: Gate) -> Item:
    status = Status.PASS if g.status is Status.WARN and not g.counts else g.status
    closes = {
        Status.PASS: "",
        Status.WARN: "a reviewer's word, or a run that keeps it",
        Status.FAIL: "a change of the node, and a run that keeps it",
    }.get(status, "a longer run" if not g.reason.startswith("no evidence") else f"--evidence {g.key}=FILE")
    return Item(g.title, status, g.reason, g.source, closes)


def _server(check: Check | None) -> Item:
    title, how = "The node's own metrics were read during the load", "a run with --metrics-url or --prometheus-url"
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
        f"{ok:,} of {ok + failed:,} operations were right; the agreement has no such objective" if ok + failed else "no data"
    )
    return Item("Load-test success of at least 99 %", Status.INCONCLUSIVE, detail, "", "an agreement with this objective")
