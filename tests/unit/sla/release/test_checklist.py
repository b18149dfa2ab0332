"""The checklist: which items stand where, what closes an open one, and what is counted."""

import dataclasses

import pytest

from sla.release.checklist import FREE, Item, checklist, count
from sla.values.agreement import FIGURES_ONLY, OperationMetrics, ProcessLimits
from sla.values.assessment import (
    Assessment,
    Check,
    Decision,
    Evidence,
    Gate,
    ObjectiveResult,
    OperationSummary,
    Severity,
    Status,
)
from sla.values.monitoring import RequiredMonitoring
from sla.values.strategy import Strategy

AGREEMENT = dataclasses.replace(
    FIGURES_ONLY,
    operations={"write": OperationMetrics(), "read": OperationMetrics()},
    process=ProcessLimits(scrape_s=2.5),
    monitoring=RequiredMonitoring(("A", "B"), rules=7, panels=3),
)
MONITORING, TESTING = "Monitoring and observability", "Testing"


def objective(key, unit="ns", status=Status.PASS, operations=("write",)):
    kind = {"ns": "server_quantile", "ratio": "success", "ops/s": "throughput"}[unit]
    return ObjectiveResult(
        key, key, Severity.CRITICAL, unit, "<", 1.0, None, None, None, status, "", kind=kind, operations=operations
    )


def gate(key, status=Status.PASS, severity=Severity.CRITICAL, counts=True, source=""):
    return Gate(key, key, severity, status, counts, "because", source)


def sections_of(objectives=(), gates=(), **more):
    a = Assessment(Decision.GO, "", 0, "", "", "", "", tuple(objectives), tuple(gates), **(NOTHING | more))
    return {section.title: section.items for section in checklist(a, AGREEMENT)}


NOTHING = {"checks": (), "operations": (), "steady": None}


def titles(items):
    return [item.title for item in items]


def test_items_hold_the_figures_of_the_agreement_and_of_what_its_product_requires():
    assert titles(sections_of()[MONITORING]) == [
        "The dashboard is imported",
        "All 3 panels return data",
        "A scrape takes less than 2.5 s",
        "All 7 alert rules are loaded",
        "All 2 critical alerts fire and resolve",
        "The node's own metrics were read during the load",
    ]


def test_a_success_rate_over_all_operations_is_a_step_of_testing_and_no_figure_of_performance():
    objectives = objective("p99"), objective("part", "ratio"), objective("all", "ratio", operations=("read", "write"))
    sections = sections_of(objectives, [gate("p99"), gate("part"), gate("all"), gate("alerts")])
    assert titles(sections["Performance"]) == ["p99", "part"]
    assert titles(sections[TESTING])[2:] == ["all"]


@pytest.mark.parametrize("operations", [("write",), ("write", "read")])
def test_the_only_success_rate_is_a_figure_of_performance_and_a_step_of_testing(operations):
    objectives = objective("p99"), objective("success", "ratio", operations=operations)
    sections = sections_of(objectives, [gate("p99"), gate("success"), gate("alerts")])
    assert titles(sections[TESTING])[2:] == ["success"]
    assert titles(sections["Performance"]) == ["p99", "success"]


@pytest.mark.parametrize(
    ("operations", "detail"),
    [
        ([(600, {"timeout": 20}), (370, {"http_5xx": 6, "transport": 4})], "970 of 1,000 operations were successful; "),
        ([(0, {"timeout": 1})], "0 of 1 operations were successful; "),
        ([(1, {"timeout": 1})], "1 of 2 operations were successful; "),
        ([(0, {})], "no data"),
        ([], "no data"),
    ],
)
def test_without_any_success_rate_what_was_counted_stands_there_and_closes_nothing(operations, detail):
    summaries = tuple(OperationSummary("o", ok, failed, None, None, {}, {}) for ok, failed in operations)
    [*_, last] = sections_of([objective("p99")], [gate("p99")], operations=summaries)[TESTING]
    assert (last.title, last.status) == ("Load-test success of at least 99 %", Status.INCONCLUSIVE)
    assert last.detail.startswith(detail)
    assert last.closes == "an agreement with this objective"


def test_gates_stand_under_their_severity():
    sections = sections_of((), [gate("alerts"), gate("p90", severity=Severity.WARNING), gate("p99")])
    assert titles(sections["Critical gates (all must pass)"]) == ["alerts", "p99"]
    assert titles(sections["Warning gates (to be reviewed)"]) == ["p90"]


def shown(g, *objectives):
    [item] = sections_of([objective(key) for key in objectives], [g])["Critical gates (all must pass)"]
    return item


@pytest.mark.parametrize(
    ("status", "counts", "expected", "closes", "words"),
    [
        ("PASS", True, "PASS", "", ""),
        ("WARN", True, "WARN", "a reviewer's approval, or a run that keeps it", "WARN"),
        ("WARN", False, "PASS", "", "WARN (accepted)"),
        ("FAIL", True, "FAIL", "a change of the node, and a run that keeps it", "FAIL"),
        ("FAIL", False, "FAIL", "a change of the node, and a run that keeps it", "FAIL (accepted)"),
        ("INVALID", True, "INVALID", "a run whose checks hold", "INVALID"),
        ("INCONCLUSIVE", True, "INCONCLUSIVE", "a longer run", ""),
    ],
)
def test_an_objective_is_closed_by_a_run_and_an_accepted_warning_is_closed(status, counts, expected, closes, words):
    item = shown(gate("p99", Status(status), counts=counts), "p99")
    assert item == Item("p99", Status(expected), "because", "", closes, words)


@pytest.mark.parametrize(
    ("status", "source", "closes"),
    [
        ("PASS", "evidence/alerts.json", ""),
        ("FAIL", "evidence/alerts.json", "a remedy, then evidence of alerts"),
        ("FAIL", "evidence/rules.json", "a remedy, then evidence of rules"),
        ("INCONCLUSIVE", "", "evidence of alerts"),
        ("INCONCLUSIVE", "evidence/rules.json", "evidence of rules"),
    ],
)
def test_a_gate_that_no_load_shows_is_closed_by_the_evidence_that_opened_it(status, source, closes):
    assert shown(gate("alerts", Status(status), source=source), "p99").closes == closes


def from_file(key, e=None):
    sections = sections_of(evidence=(e,) if e else ())
    return next(i for items in sections.values() for i in items if i.title == key)


DRILL, RUNBOOK, RULES = (
    "All 2 critical alerts fire and resolve",
    "Runbook for every critical alert",
    "All 7 alert rules are loaded",
)


def test_an_item_without_a_file_is_open_and_says_which_one_closes_it():
    assert from_file(DRILL) == Item(
        DRILL, Status.INCONCLUSIVE, "no evidence was given", "", "evidence of alerts, an alert drill"
    )
    assert from_file(RUNBOOK).closes == "evidence of runbook"


@pytest.mark.parametrize(
    ("status", "closes"),
    [
        ("PASS", ""),
        ("FAIL", "a remedy, then evidence of alerts, an alert drill"),
        ("INCONCLUSIVE", "evidence of alerts, an alert drill"),
    ],
)
def test_a_file_is_told_by_its_time_and_the_beginning_of_its_sum(status, closes):
    e = Evidence("critical-alerts", Status(status), "said", "evidence/alerts.json", "0123456789abcdef" * 4, "2026-11-24")
    detail = "said (file of 2026-11-24, sha256 0123456789ab)"
    assert from_file(DRILL, e) == Item(DRILL, Status(status), detail, "evidence/alerts.json", closes)
    assert from_file(DRILL, dataclasses.replace(e, sha256="")).detail == "said"


def test_what_a_check_of_loaded_rules_failed_is_closed_by_another_such_check():
    e = Evidence("alert-rules", Status.FAIL, "said", "evidence/rules.json")
    assert from_file(RULES, e).closes == "a remedy, then evidence of rules, a check of the loaded rules"
    assert from_file(RULES).closes == "evidence of rules, rules-check.json of a validation"


def server(*checks):
    return sections_of(checks=checks)[MONITORING][-1]


def check(key, status, reason="said"):
    return Check(key, key, status, None, None, "", reason)


def test_the_nodes_own_metrics_are_an_item_of_their_own():
    run = "a run with the address of the server's metrics"
    assert (server().status, server().detail) == (Status.INCONCLUSIVE, "the agreement asks for none")
    for status, closes in ((Status.PASS, ""), (Status.FAIL, run), (Status.INCONCLUSIVE, run)):
        item = server(check("lag", Status.WARN, "other"), check("server_data", status))
        assert (item.status, item.detail, item.closes) == (status, "said", closes)
    assert server().closes == run


def load_test(*checks):
    return sections_of(checks=checks)[TESTING][1]


def test_the_load_test_is_closed_where_none_of_its_checks_failed():
    good = load_test(check("a", Status.PASS), check("b", Status.WARN), check("c", Status.INCONCLUSIVE))
    assert (good.status, good.detail, good.closes) == (Status.PASS, "3 checks of the run", "")
    bad = load_test(check("a", Status.PASS), check("b", Status.FAIL, "x"), check("c", Status.FAIL, "y"))
    assert (bad.status, bad.detail, bad.closes) == (Status.FAIL, "x; y", "a run whose checks hold")


def test_approvals_are_those_of_the_strategy():
    approved = Evidence("approval-devops-lead", Status.PASS, "signed")
    items = sections_of(strategy=Strategy("s", approvals=("DevOps lead", "Product owner")), evidence=(approved,))["Approvals"]
    assert [(i.title, i.status.value) for i in items] == [("DevOps lead", "PASS"), ("Product owner", "INCONCLUSIVE")]
    assert sections_of()["Approvals"] == ()


def test_what_is_neither_closed_nor_failed_is_open():
    gates = [gate("a"), gate("b", Status.WARN), gate("c", Status.WARN, counts=False), gate("d", Status.FAIL)]
    a = Assessment(Decision.GO, "", 0, "", "", "", "", (), tuple(gates), **NOTHING)
    sections = checklist(a, AGREEMENT)
    # "a", "c" and the load test itself are closed, "d" failed, all the others are open
    assert count(sections) == (3, 1, sum(len(s.items) for s in sections) - 4)
    assert count([s for s in sections if s.title == "Critical gates (all must pass)"]) == (2, 1, 1)


def test_any_file_closes_what_no_command_reads():
    assert {"runbook", "rollback-drill", "health-probes", "approval-technical-lead", "post-baseline"} <= set(FREE)
    assert {"dashboard", "panels", "scrape", "alert-rules", "critical-alerts", "node_tests", "deployment"}.isdisjoint(FREE)
