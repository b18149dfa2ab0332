"""Throughput of operations that are rare, idle for a while or never successful."""

import dataclasses

import pytest

from sla.judgement.kinds.choose import estimator_of
from sla.values.agreement import Limit, Objective, OperationMetrics
from sla.values.assessment import Severity, Steady
from sla.values.kinds import Throughput
from sla.values.measurements import Measurements, RunFacts
from sla.values.snapshot import Snapshot
from sla.values.window import Window
from tests.unit.sla.synthetic import LOCAL

S = 10**9
COUNTED = {"a": OperationMetrics("", "a_done"), "b": OperationMetrics("", "b_done")}


def estimator(operations=COUNTED):
    o = Objective("t", "T", Severity.CRITICAL, Throughput(), ("a", "b"), Limit(">=", 1.0), None, "")
    return estimator_of(o, dataclasses.replace(LOCAL.agreement, operations=operations))


@pytest.mark.parametrize(
    ("window", "point"),
    [
        (Window(3, "a", ok=20), 2.0),  # in one of ten seconds
        (Window(3, "b", ok=20, failed={"timeout": 5}), 2.0),
        (Window(3, "a", failed={"timeout": 5}), 0.0),  # there was an attempt, and it failed
        (Window(3, "c", ok=20), None),
        (Window(3, "a", failed={"generator": 5}), None),  # the service was not asked
        (Window(10, "a", ok=20), None),
    ],
)
def test_it_is_known_where_the_service_was_asked_at_all(window, point):
    run = Measurements((window,), (), (), RunFacts(0, 10 * S))
    measured = estimator().from_run(run, Steady(0, 10, 0.0, 0.0, ""), None)(0.95)
    assert (measured.estimate.point if measured.estimate else None) == point
    assert measured.source == "client, a + b"


def of_server(*counts):
    """`counts`: (second, done by a, done by b)."""
    snapshots = [Snapshot(s * S, 0, (), {"a_done": float(a), "b_done": float(b)}) for s, a, b in counts]
    return estimator().from_metrics(snapshots, 0, 100 * S)(0.95)


def test_from_the_servers_counters_it_is_a_second_over_the_time_between_the_scrapes():
    measured = of_server((0, 0, 0), (10, 50, 0), (20, 50, 0), (30, 50, 10))  # idle for a third of the time
    assert (measured.estimate.point, measured.source) == (2.0, "server, a_done + b_done")
    assert of_server((0, 5, 5), (10, 5, 5), (20, 5, 5)).estimate is None


def test_what_was_counted_before_a_restart_is_no_throughput_that_is_missed():
    """Ten operations a second; every tenth second the counter begins again, and what it had counted in that second is lost."""
    counted, at = [], 0
    for s in range(60):
        at = 0 if s % 10 == 5 else at + 10
        counted.append((s, at, 0))
    measured = of_server(*counted)
    assert measured.estimate.high < 10
    assert measured.at_least.point == 10.0
    assert measured.less == "what was counted before a restart is unknown in 6 scrape intervals: without them"
    whole = of_server(*((s, 10 * s, 0) for s in range(60)))
    assert (whole.at_least, whole.less) == (None, "")


@pytest.mark.parametrize("uncounted", ["a", "b"])
def test_one_operation_without_a_counter_is_enough_for_no_throughput(uncounted):
    operations = COUNTED | {uncounted: OperationMetrics("h")}
    assert estimator(operations).missing_in_metrics() == "not every operation has a counter"
    assert estimator().missing_in_metrics() == ""
