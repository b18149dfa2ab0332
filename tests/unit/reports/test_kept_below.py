"""The upper limit of an objective that keeps its target though its interval does not say so: the same in every report."""

import dataclasses
import html as escaping
import json
import math

import pytest

from reports.documents import advice, performance
from reports.formats import charts, github, html, json_report, junit, markdown, summary, table, text
from sla.judgement.evaluate import evaluate
from sla.judgement.status import KEPT_MOVING, OVER_BASELINE
from sla.values.assessment import Status
from tests.unit.sla.synthetic import LOCAL, measurements

RENDERERS = {
    "text": lambda a: text.render(a, 160),
    "narrow": lambda a: "\n".join(" ".join(row.cells) for row in table.narrow_rows(a)),
    "Markdown": markdown.render,
    "HTML": html.render,
    "JUnit": junit.render,
    "GitHub": lambda a: github.render(a, []),
    "performance": lambda a: performance.render(a, "run", "sha", ()),
}


@pytest.fixture(scope="module")
def judged():
    return evaluate(measurements(rate=60, hold_s=20), LOCAL.agreement, LOCAL.baseline)


def with_end(a, high, status=Status.PASS, reason=KEPT_MOVING, **fields):
    """The assessment of one objective: 20 ms [10 ms to `high`], its target 500 ms."""
    estimate = dataclasses.replace(a.objectives[0].estimate, point=20e6, low=10e6, high=high)
    o = dataclasses.replace(
        a.objectives[0], estimate=estimate, target=500e6, times_baseline=0.0, at_least=0.0, status=status, reason=reason,
        bootstrap=None, baseline=100e6, **fields,
    )  # fmt: skip
    return dataclasses.replace(a, objectives=(o,), operations=())


@pytest.mark.parametrize("form", RENDERERS)
@pytest.mark.parametrize("high", [math.inf, 800e6])
@pytest.mark.parametrize(("status", "reason"), [(Status.PASS, KEPT_MOVING), (Status.WARN, OVER_BASELINE)])
def test_every_report_shows_the_target_that_was_shown_to_be_kept(judged, form, high, status, reason):
    shown = escaping.unescape(RENDERERS[form](with_end(judged, high, status, reason)))
    if form != "JUnit" or status is not Status.PASS:  # whose case has no figures
        assert "10.0 ms to < 500 ms" in shown
    assert "unbounded" not in shown
    assert "800 ms" not in shown


@pytest.mark.parametrize("form", [form for form in RENDERERS if form != "JUnit"])
@pytest.mark.parametrize("status", [Status.INCONCLUSIVE, Status.INVALID, Status.FAIL])
def test_what_is_not_shown_to_be_kept_has_the_end_of_its_interval(judged, form, status):
    shown = escaping.unescape(RENDERERS[form](with_end(judged, math.inf, status, "why")))
    assert "10.0 ms to unbounded" in shown
    assert "to < 500 ms" not in shown


def test_two_rows_of_a_summary_that_differ_in_their_verdicts_differ_in_their_intervals(judged):
    kept = with_end(judged, math.inf)
    both = (*kept.objectives, *with_end(judged, math.inf, Status.INCONCLUSIVE, "why").objectives)
    shown = summary.render(dataclasses.replace(kept, objectives=both)).splitlines()
    [passed] = [line for line in shown if line.endswith("PASS")]
    [still_open] = [line for line in shown if line.endswith("OPEN")]
    assert " 10.0 to < 500 ms " in passed
    assert " 10.0 ms to unbounded " in still_open


def test_an_interval_that_keeps_the_target_by_itself_is_shown_as_it_is(judged):
    for a in (with_end(judged, 500e6), with_end(judged, 30e6)):
        assert table.kept_below(a.objectives[0]) is None
    assert table.of_objective(with_end(judged, 30e6).objectives[0]) == "20.0 ms [10.0 ms to 30.0 ms]"


def test_the_machine_gets_the_interval_itself(judged):
    document = json.loads(json_report.render(with_end(judged, math.inf)))
    assert document["objectives"][0]["estimate"]["high"] == "inf"


def test_the_bar_ends_at_the_target_and_the_deviation_at_that_of_the_target(judged):
    a = with_end(judged, math.inf)
    [bar] = charts.bars(a.objectives)
    assert (bar.high, bar.text.split(";")[0]) == (50.0, "10.0 ms to < 500 ms, target < 500 ms")
    assert "-90.0 % to < +400.0 %" in escaping.unescape(performance.render(a, "run", "sha", ()))


def test_advice_has_the_same_text(judged):
    a = with_end(judged, math.inf, Status.WARN, OVER_BASELINE)
    assert "20.0 ms [10.0 ms to < 500 ms]" in advice.recommendations(a)[0].figure
