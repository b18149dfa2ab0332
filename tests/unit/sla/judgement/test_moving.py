"""Objectives that move as slowly as the run is long: what keeps or misses the target must do so even should they move on."""

import dataclasses

import numpy as np
import pytest

from sla.judgement.evaluate import evaluate
from sla.judgement.moving import MOVES_ON, REACHES, Moving, slices, wide_as_it_moves
from sla.judgement.objectives import ObjectiveEstimate, unlimited
from sla.judgement.status import KEPT_MOVING, NOT_BOUNDED
from sla.values.agreement import FIGURES_ONLY, Limit, Objective, OperationMetrics
from sla.values.assessment import Severity, Status
from sla.values.estimate import Estimate
from sla.values.histogram import from_values
from sla.values.kinds import ClientLatency, ServerLatency, SuccessRate, Throughput
from sla.values.machine import MachineSecond
from sla.values.measurements import Measurements, PlannedSegment, RunFacts
from sla.values.snapshot import BucketCounts, Snapshot
from sla.values.window import Health, Window
from tests.unit.sla.synthetic import START

LENGTH_S, RATE, MS = 60, 200, 1_000_000
RISING = np.linspace(1.0, 2.0, LENGTH_S)
EVEN = np.ones(LENGTH_S)


def estimate(point, low=None, high=None):
    return Estimate(point, point if low is None else low, point if high is None else high, 0.95, 100, 100)


def run_of(level=EVEN, failing=0.0 * EVEN, done=EVEN, every_s=1, planned=True):
    """Latencies about `level` ms; a share `failing` of each second fails; `done` times the planned rate is carried out. The
    server is scraped every `every_s` s.
    """
    rng, windows, counted, snapshots = np.random.default_rng(5), [], np.zeros(7), []
    edges = (0.0005, 0.001, 0.0015, 0.002, 0.004, 0.008, float("inf"))
    for s in range(LENGTH_S):
        if s % every_s == 0:
            snapshots.append(Snapshot((START + s) * 10**9, 0, (), {}, {}, {"h": BucketCounts(edges, tuple(counted.cumsum()))}))
        count = round(RATE * done[s])
        bad = round(count * failing[s])
        values = (level[s] * MS * np.exp(rng.normal(0, 0.1, count - bad))).astype(np.int64)
        counted += np.bincount(np.searchsorted(edges, values / 1e9), minlength=7)
        h, total = from_values(values), int(values.sum())
        windows.append(
            Window(START + s, "call", planned=count, started=count, ok=count - bad, failed={"http_5xx": bad} if bad else {},
                   in_flight_ns=total, response_sum_ns=total, service_sum_ns=total, response=h, service=h)
        )  # fmt: skip
    snapshots.append(Snapshot((START + LENGTH_S) * 10**9, 0, (), {}, {}, {"h": BucketCounts(edges, tuple(counted.cumsum()))}))
    lag = from_values(np.full(RATE, 20_000))
    health = tuple(Health(START + s, "w", lag, machine=MachineSecond(START + s, "w")) for s in range(LENGTH_S))
    facts = RunFacts(START * 10**9, (START + LENGTH_S) * 10**9, plan=(PlannedSegment(LENGTH_S, RATE, RATE),) if planned else ())
    return Measurements(tuple(windows), health, tuple(snapshots), facts)


def agreement_of(kind, target, severity=Severity.CRITICAL, acceptable=None):
    objective = Objective("o", "O", severity, kind, ("call",), target, acceptable, "")
    return dataclasses.replace(FIGURES_ONLY, operations={"call": OperationMetrics("h")}, objectives=(objective,))


def judged(kind, target, run, *allowed):
    [o] = evaluate(run, agreement_of(kind, target, *allowed)).objectives
    return o


@pytest.mark.parametrize("kind", [ClientLatency(0.5, "response"), ClientLatency(0.99, "service"), ServerLatency(0.5)])
def test_a_latency_that_climbs_keeps_only_what_it_would_keep_going_on(kind):
    """From 1 to 2 ms: its fifths lie 0.8 ms apart, of which eight times are 6.4 ms."""
    run = run_of(RISING)
    near, far = (judged(kind, Limit("<", target_ms * MS), run) for target_ms in (4, 15))
    assert near.status is Status.INCONCLUSIVE
    assert REACHES in near.reason
    assert far.status is Status.PASS
    assert judged(kind, Limit("<", 4 * MS), run_of()).status is Status.PASS


def test_a_latency_that_falls_is_missed_only_where_it_would_be_going_on():
    """From 20 to 19 ms: its fifths lie 0.8 ms apart, of which eight times are 6.4 ms."""
    falling = run_of(20 - np.linspace(0, 1, LENGTH_S))
    near, far = (judged(ClientLatency(0.5, "response"), Limit("<", target_ms * MS), falling) for target_ms in (15, 11))
    assert (near.status, near.reason) == (
        Status.INCONCLUSIVE,
        f"{REACHES} (it moved by 901 us from one fifth of the run to another): by its latest part, and should it move back, "
        "the target is not shown to be missed",
    )
    assert far.status is Status.FAIL


def test_a_latency_that_climbs_from_fifth_to_fifth_is_missed_where_each_of_them_misses():
    climbing = run_of(RISING)
    o = judged(ClientLatency(0.5, "response"), Limit("<", 1.05 * MS), climbing)
    assert (o.status, o.reason) == (
        Status.FAIL,
        "misses the target in every fifth of the run (it moved by 814 us from one fifth of the run to another)",
    )
    assert o.estimate.low < 1.05 * MS  # what is shown does not say so by itself
    assert judged(ClientLatency(0.5, "response"), Limit("<", 1.2 * MS), climbing).status is Status.INCONCLUSIVE


def test_a_latency_that_climbs_a_little_passes_a_target_as_one_that_climbs_more_does():
    """A target four times as far: by the parts, whether or not the interval has an end, and whether or not evidence is thin."""
    for by in (0.1, 0.2, 0.4):
        o = judged(ClientLatency(0.99, "response"), Limit("<", 8 * MS), run_of(1 + by * (RISING - 1)))
        assert (o.status, o.reason.split(" (")[0]) == (Status.PASS, KEPT_MOVING)


def test_a_success_rate_that_falls_does_not_pass_by_its_average():
    """From 100 to 90 %: 8 points between its fifths, eight times that are 64 points under the last one's 91 %."""
    falling = run_of(failing=np.linspace(0, 0.1, LENGTH_S))
    o = judged(SuccessRate(), Limit(">=", 0.6), falling)
    assert (o.status, o.reason.split(" (")[0]) == (Status.INCONCLUSIVE, REACHES)
    assert "moved by 8." in o.reason
    assert judged(SuccessRate(), Limit(">=", 0.1), falling).status is Status.PASS
    steady = run_of(failing=np.full(LENGTH_S, 0.05))
    assert judged(SuccessRate(), Limit(">=", 0.6), steady).status is Status.PASS


def test_a_throughput_that_falls_does_not_pass_by_its_average():
    falling = run_of(done=np.linspace(1.0, 0.9, LENGTH_S), planned=False)
    o = judged(Throughput(), Limit(">=", 0.6 * RATE), falling)
    assert (o.status, o.reason.split(" (")[0]) == (Status.INCONCLUSIVE, REACHES)
    assert "it moved by 1" in o.reason
    assert judged(Throughput(), Limit(">=", 0.2 * RATE), falling).status is Status.PASS


def test_it_may_move_on_by_eight_times_what_its_parts_lie_apart_from_its_latest_part():
    parts = [estimate(100), estimate(104), estimate(98), None, estimate(110, 105, 115)]
    wide = Moving(lambda _: parts, "{:g} units".format).widened(ObjectiveEstimate(estimate(103, 101, 106), "source"))
    assert (wide.at_most.low, wide.at_most.high) == (101 - MOVES_ON * 12, 110 + MOVES_ON * 12)
    assert (wide.at_least.low, wide.at_least.high) == (101 - MOVES_ON * 12, 110 + MOVES_ON * 12)
    assert "moved by 12 units" in wide.more
    assert (wide.estimate, wide.reaches) == (estimate(103, 101, 106), True)


@pytest.mark.parametrize(("tail", "high"), [(0.1, 104 + MOVES_ON * 4), (0.09, float("inf"))])
def test_an_average_without_an_end_is_bounded_by_its_parts_of_enough_samples(tail, high):
    """Of a hundred samples a part: ten of a p90."""
    parts = [estimate(100, 90, 130), estimate(104, 100, 110)]
    wide = Moving(lambda _: parts, str, tail=tail).widened(ObjectiveEstimate(estimate(103, 0, float("inf")), "source"))
    assert wide.at_most.high == wide.known_high == high


@pytest.mark.parametrize(
    ("points", "low", "high"),
    [
        ((100, 101, 103, 106, 110), 100, 110 + 80),
        ((110, 106, 103, 101, 100), 100 - 80, 110),
        ((100, 103, 101, 106, 110), 20, 190),
    ],
)
def test_what_gets_worse_from_part_to_part_is_missed_where_each_part_misses_it(points, low, high):
    parts = [estimate(p) for p in (*points, points[-1])]
    wide = Moving(lambda _: parts, str).widened(ObjectiveEstimate(estimate(104, 90, 111), "source"))
    assert (wide.at_least.low, wide.at_least.high) == (low, high)


def test_no_bound_lies_under_nothing_or_over_the_highest():
    moving = Moving(lambda _: [estimate(0.9), estimate(0.5)], str, highest=1.0)
    wide = moving.widened(ObjectiveEstimate(estimate(0.7), "source"))
    assert (wide.at_most.low, wide.at_most.high) == (0.0, 1.0)


def test_bounds_that_are_wider_for_another_reason_stay():
    measured = ObjectiveEstimate(
        estimate(100), "source", at_least=estimate(100, 0, 300), at_most=estimate(100, high=300), less="late"
    )
    wide = Moving(lambda _: [estimate(96), estimate(101)], str, tail=0.01).widened(measured)
    assert (wide.at_least.low, wide.at_most.high) == (0, 300 + MOVES_ON * 5)
    assert wide.less.startswith(REACHES)  # up to 340 by that
    wide = Moving(lambda _: [estimate(100), estimate(100)], str, tail=0.01).widened(measured)
    assert (wide.at_least.low, wide.at_least.high, wide.less) == (0, 300, "late")


def test_what_has_no_estimate_or_does_not_move_is_as_it_was():
    nothing = ObjectiveEstimate(None, "source")
    assert Moving(lambda _: [estimate(1)], str).widened(nothing) is nothing
    at = lambda _: nothing  # noqa: E731  # any estimate
    assert wide_as_it_moves(None, at) is at


def wandering(seed):
    """Levels about 1 that a second shares with its neighbours: e^-0.2 of them goes over to the next."""
    rng, stays, levels = np.random.default_rng(seed), np.exp(-1 / 5), [0.0]
    while len(levels) <= LENGTH_S:
        levels.append(stays * levels[-1] + np.sqrt(1 - stays**2) * rng.normal())
    return np.exp(0.5 * np.array(levels[1:]))


@pytest.mark.parametrize(
    ("kind", "seed"), [(ClientLatency(0.9, "response"), 0), (ClientLatency(0.99, "service"), 1), (ServerLatency(0.9), 2)]
)
def test_what_correlates_too_much_for_any_interval_passes_a_target_that_is_far_from_all_its_parts(kind, seed):
    run = run_of(wandering(seed))
    near, far = (judged(kind, Limit("<", target_ms * MS), run) for target_ms in (6, 100))
    assert near.estimate.high == far.estimate.high == float("inf")
    assert (near.status, far.status) == (Status.INCONCLUSIVE, Status.PASS)
    assert near.reason.startswith(f"{NOT_BOUNDED} (it moved by ")
    assert " from one fifth of the run to another; if it moved on as it did it might reach " in near.reason
    assert ", over the target)" in near.reason
    assert far.reason.startswith(KEPT_MOVING)


@pytest.mark.parametrize(
    ("points", "high"),
    [
        ((100, 101, 100, 101, 100), 4 * 101),  # four times as much, at least
        ((100, 200, 100, 150, 100), 200 + MOVES_ON * 100),  # eight differences
        ((50, 200, 100, 150, 100), 16 * 200),  # twice the ratio again
        ((0, 200, 100, 150, 100), float("inf")),
    ],
)
def test_what_no_interval_bounds_may_go_on_by_differences_and_by_ratios(points, high):
    endless = ObjectiveEstimate(estimate(100, 0, float("inf")), "source")
    parts = [estimate(p) for p in (*points, points[-1])]
    moving = Moving(lambda _: parts, "{:g} ms".format, lasts=False)
    bounded = wide_as_it_moves(moving, lambda _: endless)(0.95)
    assert (bounded.known_high, bounded.estimate, bounded.reaches) == (high, endless.estimate, False)
    assert bounded.how_it_moved.startswith("it moved by ")
    finite = dataclasses.replace(endless, estimate=estimate(100, 0, 500))
    assert moving.bounded(finite) is finite
    thin = dataclasses.replace(moving, tail=0.01)
    assert thin.bounded(endless).known_high == float("inf")


def test_parts_bound_nothing_where_something_unmeasured_may_be_slower_by_any_factor():
    parts = [estimate(100)] * 6
    measured = ObjectiveEstimate(estimate(100, 0, float("inf")), "source")
    measured = dataclasses.replace(measured, at_most=unlimited(measured.estimate))
    for lasts in (True, False):
        bounded = wide_as_it_moves(Moving(lambda _: parts, str, lasts=lasts), lambda _: measured)(0.95)
        assert bounded.with_high(min(bounded.known_high, 400)).at_most.high == float("inf")


@pytest.mark.parametrize(("seconds", "status"), [(19, Status.INCONCLUSIVE), (20, Status.PASS)])
def test_parts_of_fewer_than_twenty_seconds_tell_nothing(seconds, status):
    run = run_of(wandering(0))
    facts = dataclasses.replace(run.facts, load_ended_ns=(START + seconds) * 10**9, plan=(PlannedSegment(seconds, RATE, RATE),))
    short = dataclasses.replace(run, windows=run.windows[:seconds], facts=facts)
    assert judged(ClientLatency(0.9, "response"), Limit("<", 1000 * MS), short).status is status


def test_parts_over_range_move_by_nothing_that_is_known():
    endless = Estimate(float("inf"), 5, float("inf"), 0.95, 10, 10)
    wide = Moving(lambda _: [endless, endless], str).widened(ObjectiveEstimate(endless, "source"))
    assert (wide.at_most.low, wide.at_most.high) == (5, float("inf"))


def test_the_latest_part_has_five_windows_at_least_where_there_are_as_many():
    assert slices(50)[-2:] == [slice(40, 50), slice(40, 50)]
    assert slices(12)[-2:] == [slice(9, 12), slice(7, 12)]
    assert slices(3)[-1] == slice(0, 3)
