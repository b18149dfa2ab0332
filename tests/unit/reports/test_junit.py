"""An assessment as JUnit XML, as Jenkins, GitLab and GitHub's reporters read it, and as our own reader does."""

import dataclasses
from pathlib import Path

import pytest
import xmlschema
from defusedxml.ElementTree import fromstring

from bizra_load.judging.junit import read_junit
from reports.formats import junit
from sla.judgement.evaluate import evaluate
from sla.values.assessment import Check, Gate, Severity, Status
from sla.values.shown_facts import ShownFacts
from tests.unit.sla.synthetic import LOCAL, measurements

SCHEMA = xmlschema.XMLSchema(str(Path(__file__).with_name("junit.xsd")))
RUNS = {
    "GO": {},
    "NO-GO": {"failures": {"generate": 0.03, "verify": 0.03}},
    "INCONCLUSIVE": {"rate": 30, "hold_s": 10},
    "INVALID": {"lost_workers": ("w2",)},
    "GO WITH CAUTION": {"server_us": {"generate": 150.0}},
}
HOSTILE = "]]><a b=\"'&\x00\x0b\x1b\ufffe\ud800\n\t\U0001f600 p99"


@pytest.fixture(scope="module")
def judged():
    run = ShownFacts(folder="20261124T100000Z-poi", started="2026-11-24T10:00:00Z")
    return {name: evaluate(measurements(**facts), LOCAL.agreement, LOCAL.baseline).of_run(run) for name, facts in RUNS.items()}


@pytest.fixture(scope="module")
def no_go(judged):
    return judged["NO-GO"]


def cases(text):
    """{(suite, name): (element, type, text)} of a valid document."""
    SCHEMA.validate(text)
    outcomes = {}
    for case in fromstring(text).iter("testcase"):
        [inner] = case
        suite = case.get("classname").removeprefix("bizra-load.")
        outcomes[suite, case.get("name")] = (inner.tag, inner.get("type"), inner.text)
        assert inner.get("message", inner.text) == inner.text
    return outcomes


@pytest.mark.parametrize("name", RUNS)
def test_it_has_one_case_for_the_decision_each_objective_and_each_check(judged, name):
    a = judged[name]
    shown = cases(junit.render(a))
    assert a.decision.value == name
    assert {key for suite, key in shown if suite == "objectives"} == {o.title for o in a.objectives}
    assert {key for suite, key in shown if suite == "checks"} == {c.title for c in a.checks}
    assert len(shown) == 1 + len(a.objectives) + len(a.checks)


@pytest.mark.parametrize("name", RUNS)
def test_our_own_reader_counts_what_it_says(judged, name):
    text = junit.render(judged[name])
    elements = [element for element, _, _ in cases(text).values()]
    counts = read_junit(text.encode())
    counted = (counts.tests, counts.failures, counts.errors, counts.skipped, counts.unknown, counts.not_shown)
    assert counted == (len(elements), *(elements.count(e) for e in ("failure", "error", "skipped")), 0, 0)
    assert counts.made.at.isoformat() == "2026-11-24T10:00:00+00:00"
    root = fromstring(text)
    assert (root.get("failures"), root.get("errors")) == (str(counts.failures), str(counts.errors))


def test_a_failed_an_open_and_an_invalid_objective_are_told_apart_and_none_is_skipped(judged):
    shapes = set()
    for a in judged.values():
        shown = cases(junit.render(a))
        shapes |= {(o.status.value, *shown["objectives", o.title][:2]) for o in a.objectives}
    assert shapes == {
        ("PASS", "system-out", None),
        ("WARN", "system-out", None),
        ("FAIL", "failure", "FAIL"),
        ("INCONCLUSIVE", "error", "INCONCLUSIVE"),
        ("INVALID", "error", "INVALID"),
    }


@pytest.mark.parametrize(
    ("name", "element"),
    [
        ("GO", "system-out"),
        ("GO WITH CAUTION", "system-out"),
        ("NO-GO", "failure"),
        ("INCONCLUSIVE", "error"),
        ("INVALID", "error"),
    ],
)
def test_the_decision_passes_where_the_exit_code_is_0_and_nowhere_else(judged, name, element):
    tag, kind, text = cases(junit.render(judged[name]))["decision", "Decision by local"]
    assert (tag, kind) == (element, None if element == "system-out" else name)
    assert text.startswith(f"{name}: ")


def test_a_caution_that_is_to_fail_fails(judged):
    strict = dataclasses.replace(judged["GO WITH CAUTION"], exit_code=3)
    assert cases(junit.render(strict))["decision", "Decision by local"][:2] == ("failure", "GO WITH CAUTION")


def test_a_message_has_estimate_interval_and_target_with_their_units_and_why(no_go):
    _, _, text = cases(junit.render(no_go))["objectives", "PoI success rate"]
    assert text.startswith("FAIL, severity CRITICAL: 97.")
    assert " %], target >= 99.000 %, baseline 100.000 %: the whole interval misses the target" in text
    _, _, text = cases(junit.render(no_go))["objectives", "PoI throughput"]
    assert text.startswith("WARN, severity WARNING: 582.")
    assert "ops/s], target >= 588.0 ops/s" in text


def test_a_check_that_could_not_be_made_is_skipped_and_one_that_failed_is_a_failure(no_go):
    unmade = Check("counters_x", "Counters", Status.INCONCLUSIVE, None, None, "", "no server metrics")
    broken = Check("workers", "Workers", Status.FAIL, None, None, "", "workers lost: w2")
    shown = cases(junit.render(dataclasses.replace(no_go, checks=(unmade, broken))))
    assert shown["checks", "Counters"] == ("skipped", "INCONCLUSIVE", "INCONCLUSIVE: no server metrics")
    assert shown["checks", "Workers"][:2] == ("failure", "FAIL")


def test_a_gate_of_evidence_is_a_case_of_its_own(no_go):
    gate = Gate("node_tests", "The node's tests", Severity.CRITICAL, Status.INCONCLUSIVE, True, "no evidence was given")
    shown = cases(junit.render(dataclasses.replace(no_go, gates=(*no_go.gates, gate))))
    expected = "INCONCLUSIVE, severity CRITICAL: no evidence was given"
    assert shown["evidence", "The node's tests"] == ("error", "INCONCLUSIVE", expected)


def test_what_xml_cannot_hold_is_replaced_and_everything_else_comes_back(no_go):
    objective = dataclasses.replace(no_go.objectives[-1], title=HOSTILE, reason=HOSTILE)
    run = dataclasses.replace(no_go.run, folder=HOSTILE)
    hostile = dataclasses.replace(no_go, objectives=(objective,), summary=HOSTILE, agreement=HOSTILE, run=run)
    text = junit.render(hostile)
    assert text.isascii()
    plain = "]]><a b=\"'&???????\U0001f600 p99"
    shown = cases(text)
    assert shown["objectives", plain][2].endswith(f": {plain}")
    assert ("decision", f"Decision by {plain}") in shown


def test_two_objectives_of_one_title_are_two_cases(no_go):
    first, second = no_go.objectives[:2]
    same = dataclasses.replace(no_go, objectives=(first, dataclasses.replace(second, title=first.title)))
    names = {name for suite, name in cases(junit.render(same)) if suite == "objectives"}
    assert names == {f"{first.title} ({first.key})", f"{first.title} ({second.key})"}


def test_however_many_checks_there_are_each_has_its_case(judged):
    a = judged["GO"]
    many = tuple(
        Check(f"law_{n}", f"Law {n}", Status.FAIL if n == 250 else Status.PASS, None, None, "", "held") for n in range(300)
    )
    shown = cases(junit.render(dataclasses.replace(a, checks=many)))
    assert sum(name.startswith("Law ") for _, name in shown) == 300
    assert not any("more" in name for _, name in shown)
