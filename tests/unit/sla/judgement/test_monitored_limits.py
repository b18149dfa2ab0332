"""The server's own metrics at their limits: how much of the window must be covered, and what lies in it."""

import dataclasses

import pytest

from sla.estimators.duplicates import START_TIME
from sla.judgement.monitored import deviation, judge_monitored
from sla.values.agreement import Limit
from sla.values.assessment import Decision, Status
from sla.values.estimate import Estimate
from tests.unit.sla.synthetic import LOCAL, START, measurements

PLAN = {"poi_throughput": (Limit(">=", 500.0), Limit(">=", 400.0))}
SNAPSHOTS = measurements().snapshots  # one a second


def judged(from_s, to_s, snapshots=SNAPSHOTS, **options):
    spans = int((START + from_s) * 1e9), int((START + to_s) * 1e9)
    return judge_monitored(snapshots, *spans, LOCAL.agreement, LOCAL.baseline, planned=PLAN, **options)


def objective(assessment, key):
    return next(o for o in assessment.objectives if o.key == key)


@pytest.mark.parametrize(("length_s", "decision"), [(55, Decision.GO), (56, Decision.INCONCLUSIVE)])
def test_nine_tenths_of_the_window_must_be_covered(length_s, decision):
    """Scrapes up to second 54, and one usual interval more: 50 s of a window that begins with second 5."""
    kept = [s for s in SNAPSHOTS if s.at_ns < (START + 54.5) * 1e9]
    assessment = judged(5, 5 + length_s, kept)
    assert assessment.decision is decision, assessment.summary
    assert assessment.window.coverage == pytest.approx(50 / length_s, abs=0.001)
    gate = next(g for g in assessment.gates if g.key == "coverage")
    assert gate.status is (Status.PASS if decision is Decision.GO else Status.INCONCLUSIVE)


def test_scrapes_on_the_bounds_of_the_window_are_in_it_and_others_are_not():
    at_ns = [s.at_ns for s in SNAPSHOTS]

    def scrapes(from_ns, to_ns):
        return judge_monitored(SNAPSHOTS, from_ns, to_ns, LOCAL.agreement, planned=PLAN).window.scrapes

    assert scrapes(at_ns[10], at_ns[40]) == 31
    assert scrapes(at_ns[10] + 1, at_ns[40] - 1) == 29


def test_figures_are_those_of_the_window_alone():
    assessment = judged(20, 50.5)
    throughput = objective(assessment, "poi_throughput")
    assert throughput.estimate.point == pytest.approx(600, rel=0.01)
    assert assessment.window.length_s == 30.5
    assert objective(assessment, "finality_p99").estimate.n == pytest.approx(30 * 300, rel=0.05)


def test_a_restart_is_counted_and_said():
    name = LOCAL.agreement.operations["generate"].total
    back = [
        dataclasses.replace(
            s, counters={**s.counters, name: s.counters[name] - (300 * 30 if s.at_ns / 1e9 > START + 31 else 0)}
        )
        for s in SNAPSHOTS
    ]
    assessment = judged(-1, 66, back)
    assert assessment.window.restarts == 1
    assert [n for n in assessment.notes if "the node was restarted once (its counters went back" in n]
    assert judged(-1, 66).window.restarts == 0
    assert not [n for n in judged(-1, 66).notes if "restart" in n]


def test_a_later_start_time_is_a_restart_though_no_counter_was_seen_to_go_back():
    started = [
        dataclasses.replace(s, gauges={**s.gauges, START_TIME: 5.0 if s.at_ns / 1e9 <= START + 31 else float(START + 30)})
        for s in SNAPSHOTS
    ]
    assessment = judged(-1, 66, started)
    assert assessment.window.restarts == 1
    assert [n for n in assessment.notes if "or its start time moved" in n]


def test_counters_of_several_processes_behind_one_address_decide_nothing():
    name = LOCAL.agreement.operations["generate"].total
    shared = [
        dataclasses.replace(s, counters={**s.counters, name: s.counters[name] + 100_000 * (i % 2)})
        for i, s in enumerate(SNAPSHOTS)
    ]
    assessment = judged(-1, 66, shared)
    [gate] = [g for g in assessment.gates if g.key == "counters"]
    assert (assessment.decision, gate.status) == (Decision.INCONCLUSIVE, Status.INCONCLUSIVE)
    assert "do several processes share that address (a load balancer)?; scrape each process" in gate.reason
    assert not [g for g in judged(-1, 66).gates if g.key == "counters"]


def test_a_deviation_is_relative_to_the_baseline_with_the_interval_of_the_estimate():
    estimate = deviation(Estimate(110.0, 90.0, 140.0, 0.95, 10, 5), 100.0)
    assert (estimate.point, estimate.low, estimate.high) == pytest.approx((0.1, -0.1, 0.4))
    assert deviation(Estimate(110.0, 90.0, 140.0, 0.95, 10, 5), 0.0) is None
    assert deviation(None, 100.0) is deviation(Estimate(1, 1, 1, 0.95, 1, 1), None) is None


def test_fail_on_warn_changes_the_exit_code_of_a_cautious_decision():
    above = {"poi_throughput": (Limit(">=", 700.0), Limit(">=", 500.0))}
    spans = (START - 1) * 10**9, (START + 66) * 10**9
    for strict, code in ((False, 0), (True, 3)):
        assessment = judge_monitored(SNAPSHOTS, *spans, LOCAL.agreement, LOCAL.baseline, None, above, strict)
        assert (assessment.decision, assessment.exit_code) == (Decision.GO_WITH_CAUTION, code)
