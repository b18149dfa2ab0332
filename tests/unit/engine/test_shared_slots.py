"""Arrivals of several slots that any of their users may take: none is lost, none is taken twice, and nobody waits beside a free
user.
"""

import random
import time

import gevent
import pytest

from bizra_load.engine.load_curve import ramp_and_hold
from bizra_load.engine.pacer import Pacer
from bizra_load.engine.schedule import Schedule, SharedArrivals
from tests.unit.engine.test_schedule import LEAD_NS

LENGTH_S = 0.6


def run_of(rate, users, task_s, arrivals="constant"):
    """(when each arrival was due and when it was taken, in s after the start; the unsent ones; how many were planned)."""
    unsent, taken = [], []
    schedule = Schedule(ramp_and_hold(rate, 0, LENGTH_S), users, arrivals, None, Pacer(), unsent.append, random.Random(3))
    slots = [schedule.new_slot(shared=True) for _ in range(users)]  # before the schedule has a start

    def user(slot, number):
        while True:
            due_ns = slot.take()
            taken.append((due_ns, time.perf_counter_ns()))
            gevent.sleep(task_s(number))

    greenlets = [gevent.spawn(user, slot, number) for number, slot in enumerate(slots)]
    gevent.sleep(0)
    schedule.begin(time.perf_counter_ns() + LEAD_NS)
    start = schedule.start_ns
    while time.perf_counter_ns() < schedule.closes_ns:
        gevent.sleep(0.01)
    schedule.drain(2.0)
    gevent.killall(greenlets)
    return [((due - start) / 1e9, (at - start) / 1e9) for due, at in taken], unsent, round(rate * LENGTH_S)


@pytest.mark.parametrize("arrivals", ["constant", "poisson"])
def test_every_arrival_is_taken_once_or_counted_as_unsent(arrivals):
    for users, task_s in ((1, 0.002), (5, 0.05), (20, 0.3)):
        taken, unsent, planned = run_of(100, users, lambda _, s=task_s: s, arrivals)
        dues = [due for due, _ in taken]
        assert len(set(dues)) == len(dues)
        if arrivals == "constant":
            assert abs(len(taken) + len(unsent) - planned) <= users  # each slot has a phase of its own
        else:
            assert len(taken) + len(unsent) > planned / 2


def test_arrivals_are_due_in_order_whoever_takes_them():
    taken, _, _ = run_of(200, 8, lambda _: 0.001)
    on_time = [due for due, at in taken if at - due < 0.005]  # after a halt of the machine, those that are overdue come at once
    assert on_time == sorted(on_time)
    assert len(taken) > 100


def test_behind_a_long_task_the_others_go_on():
    """One of five users never comes back: four take all arrivals, and none of them waits for it."""
    taken, unsent, planned = run_of(100, 5, lambda number: 10.0 if number == 0 else 0.001)
    assert len(taken) >= planned - 5
    assert len(unsent) <= 1
    late = sorted(at - due for due, at in taken)
    assert late[len(late) // 2] < 0.05


def test_slots_may_be_added_when_others_have_begun():
    shared = SharedArrivals()
    shared.add(iter([1, 4, 7]))
    assert next(shared) == 1
    shared.add(iter([2, 4, 5]))
    shared.add(iter([]))
    assert list(shared) == [2, 4, 4, 5, 7]
    assert next(shared, None) is None


def retired_run(rate, users, gone, task_s):
    """(when the arrivals were due that were taken; those unsent), in s after the start, of users of whom the first `gone` are
    taken away half way. Each of them has a share of the rate.
    """
    unsent, taken, length_s = [], [], 1.2
    schedule = Schedule(ramp_and_hold(rate, 0, length_s), users, "constant", None, Pacer(), unsent.append, random.Random(3))
    slots = [schedule.new_slot(shared=True) for _ in range(users)]

    def user(slot):
        while True:
            taken.append(slot.take())
            gevent.sleep(task_s)

    greenlets = [gevent.spawn(user, slot) for slot in slots]
    gevent.sleep(0)
    start = time.perf_counter_ns() + LEAD_NS
    schedule.begin(start)
    while time.perf_counter_ns() < start + length_s / 2 * 1e9:
        gevent.sleep(0.005)
    for slot, greenlet in list(zip(slots, greenlets, strict=True))[:gone]:
        slot.retire()
        slot.retire()  # twice is once
        greenlet.kill()
    assert schedule.slots_in_use == users - gone
    while time.perf_counter_ns() < schedule.closes_ns:
        gevent.sleep(0.01)
    schedule.drain(2.0)
    gevent.killall(greenlets)
    return [(due - start) / 1e9 for due in taken], [(due - start) / 1e9 for due in unsent]


@pytest.mark.parametrize("gone", [2, 4, 7])
def test_users_that_are_taken_away_take_their_shares_along(gone):
    taken, unsent = retired_run(200, 8, gone, 0.001)
    before, after = ([due for due in taken if low <= due < high] for low, high in ((0.1, 0.5), (0.7, 1.1)))
    assert abs(len(before) - 80) <= 8
    assert abs(len(after) - 80 * (8 - gone) / 8) <= 8 - gone
    assert len(set(taken)) == len(taken)
    assert len(unsent) <= 2 + gone  # where this machine wakes one late


def test_what_was_due_before_the_last_user_went_and_nobody_was_free_for_is_unsent():
    """Two users whose tasks take too long: of 60 arrivals until then few are taken, and none is due later."""
    taken, unsent = retired_run(100, 2, 2, 0.2)
    assert len(taken) <= 10
    assert abs(len(taken) + len(unsent) - 60) <= 4
    assert max(unsent) < 0.75


def test_what_was_due_before_a_user_went_is_for_the_others():
    taken, unsent = retired_run(100, 2, 1, 0.2)
    assert abs(len(taken) + len(unsent) - 90) <= 4  # 60, and half of 60
