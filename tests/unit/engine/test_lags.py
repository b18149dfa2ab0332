"""How late, and whose fault: on a loop whose turns and clocks the test drives."""

import gevent
import pytest

from bizra_load.engine import lags
from bizra_load.engine.lags import Lags
from bizra_load.engine.pacer import Pacer

US, MS = 1_000, 1_000_000


class Loop:
    """What Lags asks for of libev's, and nothing else."""

    def __init__(self):
        self.watchers = {}

    def check(self, priority):
        return self._watcher("check")

    def prepare(self, priority):
        return self._watcher("prepare")

    def _watcher(self, kind):
        loop = self

        class Watcher:
            def start(self, callback):
                loop.watchers[kind] = callback

        return Watcher()


@pytest.fixture
def driven(monkeypatch):
    """(loop, set the clocks to (wall, CPU) ns, lags)."""
    now = {"wall": 0, "cpu": 0}
    monkeypatch.setattr(lags, "_clock", lambda: now["wall"])
    monkeypatch.setattr(lags, "_cpu_clock", lambda: now["cpu"])
    loop = Loop()
    record = Lags(loop)

    def turn(kind, wall, cpu):
        now.update(wall=wall, cpu=cpu)
        if kind != "wake":
            loop.watchers[kind]()

    return turn, record


def woken(record, due, now):
    record.add(due, now)
    rows = record.take()
    return int(rows.lag_ns[0]), int(rows.own_ns[0])


def test_a_process_that_slept_when_the_arrival_fell_due_and_got_the_core_late_is_not_to_blame(driven):
    turn, record = driven
    turn("check", 0, 0)
    turn("prepare", 1 * MS, 1 * MS)
    turn("check", 9 * MS, 1 * MS)  # the poll should have returned at 5 ms
    turn("wake", 9 * MS + 20 * US, 1 * MS + 20 * US)
    assert woken(record, 5 * MS, 9 * MS + 20 * US) == (4 * MS + 20 * US, 20 * US)


def test_a_process_that_was_working_when_the_arrival_fell_due_was_late_by_its_own_doing(driven):
    turn, record = driven
    turn("check", 0, 0)
    turn("prepare", 8 * MS, 8 * MS)  # 8 ms of work, by both clocks
    turn("check", 8 * MS, 8 * MS)
    turn("wake", 8 * MS, 8 * MS)
    assert woken(record, 2 * MS, 8 * MS) == (6 * MS, 6 * MS)


def test_a_process_that_was_pushed_off_the_core_in_the_middle_of_its_work_shares_the_blame(driven):
    turn, record = driven
    turn("check", 0, 0)
    turn("prepare", 8 * MS, 2 * MS)  # 8 ms on the clock, 2 ms of them with the core
    turn("check", 8 * MS, 2 * MS)
    turn("wake", 8 * MS, 2 * MS)
    assert woken(record, 4 * MS, 8 * MS) == (4 * MS, 1 * MS)


def own_of_two_due_at_once(driven, second_woken, cpu):
    """Own parts (ns) of two arrivals that are due when the turn begins, at 1 ms; the first is woken at once."""
    turn, record = driven
    turn("check", 0, 0)
    turn("prepare", 0, 0)
    turn("check", 1 * MS, 0)
    turn("wake", 1 * MS, 0)
    record.add(1 * MS, 1 * MS)
    turn("wake", second_woken, cpu)
    record.add(1 * MS, second_woken)
    return record.take().own_ns.tolist()


def test_arrivals_woken_behind_others_of_the_same_turn_were_held_up_by_these(driven):
    assert own_of_two_due_at_once(driven, second_woken=3 * MS, cpu=2 * MS) == [0, 2 * MS]


def test_a_process_that_was_pushed_off_the_core_between_two_arrivals_of_a_turn_is_not_to_blame(driven):
    assert own_of_two_due_at_once(driven, second_woken=6 * MS, cpu=100 * US) == [0, 100 * US]


def test_an_arrival_that_falls_due_in_the_middle_of_a_turn_is_held_up_by_what_came_after_its_due_time_only(driven):
    turn, record = driven
    turn("check", 0, 0)
    turn("prepare", 0, 0)
    turn("check", 1 * MS, 0)
    turn("wake", 5 * MS, 4 * MS)  # busy all the time since
    record.add(4 * MS, 5 * MS)
    assert record.take().own_ns.tolist() == [1 * MS]


def test_rows_are_taken_by_the_time_of_their_wake_up(driven):
    _, record = driven
    for at in (1, 2, 3):
        record.add(at, at)
    assert record.take(3).woken_ns.tolist() == [1, 2]
    assert record.take().woken_ns.tolist() == [3]


def test_on_a_real_loop_work_of_our_own_shows_as_our_own():
    pacer = Pacer()
    gevent.sleep(0.001)  # a turn that began before the pacer was made is not watched to its end

    def user():
        pacer.sleep_until(lags._clock() + 30 * MS)

    def worker():
        end = lags._cpu_clock() + 60 * MS  # of which at most 30 ms are before the arrival is due, however busy the machine
        while lags._cpu_clock() < end:
            pass

    gevent.joinall([gevent.spawn(user), gevent.spawn(worker)], raise_error=True, timeout=60)
    rows = pacer.lags.take()
    assert 25 * MS < rows.own_ns[0] <= rows.lag_ns[0]


def test_the_last_whole_turn_lasts_from_one_return_of_the_poll_to_the_next_poll(driven):
    turn, record = driven
    turn("check", 10 * MS, 0)
    turn("prepare", 17 * MS, 0)
    turn("check", 30 * MS, 0)
    turn("wake", 90 * MS, 0)
    assert record.turn_ns == 7 * MS
