"""Every number with its unit; names from the outside never become structure."""

import dataclasses
import json
import math

import numpy as np
import pytest

from reports.formats import html, json_report, markdown, table, text
from sla.judgement.evaluate import evaluate
from sla.values.assessment import Status
from sla.values.failure import FailureReason
from sla.values.histogram import EMPTY, from_values, merge
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


def test_one_line_of_the_summary_says_that_resamples_agree_or_a_row_that_they_part(assessment):
    [drawn] = [c for c in assessment.checks if c.key == "bootstrap"]
    shown = text.render(assessment, 80).splitlines()
    assert drawn.reason in shown
    assert len("100,000 bootstrap draws agree with the intervals shown (gap: 12 buckets)") <= 80
    parted = dataclasses.replace(drawn, status=Status.FAIL, reason="100,000 bootstrap draws part")
    failed = dataclasses.replace(assessment, checks=(*assessment.checks[:-1], parted))
    shown = text.render(failed, 160)
    assert "draws agree" not in shown
    assert "100,000 bootstrap draws part" in shown


def test_resamples_are_in_the_file_and_a_file_of_an_earlier_version_has_none(assessment):
    document = json.loads(json_report.render(assessment))
    drawn = document["objectives"][0]["bootstrap"]
    estimate = assessment.objectives[0].estimate
    unbounded = "inf" if math.isinf(estimate.high) else estimate.high
    assert drawn == {"draws": 100_000, "level": 0.95, "low": estimate.low, "high": unbounded, "gap": 0, "apart": 0.0}
    assert json_report.parse(json.dumps(document)) == assessment
    for o in document["objectives"]:
        del o["bootstrap"]
    earlier = json_report.parse(json.dumps(document))
    assert {o.bootstrap for o in earlier.objectives} == {None}
    assert earlier.decision is assessment.decision
    document["objectives"][0]["bootstrap"] = drawn | {"low": "inf", "high": 5}
    with pytest.raises(ValueError, match="limits cross"):
        json_report.parse(json.dumps(document))


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
    narrow = width < text.WIDE
    of_objectives = table.narrow_rows(assessment) if narrow else table.objective_rows(assessment)
    rows = [*of_objectives, *table.operation_rows(assessment), *table.latency_rows(assessment)]
    texts = [
        *(table.NARROW_COLUMNS if narrow else table.OBJECTIVE_COLUMNS),
        *table.OPERATION_COLUMNS,
        *table.LATENCY_COLUMNS,
        *(c for row in rows for c in row.cells),
    ]
    assert {word for cell in texts for word in cell.split()} <= set(words)
    assert max(len(line) for line in shown.splitlines()) <= width


def test_a_narrow_table_of_objectives_holds_all_that_a_wide_one_does(assessment):
    for wide, narrow in zip(table.objective_rows(assessment), table.narrow_rows(assessment), strict=True):
        joined = " ".join(narrow.cells)
        assert all(cell in joined for cell in wide.cells if cell != "-")
        assert narrow.status == wide.status


@pytest.mark.parametrize(
    ("seconds", "why"),
    [
        (86_400, "; about 86,400 s more at this rate would decide it"),
        (86_401, "; a run of a day would not decide it: the estimate is too near the target"),
    ],
)
def test_more_than_a_day_is_no_advice(assessment, seconds, why):
    o = dataclasses.replace(assessment.objectives[3], status=Status.INCONCLUSIVE, seconds_needed=seconds)
    assert table.objective_row(o).cells[-1].endswith(why)


def test_titles_say_whose_clock_latencies_are_by(assessment):
    latencies = [o for o in assessment.objectives if o.kind == "server_quantile"]
    assert len(latencies) == 7
    assert table.objectives_title(assessment) == "Objectives (latencies by the server's own histograms)"
    assert table.operations_word(assessment) == "by the client"
    one = dataclasses.replace(latencies[0], kind="client_quantile")
    mixed = dataclasses.replace(assessment, objectives=(one, *latencies[1:]))
    assert table.objectives_title(mixed) == "Objectives (6 of 7 latencies by the server's own histograms)"
    client = dataclasses.replace(assessment, objectives=(one,))
    assert (table.objectives_title(client), table.operations_word(client)) == ("Objectives", "operation")


@pytest.mark.parametrize(("looked", "level"), [(False, "95 %"), (True, "99 %")])
def test_titles_name_the_level_of_the_intervals(looked, level):
    a = evaluate(measurements(rate=60, hold_s=20, failures={"verify": 0.1}, looked=looked), LOCAL.agreement, LOCAL.baseline)
    for shown in (text.render(a, 80), text.render(a, 160), markdown.render(a), html.render(a)):
        flat = " ".join(shown.replace("┃", " ").split())
        assert f"Latencies with {level} intervals" in flat
        assert f"How long failed requests took, with {level} intervals" in flat
        assert table.objective_columns(a)[4] == f"{level} interval"
    assert f"{level} interval" in markdown.render(a)
    assert table.at_level("95 %", dataclasses.replace(a, objectives=(), operations=())) == "95 %"


@pytest.fixture(scope="module")
def failing():
    run = measurements(rate=60, hold_s=20, failures={"verify": 0.1})
    slow = from_values(np.full(1, 10_000_000_000))
    windows = [
        dataclasses.replace(w, failed_response=merge([slow] * w.failures), failed_service=EMPTY)
        if w.operation == "verify"
        else w
        for w in run.windows
    ]
    return evaluate(dataclasses.replace(run, windows=tuple(windows)), LOCAL.agreement, LOCAL.baseline)


def test_failed_requests_have_a_row_for_each_latency_with_their_share_and_how_long_they_took(failing):
    [verify] = [o for o in failing.operations if o.operation == "verify"]
    count = verify.failed["http_5xx"]
    rows = [row.cells for row in table.failed_rows(failing)]
    share = table.with_interval(verify.failed_share, "ratio")
    took, bounded = "10.0 s [10.0 s to unbounded]", "10.0 s [10.0 s to 10.0 s]"  # of so few a p99 has no upper end
    assert rows == [
        ("verify", share, "response", f"{count} of {count}", bounded, took, "10.0 s"),
        ("verify", share, "service", f"0 of {count}", "-", "-", "-"),
    ]
    for shown in (text.render(failing, 200), markdown.render(failing).replace("\\", ""), html.render(failing)):
        assert table.FAILED_TITLE in shown
        assert took in shown


def test_where_nothing_failed_there_is_no_such_table(assessment):
    assert table.failed_rows(assessment) == []
    for shown in (text.render(assessment, 200), markdown.render(assessment), html.render(assessment)):
        assert table.FAILED_TITLE not in shown


def test_a_failed_request_of_more_than_a_minute_has_no_length(failing):
    operations = [
        dataclasses.replace(o, failed_response=dataclasses.replace(o.failed_response, longest_ns=math.inf))
        for o in failing.operations
        if o.failed_response
    ]
    longer = dataclasses.replace(failing, operations=tuple(operations))
    assert table.failed_rows(longer)[0].cells[-1] == "over 60 s"
    assert json_report.parse(json_report.render(longer)) == longer


def test_an_assessment_of_an_earlier_version_knows_no_failed_requests(failing):
    document = json.loads(json_report.render(failing))
    for o in document["operations"]:
        for key in ("failed_share", "failed_response", "failed_service"):
            del o[key]
    earlier = json_report.parse(json.dumps(document))
    assert table.failed_rows(earlier) == []
    assert [o.failed for o in earlier.operations] == [o.failed for o in failing.operations]


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


def test_an_operation_has_two_rows_of_latencies_where_they_differ(assessment):
    waited = dataclasses.replace(assessment.operations[0], service=assessment.operations[1].service)
    rows = table.latency_rows(dataclasses.replace(assessment, operations=(waited, assessment.operations[1])))
    assert [row.cells[:2] for row in rows] == [
        (waited.operation, "response"),
        (waited.operation, "service"),
        (assessment.operations[1].operation, "both"),
    ]
