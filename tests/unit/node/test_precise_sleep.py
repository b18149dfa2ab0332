"""Sleeping in asyncio far below a millisecond."""

import asyncio
import time

from bizra_load.node.precise_sleep import PreciseSleep


async def _slept_us(sleep, length_us):
    due = time.perf_counter_ns() + length_us * 1000
    await sleep.until(due)
    return (time.perf_counter_ns() - due) / 1e3


class PlainSleep:
    async def until(self, at_ns):
        await asyncio.sleep((at_ns - time.perf_counter_ns()) / 1e9)


def test_never_early_and_far_less_late_than_asyncios_own_sleep_in_the_same_moment():
    """By the tenth of the wake-ups that waited least for a core, whatever else runs here."""

    async def measure():
        sleep, plain = PreciseSleep(), PlainSleep()
        return [(await _slept_us(sleep, 300), await _slept_us(plain, 300)) for _ in range(200)]

    late_us = asyncio.run(measure())
    assert min(late for late, _ in late_us) >= 0
    precise, plain = (sorted(column)[20] for column in zip(*late_us, strict=True))
    assert precise < plain / 2


def test_sleepers_wake_in_the_order_of_their_times():
    async def measure():
        sleep, woken = PreciseSleep(), []
        begin_ns = time.perf_counter_ns() + 500_000_000  # so that all are asleep before the first one is due

        async def one(length_us):
            await sleep.until(begin_ns + length_us * 1000)
            woken.append(length_us)

        await asyncio.gather(*(one(us) for us in (9000, 3000, 6000, 0)))
        return woken

    assert asyncio.run(measure()) == [0, 3000, 6000, 9000]


def test_a_cancelled_sleeper_leaves_the_others_alone():
    async def measure():
        sleep = PreciseSleep()
        gone = asyncio.create_task(_slept_us(sleep, 1000))
        await asyncio.sleep(0)
        gone.cancel()
        return await _slept_us(sleep, 3000)

    assert asyncio.run(measure()) >= 0
