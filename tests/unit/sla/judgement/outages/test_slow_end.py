"""Latencies that are over their target to the very end: no longer run takes that back, whatever an interval says."""

import dataclasses

import numpy as np
import pytest

from sla.judgement.outages.slow_end import SlowEnd
from sla.values.agreement import Limit
from sla.values.assessment import Status
from sla.values.histogram import from_values
from sla.values.kinds import ClientLatency, ServerLatency
from tests.unit.sla.judgement.test_moving import EVEN, LENGTH_S, MS, RATE, judged, run_of

TARGET = Limit("<", 4 * MS)


def slow_to_the_end(seconds, times=5.0, recovered=0):
    level = EVEN.copy()
    level[LENGTH_S - seconds : LENGTH_S - recovered] = times
    return run_of(level)


def late(run, lag_ms):
    lag = from_values(np.full(RATE, lag_ms * MS))
    return dataclasses.replace(run, health=tuple(dataclasses.replace(h, lag=lag) for h in run.health))


@pytest.mark.parametrize(
    ("kind", "unit"),
    [(ClientLatency(0.99, "response"), "s"), (ClientLatency(0.99, "service"), "s"), (ServerLatency(0.99), "scrape intervals")],
)
def test_a_p99_that_is_over_its_target_throughout_the_last_seconds_is_missed(kind, unit):
    o = judged(kind, TARGET, slow_to_the_end(15, times=20.0))
    assert o.estimate.low < TARGET.value  # which alone leaves it open
    assert (o.status, o.reason) == (
        Status.FAIL,
        f"all of its operations took longer than 4 ms throughout the last 15 {unit}: it had not recovered",
    )


def test_half_of_them_over_the_target_are_enough():
    """Of a lognormal about the target half lie beyond it: two in five are enough, by Markov's inequality."""
    o = judged(ClientLatency(0.99, "response"), TARGET, slow_to_the_end(15, times=4.05))
    assert o.status is Status.FAIL
    assert "% or more of its operations took longer than 4 ms throughout the last 15 s: it had not recovered" in o.reason


@pytest.mark.parametrize(
    ("kind", "run"),
    [
        (ClientLatency(0.99, "response"), slow_to_the_end(16, recovered=1)),
        (ClientLatency(0.99, "response"), slow_to_the_end(4)),
        (ClientLatency(0.9, "response"), slow_to_the_end(15)),  # so many may be slow as often as that
        (ServerLatency(0.9), slow_to_the_end(15)),
        (ClientLatency(0.99, "response"), slow_to_the_end(15, times=3.6)),
        (ClientLatency(0.99, "response"), late(slow_to_the_end(15), 2)),  # up to 2 ms of it may be the generator's
        (ClientLatency(0.99, "service"), late(slow_to_the_end(15), 2)),
        (ServerLatency(0.99), late(slow_to_the_end(15), 8)),
    ],
)
def test_what_recovered_or_may_be_so_by_chance_or_the_generators_doing_is_not_missed_for_it(kind, run):
    o = judged(kind, TARGET, run)
    assert "had not recovered" not in o.reason


def test_every_way_in_which_a_perfect_generator_may_have_measured_them_must_show_it():
    sizes, slow, quick = np.full(10, 100.0), np.full(10, 20.0), np.full(10, 99.0)
    both = lambda *within: SlowEnd(lambda _: [(w, sizes) for w in within], 0.99, "s").reason(TARGET)  # noqa: E731  # for short
    assert both(slow, slow).startswith("80 % or more of its operations took longer than 4 ms throughout")
    assert both(slow, quick) == both(quick, slow) == both() == ""


def test_what_nobody_timed_may_all_have_been_fast():
    def reason(untimed):
        return SlowEnd(lambda _: [(np.full(10, 20.0), np.full(10, 100.0))], 0.99, "s", untimed).reason(TARGET)

    assert reason(99) != ""
    assert reason(101) == ""
