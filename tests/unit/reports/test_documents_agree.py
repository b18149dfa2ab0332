"""The documents of one validation say the same of each gate."""

import dataclasses
import re

import pytest

from reports.documents import checklist, go_no_go, performance
from reports.formats import html, markdown
from reports.formats import text as terminal
from sla.judgement.evaluate import evaluate
from sla.values.assessment import Decision, Evidence, Gate, Severity, Status
from sla.values.shown_facts import ShownFacts
from tests.golden.test_reports import RUNS
from tests.unit.sla.synthetic import LOCAL, measurements

RENDERED = (
    lambda a: go_no_go.render(a, "run", "0123abcd"),
    lambda a: checklist.render(a, "run", "0123abcd", LOCAL.agreement),
    lambda a: performance.render(a, "run", "0123abcd", ()),
    terminal.render,
    markdown.render,
    html.render,
)


def judged(name, evidence=()):
    return evaluate(measurements(**RUNS[name]), LOCAL.agreement, LOCAL.baseline, evidence={e.key: e for e in evidence})


def documents(a):
    return go_no_go.render(a, "run", "0123abcd"), checklist.render(a, "run", "0123abcd", LOCAL.agreement)


def section(text, title):
    return text.split(f"\n## {title}", 1)[1].split("\n## ", 1)[0]


def of_decision(text):
    """title -> status words"""
    parts = [section(text, f"{s} gates") for s in ("Critical", "Warning")]
    rows = [[cell.strip() for cell in line.split("|")[1:-1]] for part in parts for line in part.splitlines() if "|" in line]
    return {r[0]: r[1] for r in rows if r[0] not in ("Gate", "---", "none")}


def of_checklist(text):
    """title -> (ticked, bold words)"""
    parts = [section(text, f"{s} gates") for s in ("Critical", "Warning")]
    rows = [re.match(r"- \[(.)\] (.*?): (?:\*\*(.*?)\*\*, )?", line) for part in parts for line in part.splitlines()]
    return {m[2]: (m[1] == "x", m[3] or "") for m in rows if m}


def agree(a):
    decision, boxes = (read(text) for read, text in zip((of_decision, of_checklist), documents(a), strict=True))
    assert set(decision) == set(boxes) == {g.title for g in a.gates}
    for title, words in decision.items():
        ticked, bold = boxes[title]
        assert ticked == (words == "PASS" or words.endswith("(accepted)"))
        assert bold == ("" if words in ("PASS", "INCONCLUSIVE") else words)


@pytest.mark.parametrize("name", RUNS)
def test_they_agree_on_each_gate_whatever_the_decision(name):
    agree(judged(name))


@pytest.mark.parametrize(("status", "counts"), [*((s, True) for s in Status), (Status.WARN, False)])
def test_they_agree_on_a_gate_of_each_status(status, counts):
    a = judged("go")
    gates = tuple(
        dataclasses.replace(g, status=status, counts=counts) if g.severity is Severity.WARNING else g for g in a.gates
    )
    decision = Decision.CONDITIONAL_GO if status is Status.WARN and counts else a.decision
    agree(dataclasses.replace(a, gates=gates, decision=decision))


@pytest.mark.parametrize("name", RUNS)
def test_they_agree_on_the_approvals_that_are_asked_for(name):
    decision, boxes = documents(judged(name))
    assert ("None are asked for" in section(decision, "Approvals")) == ("None." in section(boxes, "Approvals"))
    assert section(decision, "Approvals").count("- [ ]") == section(boxes, "Approvals").count("- [ ]")


def test_a_rehearsal_has_no_rollout_in_any_document():
    a = judged("go")
    shown = [render(a.of_run(ShownFacts(rehearsal=True))) for render in RENDERED]
    for text, of_a_release in zip(shown, [render(a) for render in RENDERED], strict=True):
        assert "canary" not in text
        assert ("canary" in of_a_release) == ("none: a rehearsal on the reference node" in text)
    assert "None: a rehearsal on the reference node." in shown[0]
    assert sum("none: a rehearsal on the reference node" in text for text in shown) == 4


def test_a_rehearsal_without_an_answer_still_says_what_to_do():
    a = judged("inconclusive").of_run(ShownFacts(rehearsal=True))
    advice = "Rollout: none: a rehearsal on the reference node; measure longer, or supply what is missing"
    assert all(advice in render(a) for render in (RENDERED[0], terminal.render, markdown.render))


def test_they_agree_on_an_approval_that_is_none():
    refused = Evidence("approval-devops-lead", Status.FAIL, "it says no", "evidence/approval-devops-lead.txt")
    for text in documents(judged("go", [refused])):
        assert "- [ ] DevOps lead" in section(text, "Approvals")


@pytest.mark.parametrize("name", RUNS)
def test_a_success_rate_that_is_judged_is_not_called_unjudged(name):
    a = judged(name)
    _, boxes = documents(a)
    assert any(o.unit == "ratio" for o in a.objectives)
    assert "the agreement has no such objective" not in boxes
    for g in (g for g in a.gates if "success" in g.key):
        assert f"[{'x' if g.status is Status.PASS else ' '}] {g.title}" in section(boxes, "Testing")


def test_a_critical_failure_is_no_warning_that_counts():
    a = judged("no-go")
    counted = [g for g in a.gates if g.counts and g.severity is Severity.WARNING and g.status in (Status.WARN, Status.FAIL)]
    assert any(g.severity is Severity.CRITICAL and g.status is Status.FAIL for g in a.gates)
    assert f"warnings that count: {len(counted)}\n" in documents(a)[0]


@pytest.mark.parametrize(
    ("decision", "measured", "text"),
    [
        (Decision.GO_WITH_CAUTION, 2, "B; warnings that count: 1, and at worst 2 more of what is open"),
        (Decision.GO_WITH_CAUTION, 0, "B; warnings that count: 1"),
        (Decision.INCONCLUSIVE, 2, "-; warnings that count: 1"),  # a critical gate decides by itself
    ],
)
def test_open_warnings_are_counted_where_they_made_the_decision(decision, measured, text):
    gates = [Gate("w", "W", Severity.WARNING, Status.WARN, True, "why")]
    gates += [Gate(f"o{i}", "O", Severity.WARNING, Status.INCONCLUSIVE, True, "why", measured=i < measured) for i in range(2)]
    a = dataclasses.replace(judged("go"), decision=decision, gates=tuple(gates))
    assert f"\n- Scenario of the decision matrix: {text}\n" in documents(a)[0]


@pytest.mark.parametrize(
    ("status", "source", "closes"),
    [
        (Status.FAIL, "evidence/alerts.json", "a remedy, then evidence of alerts"),
        (Status.INCONCLUSIVE, "", "evidence of alerts"),
        (Status.INVALID, "evidence/alerts.json", "evidence of alerts"),
        (Status.FAIL, "evidence/rules.json", "a remedy, then evidence of rules"),  # which no drill closes
    ],
)
def test_no_load_closes_a_gate_that_no_load_opened(status, source, closes):
    a = judged("go")
    gate = Gate("alerts", "Alerts fire", Severity.CRITICAL, status, True, "one did not fire", source)
    shown = section(documents(dataclasses.replace(a, gates=(*a.gates, gate)))[1], "Critical gates")
    [line] = [line for line in shown.splitlines() if gate.title in line]
    assert closes in line
    assert "longer run" not in line
