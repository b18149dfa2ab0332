"""Housekeeping is done in small steps, each at a quiet moment, and all of it is done."""

import itertools
import math
import time

import pytest

from bizra_load.engine import quiet
from bizra_load.engine.quiet import QuietMoments, phase_of


class Busy:
    """A pacer, its lags and a reactor in one: `moments` says for each look whether an arrival is due soon or a response is
    awaited, `turn_ns` how long the hub's last turn took.
    """

    def __init__(self, *moments, turn_ns=0):
        self.moments, self.turn_ns, self.lags = list(moments), turn_ns, self
        self.now = ""
        self.looked = 0

    @property
    def next_due_ns(self):
        self.now = self.moments.pop(0) if self.moments else "quiet"
        self.looked += 1
        now_ns = time.perf_counter_ns()
        return {"due": now_ns, "awaiting": now_ns + 10**12, "far": now_ns + 10**12}.get(self.now)

    @property
    def awaiting(self):
        return int(self.now == "awaiting")


def steps(busy, seen, count):
    for _ in range(count):
        seen.append(busy.now)
        yield


@pytest.mark.parametrize("trouble", ["due", "awaiting"])
def test_a_step_waits_until_nothing_is_due_and_no_response_is_awaited(monkeypatch, trouble):
    monkeypatch.setattr(quiet, "PATIENCE_S", 60)
    monkeypatch.setattr(quiet, "SLICE_NS", 0)  # one piece a step
    busy, seen = Busy(trouble, trouble, "far", trouble, "quiet"), []
    QuietMoments(busy, busy).run(steps(busy, seen, 3))
    assert seen == ["far", "quiet", "quiet"]


class Clock:
    """Time that only pieces of work move."""

    def __init__(self):
        self.now_ns = 0
        self.perf_counter_ns = self.thread_time_ns = lambda: self.now_ns
        self.monotonic = lambda: self.now_ns / 1e9


@pytest.mark.parametrize("turn_ns", [0, 10_000_000])
@pytest.mark.parametrize(("piece_us", "at_most_us"), [(10, 30), (25, 50), (60, 60), (1_000, 1_000)])
def test_a_step_at_a_quiet_moment_is_as_many_pieces_as_begin_within_30_us(monkeypatch, piece_us, at_most_us, turn_ns):
    """Longer ones make arrivals late, and a look for a quiet moment after every small one makes the report late."""
    clock, looks = Clock(), []
    monkeypatch.setattr(quiet, "time", clock)

    def piece(busy):
        looks.append(busy.looked)
        clock.now_ns += piece_us * 1_000

    busy = Busy(turn_ns=turn_ns)
    moments = QuietMoments(busy, busy)
    moments.run(piece(busy) for _ in range(100))
    per_step = [looks.count(look) for look in set(looks)]
    assert max(per_step) * piece_us <= at_most_us
    assert moments.take_longest() <= at_most_us * 1_000
    assert len(per_step) == math.ceil(100 / math.ceil(30 / piece_us))


def test_work_that_takes_long_under_constant_load_is_hurried_up(monkeypatch):
    """A report that takes longer than a second makes the next one larger, which takes longer still."""
    clock, waited_s = Clock(), [[]]
    monkeypatch.setattr(quiet, "time", clock)

    def sleep(seconds):
        waited_s[-1].append(seconds)
        clock.now_ns += int(seconds * 1e9)

    def piece():
        waited_s.append([])
        clock.now_ns += 50_000

    monkeypatch.setattr(quiet.gevent, "sleep", sleep)
    busy = Busy(*["awaiting"] * 10_000)
    QuietMoments(busy, busy).run(piece() for _ in range(200))
    assert sum(waited_s[0]) >= 0.004
    assert sum(waited_s[-2]) < 0.001
    assert clock.now_ns < 0.6e9


@pytest.mark.parametrize("turn_ms", [0.05, 0.3, 0.5, 1, 7, 50])
def test_under_constant_load_the_work_is_done_in_time_however_long_turns_are(monkeypatch, turn_ms):
    """With a step of 30 us in each turn of 7 ms, as 500 connections make them, a report took 3.5 s."""
    clock = Clock()
    monkeypatch.setattr(quiet, "time", clock)

    def sleep(seconds):  # a timer is seen at the end of a turn
        clock.now_ns += int(math.ceil(seconds * 1e3 / turn_ms) * turn_ms * 1e6)

    def piece():
        clock.now_ns += 75_000

    monkeypatch.setattr(quiet.gevent, "sleep", sleep)
    busy = Busy(*["awaiting"] * 10_000, turn_ns=int(turn_ms * 1e6))
    moments = QuietMoments(busy, busy)
    moments.run(piece() for _ in range(800))
    assert clock.now_ns < 0.75e9
    assert moments.take_longest() <= max(0.1, 0.1 * turn_ms) * 1e6 + 75_000


def test_a_turn_in_which_the_process_was_stopped_makes_no_step_of_its_length(monkeypatch):
    clock = Clock()
    monkeypatch.setattr(quiet, "time", clock)

    def piece():
        clock.now_ns += 50_000

    busy = Busy(*["awaiting"] * 10_000, turn_ns=10**10)
    moments = QuietMoments(busy, busy)
    moments.run(piece() for _ in range(500))
    assert moments.take_longest() == 5_000_000


def test_under_constant_load_the_work_is_done_all_the_same():
    busy, seen = Busy(*["awaiting"] * 10_000), []
    QuietMoments(busy, busy).run(steps(busy, seen, 3))
    assert seen == ["awaiting"] * 3


def test_the_longest_step_is_told_once():
    busy = Busy()
    moments = QuietMoments(busy, busy)
    moments.run(steps(busy, [], 2))
    assert moments.take_longest() > 0
    assert moments.take_longest() == 0


def test_workers_report_at_phases_that_are_apart_and_away_from_the_edge_of_the_second():
    for workers in (2, 4, 8):
        phases = sorted(phase_of(i) for i in range(workers))
        assert min(b - a for a, b in itertools.pairwise(phases)) > 0.25 / workers
        assert phases[0] > 0.05
        assert phases[-1] < 0.75
