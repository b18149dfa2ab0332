"""A quantile by the server's histogram, a hundred operations a second: of which scrapes, and what a late generator leaves."""

import dataclasses
import math

import numpy as np
import pytest

from sla.judgement.generator.lateness import SHARED_HOST, lateness
from sla.judgement.kinds.choose import estimator_of
from sla.judgement.objectives import unlimited
from sla.values.agreement import Limit, Objective, OperationMetrics
from sla.values.assessment import Severity, Steady
from sla.values.histogram import from_values
from sla.values.kinds import ServerLatency
from sla.values.machine import TARGET, MachineSecond
from sla.values.measurements import Measurements, PlannedSegment, RunFacts
from sla.values.snapshot import BucketCounts, Snapshot
from sla.values.window import Health, Window
from tests.unit.sla.synthetic import LOCAL

S, MS = 10**9, 10**6
FIRST, LENGTH_S = 1000, 20
STEADY = Steady(FIRST, FIRST + LENGTH_S, 0.0, 0.0, "")
EDGES_S = (0.001, 0.002, 0.005, 0.010, 0.020, 0.050, float("inf"))


def lag_of(*parts):
    """`parts`: (ms, how often)."""
    return from_values(np.concatenate([np.full(n, int(ms * MS)) for ms, n in parts]).astype(np.int64))


ON_TIME = lag_of((0.05, 100))


def scrapes(a_second, begin=0, end=LENGTH_S, before=None):
    """One at the begin of each second; `a_second`: counts of each bucket, `before`: those of seconds before the first."""
    snapshots = []
    for s in range(begin, end + 1):
        counts = [n * s if s >= 0 or before is None else n0 * s for n, n0 in zip(a_second, before or a_second, strict=True)]
        shifted = np.cumsum([c + 100 * n for c, n in zip(counts, before or a_second, strict=True)]).astype(float)
        snapshots.append(Snapshot(int((FIRST + s) * S), 0, (), {}, {}, {"h": BucketCounts(EDGES_S, tuple(shifted.tolist()))}))
    return snapshots


def run(a_second, lag=ON_TIME, snapshots=None, target=(), **facts):
    windows = tuple(
        Window(FIRST + i, "a", 100, started=100, ok=100, response=lag_of((4, 100)), service=lag_of((4, 100)))
        for i in range(LENGTH_S)
    )
    health = tuple(Health(FIRST + i, "w", lag, machine=MachineSecond(FIRST + i, "w")) for i in range(LENGTH_S))
    facts = RunFacts(FIRST * S, (FIRST + LENGTH_S) * S, plan=(PlannedSegment(LENGTH_S, 100, 100),), **facts)
    return Measurements(windows, health, tuple(snapshots or scrapes(a_second)), facts, tuple(target))


def measured(it, timer="inside", q=0.9, target_ms=5.0, on_time=False):
    o = Objective("o", "O", Severity.CRITICAL, ServerLatency(q), ("a",), Limit("<", target_ms * MS), None, "")
    agreement = dataclasses.replace(LOCAL.agreement, operations={"a": OperationMetrics("h", timer=timer)})
    return estimator_of(o, agreement).from_run(it, STEADY, None if on_time else lateness(it, STEADY))(0.95)


def edges(estimate):
    """Its interval in ms: edges of buckets."""
    return round(estimate.low / MS, 3), round(estimate.high / MS, 3)


#          1   2   5  10  20  50 ms
QUICK = (0, 100, 0, 0, 0, 0, 0)  # all of 1 to 2 ms
SLOW = (0, 0, 0, 0, 100, 0, 0)  # all of 10 to 20 ms
TAIL = (0, 70, 0, 0, 30, 0, 0)


def test_a_quantile_lies_in_its_bucket_whatever_the_seconds_before_were():
    latency = measured(run(QUICK, snapshots=scrapes(QUICK, -5, before=SLOW)), on_time=True)
    assert (edges(latency.estimate), latency.estimate.n) == ((1, 2), 2000)
    assert latency.bucket_ns == (1 * MS, 2 * MS)
    assert latency.source == "server, h"
    assert latency.seconds_needed == pytest.approx(1.14)  # 11.4 beyond a p90 at 100/s


def test_scrapes_up_to_half_a_second_beside_the_judged_part_are_of_it():
    at = [
        dataclasses.replace(s, at_ns=s.at_ns + (i == LENGTH_S) * S // 2 - (i == 0) * S // 2)
        for i, s in enumerate(scrapes(QUICK))
    ]
    assert measured(run(QUICK, snapshots=at), on_time=True).estimate.n == 2000
    later = [dataclasses.replace(s, at_ns=s.at_ns + (i == LENGTH_S) * 6 * S // 10) for i, s in enumerate(scrapes(QUICK))]
    assert measured(run(QUICK, snapshots=later), on_time=True).estimate.n == 1900
    earlier = [dataclasses.replace(s, at_ns=s.at_ns - (i == 0) * 6 * S // 10) for i, s in enumerate(scrapes(QUICK))]
    assert measured(run(QUICK, snapshots=earlier), on_time=True).estimate.n == 1900


def test_from_metrics_alone_what_is_needed_is_of_the_window_asked_for():
    o = Objective("o", "O", Severity.CRITICAL, ServerLatency(0.9), ("a",), Limit("<", 5.0 * MS), None, "")
    agreement = dataclasses.replace(LOCAL.agreement, operations={"a": OperationMetrics("h")})
    at = estimator_of(o, agreement).from_metrics(scrapes(QUICK), FIRST * S, (FIRST + LENGTH_S) * S)
    assert at(0.95).seconds_needed == pytest.approx(1.14)
    nothing = estimator_of(o, agreement).from_metrics([], FIRST * S, (FIRST + LENGTH_S) * S)(0.95)
    assert (nothing.estimate, nothing.source) == (None, "server, h")


def test_an_on_time_generator_changes_nothing():
    latency = measured(run(SLOW))
    assert edges(latency.at_least) == edges(latency.estimate) == edges(latency.at_most) == (10, 20)


BUNCHED = lag_of((0, 80), (500, 20))  # a fifth comes half a second late, at once


def test_a_timer_inside_may_have_been_slowed_down_by_all_that_came_bunched_and_by_any_factor():
    latency = measured(run(TAIL, BUNCHED))
    assert edges(latency.estimate) == (10, 20)
    assert latency.at_least.low <= 2 * MS  # of 30 % slow ones 20 % of late ones can explain all
    assert latency.less.startswith("the generator was late by up to 500 ms")
    assert latency.less.endswith(": without that")


def test_a_timer_inside_keeps_its_target_if_it_does_without_those_that_came_bunched():
    """A fifth was quick by luck, perhaps: the median of the others is the p60 of all, or a little more."""
    latency = measured(run((0, 55, 0, 0, 45, 0, 0), BUNCHED), q=0.5)
    assert edges(latency.estimate)[1] == 2
    assert edges(latency.at_most) == (10, 20)
    assert latency.more.endswith(", and operations in bunches are quicker: one by one")
    enough = measured(run((0, 65, 0, 0, 35, 0, 0), BUNCHED), q=0.5)
    assert edges(enough.at_most) == (1, 2)


def test_where_all_may_have_come_bunched_a_timer_inside_keeps_nothing():
    nothing_known = run(QUICK)
    nothing_known = dataclasses.replace(nothing_known, health=())
    latency = measured(nothing_known)
    assert (edges(latency.estimate), latency.at_most.high) == ((1, 2), math.inf)


@pytest.mark.parametrize(("lag_ms", "least"), [(7.5, (2, 5)), (8, (1, 2)), (3, (5, 10)), (12, (0, 1))])
def test_a_timer_that_includes_queueing_reads_at_most_the_lag_too_much(lag_ms, least):
    """What took 10 ms and more took 2.5 without 7.5 of them: that is in the bucket of 2 to 5."""
    latency = measured(run(SLOW, lag_of((lag_ms, 100))), timer="queueing")
    assert (edges(latency.estimate), edges(latency.at_least)) == ((10, 20), least)
    assert latency.at_most is None
    assert latency.less.endswith(": without that")


@pytest.mark.parametrize(
    ("target", "facts", "shared"),
    [
        ([], {}, False),
        ([], {"target_is_local": True}, True),
        ([MachineSecond(FIRST, TARGET)], {}, True),
        ([MachineSecond(FIRST, TARGET)], {"target_is_local": True}, True),
    ],
)
def test_on_the_generators_host_a_timer_with_queueing_keeps_nothing_for_sure(target, facts, shared):
    it = run(QUICK, target=target, **facts)
    latency = measured(it, timer="queueing")
    assert (latency.at_most is not None and latency.at_most == unlimited(latency.estimate)) is shared
    assert (latency.more == f"{SHARED_HOST}: as it stands") is shared
    inside = measured(it)
    assert edges(inside.at_most) == (1, 2)
    assert SHARED_HOST not in inside.more


def test_without_a_plan_nothing_is_taken_off():
    latency = measured(run(SLOW, BUNCHED), on_time=True)
    assert (latency.at_least, latency.at_most, latency.less, latency.more) == (None, None, "", "")


def test_few_late_arrivals_leave_what_they_can_not_have_slowed_down():
    """One second of twenty: what was slow in the others stays slow."""
    it = run(SLOW)
    rows = tuple(dataclasses.replace(h, lag=lag_of((500, 100)) if i == 3 else h.lag) for i, h in enumerate(it.health))
    latency = measured(dataclasses.replace(it, health=rows), q=0.5)
    assert edges(latency.at_least) == (10, 20)


def test_where_all_may_have_come_bunched_only_the_upper_limit_is_open():
    latency = measured(dataclasses.replace(run(QUICK), health=()))
    assert latency.at_most == dataclasses.replace(latency.estimate, point=math.inf, high=math.inf)


def test_a_second_that_an_interval_of_scrapes_has_a_part_of_is_all_in_it():
    """The last of five intervals ends half a second before the run: of a lag in the last second alone 8 ms are taken off it."""
    *others, last = scrapes(SLOW)
    it = run(SLOW, snapshots=[*others[::4], dataclasses.replace(last, at_ns=last.at_ns - S // 2)])
    rows = tuple(dataclasses.replace(h, lag=lag_of((8, 100))) if i == LENGTH_S - 1 else h for i, h in enumerate(it.health))
    assert edges(measured(dataclasses.replace(it, health=rows), timer="queueing", q=0.1).at_least)[0] == 1


def test_waits_of_the_target_leave_the_best_of_what_the_server_counted_less_what_so_few_waited_longer():
    """2 under way for 0.01 s of each second: 0.2 ms for each of 2000. At most 3 % waited longer than 6.67 ms: without these
    the 10 ms are in the bucket from 2 ms on. At most 10 % longer than 2 ms, 30 % than 0.67: the other 70 % took 5 ms or more.
    """
    waiting = [MachineSecond(FIRST + i, TARGET, waited_s=0.01) for i in range(LENGTH_S)]
    it = run(SLOW, target=waiting)
    windows = tuple(dataclasses.replace(w, in_flight_ns=S) for w in it.windows)
    it = dataclasses.replace(it, windows=windows, facts=dataclasses.replace(it.facts, plan=(), slots=2))
    latency = measured(it, on_time=True)
    assert (edges(latency.estimate), edges(latency.at_least)) == ((10, 20), (5, 10))
    assert latency.less == "the target waited up to 1.0 % of the time for a core: without that"
    assert latency.at_most is None


def test_a_server_that_counted_nothing_has_no_latency():
    latency = measured(run((0, 0, 0, 0, 0, 0, 0)), on_time=True)
    assert (latency.estimate, latency.source, latency.bucket_ns) == (None, "server, h", None)
    assert measured(run(QUICK, snapshots=scrapes(QUICK)[:1])).estimate is None


def test_what_the_client_lost_leaves_a_miss_by_the_servers_own_count_open():
    o = Objective("o", "O", Severity.CRITICAL, ServerLatency(0.9), ("a",), Limit("<", 5.0 * MS), None, "")
    agreement = dataclasses.replace(LOCAL.agreement, operations={"a": OperationMetrics("h")})
    assert not estimator_of(o, agreement).fails_despite(0.0, run(SLOW), STEADY, 0.95)
    assert estimator_of(o, agreement).missing_in_metrics() == ""
