"""Whoever waits for a socket is woken by it or by its own deadline, and an idle reactor wakes nobody."""

import socket
import time

import gevent
import pytest

from bizra_load.engine.core import Channel
from bizra_load.engine.errors import ResponseTimeout
from bizra_load.engine.pacer import Pacer
from bizra_load.engine.reactor import SWEEP_NS, Reactor

MS = 1_000_000


@pytest.fixture
def reactor():
    return Reactor()


@pytest.fixture
def pair(reactor):
    """Makes connected sockets, the first of which is a registered channel."""
    made = []

    def make():
        mine, theirs = socket.socketpair()
        made.append((Channel(mine), theirs))
        reactor.register(made[-1][0])
        return made[-1]

    yield make
    for channel, theirs in made:
        reactor.unregister(channel)
        channel.close()
        theirs.close()


def waiting(reactor, mine, after_ns, ends):
    """A greenlet that waits for `mine` until `after_ns` from now; `ends` gets how much later it timed out, or None."""

    def run():
        deadline_ns = time.perf_counter_ns() + after_ns
        try:
            reactor.receive(mine, deadline_ns)
            ends.append(None)
        except ResponseTimeout:
            ends.append(time.perf_counter_ns() - deadline_ns)

    return gevent.spawn(run)


def test_each_times_out_by_its_own_deadline_whatever_the_order_they_came_in(reactor, pair):
    ends = []
    greenlets = [waiting(reactor, pair()[0], after * MS, ends) for after in (400, 50, 200, 60)]
    gevent.joinall(greenlets, timeout=20, raise_error=True)
    assert len(ends) == 4
    assert all(late_ns >= 0 for late_ns in ends)  # never early; how late is the machine's
    assert not reactor.awaiting


def test_deadlines_that_lie_close_together_are_swept_together(reactor, pair, monkeypatch):
    sweeps = []
    sweep = reactor._sweep
    monkeypatch.setattr(reactor, "_sweep", lambda: (sweeps.append(1), sweep()))
    ends = []
    greenlets = [waiting(reactor, pair()[0], 50 * MS + i * SWEEP_NS // 100, ends) for i in range(20)]
    gevent.joinall(greenlets, timeout=20, raise_error=True)
    assert len(ends) == 20
    assert len(sweeps) <= 3


def test_a_response_ends_the_wait_and_no_sweep_is_left_behind(reactor, pair):
    ends = []
    for _ in range(3):
        mine, theirs = pair()
        greenlet = waiting(reactor, mine, 100 * MS, ends)
        gevent.sleep(0)
        theirs.send(b"x")
        greenlet.join(timeout=20)
    assert ends == [None] * 3
    until_ns = time.perf_counter_ns() + 100 * MS + SWEEP_NS
    while time.perf_counter_ns() < until_ns:
        gevent.sleep(0.01)
    assert not reactor._sweeper.active  # all deadlines are over, nobody waits: there is nothing to look for


def test_a_response_while_others_wait_is_taken_in_the_same_turn(reactor, pair):
    """The first one that is woken makes the response of the second arrive: both are handed out."""
    woken = []
    (a, to_a), (b, to_b) = pair(), pair()

    def first():
        reactor.receive(a, time.perf_counter_ns() + 10**10)
        woken.append("a")
        to_b.send(b"x")

    def second():
        reactor.receive(b, time.perf_counter_ns() + 10**10)
        woken.append("b")

    greenlets = [gevent.spawn(first), gevent.spawn(second)]
    gevent.sleep(0)
    to_a.send(b"x")
    gevent.joinall(greenlets, timeout=20, raise_error=True)
    assert woken == ["a", "b"]
    assert len(reactor.take_turns()) == 2


def test_all_that_is_ready_is_read_before_any_of_it_is_worked_on(reactor, pair):
    """However long the first one takes, the second had arrived before."""
    ends_ns, (a, to_a), (b, to_b) = {}, pair(), pair()

    def busy(channel):
        assert reactor.receive(channel, time.perf_counter_ns() + 10**10) == b"x"
        until_ns = time.perf_counter_ns() + 20 * MS
        while time.perf_counter_ns() < until_ns:
            pass
        ends_ns[channel] = until_ns

    greenlets = [gevent.spawn(busy, channel) for channel in (a, b)]
    gevent.sleep(0)
    to_a.send(b"x")
    to_b.send(b"x")
    gevent.joinall(greenlets, timeout=20, raise_error=True)
    assert max(a.read_ns, b.read_ns) < min(ends_ns.values())
    [turn_ns, *_] = reactor.take_turns()
    assert turn_ns < 20 * MS


def test_an_error_of_reading_is_raised_where_it_was_waited_for(reactor, pair):
    class Broken(Channel):
        def __init__(self, sock):
            super().__init__(sock)
            self.recv = self.fail

        def fail(self, size):
            raise ConnectionResetError

    mine, theirs = socket.socketpair()
    channel = Broken(mine)
    reactor.register(channel)
    waiting = gevent.spawn(reactor.receive, channel, time.perf_counter_ns() + 10**10)
    gevent.sleep(0)
    theirs.send(b"x")
    with pytest.raises(ConnectionResetError):
        waiting.get(timeout=20)
    reactor.unregister(channel)
    mine.close()
    theirs.close()


def test_an_edge_that_nobody_waits_for_is_a_hint(reactor, pair):
    mine, theirs = pair()
    theirs.close()
    end = time.monotonic() + 20
    while mine.fd not in reactor.hints and time.monotonic() < end:
        gevent.sleep(0.001)
    assert mine.fd in reactor.hints


class CountingPacer(Pacer):
    fired = 0

    def _fire(self):
        self.fired += 1
        super()._fire()


def test_a_timer_that_has_fired_for_the_last_arrival_fires_no_more():
    pacer = CountingPacer()
    pacer.sleep_until(time.perf_counter_ns() + MS)
    gevent.sleep(0.001)
    fired = pacer.fired
    for _ in range(20):
        gevent.sleep(0.001)
    assert pacer.fired == fired
    pacer.sleep_until(time.perf_counter_ns() + MS)  # and is good for the next one
    assert pacer.fired == fired + 1
