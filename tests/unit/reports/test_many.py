"""Of more operations than anybody reads: the worst and the largest are shown, and how many there are."""

import dataclasses

import pytest

from reports.documents import performance
from reports.formats import charts, html, many, markdown, text
from sla.judgement.evaluate import evaluate
from sla.values.assessment import Status, check
from tests.unit.sla.synthetic import LOCAL, measurements

COUNT = 250
FAILED, SLOW, LARGE = "GET /page-007", "GET /page-130", "GET /page-249"


@pytest.fixture(scope="module")
def run():
    return measurements(rate=60, hold_s=20)


@pytest.fixture(scope="module")
def assessment(run):
    """Operations of few requests that are all alike, but for three."""
    made = evaluate(run, LOCAL.agreement, LOCAL.baseline)
    like = dataclasses.replace(made.operations[0], ok=10, failed={})
    operations = [dataclasses.replace(like, operation=f"GET /page-{n:03d}") for n in range(COUNT)]
    slow = {q: dataclasses.replace(e, low=9 * e.low, point=9 * e.point, high=9 * e.high) for q, e in like.response.items()}
    changed = {FAILED: {"failed": {"http_5xx": 9}}, SLOW: {"response": slow}, LARGE: {"ok": 100_000}}
    operations = [dataclasses.replace(o, **changed.get(o.operation, {})) for o in operations]
    checks = [check(f"law_{n}", f"Law {n}", n == 240, "held") for n in range(COUNT)]
    return dataclasses.replace(made, operations=tuple(operations), checks=tuple(checks))


def documents(assessment):
    return {
        "text": text.render(assessment, 200),
        "markdown": markdown.render(assessment),
        "html": html.render(assessment),
        "performance": performance.render(assessment, "run", "0" * 64, ()),
    }


@pytest.mark.parametrize("form", ["text", "markdown", "html", "performance"])
def test_a_document_shows_a_hundred_with_the_worst_and_the_largest_and_says_of_how_many(assessment, form):
    shown = " ".join(documents(assessment)[form].split())
    assert all(name.removeprefix("GET /") in shown for name in (FAILED, SLOW, LARGE))
    assert (
        f"100 of {COUNT}, those that failed most, the slowest and the most frequent; all are in assessment.json"
        in shown.replace("\\", "")
    )
    assert sum(f"page-{n:03d}" in shown for n in range(COUNT)) == many.MOST_OPERATIONS


def test_up_to_a_hundred_all_are_shown(assessment):
    few = dataclasses.replace(assessment, operations=assessment.operations[:100])
    assert len(many.operations(few)) == 100
    assert many.titled("Operations", few) == "Operations"


def test_of_many_checks_all_that_did_not_pass_are_shown(assessment):
    shown = markdown.render(assessment)
    assert "| Law 240 | FAIL |" in shown
    assert "| Law 98 | PASS |" in shown
    assert "| Law 99 | PASS |" not in shown
    assert f"| {COUNT - 100} more | PASS | all are in assessment.json |" in shown


def test_they_keep_their_order_and_each_ranking_has_its_turn():
    rankings = (lambda x: x == 5, lambda x: -abs(x - 2) + 3, lambda x: x)
    assert many.worst_and_largest(range(10), rankings, 4) == [1, 2, 5, 9]
    assert many.worst_and_largest(range(10), rankings, 3) == [2, 5, 9]
    assert many.worst_and_largest(range(3), rankings, 3) == [0, 1, 2]


def test_charts_are_of_the_worst_and_the_largest_and_the_page_says_how_many_have_none(run, assessment):
    load = [w for w in run.windows if w.operation == "generate"]
    windows = []
    for n in range(12):
        for w in load:
            kept = w if n in (0, 3) else dataclasses.replace(w, ok=w.ok // 4)
            failed = {"failed": {"http_5xx": 5}} if n == 11 else {}
            windows.append(dataclasses.replace(kept, operation=f"op{n:02d}", **failed))
    titles = [c.title for c in charts.charts(windows)]
    assert len(titles) == 1 + charts.MOST_CHARTS
    assert "Response time of op11" in titles
    assert {"Response time of op00", "Response time of op03"} <= set(titles)
    assert "4 more operations have no chart" in " ".join(html.render(assessment, windows).split())
    assert "have no chart" not in html.render(assessment, load)


def test_the_achieved_rate_of_tasks_and_their_requests_is_that_of_tasks(run):
    load = [w for w in run.windows if w.operation == "generate"]
    requests = [dataclasses.replace(w, planned=0) for w in load]
    both = [*requests, *(dataclasses.replace(w, operation="task buy") for w in load)]
    assert charts.charts(both)[0].lines[-1].points == charts.charts(load)[0].lines[-1].points


def test_a_check_that_did_not_pass_is_shown_whatever_its_place():
    rows = [Status.PASS.value] * 300 + [Status.WARN.value] * 150
    shown, more = many.checks(rows, str)
    assert (shown.count("WARN"), shown.count("PASS"), more) == (150, 0, 300)
