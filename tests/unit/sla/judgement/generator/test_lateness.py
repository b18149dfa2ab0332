"""How late arrivals were by second, and for how long a late bunch matters: worked out by hand."""

import math

import numpy as np
import pytest

from sla.judgement.generator.lateness import (
    SLOWED,
    Lateness,
    disturbed_seconds,
    duration,
    largest_by_second,
    lateness,
    shifted,
)
from sla.values.assessment import Steady
from sla.values.histogram import EMPTY, HIGHEST_NS, from_values
from sla.values.machine import MachineSecond
from sla.values.measurements import Measurements, PlannedSegment, RunFacts
from sla.values.window import Health, Window

MS = 1_000_000
SECOND_NS = 1_000 * MS
FINE = 2e-3  # a bucket is at most 1/1024 of its value wide


def of(*values_ns, over_range=0):
    return from_values(np.array(values_ns, dtype=np.int64), over_range)


@pytest.mark.parametrize(
    ("ns", "text"),
    [
        (1.5e9, "1.5 s"),
        (1e9, "1 s"),
        (999e6, "999 ms"),
        (1e6, "1 ms"),
        (999.6e3, "1 ms"),
        (999.4e6, "999 ms"),
        (999.6e6, "1 s"),
        (999e3, "999 us"),
        (50.0, "0.05 us"),
        (math.inf, "over 60 s"),
    ],
)
def test_a_duration_in_words_has_three_digits(ns, text):
    assert duration(ns) == text


def test_what_can_be_longer_than_a_limit_is_over_it():
    h = of(1000, 1001, 2000, over_range=3)
    assert [h.count_over(limit) for limit in (999, 1000, 1001, 2000)] == [6, 5, 4, 3]
    assert (h.min_ns, h.max_ns) == (1000, math.inf)
    assert (of(1000, 1500).max_ns, EMPTY.max_ns, EMPTY.min_ns) == (1500, 0, 0)


def measured(*health, sent=(), length_s=10):
    """A plan of 20 a second from second 0 on; `sent`: seconds in which operations were sent."""
    windows = tuple(Window(s, "a", started=20) for s in sent)
    plan = (PlannedSegment(length_s, 20, 20),)
    return Measurements(windows, health, (), RunFacts(0, length_s * SECOND_NS, plan=plan))


def row(second, lag_ns, machine=True, **fields):
    return Health(second, "w", of(lag_ns), machine=MachineSecond(second, "w") if machine else None, **fields)


STEADY = Steady(0, 10, 0.0, 0.0, "")


@pytest.mark.parametrize(
    ("health", "seconds"),
    [
        (row(5, 500 * MS), [5]),
        (row(5, 2500 * MS), [2, 3, 4, 5]),  # it counts for the seconds that it lasted
        (row(5, 500 * MS, machine=False), [4, 5]),  # older versions labelled rows with the second after
        (row(5, 500 * MS, label_offset_ns=300 * MS, clock_error_ns=0), [4, 5, 6]),
        (row(5, 500 * MS, label_offset_ns=-300 * MS, clock_error_ns=0), [4, 5, 6]),
        (row(5, 500 * MS, label_offset_ns=300 * MS, clock_error_ns=60 * MS), [5]),
        (row(5, 500 * MS, label_offset_ns=1200 * MS, clock_error_ns=0), [3, 4, 5, 6, 7]),
        (row(5, 500 * MS, label_offset_ns=300 * MS, clock_error_ns=-1), [5]),  # nothing was measured
    ],
)
def test_a_lag_belongs_to_the_seconds_in_which_it_can_have_been(health, seconds):
    lags = lateness(measured(health), STEADY)
    assert sorted(lags.woken_ns) == seconds
    assert set(lags.woken_ns.values()) == {health.lag.max_ns}


def test_the_largest_lag_of_any_worker_counts_and_what_nobody_reports_is_not_known():
    lags = lateness(measured(row(4, 5 * MS), row(4, 7 * MS), row(4, 6 * MS), sent=(4, 6)), STEADY)
    assert lags.woken_ns == {4: pytest.approx(7 * MS, rel=FINE), 6: math.inf}
    assert lags.sent.tolist() == [0, 0, 0, 0, 20, 0, 20, 0, 0, 0]
    assert lags.reported.tolist() == [s == 4 for s in range(10)]
    assert lags.gap_ns == SECOND_NS / 20
    assert lags.whole.total == 3
    assert lateness(Measurements((), (), (), RunFacts(0, SECOND_NS)), STEADY) is None


@pytest.mark.parametrize(("lag_ms", "after"), [(100, 7), (101, 8), (1000, 16)])
def test_a_second_with_a_late_arrival_disturbs_until_ten_times_its_lag_is_over(lag_ms, after):
    late = Lateness({2: 1.0, 5: lag_ms * 1e6}, (), np.zeros(0), 0.0, np.zeros(0, dtype=bool))
    assert disturbed_seconds(late, 1.0) == set(range(5, after + 1))
    assert disturbed_seconds(late, lag_ms * 1e6) == set()


def carried(*latencies_ms, woken=None):
    """L of seconds 1, 2, ... in ms, where each second's operations all took so long."""
    windows = [Window(s, "a", response=of(*[int(ms * MS)] * 10) if ms else EMPTY) for s, ms in enumerate(latencies_ms, start=1)]
    late = Lateness(woken or {1: 5e6, 2: 0.0, 3: 0.0, 4: 0.0}, (), np.zeros(0), 0.0, np.zeros(0, dtype=bool))
    largest = largest_by_second(late, windows, "a", 1 + len(latencies_ms))
    return [largest[s] / MS for s in range(1, 1 + len(latencies_ms))]


def test_a_lag_counts_in_its_second_and_the_next_and_then_as_long_as_its_backlog_can_last():
    assert carried(1, 4, 1, 1) == pytest.approx([5, 5, 3, 0], abs=0.01)  # 4 ms: 3 ms of backlog before an operation of 1 ms
    assert carried(1, 9, 9, 1) == pytest.approx([5, 5, 5, 5], abs=0.01)
    assert carried(1, 0, 0, 0) == pytest.approx([5, 5, 5, 5])  # who does not end anything shows nothing
    assert carried(1, 1, 1, 1) == pytest.approx([5, 5, 0, 0], abs=0.01)


def test_operations_of_a_second_that_nobody_reports_have_no_known_lag():
    assert carried(1, 1, 1, woken={1: 0.0, 3: 0.0}) == [0, math.inf, math.inf]
    assert carried(1, 0, 1, woken={1: 0.0, 3: 0.0}) == [0, 0, 0]


def values(h):
    return [h.max_ns / MS, h.min_ns / MS, h.total, h.over_range]


def test_latencies_are_moved_by_the_lag_of_their_second_and_not_under_zero():
    h = of(10 * MS, 3 * MS)
    assert values(shifted(h, 7, {7: 4e6}, -1)) == pytest.approx([6, 0, 2, 0], rel=FINE, abs=0.01)
    assert values(shifted(h, 7, {7: 4e6}, 1)) == pytest.approx([14, 7, 2, 0], rel=FINE)
    assert values(shifted(h, 7, {6: 4e6, 8: 4e6}, -1)) == pytest.approx([10, 3, 2, 0], rel=FINE)
    assert shifted(EMPTY, 7, {7: 4e6}, 1) is EMPTY


@pytest.mark.parametrize(("second", "counts"), [(7, True), (6, False), (10, True), (11, False)])
def test_an_operation_that_took_seconds_began_in_an_earlier_second(second, counts):
    histogram = shifted(of(2500 * MS), 10, {second: 500e6}, -1)
    assert histogram.max_ns / MS == pytest.approx(2000 if counts else 2500, rel=FINE)


def test_a_time_out_stays_one_but_for_a_lag_of_over_a_second():
    h = of(10 * MS, over_range=2)
    assert values(shifted(h, 7, {7: 1e9}, -1))[2:] == [3, 2]
    assert values(shifted(h, 7, {7: 1.1e9}, -1))[1:] == [0, 3, 0]
    assert values(shifted(h, 7, {7: 1.1e9}, 1))[2:] == [3, 2]
    assert shifted(of(HIGHEST_NS - 1000), 7, {7: 5e9}, 1).over_range == 1


def late(*seconds, reported=None, gap_ns=10 * MS):
    """Each second: its lags in ms, with their numbers."""
    lags = tuple(of(*[ms * MS for ms, n in s.items() for _ in range(n)]) for s in seconds)
    sent = np.array([float(h.total) for h in lags])
    return Lateness({}, lags, sent, float(gap_ns), np.array(reported or [True] * len(lags)))


def test_a_burst_is_what_came_after_a_hold_of_over_a_tenth_of_a_second_and_lasts_until_the_second_after():
    calm, held = {0: 50}, {0: 20, 9: 10, 50: 10, 120: 10}
    assert late(calm, held, calm, calm).in_bursts().tolist() == [0, 20, 20, 0]
    assert late(calm, {0: 20, 99: 30}, calm).in_bursts().tolist() == [0, 0, 0]
    assert late({120: 50}, calm).in_bursts().tolist() == [0, 0]  # all are late by the same: a shift
    assert late(calm, calm, calm, reported=[True, False, True]).in_bursts().tolist() == [0, 50, 50]
    assert late(held, {0: 5}).in_bursts().tolist() == [20, 5]  # no more than there are


def test_the_share_that_late_arrivals_can_have_hurt_is_an_upper_limit():
    lags = late(*[{0: 990, 50: 10}] * 20)
    assert 10 * 0.01 < lags.affected(49e6, 0.95, 10.0) < 10 * 0.013
    assert lags.affected(49e6, 0.99, 10.0) > lags.affected(49e6, 0.95, 10.0)
    assert lags.affected(51e6, 0.95, 10.0) < 0.01
    assert lags.affected(49e6, 0.95, 200.0) == 1.0
    assert 0.01 < lags.bunched(0.95) < 0.013
    assert late(*[{0: 990, 9: 10}] * 20).bunched(0.95) < 0.001  # by less than the usual gap
    # counted, each slows five: no interval, and no second has more than all of its operations
    assert lags.slowed(49e6, lags.sent) == pytest.approx(SLOWED * 0.01)
    assert lags.slowed(51e6, lags.sent) == 0.0
    assert lags.slowed(49e6, lags.sent / 10) == pytest.approx(SLOWED * 0.1)  # all of them of a kind that is a tenth
    half, unreported = late(*[{0: 10, 60: 990}, {0: 1000}]), late(*[{0: 1000}] * 20, reported=[False] + [True] * 19)
    assert half.slowed(49e6, half.sent) == pytest.approx(0.5)
    assert late({}).slowed(0.0, np.zeros(1)) == 1.0
    assert unreported.slowed(0.0, unreported.sent) == pytest.approx(0.05)
    assert late({}).affected(0.0, 0.95, 1.0) == late({}).bunched(0.95) == 1.0
    assert late(*[{0: 1000}] * 20, reported=[False] + [True] * 19).affected(0.0, 0.95, 1.0) > 0.05


def test_usual_lags_are_those_that_few_exceed_within_a_second():
    usual_ns = late({1: 850, 20: 100, 300: 48, 2000: 2}).usual_ns()
    assert usual_ns == pytest.approx([1e6, 20e6, 300e6], rel=FINE)
    assert late({}).usual_ns() == []
    assert str(late({1: 90, 20: 10})) == "the generator was late by up to 20 ms (p99 20 ms)"
