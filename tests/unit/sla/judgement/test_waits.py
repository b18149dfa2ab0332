"""What waits for a core can have added to latencies, on ten seconds counted by hand."""

import pytest

from sla.judgement.waiting_workers import Waits, shares_beyond, waited_share, waiting_target, waiting_workers
from sla.values.assessment import Steady
from sla.values.histogram import EMPTY
from sla.values.machine import TARGET, MachineSecond
from sla.values.measurements import Measurements, PlannedSegment, RunFacts
from sla.values.window import Health, Window

S = 10**9
STEADY = Steady(10, 20, 0.0, 0.0, "")


def worker(second, name="w1", **waits):
    return Health(second, name, EMPTY, 0.1, machine=MachineSecond(second, name, 2, **waits))


def run(health=(), target=(), windows=None, plan=()):
    """100 operations in ten seconds; of all seconds the fifth had the most under way."""
    if windows is None:
        windows = [Window(s, "a", ok=10, in_flight_ns=4 * S if s == 14 else 2 * S, response_sum_ns=S) for s in range(10, 20)]
    facts = RunFacts(10 * S, 20 * S, plan=plan)
    return Measurements(tuple(windows), tuple(health), (), facts, target=tuple(target))


def test_parts_of_what_lies_beyond_a_quantile_may_have_waited():
    """Three tenths of it, all of it, three times as much: as long as a lower quantile is left."""
    assert shares_beyond(0.9) == pytest.approx([0.03, 0.1, 0.3])
    assert shares_beyond(0.5) == pytest.approx([0.15])  # 0.5 would leave the quantile 0
    assert shares_beyond(0.75) == pytest.approx([0.075, 0.25])  # 0.75 would
    assert Waits("x", 0.1, 3e6).beyond(0.9) == [pytest.approx(pair) for pair in ((0.03, 1e8), (0.1, 3e7), (0.3, 1e7))]


PLAN = (PlannedSegment(10, 10, 10),)


@pytest.mark.parametrize(
    ("health", "plan", "share"),
    [
        ([], (), 0.0),
        ([worker(12, waited_s=0.5)], (), 0.05),
        ([worker(12, waited_s=0.5)], PLAN, 0.0),  # lateness is measured there
        ([worker(12, waited_s=0.5, throttled_s=0.2)], (), 0.07),
        ([worker(12, waited_s=0.0, throttled_s=0.2)], (), 0.02),
        ([worker(12, throttled_s=0.2)], (), 0.0),  # how long it waited nobody knows
        ([worker(12, waited_s=0.5), worker(13)], (), 0.05),  # of one second it is known, of the other it is not
        ([worker(12, waited_s=0.0)], (), 0.0),
        ([worker(10, waited_s=0.5), worker(19, waited_s=0.1), worker(9, waited_s=1), worker(20, waited_s=1)], (), 0.06),
        ([worker(12, waited_s=0.5), worker(12, "w2", waited_s=0.3), worker(13, "w2", waited_s=0.3)], (), 0.06),
    ],
)
def test_the_share_is_that_of_the_judged_seconds_of_the_worker_that_waited_longest(health, plan, share):
    assert waited_share(run(health, plan=plan), STEADY) == pytest.approx(share)


def test_all_that_were_under_way_may_have_waited_as_long():
    """A worker waited 0.5 s; at most 4 were under way: 2 s in all, of 100 operations 20 ms each."""
    waits = waiting_workers(run([worker(12, waited_s=0.5)]), "a", STEADY)
    assert (waits.who, waits.share, waits.mean_ns) == ("workers", pytest.approx(0.05), pytest.approx(20e6))
    assert str(waits) == "workers waited up to 5.0% of the time for a core"


def test_of_users_that_were_not_counted_the_time_of_their_responses_tells_how_many_there_were():
    """Responses of a second that took 6 s in all: 6 at once. Windows outside the judged part have more, and do not count."""
    windows = [Window(s, "a", ok=10, response_sum_ns=(6 if s == 14 else 1) * S) for s in range(10, 20)]
    windows += [Window(s, "a", ok=50, response_sum_ns=60 * S, in_flight_ns=60 * S) for s in (9, 20)]
    waits = waiting_workers(run([worker(12, waited_s=0.5)], windows=windows), "a", STEADY)
    assert waits.mean_ns == pytest.approx(30e6)


@pytest.mark.parametrize("operation", ["a", "b"])
def test_without_waits_or_without_operations_there_are_no_delays(operation):
    waited_s = 0.0 if operation == "a" else 0.5
    assert waiting_workers(run([worker(12, waited_s=waited_s)]), operation, STEADY) is None
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
