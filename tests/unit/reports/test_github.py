"""An assessment for GitHub Actions: a step summary, and annotations that say what is in them and nothing else."""

import dataclasses
import re

import pytest

from reports.formats import github
from reports.formats.github import command
from sla.judgement.evaluate import evaluate
from sla.values.assessment import Check, Gate, Severity, Status
from tests.unit.sla.synthetic import LOCAL, measurements

HOSTILE = "p99, <b>: 5 % | `x`\n::stop-commands::y\r\nz --> --!> \x1b[31m"


@pytest.fixture(scope="module")
def no_go():
    return evaluate(measurements(failures={"generate": 0.03, "verify": 0.03}), LOCAL.agreement, LOCAL.baseline)


@pytest.fixture(scope="module")
def invalid():
    return evaluate(measurements(lost_workers=("w2",)), LOCAL.agreement, LOCAL.baseline)


def understood(line):
    """(level, title, message) as the runner reads a command: ActionCommand.cs of actions/runner."""
    level, properties, data = re.fullmatch(r"::(\w+) ([^\r\n]*?)::([^\r\n]*)", line).groups()
    [(key, title)] = [p.split("=", 1) for p in properties.split(",")]
    assert key == "title"
    for escape, character in (("%3A", ":"), ("%2C", ","), ("%0D", "\r"), ("%0A", "\n"), ("%25", "%")):
        title = title.replace(escape, character)
        data = data.replace(escape, character) if escape not in ("%3A", "%2C") else data
    return level, title, data


def test_a_failed_critical_objective_is_an_error_and_a_warning_is_a_warning(no_go):
    commands = [understood(line) for line in github.commands(no_go)]
    assert [(level, title) for level, title, _ in commands] == [
        ("error", "bizra-load: NO-GO"),
        ("warning", "WARN: PoI throughput (WARNING)"),
        ("error", "FAIL: PoI success rate (CRITICAL)"),
    ]
    assert re.fullmatch(
        r"97\.\d{3} % \[.* % to .* %\], target >= 99\.000 %.*: the whole interval misses the target", commands[2][2]
    )


def test_a_warning_objective_that_failed_is_no_error_and_an_accepted_warning_is_nothing(no_go):
    failed = dataclasses.replace(no_go.objectives[0], severity=Severity.WARNING, status=Status.FAIL)
    accepted = dataclasses.replace(no_go.objectives[1], status=Status.WARN, accepted=True)
    lines = github.commands(dataclasses.replace(no_go, objectives=(failed, accepted), gates=(), exit_code=0))
    assert [understood(line)[:2] for line in lines] == [("warning", "FAIL: Finality p99 (WARNING)")]


def test_a_failed_check_is_one_error_instead_of_one_for_each_verdict_that_it_invalidates(invalid):
    commands = [understood(line) for line in github.commands(invalid)]
    assert [(level, title) for level, title, _ in commands] == [("error", "bizra-load: INVALID"), ("error", "FAIL: Workers")]
    assert commands[1][2].startswith("workers lost: w2; advice: ")


def test_evidence_that_is_missing_is_a_warning_and_one_that_failed_an_error(no_go):
    gates = [Gate(s.value, s.value, Severity.CRITICAL, s, True, "why") for s in (Status.PASS, Status.INCONCLUSIVE, Status.FAIL)]
    bare = dataclasses.replace(no_go, objectives=(), gates=tuple(gates), exit_code=0)
    assert [understood(line) for line in github.commands(bare)] == [
        ("warning", "INCONCLUSIVE: INCONCLUSIVE", "why"),
        ("error", "FAIL: FAIL", "why"),
    ]
    summary = github.summary(bare)
    assert "| FAIL | FAIL | why |" in summary
    assert "| PASS |" not in summary


def test_a_run_that_passes_has_no_annotations_and_no_comment():
    go = evaluate(measurements(), LOCAL.agreement, LOCAL.baseline)
    assert github.commands(go) == []
    assert github.render(go) == github.summary(go)
    assert github.render(go).startswith("## Load test: GO (agreement local)\n")


@pytest.mark.parametrize("text", [HOSTILE, "%", "%25", "%0A", "a:b,c", "100 %, at 3:00", "\r", "::error::x"])
def test_an_annotation_is_one_line_and_comes_back_as_it_was(text):
    expected = text.replace("\r\n", "\n").replace("\r", "\n").replace("\x1b", "?")
    assert understood(command("error", text, text)) == ("error", expected, expected)


def test_no_name_from_outside_ends_the_comment_or_becomes_structure_or_a_command(no_go):
    check = Check("x", HOSTILE, Status.FAIL, None, None, "", HOSTILE)
    first = dataclasses.replace(no_go.objectives[0], title=HOSTILE, status=Status.FAIL, reason=HOSTILE)
    hostile = dataclasses.replace(no_go, summary=HOSTILE, agreement=HOSTILE, checks=(check,), objectives=(first,))
    text = github.render(hostile, [HOSTILE])
    comment, summary = text.split("-->\n", 1)
    assert comment.startswith("<!--\n::error ")
    assert "-->" not in comment
    assert "--!>" not in comment
    assert "<b>" not in summary
    assert "\x1b" not in text
    assert not re.search(r"^\s*::", summary, re.MULTILINE)
    table = [line for line in summary.splitlines() if line.startswith("|")]
    assert {len(re.findall(r"(?<!\\)\|", line)) for line in table} == {6, 4}


def test_the_summary_says_verdict_objectives_what_failed_and_what_next(invalid):
    text = github.summary(invalid, ["Workers: look at their logs"])
    for part in (
        "## Load test: INVALID (agreement local)\n\nthe run can't be trusted: workers lost: w2\n",
        "- Exit code: 5\n",
        "| Metric | Target | Estimate [95 % interval] | Status | Why |\n",
        "26 passed, 1 not\n",
        "| Workers | FAIL | workers lost: w2; advice: ",
        "### What next\n\n- Workers: look at their logs\n",
    ):
        assert part in text
    for o in invalid.objectives:
        assert f"| {o.title}, {o.severity.value} | " in text
