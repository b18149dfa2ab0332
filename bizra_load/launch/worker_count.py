"""How many workers a run starts when nobody says: enough for the rate, no more than there are cores for.

More processes than that make arrivals later, not earlier: they wait for each other's cores.
"""

from __future__ import annotations

import math

from bizra_load.io.this_machine import is_this_machine, usable_cores
from bizra_load.io.urls import host_and_port

OPS_PER_WORKER = 20_000.0  # a quarter of what one sends on a core (benchmarks/generator.py): its arrivals stay punctual
MOST_BESIDE_A_TARGET = 4


def workers_here(peak_per_s: float, target: str) -> tuple[int, str]:
    """(count, one line with its reason) on this machine for a target's URL; "": not known, and taken to be on it too."""
    here, cores = not target or is_this_machine(host_and_port(target)[0]), usable_cores()
    workers = workers_for(cores, peak_per_s, here)
    return workers, explained(workers, cores, peak_per_s, here)


def workers_for(cores: int, peak_per_s: float, target_is_here: bool) -> int:
    """One for each OPS_PER_WORKER of the peak rate (infinite: as fast as responses come), within the cores: all of them for a
    target elsewhere; beside a target on this machine one is left to it, and there are MOST_BESIDE_A_TARGET at most.
    """
    room = min(cores - 1, MOST_BESIDE_A_TARGET) if target_is_here else cores
    needed = room if math.isinf(peak_per_s) else math.ceil(peak_per_s / OPS_PER_WORKER)
    return max(min(needed, room), 1)


def explained(workers: int, cores: int, peak_per_s: float, target_is_here: bool) -> str:
    """The count and its reason, in one line."""
    rate = "as fast as responses come" if math.isinf(peak_per_s) else f"{peak_per_s:,.0f} ops/s"
    beside = ", one of them for the target, which is on this machine" if target_is_here and cores > 1 else ""
    return f"Workers: {workers} ({rate}; {cores} core{'s' if cores > 1 else ''}{beside}); --workers sets another number"
