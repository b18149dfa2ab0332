"""Many sleepers, some of whom are killed: whoever is left is woken once, in the order of the due times."""

import random
import time

import gevent
import pytest

from bizra_load.engine.pacer import Pacer
from bizra_load.engine.waking_pure import MIN_GAP_NS

MS = 1_000_000


@pytest.mark.parametrize("seed", range(5))
def test_those_left_are_woken_in_order_whoever_is_killed_meanwhile(seed):
    rng, pacer, woken = random.Random(seed), Pacer(), []
    start_ns = time.perf_counter_ns() + 100 * MS
    dues = [start_ns + rng.randrange(20) * MS for _ in range(300)]  # many of them equal

    def sleeper(number):
        pacer.sleep_until(dues[number])
        woken.append(number)

    greenlets = [gevent.spawn(sleeper, number) for number in range(len(dues))]
    gevent.sleep(0)
    for number in rng.sample(range(len(dues)), 120):
        greenlets[number].kill(block=False)
    gevent.joinall(greenlets, timeout=20)
    # one that was woken before it could be killed, on a busy machine, has ended with None
    left = [number for number in range(len(dues)) if greenlets[number].value is None]
    assert woken == sorted(left, key=lambda number: (dues[number], number))
    assert pacer.next_due_ns is None


def test_the_next_due_time_is_that_of_the_first_who_still_sleeps():
    pacer = Pacer()
    due_ns = [time.perf_counter_ns() + after * 1000 * MS for after in (70, 50, 60)]
    greenlets = [gevent.spawn(pacer.sleep_until, due) for due in due_ns]
    gevent.sleep(0)
    assert pacer.next_due_ns == due_ns[1]
    greenlets[1].kill()
    assert pacer.next_due_ns == due_ns[2]
    gevent.killall(greenlets)
    assert pacer.next_due_ns is None


def test_whoever_sleeps_until_the_time_that_a_disarmed_timer_had_is_woken():
    """Asleep again from within the wake-up, and woken in the same: the timer that was armed for that is disarmed."""
    pacer = Pacer()

    def user():
        woken_ns = pacer.sleep_until(time.perf_counter_ns() + MS)
        pacer.sleep_until(woken_ns)
        gevent.sleep(0)
        pacer.sleep_until(woken_ns + MIN_GAP_NS)

    greenlet = gevent.spawn(user)
    greenlet.join(timeout=20)
    assert greenlet.successful()
