"""How late, and whose fault: by turns and clocks that the test drives."""

import time

import gevent
import pytest

from bizra_load.engine.core import BaseLags
from bizra_load.engine.lags import Lags
from bizra_load.engine.pacer import Pacer

US, MS = 1_000, 1_000_000


class Watcher:
    def start(self, callback):
        """Nobody calls it: the test says when the hub's poll returned."""


class Loop:
    """What Lags asks for of libev's, and nothing else."""

    def check(self, priority):
        return Watcher()

    prepare = check


@pytest.fixture
def lags():
    return BaseLags()


def test_a_process_that_slept_when_the_arrival_fell_due_and_got_the_core_late_is_not_to_blame(lags):
    lags.returned(0, 0)
    lags.polled(1 * MS)
    lags.returned(9 * MS, 1 * MS)  # the poll should have returned at 5 ms
    assert lags.own_part(5 * MS, 9 * MS + 20 * US, 1 * MS + 20 * US) == 20 * US


def test_a_process_that_was_working_when_the_arrival_fell_due_was_late_by_its_own_doing(lags):
    lags.returned(0, 0)
    lags.polled(8 * MS)  # 8 ms of work, by both clocks
    lags.returned(8 * MS, 8 * MS)
    assert lags.own_part(2 * MS, 8 * MS, 8 * MS) == 6 * MS


def test_a_process_that_was_pushed_off_the_core_in_the_middle_of_its_work_shares_the_blame(lags):
    lags.returned(0, 0)
    lags.polled(8 * MS)  # 8 ms on the clock, 2 ms of them with the core
    lags.returned(8 * MS, 2 * MS)
    assert lags.own_part(4 * MS, 8 * MS, 2 * MS) == 1 * MS


@pytest.fixture
def in_a_turn(lags):
    """One that began at 1 ms, with the CPU clock at 0."""
    lags.returned(0, 0)
    lags.polled(0)
    lags.returned(1 * MS, 0)
    return lags


def test_arrivals_woken_behind_others_of_the_same_turn_were_held_up_by_these(in_a_turn):
    assert in_a_turn.own_part(1 * MS, 3 * MS, 2 * MS) == 2 * MS


def test_a_process_that_was_pushed_off_the_core_between_two_arrivals_of_a_turn_is_not_to_blame(in_a_turn):
    assert in_a_turn.own_part(1 * MS, 6 * MS, 100 * US) == 100 * US


def test_an_arrival_that_falls_due_in_the_middle_of_a_turn_is_held_up_by_what_came_after_its_due_time_only(in_a_turn):
    assert in_a_turn.own_part(4 * MS, 5 * MS, 4 * MS) == 1 * MS  # busy all the time since the turn began


def test_no_part_of_a_delay_is_longer_than_the_delay(in_a_turn):
    assert in_a_turn.own_part(1 * MS, 2 * MS, 5 * MS) == 1 * MS


def test_rows_are_taken_by_the_time_of_their_wake_up():
    record = Lags(Loop())
    for at in (1, 2, 3):
        record.add(at, at)
    assert record.take(3).woken_ns.tolist() == [1, 2]
    assert record.take().woken_ns.tolist() == [3]


def test_on_a_real_loop_work_of_our_own_shows_as_our_own():
    pacer = Pacer()
    gevent.sleep(0.001)  # a turn that began before the pacer was made is not watched to its end

    def user():
        pacer.sleep_until(time.perf_counter_ns() + 30 * MS)

    def worker():
        end = time.thread_time_ns() + 60 * MS  # of which at most 30 ms are before the arrival is due, however busy the machine
        while time.thread_time_ns() < end:
            pass

    gevent.joinall([gevent.spawn(user), gevent.spawn(worker)], raise_error=True, timeout=60)
    rows = pacer.lags.take()
    assert 25 * MS < rows.own_ns[0] <= rows.lag_ns[0]


def test_the_last_whole_turn_lasts_from_one_return_of_the_poll_to_the_next_poll(lags):
    lags.returned(10 * MS, 0)
    lags.polled(17 * MS)
    lags.returned(30 * MS, 0)
    assert lags.turn_ns == 7 * MS
