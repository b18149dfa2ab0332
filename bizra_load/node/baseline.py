"""The reference node's operations alone, in process and without HTTP: what "10 x baseline" is a multiple of.

The question is "does it behave under load as it does alone?", so operations are timed as they come under load: one at a time,
after a pause in which the core slept or did something else, and its caches were taken by others. Back to back, as Criterion
measures, a finality check takes 0.1 us on average where it takes 0.7 us after a pause, and generate 20 us instead of 25 us; no
load at 1,000 operations/s runs like that. That figure (`hot_mean`) is shown beside the others. Rounds of generate, verify and finality follow each other with a pause of 0.8 ms;
the one that comes first changes from round to round, so that each is as often the one after the pause. A timing begins and
ends where the node's own timer does, around the operation, and reads the same clock.

The pauses keep the cost under a third of a core, so that a baseline can be measured while a run starts up.
"""

from __future__ import annotations

import gc
import itertools
import os
import platform
import time
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import psutil

from bizra_load.exit_codes import InvalidRunError
from bizra_load.node.attestations import Attestor
from bizra_load.node.chain import block_hash

if TYPE_CHECKING:  # numpy and scipy are loaded when there is something to summarise, not while it is measured
    from sla.estimate import Estimate
    from sla.node_baseline import NodeBaseline

OPERATIONS = ("generate", "verify", "finality")
PAUSE_S = 0.0008
WARM_UP_ROUNDS = 30  # code, keys and clock speed are there afterwards, as they are after a run's ramp
BATCHES, BATCH_NS = 20, 1_000_000  # back to back: 60 ms in all

Operation = Callable[[], object]


def node_operations(seed: int = 0) -> Mapping[str, Operation]:
    """generate, verify and finality of a node of its own; arguments are made ready outside, as the node does."""
    attestor = Attestor(seed.to_bytes(32, "big"))
    request = attestor.generate("evidence of baseline 1")
    signed = attestor.signed_parts(request)
    block = block_hash(1)
    return {
        "generate": lambda: attestor.generate("evidence of baseline 1"),
        "verify": lambda: {"valid": attestor.verify(*signed)},
        "finality": lambda: {"finalized": attestor.is_final(block)},
    }


def measure(
    duration_s: float = 3.0,
    seed: int = 0,
    operations: Mapping[str, Operation] | None = None,
    clock_ns: Callable[[], int] = time.perf_counter_ns,
    sleep: Callable[[float], None] = time.sleep,
) -> NodeBaseline:
    """About duration_s seconds (at least 0.2). `seed` is of the key and of the resamples; operations, clock and sleep are
    parameters for tests. Raises InvalidRunError when so little was measured that nothing can be said.
    """
    chosen = operations or node_operations(seed)
    before, cpu_s, begin_ns = _stolen(), time.thread_time(), clock_ns()
    collecting = gc.isenabled()
    gc.disable()  # as the node does: a collection of this process is none of its own
    try:
        tick_ns = _tick_ns(clock_ns)
        timings = _paced(chosen, begin_ns + int(duration_s * 1e9), clock_ns, sleep)
        batches = {name: _batches(operation, clock_ns) for name, operation in chosen.items()}
    finally:
        if collecting:
            gc.enable()
    took_s, cpu_s = (clock_ns() - begin_ns) / 1e9, time.thread_time() - cpu_s
    return _summary(timings, batches, tick_ns, took_s, cpu_s, seed, _machine(before))


def _paced(
    operations: Mapping[str, Operation], until_ns: int, clock_ns: Callable[[], int], sleep: Callable[[float], None]
) -> dict[str, list[int]]:
    """ns of each operation in each round."""
    names = tuple(operations)
    orders = [names[first:] + names[:first] for first in range(len(names))]
    timings: dict[str, list[int]] = {name: [] for name in names}
    rounds = 0
    while clock_ns() < until_ns:
        sleep(PAUSE_S)
        for name in orders[rounds % len(orders)]:
            operation = operations[name]
            start_ns = clock_ns()
            operation()
            took_ns = clock_ns() - start_ns
            if rounds >= WARM_UP_ROUNDS:
                timings[name].append(took_ns)
        rounds += 1
    return timings


def _batches(operation: Operation, clock_ns: Callable[[], int]) -> list[float]:
    """ns an operation, back to back, of each of BATCHES batches of about BATCH_NS."""
    start_ns = clock_ns()
    for _ in range(10):
        operation()
    size = max(10 * BATCH_NS // max(clock_ns() - start_ns, 1), 1)
    found = []
    for _ in range(BATCHES):
        start_ns = clock_ns()
        for _ in range(size):
            operation()
        found.append((clock_ns() - start_ns) / size)
    return found


def _tick_ns(clock_ns: Callable[[], int]) -> float:
    """The smallest step seen: what the clock resolves, or what reading it takes."""
    readings = [clock_ns() for _ in range(1000)]
    steps = [b - a for a, b in itertools.pairwise(readings) if b > a]
    return float(min(steps, default=0))


def _summary(
    timings: Mapping[str, list[int]], batches: Mapping[str, list[float]], tick_ns: float, took_s: float, cpu_s: float,
    seed: int, machine: Mapping[str, object],
) -> NodeBaseline:  # fmt: skip
    import numpy as np

    from sla.node_baseline import NodeBaseline, OperationBaseline
    from sla.sample import mean_of_blocks, summarise

    def hot(name: str) -> Estimate:
        return mean_of_blocks(np.array(batches[name]), 0.95, np.random.default_rng(seed), BATCHES)

    try:
        found = tuple(OperationBaseline(name, summarise(values, seed), hot(name)) for name, values in timings.items())
    except ValueError as error:
        raise InvalidRunError(f"no baseline in {took_s:.1f} s: {error}") from None
    return NodeBaseline(found, tick_ns, took_s, cpu_s, seed, f"{datetime.now(UTC):%Y-%m-%dT%H:%M:%SZ}", machine)


def _stolen() -> tuple[float, float]:
    """(CPU seconds that the hypervisor gave to others, all CPU seconds) since this machine started."""
    times = psutil.cpu_times()
    guests = getattr(times, "guest", 0.0) + getattr(times, "guest_nice", 0.0)  # user and nice hold them already
    return float(getattr(times, "steal", 0.0)), float(sum(times) - guests)


def _machine(before: tuple[float, float]) -> dict[str, object]:
    from bizra_load.archive.run_record import cpu_model

    steal, whole = (after - earlier for after, earlier in zip(_stolen(), before, strict=True))
    return {
        "cpu": cpu_model(),
        "cores": len(os.sched_getaffinity(0)),
        "python": platform.python_version(),
        "kernel": platform.release(),
        "load_1m": round(os.getloadavg()[0], 2),
        "steal": round(steal / whole, 4) if whole > 0 else 0.0,
    }
