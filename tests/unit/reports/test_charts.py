"""The charts of the HTML report show what was measured, and a gap where nothing was."""

import dataclasses
import math

import pytest

from reports.formats import charts, html
from sla.judgement.evaluate import evaluate
from sla.values.assessment import Status
from sla.values.histogram import EMPTY
from sla.values.window import Window
from tests.unit.sla.synthetic import LOCAL, START, measurements

OUTAGE = range(START + 10, START + 14)


def failed(w):
    """The same second, with nothing that succeeded."""
    return dataclasses.replace(w, ok=0, failed={"http_5xx": w.finished}, response=EMPTY, service=EMPTY)


@pytest.fixture(scope="module")
def whole():
    return measurements(rate=60, hold_s=20).windows


def of(drawn, title):
    return next(c for c in drawn if title in c.title)


def xs(line):
    return [[float(p.split(",")[0]) for p in stretch.split()] for stretch in line.points]


def test_an_outage_is_a_gap_of_the_latencies_and_is_marked(whole):
    drawn = charts.charts([failed(w) if w.second in OUTAGE and w.operation == "verify" else w for w in whole])
    chart, other = of(drawn, "verify"), of(drawn, "generate")
    ((left, width),) = chart.outages
    for line in chart.lines:
        before, after = xs(line)
        assert (len(before), len(after)) == (10, 11)
        assert before[-1] < left < left + width < after[0]  # nothing is drawn across it
        assert len(line.bands) == 2
    assert [len(line.points) for line in other.lines] == [1, 1]
    assert other.outages == of(drawn, "Rate").outages == ()  # another operation succeeded in these seconds


def test_seconds_of_which_nothing_is_known_are_a_gap_of_the_rate_too(whole):
    drawn = charts.charts([w for w in whole if w.second not in OUTAGE])
    for chart in drawn:
        assert [len(line.points) for line in chart.lines] == [2, 2]
        assert chart.outages == ()  # nothing failed


def test_no_line_is_drawn_of_a_plan_that_is_not_known(whole):
    assert [line.label for line in of(charts.charts(whole), "Rate").lines] == ["planned", "achieved"]
    unplanned = [dataclasses.replace(w, planned=0) for w in whole]
    assert [line.label for line in of(charts.charts(unplanned), "Rate").lines] == ["achieved"]


def test_an_outage_at_the_end_stays_on_the_time_axis(whole):
    drawn = charts.charts([failed(w) if w.second >= START + 10 else w for w in whole])
    assert len({c.x_ticks for c in drawn}) == 1
    for c in drawn:
        ((left, width),) = c.outages
        assert (left + width) == pytest.approx(charts.WIDTH - 10, abs=0.2)
    assert max(xs(of(drawn, "verify").lines[0])[0]) < of(drawn, "verify").outages[0][0]


def test_an_outage_shorter_than_a_point_of_a_long_run_is_marked(whole):
    long = [dataclasses.replace(w, second=w.second + 25 * k) for k in range(20) for w in whole]
    assert of(charts.charts(long), "verify").outages == ()
    here = START + 250
    ((_, width),) = of(charts.charts([failed(w) if w.second == here else w for w in long]), "verify").outages
    assert 0.5 <= width < 3


def test_a_point_between_two_gaps_is_still_drawn(whole):
    drawn = charts.charts([failed(w) if w.second in (START + 10, START + 12) else w for w in whole])
    stretches = xs(of(drawn, "verify").lines[0])
    assert [len(set(s)) for s in stretches] == [10, 1, 12]
    assert len(stretches[1]) == 2  # a line of one point is not drawn


def test_a_latency_over_range_is_no_line_between_its_neighbours(whole):
    over = [dataclasses.replace(w.response, over_range=10 * w.response.total) for w in whole]
    drawn = charts.charts(
        [dataclasses.replace(w, response=h) if w.second in OUTAGE else w for w, h in zip(whole, over, strict=True)]
    )
    assert [len(line.points) for line in of(drawn, "verify").lines] == [2, 2]


def test_the_page_names_the_mark(whole):
    run = measurements(rate=60, hold_s=20)
    assessment = evaluate(run, LOCAL.agreement, LOCAL.baseline)
    assert "nothing succeeded" not in html.render(assessment, run.windows)
    page = html.render(assessment, [failed(w) if w.second in OUTAGE else w for w in run.windows])
    assert page.count('<rect class="outage"') == page.count('<tspan class="outage">nothing succeeded') == 4


def test_the_bar_of_a_latency_has_its_resamples_below_it():
    run = measurements(rate=60, hold_s=20)
    assessment = evaluate(run, LOCAL.agreement, LOCAL.baseline)
    for bar, o in zip(charts.bars(assessment.objectives), assessment.objectives, strict=True):
        assert bar.resampled == ((bar.low, bar.high) if o.unit == "ns" else None)  # buckets so wide that both are alike
        assert ("; 95 % of 100,000 resamples: " in bar.text) is (o.unit == "ns")
    wider = dataclasses.replace(assessment.objectives[0].bootstrap, low=1e4, high=1e5, level=0.9)
    one = dataclasses.replace(assessment.objectives[0], target=1e5, bootstrap=wider)
    [bar] = charts.bars([one])
    assert bar.resampled == (25.0, 50.0)  # a decade is a quarter of the width, the target its middle
    assert bar.text.endswith("; 90 % of 100,000 resamples: 10.0 us to 100 us")
    page = html.render(assessment)
    assert page.count('<line class="resampled"') == 7
    assert "The thin line below it is the interval that 100,000 resamples (bootstrap)" in page
    rates = dataclasses.replace(assessment, objectives=tuple(o for o in assessment.objectives if o.unit != "ns"))
    assert 'class="resampled"' not in html.render(rates)


@pytest.mark.parametrize(("status", "named"), [(Status.PASS, True), (Status.FAIL, True), (Status.INCONCLUSIVE, False)])
def test_a_bar_that_crosses_its_target_says_what_decided_instead(status, named):
    o = evaluate(measurements(rate=60, hold_s=20), LOCAL.agreement, LOCAL.baseline).objectives[0]
    wide = dataclasses.replace(o.estimate, high=math.inf)
    for estimate, crosses in ((wide, True), (o.estimate, False)):
        [bar] = charts.bars([dataclasses.replace(o, estimate=estimate, status=status, reason="by the parts")])
        assert bar.text.endswith("; by the parts") is (crosses and named)


def test_an_operation_that_never_succeeded_has_no_chart():
    windows = [Window(START + s, "verify", failed={"timeout": 30}) for s in range(10)]
    assert [c.title for c in charts.charts(windows)] == ["Rate"]
