"""Losses at their limits: the least that is lost, off, silent or restarted, and what is shown beside it."""

import dataclasses
import functools

import pytest

from sla.estimators.duplicates import START_TIME
from sla.judgement.checks.losses import clock_skew, lost_workers, most_lost, restarts, stalls
from sla.values.agreement import OperationMetrics
from sla.values.assessment import Status, Steady
from sla.values.health_rows import HealthRows
from sla.values.measurements import Loss, Measurements, RunFacts
from sla.values.snapshot import Snapshot
from sla.values.window import Health
from tests.unit.sla.synthetic import LOCAL, measurements

S, MS = 10**9, 10**6
run = functools.cache(measurements)


def lost(*losses, agreement=LOCAL.agreement, run=None):
    facts = RunFacts(0, 1, lost_workers=tuple(loss.worker for loss in losses), losses=losses)
    return {c.key: c for c in lost_workers(run or Measurements((), (), (), facts), agreement)}


def test_none_may_be_lost():
    checks = lost(Loss("w1", 0, 1))
    assert checks["workers"].reason == "workers lost: w1 after report 0"
    assert (checks["workers"].figure, checks["workers"].limit, checks["workers"].unit) == (1, 0, "workers")
    operations = checks["workers_operations"]
    assert (operations.status, operations.figure, operations.limit) == (Status.FAIL, 1, 0)


def test_one_worker_of_which_nothing_is_known_is_enough_for_no_bound():
    assert most_lost(RunFacts(0, 1, lost_workers=("a", "b"), losses=(Loss("a", 1, 5), Loss("b", 1)))) == float("inf")


@pytest.fixture(scope="module")
def counted_more():
    """The server counted 390 more of each of three operations than the reports hold."""
    return run(counter_factor=1.02, lost_workers=("w2",), losses=(Loss("w2", 3, 5000),))


def test_what_was_lost_is_counted_over_the_operations_that_the_run_has_and_the_server_counts(counted_more):
    without = dataclasses.replace(counted_more, windows=tuple(w for w in counted_more.windows if w.operation != "finality"))
    assert lost(run=without)["workers_operations"].figure == 780
    operations = LOCAL.agreement.operations | {"finality": OperationMetrics("bizra_finality_check_seconds")}
    uncounted = dataclasses.replace(LOCAL.agreement, operations=operations)
    assert lost(run=counted_more, agreement=uncounted)["workers_operations"].figure == 780


def test_a_server_that_counts_nothing_of_it_leaves_the_bound_of_the_plan(counted_more):
    none = dataclasses.replace(LOCAL.agreement, operations={})
    assert lost(run=counted_more, agreement=none)["workers_operations"].figure == 5000


def skew(*rows, limit_ns=50 * MS):
    """`rows`: (worker, offset of its labels, of its system clock, error), ms."""
    health = [
        Health(i, worker, label_offset_ns=round(label * MS), wall_offset_ns=round(wall * MS), clock_error_ns=round(error * MS))
        for i, (worker, label, wall, error) in enumerate(rows)
    ]
    return clock_skew(HealthRows.of(health), limit_ns)


def test_a_clock_that_is_off_by_less_than_its_error_may_be_right():
    [check] = skew(("w1", 2, 0, 3))
    assert (check.status, check.figure, check.limit) == (Status.PASS, 0, 50e6)
    assert check.reason == "the labels of w1 are +2.0 ms off the master's clock (give or take 3.0 ms)"


def test_the_worst_clock_may_be_behind_and_is_judged_less_its_error():
    [check] = skew(("w1", 60, 0, 20), ("w2", -70.25, 0, 10), ("w3", 0, 0, 0))
    assert (check.status, check.figure) == (Status.FAIL, 60.25e6)
    assert check.reason == "the labels of w2 are -70.2 ms off the master's clock (give or take 10.0 ms)"
    assert skew(("w1", 60, 0, 10))[0].status is Status.PASS  # exactly on the limit


def test_a_clock_that_was_never_compared_is_not_judged():
    assert skew(("w1", 500, 5000, -1e-6)) == skew() == []
    [check] = skew(("w1", 500, 5000, -1e-6), ("w2", 0, 0, 0))
    assert check.status is Status.PASS


def test_a_system_clock_is_named_with_how_far_it_is_off():
    _, check = skew(("w1", 0, 300, 0), ("w2", 0, -1500, 100))
    assert (check.key, check.status, check.figure, check.limit) == ("system_clock", Status.WARN, 1.5e9, 1e9)
    assert check.reason == "the system clock of w2 is -1.5 s off the master's, nothing is judged by it"
    assert len(skew(("w1", 0, 1000, 0))) == 1


@pytest.mark.parametrize(("wall_ms", "named"), [(1050, False), (1100, False), (1101, True), (-1100, False), (-1101, True)])
def test_a_system_clock_is_off_by_what_its_error_leaves(wall_ms, named):
    """Known to a tenth of a second: more than a second is certain from 1.1 s on."""
    assert (len(skew(("w1", 0, wall_ms, 100))) == 2) is named


def gap(*rows, steady=None):
    return stalls(HealthRows.of([Health(second, worker) for second, worker in rows]), steady)


def test_three_seconds_without_a_report_are_no_standing_still():
    [check] = gap((0, "w"), (3, "w"))
    assert (check.status, check.figure, check.limit) == (Status.PASS, 3, 3)
    assert check.reason == "the longest gap between reports of a worker is 3 s"
    [check] = gap((0, "w"), (4, "w"))
    assert (check.status, check.reason) == (Status.FAIL, "the longest gap between reports of a worker is 4 s: w stood still")


def test_between_the_reports_of_two_workers_there_is_no_gap():
    assert gap((7, "a"), (7, "b")) == gap((7, "a"), (9, "b")) == []


def test_a_gap_beside_the_judged_part_is_none_of_it():
    assert gap((0, "w"), (4, "w"), steady=Steady(5, 20, 0.0, 0.0, "")) == []
    assert gap((21, "w"), (26, "w"), steady=Steady(5, 20, 0.0, 0.0, "")) == []


def restarted(*scrapes, target=()):
    """`scrapes`: (second, counter, start time)."""
    snapshots = [
        Snapshot(s * S, 0, target, {"bizra_poi_generate_total": count}, {} if t is None else {START_TIME: t})
        for s, count, t in scrapes
    ]
    return restarts(Measurements((), (), tuple(snapshots), RunFacts(0, S)), LOCAL.agreement)


@pytest.mark.parametrize(
    ("scrapes", "count"),
    [
        ([(1, 5, 100.0), (2, 6, 100.0)], 0),
        ([(1, 5, 100.0), (2, 6, 100.5)], 0),  # of a clock that was set
        ([(1, 5, 100.0), (2, 6, 100.55)], 1),
        ([(1, 5, 100.0), (2, 6, 99.0)], 0),
        ([(1, 5, None), (2, 6, 100.0), (3, 7, None), (4, 8, 100.0)], 0),  # the node exposes it now and then
        ([(1, 5, 100.0), (2, 4, 160.0)], 1),  # both signs of one restart
        ([(1, 5, 100.0), (2, 4, 100.0), (3, 5, 170.0)], 2),
        ([(1, 5, None), (2, 5, None), (3, 4, None)], 1),
    ],
)
def test_a_start_time_that_moves_on_and_a_counter_that_goes_back_are_a_restart(scrapes, count):
    check = restarted(*scrapes)
    text = f"the target was restarted {count} times under load" if count else "the target was not restarted"
    assert (check.figure, check.limit, check.reason) == (count, 0, text)
    assert check.status is (Status.FAIL if count else Status.PASS)
