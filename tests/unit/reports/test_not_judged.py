"""A run too short to be judged shows what was measured, as what it is: no estimate."""

import dataclasses
import math
import re

import pytest

from reports.formats import html, json_report, many, markdown, summary, table, text
from sla.judgement.evaluate import evaluate
from sla.values.agreement import FIGURES_ONLY
from sla.values.assessment import Decision, WholeRun
from tests.unit.sla.synthetic import LOCAL, measurements


@pytest.fixture(scope="module")
def short():
    """Three seconds at a constant rate after five of ramp."""
    return evaluate(measurements(hold_s=3, failures={"verify": 0.5}), FIGURES_ONLY)


def test_the_summary_has_the_medians_and_says_that_nothing_judged_them(short):
    assert (short.decision, short.steady) == (Decision.NOT_JUDGED, None)
    shown = summary.render(short).splitlines()
    [row] = [line for line in shown if line.startswith("verify ")]
    verify = short.operations[-1]
    assert [float(n) for n in re.findall(r"\d+\.\d+", row)] == pytest.approx(
        [verify.ok / 8, 100 * verify.whole_run.success], abs=0.06
    )
    assert f"{table.quantity(verify.whole_run.response['p50'], 'ns')} " in row
    assert f"{table.quantity(verify.whole_run.response['p99'], 'ns')} " in row
    assert shown[shown.index(row) + 1] == "not judged, too short at a constant rate: measured over the whole run"


@pytest.mark.parametrize("width", [40, 60, 80])
@pytest.mark.parametrize("operations", [3, 300])
def test_it_fits_a_terminal(short, operations, width):
    more = [dataclasses.replace(short.operations[0], operation=f"operation {n}") for n in range(operations)]
    shown = summary.render(dataclasses.replace(short, operations=tuple(more)), "next", "saved", width).splitlines()
    assert len(shown) < summary.HEIGHT
    assert max(map(len, shown)) <= width
    assert sum(line.startswith("not judged, too") for line in shown) == 1


@pytest.mark.parametrize("render", [lambda a: text.render(a, 160), markdown.render, html.render])
def test_in_tables_every_such_figure_is_marked_and_none_has_an_interval(short, render):
    shown = render(short)
    for o in short.operations:
        for value, unit in ((o.whole_run.ok_per_s, "ops/s"), (o.whole_run.success, "ratio")):
            assert f"{table.quantity(value, unit)} (not judged)" in shown
        for took in o.whole_run.response.values():
            assert f"{table.quantity(took, 'ns')} (not judged)" in shown
    rows = [*table.operation_rows(short), *table.latency_rows(short)]
    assert len(rows) == 2 * len(short.operations)
    assert not any("[" in cell for row in rows for cell in row.cells)


def test_a_run_that_was_judged_has_no_such_line_or_mark():
    judged = evaluate(measurements(hold_s=30), LOCAL.agreement, LOCAL.baseline)
    assert "not judged" not in summary.render(judged) + text.render(judged, 160)


def test_the_file_has_them_apart_from_estimates_and_is_read_again(short):
    assert json_report.parse(json_report.render(short)) == short
    over = WholeRun(1.0, 0.5, {"p50": math.inf})
    one = dataclasses.replace(short, operations=(dataclasses.replace(short.operations[0], whole_run=over),))
    assert json_report.parse(json_report.render(one)) == one


def test_of_very_many_the_slowest_are_shown_by_what_was_measured(short):
    one = short.operations[0]
    slow = dataclasses.replace(one, operation="slow", whole_run=WholeRun(1.0, 1.0, {"p99": 1e10}))
    mine = [dataclasses.replace(one, operation=str(n)) for n in range(9)]
    shown = many.operations(dataclasses.replace(short, operations=(*mine, slow)), 3)
    assert "slow" in [o.operation for o in shown]
