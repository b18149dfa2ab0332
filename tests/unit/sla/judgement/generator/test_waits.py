"""What waits for a core can have added to latencies, on ten seconds counted by hand."""

import math

import pytest

from sla.judgement.generator.connections import shares_beyond
from sla.judgement.generator.waiting_workers import Waits, waiting_target, waiting_workers, waits_of_workers
from sla.values.assessment import Steady
from sla.values.estimate import Estimate
from sla.values.histogram import EMPTY
from sla.values.machine import TARGET, MachineSecond
from sla.values.measurements import Measurements, PlannedSegment, RunFacts
from sla.values.window import Health, Window

S = 10**9
STEADY = Steady(10, 20, 0.0, 0.0, "")


def worker(second, name="w1", **waits):
    return Health(second, name, EMPTY, 0.1, machine=MachineSecond(second, name, 2, **waits))


def run(health=(), target=(), windows=None, plan=()):
    """100 operations of four users in ten seconds."""
    if windows is None:
        windows = [Window(s, "a", ok=10, in_flight_ns=2 * S, response_sum_ns=S) for s in range(10, 20)]
    facts = RunFacts(10 * S, 20 * S, plan=plan, slots=4)
    return Measurements(tuple(windows), tuple(health), (), facts, target=tuple(target))


def test_parts_of_what_lies_beyond_a_quantile_may_have_waited():
    """Three tenths of it, all of it, three times as much: as long as a lower quantile is left."""
    assert shares_beyond(0.9) == pytest.approx([0.03, 0.1, 0.3])
    assert shares_beyond(0.5) == pytest.approx([0.15])  # 0.5 would leave the quantile 0
    assert shares_beyond(0.75) == pytest.approx([0.075, 0.25])  # 0.75 would
    under = ((0.225, 4e7 / 3), (0.45, 2e7 / 3), (0.675, 4e7 / 9))  # and a quarter, a half, three quarters of what lies under it
    expected = [pytest.approx(pair) for pair in ((0.03, 1e8), (0.1, 3e7), (0.3, 1e7), *under)]
    assert Waits("x", 0.1, {}, 3e6).beyond(0.9) == expected
    assert Waits("x", 0.1, {}).beyond(0.9) == []  # where nobody knows how many were under way


PLAN = (PlannedSegment(10, 10, 10),)


@pytest.mark.parametrize(
    ("health", "plan", "share"),
    [
        ([], (), None),
        ([worker(12, waited_s=0.5)], (), 0.05),
        ([worker(12, waited_s=0.5)], PLAN, None),  # lateness is measured there
        ([worker(12, waited_s=0.5, throttled_s=0.2)], (), 0.07),
        ([worker(12, waited_s=0.0, throttled_s=0.2)], (), 0.02),
        ([worker(12, throttled_s=0.2)], (), 0.02),  # how long it waited besides nobody knows
        ([worker(12, waited_s=0.5), worker(13)], (), 0.15),  # of one second it is known: all of the other may be waiting
        ([worker(12, waited_s=0.5), worker(13, "w2")], (), 0.05),  # of the other worker nothing is
        ([worker(12, waited_s=0.0)], (), None),
        ([worker(s, waited_s=2.0) for s in range(10, 20)], (), 1.0),  # of a process with several threads
        ([worker(10, waited_s=0.5), worker(19, waited_s=0.1), worker(9, waited_s=1), worker(20, waited_s=1)], (), 0.06),
        ([worker(12, waited_s=0.5), worker(12, "w2", waited_s=0.3), worker(13, "w2", waited_s=0.3)], (), 0.06),
    ],
)
def test_the_share_is_that_of_the_judged_seconds_of_the_worker_that_waited_longest(health, plan, share):
    waits = waits_of_workers(run(health, plan=plan), STEADY)
    assert (waits and waits.share) == (share and pytest.approx(share))


def test_all_that_were_under_way_may_have_waited_as_long():
    """A worker waited 0.5 s; at most 4 were under way: 2 s in all, 20 ms for each of 100, 25 ms of 80 that were timed."""
    health = [worker(12, waited_s=0.5)]
    waits = waiting_workers(run(health), ["a"], STEADY)
    assert (waits.who, waits.share, waits.mean_ns) == ("workers", pytest.approx(0.05), pytest.approx(20e6))
    assert str(waits) == "workers waited up to 5.0 % of the time for a core"
    untimed = [Window(s, "a", ok=10, untimed=2, in_flight_ns=2 * S) for s in range(10, 20)]
    untimed += [Window(s, "a", ok=50, in_flight_ns=60 * S) for s in (9, 20)]  # outside the judged part
    assert waiting_workers(run(health, windows=untimed), ["a"], STEADY).mean_ns == pytest.approx(25e6)


def test_of_users_that_were_not_counted_nobody_knows_how_many_were_under_way():
    windows = [Window(s, "a", ok=10, response_sum_ns=6 * S) for s in range(10, 20)]
    assert waiting_workers(run([worker(12, waited_s=0.5)], windows=windows), ["a"], STEADY).mean_ns == math.inf


def test_of_each_second_the_worker_that_waited_longest_counts_and_two_accounts_of_a_second_add_up():
    health = [
        worker(12, waited_s=0.25),
        worker(12, waited_s=0.5),
        worker(12, "w2", waited_s=0.5),
        worker(9, "w2", waited_s=1.0),
    ]
    assert waits_of_workers(run(health), STEADY).by_second == {9: S, 12: 0.75 * S}


def test_a_rate_is_at_most_what_the_other_time_would_have_given():
    rate = Estimate(30.0, 27.0, 33.0, 0.95, 10, 10)
    most = Waits("x", 0.25, {}).at_most(rate)
    assert (most.low, most.point, most.high) == pytest.approx((36, 40, 44))
    assert Waits("x", 1.0, {}).at_most(rate).high == math.inf


@pytest.mark.parametrize("operation", ["a", "b"])
def test_without_waits_or_without_operations_there_are_no_delays(operation):
    waited_s = 0.0 if operation == "a" else 0.5
    assert waiting_workers(run([worker(12, waited_s=waited_s)]), [operation], STEADY) is None
    assert waiting_target(run(target=[MachineSecond(12, TARGET, 2, waited_s=waited_s)]), operation, STEADY) is None


@pytest.mark.parametrize(
    ("seconds", "share"),
    [
        ([MachineSecond(12, TARGET, 2, waited_s=0.5)], 0.05),
        ([MachineSecond(12, TARGET, 2, waited_s=0.5, throttled_s=0.2)], 0.07),
        ([MachineSecond(12, TARGET, 2, throttled_s=0.2)], 0.02),
        ([MachineSecond(s, TARGET, 2, waited_s=0.1) for s in (9, 10, 19, 20)], 0.02),
    ],
)
def test_a_targets_waits_are_those_of_the_judged_seconds(seconds, share):
    """At most 4 were under way, and 100 ended: a mean of 4 x 10 s x the share / 100."""
    waits = waiting_target(run(target=seconds), "a", STEADY)
    assert (waits.who, waits.share, waits.mean_ns) == ("the target", pytest.approx(share), pytest.approx(0.4e9 * share))
    assert waiting_target(run(target=seconds, plan=PLAN), "a", STEADY) is None


def test_accounts_that_are_far_apart_take_no_memory_for_what_lies_between():
    far = 1 << 50
    assert waits_of_workers(run([worker(12, waited_s=0.5), worker(far, waited_s=1.0)]), STEADY).by_second == {12: S / 2, far: S}
