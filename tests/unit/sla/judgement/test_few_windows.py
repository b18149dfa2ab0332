"""Seconds or scrape intervals so few that they bound nothing, or little: what is said, and what would do."""

import dataclasses

import numpy as np
import pytest

from sla.judgement.few_windows import few_scrapes, too_few_scrapes, too_few_seconds
from sla.judgement.status import STRADDLES
from sla.values.agreement import Limit
from sla.values.assessment import Status
from sla.values.histogram import EMPTY, from_values
from sla.values.kinds import ClientLatency, ServerLatency, SuccessRate
from tests.unit.sla.judgement.test_monitored_notes import FINE, FIRST, LAST, RATE, SUCCESS, by_key, scrapes
from tests.unit.sla.judgement.test_monitored_notes import judged as judged_monitored
from tests.unit.sla.judgement.test_moving import LENGTH_S, MS, judged, run_of
from tests.unit.sla.synthetic import START

NOISE = np.random.default_rng(2).normal(0, 3, 100)


@pytest.mark.parametrize("every_s", [15, 20, 30])
def test_less_than_five_scrape_intervals_bound_nothing_and_what_would_do_is_said(every_s):
    o = judged(ServerLatency(0.99), Limit("<", 8 * MS), run_of(every_s=every_s))
    assert (o.status, o.reason) == (Status.INCONCLUSIVE, too_few_scrapes(LENGTH_S // every_s, LENGTH_S))
    assert (o.estimate.low, o.estimate.high, o.estimate.n_eff) == (0.0, float("inf"), 0.0)


@pytest.mark.parametrize(("intervals", "length_s", "every_s"), [(4, 60, 2), (1, 300, 15), (0, 3600, 60), (2, 19, 1)])
def test_the_scrape_interval_that_would_do_gives_twenty_of_them(intervals, length_s, every_s):
    s = "" if intervals == 1 else "s"
    assert too_few_scrapes(intervals, length_s) == (
        f"{intervals} scrape interval{s} of the server bound nothing, at least 5 are needed: scrape every {every_s} s, or "
        "measure longer"
    )
    assert too_few_scrapes(5, length_s) == ""


def test_where_scrapes_can_hardly_come_more_often_only_a_longer_run_would_do():
    assert too_few_scrapes(4, 5).endswith(": measure longer")
    assert too_few_scrapes(4, 6.1).endswith(": scrape every 1 s, or measure longer")
    assert (few_scrapes(10, 15.0), few_scrapes(10, 15.1) != "") == ("", True)


@pytest.mark.parametrize(("intervals", "named"), [(4, False), (5, True), (19, True), (20, False)])
def test_fewer_than_twenty_scrape_intervals_say_little(intervals, named):
    text = f"{intervals} scrape intervals of the server say little of how much it varies: scrape every 30 s, or measure longer"
    assert few_scrapes(intervals, 900) == (text if named else "")


def test_what_few_scrape_intervals_leave_open_names_them_and_no_time():
    """Ten of 6 s, of which about half of the observations lie beyond the target's edge."""
    straddling = judged(ServerLatency(0.5), Limit("<", 1 * MS), run_of(every_s=6))
    assert (straddling.status, straddling.seconds_needed) == (Status.INCONCLUSIVE, None)
    assert straddling.reason.endswith(f"; {few_scrapes(10, LENGTH_S)}")
    often = judged(ServerLatency(0.5), Limit("<", 1 * MS), run_of())
    assert (often.status, "scrape" in often.reason) == (Status.INCONCLUSIVE, False)


@pytest.mark.parametrize(("every_s", "decided"), [(20, False), (15, False), (12, True)])
def test_a_servers_counters_decide_nothing_of_fewer_than_five_intervals(every_s, decided):
    """Though nothing failed, and many more than the target were carried out in each."""
    seconds = range(FIRST, LAST + 1, every_s)
    results = by_key(judged_monitored(scrapes(FINE, seconds=seconds), RATE, SUCCESS))
    expected = "" if decided else too_few_scrapes(60 // every_s, 60)
    for o in (results["rate"], results["success"]):
        assert o.status is (Status.PASS if decided else Status.INCONCLUSIVE)
        assert decided or (o.reason, o.seconds_needed) == (expected, None)


def test_few_intervals_of_counters_are_named_too():
    """Ten of 6 s; 5 in 100 fail, a little more or less."""
    wavy = {**FINE, "a_failed": lambda t: t + NOISE[t], "a_done": lambda t: 20 * t + 4 * NOISE[t]}
    near = (dataclasses.replace(RATE, target=Limit(">=", 49.7)), dataclasses.replace(SUCCESS, target=Limit(">=", 0.98)))
    results = by_key(judged_monitored(scrapes(wavy, seconds=range(FIRST, LAST + 1, 6)), *near))
    for o in (results["rate"], results["success"]):
        assert (o.status, o.reason) == (Status.INCONCLUSIVE, f"{STRADDLES}; {few_scrapes(10, 60)}")
        assert o.seconds_needed is None


@pytest.mark.parametrize(
    ("kind", "target"), [(ClientLatency(0.9, "response"), Limit("<", 8 * MS)), (SuccessRate(), Limit(">=", 0.9))]
)
def test_a_second_that_holds_nearly_everything_decides_nothing(kind, target):
    run = run_of(planned=False)
    rest = tuple(dataclasses.replace(w, ok=1, response=from_values(np.array([MS])), service=EMPTY) for w in run.windows[6:])
    o = judged(kind, target, dataclasses.replace(run, windows=(run.windows[5], *rest)))
    assert o.status is Status.INCONCLUSIVE
    assert o.reason == "78.7 % of all lie in one second, which bounds nothing: measure longer"


@pytest.mark.parametrize(
    ("kind", "target"), [(ClientLatency(0.9, "response"), Limit("<", 8 * MS)), (SuccessRate(), Limit(">=", 0.9))]
)
@pytest.mark.parametrize("seconds", [4, 5])
def test_operations_in_fewer_than_five_seconds_decide_nothing(kind, target, seconds):
    """Of a minute in which there were no others."""
    run = run_of(planned=False)
    windows = tuple(w for w in run.windows if (w.second - START) % 12 == 0)[:seconds]
    o = judged(kind, target, dataclasses.replace(run, windows=windows))
    if seconds == 5:
        assert o.status is Status.PASS
    else:
        assert (o.status, o.reason, o.seconds_needed) == (Status.INCONCLUSIVE, too_few_seconds(np.ones(4)), None)
        assert o.reason == "4 s bound nothing, at least 5 s are needed: measure longer"
