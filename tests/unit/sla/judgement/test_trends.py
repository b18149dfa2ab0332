"""A run beside earlier ones: against the one before, and beyond all of them or not."""

import dataclasses

import pytest

from sla.judgement.comparison import Change
from sla.judgement.trends import EarlierRun, trends
from sla.values.assessment import Assessment, Decision, ObjectiveResult, Severity, Status
from sla.values.estimate import Estimate


def interval(low, point, high):
    return Estimate(point, low, high, 0.95, 1000, 1000)


def assessed(estimate, unit="ns", comparison="<", status=Status.PASS):
    o = ObjectiveResult("k", "K", Severity.CRITICAL, unit, comparison, 1.0, None, None, estimate, status, "", kind="throughput")
    return Assessment(Decision.GO, "", 0, "", "a", "default", "", (o,), (), (), (), None)


def earlier(*estimates):
    return [EarlierRun(f"run{i}", "", "GO", 0.0, {} if e is None else {"k": e}) for i, e in enumerate(estimates)]


BEFORE = earlier(interval(90, 100, 110), interval(80, 95, 120), interval(95, 100, 105))


@pytest.mark.parametrize(
    ("last", "beyond"),
    [
        (interval(121, 130, 140), "higher"),
        (interval(120, 130, 140), ""),
        (interval(115, 130, 140), ""),  # within the second run's interval
        (interval(60, 70, 79), "lower"),
        (interval(60, 70, 80), ""),
        (interval(60, 70, 85), ""),
    ],
)
def test_a_figure_is_beyond_earlier_ones_when_its_whole_interval_is_beyond_every_one(last, beyond):
    [trend] = trends(assessed(last), BEFORE)
    assert trend.beyond == beyond
    assert (trend.last, [run.name for run, _ in trend.before]) == (last, ["run0", "run1", "run2"])


def test_it_is_compared_with_the_run_before_alone_and_in_its_own_direction():
    runs = earlier(interval(49, 50, 51), interval(99, 100, 101))
    assert trends(assessed(interval(98, 99, 100)), runs)[0].compared.change is Change.EQUIVALENT
    assert trends(assessed(interval(148, 150, 152)), runs)[0].compared.change is Change.REGRESSED
    more = assessed(interval(148, 150, 152), "ops/s", ">=")
    assert trends(more, runs)[0].compared.change is Change.IMPROVED


@pytest.mark.parametrize(("unit", "change"), [("ops/s", Change.EQUIVALENT), ("ratio", Change.REGRESSED)])
def test_a_share_has_a_narrower_margin(unit, change):
    runs = earlier(interval(0.999, 0.9995, 1.0))
    assert trends(assessed(interval(0.949, 0.95, 0.951), unit, ">="), runs)[0].compared.change is change


def test_runs_without_the_figure_are_left_out_and_what_is_invalid_has_no_trend():
    some = earlier(interval(90, 100, 110), None)
    assert [run.name for run, _ in trends(assessed(interval(90, 100, 110)), some)[0].before] == ["run0"]
    for assessment, runs in (
        (assessed(None), BEFORE),
        (assessed(interval(1, 2, 3), status=Status.INVALID), BEFORE),
        (assessed(interval(1, 2, 3)), earlier(None)),
        (dataclasses.replace(assessed(None), objectives=()), BEFORE),
    ):
        assert trends(assessment, runs) == ()
