"""How late arrivals were woken, and why: the machine, the container's quota, or the generator itself. One text, shown once."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from sla import histogram
from sla.lateness import duration
from sla.machine import MachineSecond
from sla.window import Health

FINE_NS = 1e6  # a lag p99 that needs no explanation
BUSY_STEAL = 0.02  # of the machine's time
BUSY_WAIT = 0.005  # of a process's time
BUSY_PRESSURE = 0.1
VERY_BUSY_PRESSURE = 0.5  # said even where arrivals were on time: more than what generator and target take from each other
NEAR_A_CORE = 0.8
LONG_COLLECTION_NS = 1e6
LONG_TURN_NS = 1e5

MORE_WORKERS = "more workers, so that each has fewer operations (--workers)"


@dataclass(frozen=True)
class Explained:
    """What is shown, and what to do about it ("": nothing)."""

    text: str
    advice: str


def explain(rows: Sequence[Health], target: Sequence[MachineSecond]) -> Explained | None:
    """Of the judged part's seconds; None without a sample of lag. `target`: those of a target on this machine."""
    lag = histogram.merge(h.lag for h in rows)
    if not lag.total:
        return None
    p99_ns = lag.quantile_ns(0.99)
    text = f"arrivals were woken {duration(lag.quantile_ns(0.5))} (p50) and {duration(p99_ns)} (p99) late"
    found = _busy([h.machine for h in rows if h.machine is not None])
    busy = f"the machine was busy ({', '.join(words for words, _ in found)})"
    if p99_ns <= FINE_NS:
        return Explained(text + (f", though {busy}" if _very_busy(rows) else "") + _turns(rows), "")
    own = histogram.merge(h.own_lag for h in rows)
    own_ns = own.quantile_ns(0.99) if own.total else None
    said, advice = "; why is not known: nothing was measured of this machine", "more workers on more cores (--workers)"
    if own_ns is not None and own_ns >= p99_ns / 2:
        cpu = float(np.percentile([h.cpu_share for h in rows], 95))
        said = f": the generator's own work was {duration(own_ns)} (p99) of it, at {cpu:.2f} of a core"
        advice = "more workers: one core is nearly used up (--workers)" if cpu > NEAR_A_CORE else MORE_WORKERS
    elif found:
        said = f": {busy}"
        advice = "; ".join(dict.fromkeys(action for _, action in found))
    elif any(h.machine is not None for h in rows):
        said, advice = ": the machine's accounts show no cause", "repeat the run; another machine, if it is so again"
    if own_ns is not None and own_ns < p99_ns / 2:
        said += f"; the generator's own part was {duration(own_ns)} (p99)"
    return Explained(text + said + _target(target) + _turns(rows), advice)


def _busy(seconds: Sequence[MachineSecond]) -> list[tuple[str, str]]:
    """(what the machine did, what to do about it), the largest causes of delay first."""
    found = []
    throttled = [m.throttled_s for m in seconds if m.throttled_s >= 0]
    if sum(throttled) > BUSY_WAIT * len(throttled):
        words = f"the container's CPU quota stopped workers for {sum(throttled):.1f} s of {len(throttled)} s"
        found.append((words, "raise the CPU quota of the container"))
    steal = [m.steal for m in seconds if m.steal >= 0]
    if steal and (share := sum(steal) / len(steal)) >= BUSY_STEAL:
        found.append((f"steal {share:.0%}", "another machine, or a dedicated one"))
    waited = [m.waited_s for m in seconds if m.waited_s >= 0]
    pressure = [m.pressure for m in seconds if m.pressure >= 0]
    action = "stop what else runs on it, or fewer workers (--workers)"
    if sum(waited) > BUSY_WAIT * len(waited):
        found.append((f"workers waited {sum(waited):.1f} s of {len(waited)} s for a core", action))
    elif pressure and (share := sum(pressure) / len(pressure)) >= BUSY_PRESSURE:
        found.append((f"in {share:.0%} of the time some task waited for a core", action))
    return found


def _very_busy(rows: Sequence[Health]) -> bool:
    shares = [h.machine.pressure for h in rows if h.machine is not None and h.machine.pressure >= 0]
    steal = [h.machine.steal for h in rows if h.machine is not None and h.machine.steal >= 0]
    return sum(shares) > VERY_BUSY_PRESSURE * len(shares) or sum(steal) > BUSY_STEAL * len(steal)


def _target(seconds: Sequence[MachineSecond]) -> str:
    waited = [m.waited_s for m in seconds if m.waited_s >= 0]
    if sum(waited) <= BUSY_WAIT * len(waited):
        return ""
    return f"; the target waited {sum(waited):.1f} s of {len(waited)} s for a core"


def _turns(rows: Sequence[Health]) -> str:
    """What else the generator adds to latencies, where it is worth a word."""
    text = ""
    hub = histogram.merge(h.hub for h in rows)
    if hub.total and (p99_ns := hub.quantile_ns(0.99)) >= LONG_TURN_NS:
        text += f"; answers waited up to {duration(p99_ns)} (p99) for others read with them, which service times include"
    longest_ns = max(h.gc_pause_ns for h in rows)
    if longest_ns >= LONG_COLLECTION_NS:
        text += f"; longest garbage collection {duration(longest_ns)}"
    return text
