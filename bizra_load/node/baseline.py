"""The reference node's operations alone, in process and without HTTP: what "10 x baseline" is a multiple of.

The question is "does it behave under load as it does alone?", so operations are timed as they come under load: one at a time,
after a pause in which the core slept or did something else, and its caches were taken by others. Back to back, as Criterion
measures, a finality check takes 0.1 us on average where it takes 0.7 us after a pause, and generate 20 us instead of 25 us; no
load at 1,000 operations/s runs like that. That figure (`hot_mean`) is reported beside the others.

Rounds of generate, verify and finality follow each other with a pause of 0.8 ms; the one that comes first changes from round to
round, so that each is as often the one after the pause. A timing begins and ends where the node's own timer does, around the
operation alone, and reads the same clock. A timing during which the scheduler gave the core to another process is left out
and counted: the operation was not alone then (what a hypervisor takes away can't be detected so, and stays in). The pauses keep
the cost under a third of a core, so that a baseline can be measured while a run starts up.
"""

from __future__ import annotations

import gc
import itertools
import os
import platform
import resource
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from bizra_load.exit_codes import InvalidRunError
from bizra_load.io.this_machine import cpu_model
from bizra_load.io.utc import utc_now
from bizra_load.node.attestations import Attestor
from bizra_load.poi.chain import block_hash

if TYPE_CHECKING:  # numpy and scipy are loaded when there is something to summarise, not while it is measured
    from sla.estimators.node_baseline import NodeBaseline
    from sla.values.estimate import Estimate

# operation -> (what its figures' keys begin with, their unit), as agreements name them
KEYS = {"generate": ("poi_generate", "us"), "verify": ("poi_verify", "us"), "finality": ("finality", "ms")}
PAUSE_S = 0.0008
WARM_UP_ROUNDS = 30  # code, keys and clock speed are there afterwards, as they are after a run's ramp
FEWEST_ROUNDS, LONGER = 300, 5  # on a busy machine it may take so many times as long as asked to get that many
BATCHES, BATCH_NS = 60, 300_000  # back to back, of each operation; short, so that most of them are not interrupted
FEWEST_BATCHES = 10  # with fewer the interrupted ones are counted too

Operation = Callable[[], object]


def node_operations(seed: int = 0) -> Mapping[str, Operation]:
    """generate, verify and finality of a node of its own; arguments are made ready outside, as the node does."""
    attestor = Attestor((seed % 2**256).to_bytes(32, "big"))
    request = attestor.generate("evidence of baseline 1")
    signed = attestor.signed_parts(request)
    block = block_hash(1)
    return {
        "generate": lambda: attestor.generate("evidence of baseline 1"),
        "verify": lambda: {"valid": attestor.verify(*signed)},
        "finality": lambda: {"finalized": attestor.is_final(block)},
    }


def preemptions() -> int:
    """How often this thread had to give up its core to another since it began (getrusage(2))."""
    return resource.getrusage(resource.RUSAGE_THREAD).ru_nivcsw


def measure(
    duration_s: float = 3.0,
    seed: int = 0,
    operations: Mapping[str, Operation] | None = None,
    clock_ns: Callable[[], int] = time.perf_counter_ns,
    sleep: Callable[[float], None] = time.sleep,
    preempted: Callable[[], int] = preemptions,
) -> NodeBaseline:
    """About duration_s seconds, longer on a busy machine. `seed` is of the key and of the resamples; the others are parameters
    for tests. Raises InvalidRunError when too little was measured for an estimate.
    """
    chosen = operations or node_operations(seed)
    before, cpu_s, begin_ns = _stolen(), time.thread_time(), clock_ns()
    collecting = gc.isenabled()
    gc.disable()  # as the node does: a collection of this process is none of its own
    try:
        tick_ns = _tick_ns(clock_ns)
        rounds = _Rounds(chosen, clock_ns, preempted)
        rounds.run(begin_ns, int(duration_s * 1e9), sleep)
        batches = {name: _batches(operation, clock_ns, preempted) for name, operation in chosen.items()}
    finally:
        if collecting:
            gc.enable()
    took_s, cpu_s = (clock_ns() - begin_ns) / 1e9, time.thread_time() - cpu_s
    machine = _machine(before) | {"interrupted": rounds.interrupted}
    return _summary(rounds.timings, batches, tick_ns, took_s, cpu_s, seed, machine)


class _Rounds:
    """timings      ns of each operation in each round
    interrupted  timings left out
    """

    def __init__(self, operations: Mapping[str, Operation], clock_ns: Callable[[], int], preempted: Callable[[], int]) -> None:
        names = tuple(operations)
        self._orders = [[(name, operations[name]) for name in names[first:] + names[:first]] for first in range(len(names))]
        self._clock_ns = clock_ns
        self._preempted = preempted
        self.timings: dict[str, list[int]] = {name: [] for name in names}
        self.interrupted = 0

    def run(self, begin_ns: int, length_ns: int, sleep: Callable[[float], None]) -> None:
        clock_ns, preempted = self._clock_ns, self._preempted
        number = 0
        while (elapsed_ns := clock_ns() - begin_ns) < length_ns or (
            elapsed_ns < LONGER * length_ns and min(map(len, self.timings.values())) < FEWEST_ROUNDS
        ):
            sleep(PAUSE_S)
            before = preempted()
            for name, operation in self._orders[number % len(self._orders)]:
                start_ns = clock_ns()
                operation()
                took_ns = clock_ns() - start_ns
                after = preempted()
                if number >= WARM_UP_ROUNDS:
                    if after == before:
                        self.timings[name].append(took_ns)
                    else:
                        self.interrupted += 1
                before = after
            number += 1


def _batches(operation: Operation, clock_ns: Callable[[], int], preempted: Callable[[], int]) -> list[float]:
    """ns an operation, back to back, of those of BATCHES batches of about BATCH_NS that were not interrupted."""
    start_ns = clock_ns()
    for _ in range(10):
        operation()
    size = max(10 * BATCH_NS // max(clock_ns() - start_ns, 1), 1)
    undisturbed: list[float] = []
    interrupted: list[float] = []
    for _ in range(BATCHES):
        before = preempted()
        start_ns = clock_ns()
        for _ in range(size):
            operation()
        each_ns = (clock_ns() - start_ns) / size
        (undisturbed if preempted() == before else interrupted).append(each_ns)
    return undisturbed if len(undisturbed) >= FEWEST_BATCHES else undisturbed + interrupted


def _tick_ns(clock_ns: Callable[[], int]) -> float:
    """The smallest step seen: what the clock resolves, or what reading it takes."""
    readings = [clock_ns() for _ in range(1000)]
    steps = [b - a for a, b in itertools.pairwise(readings) if b > a]
    return float(min(steps, default=0))


def _summary(
    timings: Mapping[str, list[int]], batches: Mapping[str, list[float]], tick_ns: float, took_s: float, cpu_s: float,
    seed: int, machine: Mapping[str, object],
) -> NodeBaseline:  # fmt: skip
    import numpy as np  # not before the measurement: see the imports of types above

    from sla.estimators.node_baseline import NodeBaseline, OperationBaseline
    from sla.estimators.random_numbers import generator
    from sla.estimators.sample import mean_of_blocks, summarise

    def hot(name: str) -> Estimate:
        return mean_of_blocks(np.array(batches[name]), 0.95, generator(seed), FEWEST_BATCHES)

    try:
        samples = {name: summarise(values, seed) for name, values in timings.items()}
        operations = tuple(OperationBaseline(name, sample, hot(name), *KEYS[name]) for name, sample in samples.items())
    except ValueError as error:
        raise InvalidRunError(f"no baseline in {took_s:.1f} s: {error}") from None
    return NodeBaseline(operations, tick_ns, took_s, cpu_s, seed, utc_now(), machine)


def _stolen() -> tuple[float, float]:
    """(ticks that the hypervisor gave to others, all ticks) of this machine's cores since it started: proc(5), /proc/stat."""
    try:
        line = Path("/proc/stat").read_text(encoding="ascii").partition("\n")[0]
        ticks = [float(field) for field in line.split()[1:9]]  # user to steal; the time of guests is in user's already
        return ticks[7], sum(ticks)
    except (OSError, ValueError, IndexError):
        return 0.0, 0.0


def _machine(before: tuple[float, float]) -> dict[str, object]:
    steal, whole = (after - earlier for after, earlier in zip(_stolen(), before, strict=True))
    return {
        "cpu": cpu_model(),
        "cores": len(os.sched_getaffinity(0)),
        "python": platform.python_version(),
        "kernel": platform.release(),
        "load_1m": round(os.getloadavg()[0], 2),
        "steal": round(steal / whole, 4) if whole > 0 else None,
    }
