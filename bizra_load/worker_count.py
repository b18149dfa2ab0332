"""How many workers a run starts when nobody says: enough for the rate, no more than there are cores for.

More processes than that make arrivals later, not earlier: they wait for each other's cores.
"""

from __future__ import annotations

import math
import os
import socket
from pathlib import Path

OPS_PER_WORKER = 20_000.0  # a quarter of what one sends on a core (benchmarks/generator.py): its arrivals stay punctual
MOST_BESIDE_A_TARGET = 4
_CPU_MAX = Path("/sys/fs/cgroup/cpu.max")  # as a container sees its own quota (cgroups(7), version 2)


def workers_for(cores: int, peak_per_s: float, target_is_here: bool) -> int:
    """One for each OPS_PER_WORKER of the peak rate (infinite: as fast as answers come), within the cores: all of them for a
    target elsewhere; beside a target on this machine one is left to it, and there are MOST_BESIDE_A_TARGET at most.
    """
    room = min(cores - 1, MOST_BESIDE_A_TARGET) if target_is_here else cores
    needed = room if math.isinf(peak_per_s) else math.ceil(peak_per_s / OPS_PER_WORKER)
    return max(min(needed, room), 1)


def said(workers: int, cores: int, peak_per_s: float, target_is_here: bool) -> str:
    """The count and its reason, in one line."""
    rate = "as fast as answers come" if math.isinf(peak_per_s) else f"{peak_per_s:,.0f} ops/s"
    beside = ", one of them left to the target on this machine" if target_is_here and cores > 1 else ""
    return f"Workers: {workers} ({rate}; {cores} core{'s' if cores > 1 else ''}{beside}); --workers sets another number"


def usable_cores() -> int:
    """Those that this process may run on, and no more than its container's quota pays for."""
    cores = len(os.sched_getaffinity(0))
    try:
        quota, period = _CPU_MAX.read_text(encoding="ascii").split()
        return max(min(cores, math.ceil(int(quota) / int(period))), 1)
    except (OSError, ValueError):  # no such limit ("max"), or no such file
        return cores


def is_this_machine(host: str) -> bool:
    """Whether a name or address is one of this machine's own: only those can be bound to. False where it can't be resolved."""
    try:
        for family, kind, protocol, _, address in socket.getaddrinfo(host, 0, type=socket.SOCK_DGRAM):
            with socket.socket(family, kind, protocol) as probe:
                probe.bind(address)
            return True
    except (OSError, UnicodeError):
        pass
    return False
