"""Every number with its unit; names from the outside never become structure."""

import dataclasses
import json

import pytest

from reports.formats import json_report, markdown, table, text
from sla.judgement.evaluate import evaluate
from sla.values.failure import FailureReason
from tests.unit.sla.synthetic import LOCAL, measurements

HOSTILE = "<script>alert(1)</script>|`x`[a](b)[red]\x1b[31m"


@pytest.fixture(scope="module")
def assessment():
    return evaluate(measurements(rate=60, hold_s=20), LOCAL.agreement, LOCAL.baseline)


def hostile(assessment):
    operations = (dataclasses.replace(assessment.operations[0], operation=HOSTILE), *assessment.operations[1:])
    return dataclasses.replace(assessment, operations=operations)


@pytest.mark.parametrize(
    ("value", "unit", "shown"),
    [
        (0, "ns", "0 ns"),
        (999, "ns", "999 ns"),
        (12_340, "ns", "12.3 us"),
        (1.5e6, "ns", "1.50 ms"),
        (2.5e9, "ns", "2.50 s"),
        (0.99, "ratio", "99.000 %"),
        (1234.56, "ops/s", "1,234.6 ops/s"),
        (float("inf"), "ns", "unbounded"),
    ],
)
def test_quantities_have_their_unit(value, unit, shown):
    assert table.quantity(value, unit) == shown


def test_text_and_markdown_hold_the_decision_and_every_objective(assessment):
    for shown in (text.render(assessment, 200), markdown.render(assessment)):
        assert assessment.decision.value in shown
        for o in assessment.objectives:
            assert o.title in shown


def test_markdown_escapes_names(assessment):
    shown = markdown.render(hostile(assessment))
    assert "<script>" not in shown
    rows = [line for line in shown.splitlines() if "alert(1)" in line]
    assert rows
    assert all(line.replace("\\|", "").count("|") in (6, 8) for line in rows)


def test_text_reads_no_markup_and_no_control_characters_in_names(assessment):
    shown = text.render(hostile(assessment), 300)
    assert "[red]" in shown
    assert "\x1b" not in shown


def test_json_refuses_what_is_no_assessment(assessment):
    for wrong in ("{}", "[]", "nonsense", json_report.render(assessment).replace("assessment/1", "assessment/9")):
        with pytest.raises(ValueError, match=r"."):
            json_report.parse(wrong)


@pytest.mark.parametrize("width", [60, 80, 120])
def test_a_narrow_terminal_loses_no_part_of_a_name(assessment, width):
    long = "".join(f"{k:04d}" for k in range(50))
    named = dataclasses.replace(assessment.operations[0], operation=long)
    failure = FailureReason(long, "http_5xx", f"500: {long}", 1, 0, 0)
    a = dataclasses.replace(assessment, operations=(named, *assessment.operations[1:]), failures=(failure,))
    shown = text.render(a, width)
    assert "…" not in shown
    assert max(len(line) for line in shown.splitlines()) <= width
    cells = [line.split("│")[1].strip() for line in shown.splitlines() if line.count("│") > 4]
    assert long in "".join(cells)


@pytest.mark.parametrize("width", [80, 100, 120, 160])
def test_no_word_of_a_table_is_broken_where_it_has_room(assessment, width):
    shown = text.render(assessment, width)
    words = shown.replace("│", " ").replace("┃", " ").split()
    rows = [*table.objective_rows(assessment), *table.operation_rows(assessment), *table.latency_rows(assessment)]
    texts = [
        *table.OBJECTIVE_COLUMNS,
        *table.OPERATION_COLUMNS,
        *table.LATENCY_COLUMNS,
        *(c for row in rows for c in row.cells),
    ]
    assert {word for cell in texts for word in cell.split()} <= set(words)
    assert max(len(line) for line in shown.splitlines()) <= width


def test_a_file_of_an_earlier_version_names_no_kinds_and_its_units_and_sources_tell_them(assessment):
    document = json.loads(json_report.render(assessment))
    for o in document["objectives"]:
        del o["kind"]
    earlier = json_report.parse(json.dumps(document))
    assert [o.kind for o in earlier.objectives] == [o.kind.name for o in LOCAL.agreement.objectives]
    document["objectives"][0]["source"] = "client, finality service time"
    assert json_report.parse(json.dumps(document)).objectives[0].kind == "client_quantile"


@pytest.mark.parametrize("kind", ["successes", 7, ["success"]])
def test_a_kind_that_there_is_none_of_is_refused(assessment, kind):
    document = json.loads(json_report.render(assessment))
    document["objectives"][0]["kind"] = kind
    with pytest.raises(ValueError, match=r"kind.*unknown.*\(allowed: |unhashable"):
        json_report.parse(json.dumps(document))
