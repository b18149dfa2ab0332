"""Pacing: users are woken for the arrivals of their slots, and each arrival is sent or counted."""

import itertools
import random
import time

import gevent
import pytest

from bizra_load.engine.load_curve import ramp_and_hold
from bizra_load.engine.pacer import Pacer
from bizra_load.engine.schedule import Schedule

LEAD_NS = 300_000_000  # to the start: what falls due before a slot exists is nobody's, and a busy machine holds this process


def lags_of_one_user(busy_ms, held_ms):
    """(lags, how late each arrival was taken), in ms, of one user with an arrival each 20 ms, whose operations take so long and
    whose process is held once.
    """
    pacer = Pacer()
    start = time.perf_counter_ns() + LEAD_NS
    schedule = Schedule(ramp_and_hold(50, 0, 0.4), 1, "constant", start, pacer, lambda _: None, random.Random(1))
    slot, late = schedule.new_slot(), []

    def user():
        while True:
            late.append(-(slot.take() - time.perf_counter_ns()) / 1e6)
            gevent.sleep(busy_ms / 1e3)

    def hold():
        pacer.sleep_until(start + 5_000_000)
        time.sleep(held_ms / 1e3)

    greenlets = [gevent.spawn(user), gevent.spawn(hold)]
    schedule_ends = start + 450_000_000
    while time.perf_counter_ns() < schedule_ends:
        gevent.sleep(0.01)
    gevent.killall(greenlets)
    return [lag / 1e6 for lag in pacer.lags.take().lag_ns.tolist()], late


def test_a_hold_of_the_generator_is_a_lag_of_every_arrival_that_it_delays_not_only_of_the_one_that_was_awaited():
    lags, late = lags_of_one_user(busy_ms=0, held_ms=150)
    held = [lag for lag in lags if lag > 15]
    assert len(held) >= 5  # seven arrivals fell due meanwhile, and one user waited for one of them
    assert 100 < max(lags) <= max(late)


def test_a_wait_for_a_slow_target_is_no_lag():
    lags, late = lags_of_one_user(busy_ms=100, held_ms=0)
    assert max(late) > 50
    assert sum(lags) < sum(late) / 2


@pytest.mark.parametrize("use_timerfd", [True, False])
def test_the_pacer_wakes_in_order_never_early_and_records_each_lag(use_timerfd):
    for ahead_ns in (200_000_000, 1_000_000_000, 5_000_000_000):
        pacer, woken, asleep_ns = Pacer(use_timerfd), [], []
        start = time.perf_counter_ns() + ahead_ns

        def sleeper(number, pacer=pacer, woken=woken, asleep_ns=asleep_ns, start=start):
            due = start + number * 300_000
            asleep_ns.append(time.perf_counter_ns())
            pacer.sleep_until(due)
            woken.append((number, time.perf_counter_ns() - due))

        numbers = list(range(50))
        random.Random(1).shuffle(numbers)
        gevent.joinall([gevent.spawn(sleeper, n) for n in numbers], raise_error=True, timeout=20)
        if max(asleep_ns) < start:
            break  # all were asleep before the first was due: on a busy machine that may need another try
    else:
        pytest.fail("fifty greenlets were not asleep within five seconds")
    assert [n for n, _ in woken] == list(range(50))
    assert min(late for _, late in woken) >= 0
    lags = pacer.lags.take().lag_ns
    assert len(lags) == 50
    assert (lags >= 0).all()
    assert len(pacer.lags.take().lag_ns) == 0


def test_a_killed_sleeper_is_forgotten():
    pacer = Pacer()
    woken = []

    def sleeper(after_ns):
        pacer.sleep_until(time.perf_counter_ns() + after_ns)
        woken.append(after_ns)

    victim = gevent.spawn(sleeper, 200_000_000)
    other = gevent.spawn(sleeper, 400_000_000)
    gevent.sleep(0)
    victim.kill()
    other.join(timeout=10)
    assert woken == [400_000_000]


def test_a_slot_that_falls_behind_keeps_its_intended_starts_and_counts_what_it_never_sent():
    unsent = []
    start = time.perf_counter_ns() + 200_000_000
    schedule = Schedule(ramp_and_hold(1000, 0, 0.2), 1, "constant", start, Pacer(), unsent.append, random.Random(1))
    taken = []

    def user():
        slot = schedule.new_slot()
        while True:
            taken.append(slot.take())
            if len(taken) == 50:
                end = start + 250_000_000  # this operation outlasts the schedule
                while time.perf_counter_ns() < end:
                    gevent.sleep(0.01)

    greenlet = gevent.spawn(user)
    while time.perf_counter_ns() < start + 300_000_000:
        gevent.sleep(0.01)
    assert schedule.drain(1) == 0
    greenlet.kill()
    assert len(taken) == 50
    assert len(taken) + len(unsent) == 200
    assert sorted(taken + unsent) == [*taken, *unsent]
    assert {round((b - a) / 1e6) for a, b in itertools.pairwise(taken + unsent)} == {1}


def test_an_arrival_that_fell_due_unnoticed_is_not_sent_after_the_drain_but_counted():
    unsent, taken = [], []
    start = time.perf_counter_ns() + 200_000_000
    schedule = Schedule(ramp_and_hold(100, 0, 10), 1, "constant", start, Pacer(), unsent.append, random.Random(1))

    def user():
        slot = schedule.new_slot()
        while True:
            taken.append(slot.take())

    greenlet = gevent.spawn(user)
    while len(taken) < 3:
        gevent.sleep(0.001)
    blocked_until = taken[-1] + 35_000_000  # three more fall due while the hub can't wake anybody
    while time.perf_counter_ns() < blocked_until:
        pass
    before = list(taken)
    assert schedule.drain(1) == 0
    for _ in range(20):
        gevent.sleep(0.001)
    greenlet.kill()
    assert taken == before
    assert len(unsent) >= 3
    assert {round((b - a) / 1e6) for a, b in itertools.pairwise(taken + unsent)} == {10}
    assert unsent[-1] < schedule.closes_ns <= unsent[-1] + 10_000_000


@pytest.mark.parametrize("arrivals", ["constant", "saturate"])
def test_no_arrival_is_due_before_its_slot_exists_however_long_that_took(arrivals):
    """The schedule is held until the last slot is there; whoever is there before waits, and loses none of its arrivals."""
    unsent, taken = [], {}
    schedule = Schedule(ramp_and_hold(100, 0, 0.2), 2, arrivals, None, Pacer(), unsent.append, random.Random(1))

    def user(name):
        slot = schedule.new_slot()
        while True:
            taken.setdefault(name, []).append(slot.take())
            gevent.sleep(0.001)

    greenlets = [gevent.spawn(user, "early")]
    for _ in range(20):
        gevent.sleep(0.001)
    assert not any(taken.values())
    greenlets.append(gevent.spawn(user, "late"))
    gevent.sleep(0)
    start = time.perf_counter_ns() + LEAD_NS
    schedule.begin(start)
    schedule.begin(start + 10**12)  # a second call: it has begun
    with gevent.Timeout(10):
        while time.perf_counter_ns() < schedule.closes_ns:
            gevent.sleep(0.005)
    assert schedule.drain(1) == 0
    gevent.killall(greenlets)
    assert schedule.closes_ns == start + 200_000_000
    assert all(start <= due < schedule.closes_ns for dues in taken.values() for due in dues)
    assert set(taken) == {"early", "late"}
    if arrivals == "constant":
        assert sum(map(len, taken.values())) + len(unsent) == 20


def test_a_schedule_told_to_end_a_moment_early_still_sends_its_last_arrivals():
    unsent, taken = [], []
    start = time.perf_counter_ns() + LEAD_NS
    schedule = Schedule(ramp_and_hold(100, 0, 0.3), 1, "constant", start, Pacer(), unsent.append, random.Random(1))
    slot = schedule.new_slot()

    def user():
        while True:
            taken.append(slot.take())

    greenlet = gevent.spawn(user)
    while len(taken) < 5:
        gevent.sleep(0.001)
    assert schedule.drain(1) == 0
    greenlet.kill()
    assert len(taken) + len(unsent) == 30
    assert schedule.closes_ns == start + 300_000_000


@pytest.mark.parametrize("arrivals", ["constant", "saturate"])
def test_a_schedule_that_ends_before_it_has_begun_planned_nothing_and_holds_nobody(arrivals):
    unsent, taken = [], []
    schedule = Schedule(ramp_and_hold(100, 0, 0.2), 1, arrivals, None, Pacer(), unsent.append, random.Random(1))
    slot = schedule.new_slot()
    greenlet = gevent.spawn(lambda: taken.append(slot.take()))
    gevent.sleep(0)
    assert schedule.drain(1) == 0
    schedule.begin(time.perf_counter_ns())  # too late
    for _ in range(5):
        gevent.sleep(0.001)
    assert (taken, unsent, schedule.held) == ([], [], False)
    slot.retire()
    greenlet.kill()


def test_a_saturating_slot_is_due_at_once_and_parks_at_the_close():
    start, unsent = time.perf_counter_ns() + LEAD_NS, []
    schedule = Schedule(ramp_and_hold(100, 0, 60), 1, "saturate", start, Pacer(), unsent.append, random.Random(1))
    slot, taken = schedule.new_slot(), []

    def user():
        while True:
            asked = time.perf_counter_ns()
            due = slot.take()
            taken.append((asked, due, time.perf_counter_ns()))
            gevent.sleep(0.001)

    greenlet = gevent.spawn(user)
    with gevent.Timeout(10):
        while len(taken) < 10:
            gevent.sleep(0.001)
    assert schedule.drain(1) == 0
    before = list(taken)
    for _ in range(20):
        gevent.sleep(0.001)
    greenlet.kill()
    assert taken == before
    assert taken[0][1] >= start
    assert all(asked <= due <= now for asked, due, now in taken)  # not by any plan, but when somebody asks
    assert taken[-1][1] < schedule.closes_ns
    assert unsent == []
