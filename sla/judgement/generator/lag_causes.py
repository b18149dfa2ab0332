"""How late arrivals started, and why: the machine, the container's quota, or the generator itself."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass

import numpy as np

from sla.judgement.generator.lateness import LONGEST_S, SECOND_NS, duration
from sla.values.health_rows import HealthRows, accounts_of
from sla.values.machine import MachineSecond
from sla.values.remedies import PLAIN, Remedy, RemedyWords

FINE_NS = 1e6  # a lag p99 that needs no explanation
BUSY_STEAL = 0.02  # of the machine's time
BUSY_WAIT = 0.005  # of a process's time
BUSY_PRESSURE = 0.1  # of the time some process waited for a core
VERY_BUSY_PRESSURE = 0.5  # named even where arrivals were on time: more than what generator and target take from each other
COMMENSURATE = 0.25  # of the time in which arrivals were held up, a cause must have lasted at least
SHARES = ("steal", "pressure")  # figures that are a part of the time which their account covers
NEAR_A_CORE = 0.8  # of a core that a worker uses: it has no time left
LONG_COLLECTION_NS = 1e6  # a pause of the garbage collector that is worth a line
LONG_TURN_NS = 1e5  # a p99 of the event loop's turns that is worth a line
UNMEASURED = "repeat the run with nothing else running on the workers' machines (on Linux the cause is measured)"


@dataclass(frozen=True)
class Explained:
    """Why arrivals were late, and what to do about it ("": nothing)."""

    text: str
    advice: str


def explain(rows: HealthRows, target: Sequence[MachineSecond], words: RemedyWords = PLAIN) -> Explained | None:
    """`rows`: the workers' seconds of the judged part; `target`: the seconds of a target on this machine, if it is there.
    None without a sample of lag.
    """
    lag = rows.merged("lag")
    if not lag.total:
        return None
    p99_ns = lag.quantile_ns(0.99)
    text = f"arrivals started {duration(lag.quantile_ns(0.5))} (p50) and {duration(p99_ns)} (p99) late"
    causes = _busy(rows, words)
    busy = f"the machine was busy ({', '.join(cause for cause, _ in causes)})"
    if p99_ns <= FINE_NS:
        return Explained(text + (f", though {busy}" if _very_busy(rows) else "") + _target(target) + _turns(rows), "")
    own = rows.merged("own_lag")
    own_ns = own.quantile_ns(0.99) if own.total else None
    why, advice = "; the cause is unknown: this machine was not measured", UNMEASURED
    actions = "; ".join(dict.fromkeys(action for _, action in causes))
    if own_ns is not None and own_ns >= p99_ns / 2:
        cpu = float(np.percentile(rows.columns["cpu_share"], 95))
        why = f": the generator's own work was {duration(own_ns)} (p99) of it, at {cpu:.2f} of a core"
        why += f", though {busy}" if causes and _very_busy(rows) else ""
        # where all cores are taken, another worker makes all of them later
        own_advice = words[Remedy.CORE_USED_UP if cpu > NEAR_A_CORE else Remedy.LESS_WORK_A_WORKER]
        advice = actions if causes and _cores_taken(rows) else own_advice
    elif causes:
        why, advice = f": {busy}", actions
    elif rows.of_machine("process").size:
        why = ": no cause was measured (was the process or its container stopped for a while?)"
        advice = "repeat the run; use another machine if it happens again"
    if own_ns is not None and own_ns < p99_ns / 2:
        why += f"; the generator's own part was {duration(own_ns)} (p99)"
    return Explained(text + why + _target(target) + _turns(rows), advice)


def _busy(rows: HealthRows, words: RemedyWords) -> list[tuple[str, str]]:
    """(cause, remedy) for what the machine did for so long that it can have held up the late arrivals."""
    processes = rows.of_machine("process")
    if not processes.size:
        return []
    causes = []
    quota: dict[int, float] = {}  # workers of one container share its quota, and each reads the same account of it
    accounts = (rows.of_machine(name).tolist() for name in ("machine_second", "throttled_s"))
    for second, throttled_s in zip(*accounts, strict=True):
        if throttled_s >= 0:
            quota[second] = max(quota.get(second, 0.0), throttled_s)
    if quota and sum(quota.values()) / _span_s(quota) > BUSY_WAIT and _matches(rows, "throttled_s"):
        stopped = f"the container's CPU quota stopped workers for {sum(quota.values()):.1f} s of {_span_s(quota)} s"
        causes.append((stopped, "raise the CPU quota of the container"))
    steal = _known(rows, "steal")
    if steal and (share := sum(steal) / len(steal)) >= BUSY_STEAL and _matches(rows, "steal"):
        causes.append((f"steal {100 * share:.0f} %", "another machine, or a dedicated one"))
    waited = _known(rows, "waited_s")
    # what other tasks waited held nobody up, where it is known how little the workers did and cores were free
    pressure = [] if waited and not _cores_taken(rows) else _known(rows, "pressure")
    action = on_a_busy_machine(np.unique(processes).size, words)
    if waited and (share := sum(waited) / _waited_span_s(rows)) > BUSY_WAIT and _matches(rows, "waited_s"):
        causes.append((f"workers waited {100 * share:.0f} % of the time for a core", action))
    elif pressure and (share := sum(pressure) / len(pressure)) >= BUSY_PRESSURE and _matches(rows, "pressure"):
        causes.append((f"in {100 * share:.0f} % of the time some task waited for a core", action))
    return causes


def on_a_busy_machine(workers: int, words: RemedyWords) -> str:
    """What to do: of one worker there can't be fewer."""
    return words[Remedy.FEWER_WORKERS] if workers > 1 else "stop what else runs on that machine"


def _matches(rows: HealthRows, figure: str) -> bool:
    """Whether a cause lasted when arrivals were held up, and for COMMENSURATE of that time: what goes on all the time does not
    explain why one second was late. An account is read up to a second after the lags of its row, so what a row is late by may
    be in the account of the one before. A report that came late and the next one have one second: their accounts add up.
    """
    here = rows.columns[rows.columns["process"] >= 0]
    processes, seconds, first, of_account = accounts_of(here["process"], here["machine_second"])
    late_ns = np.zeros(seconds.size)
    np.maximum.at(late_ns, of_account, here["longest_lag_ns"])
    late_s = np.minimum(late_ns, LONGEST_S * SECOND_NS) / SECOND_NS
    cause_s = np.bincount(of_account, np.maximum(here[figure], 0.0))
    same = processes[1:] == processes[:-1]
    if figure in SHARES:  # of the time that an account covers, to its neighbours
        apart_s = np.where(same, np.diff(seconds), 1)
        covered_s = np.maximum(np.append(1, apart_s), np.append(apart_s, 1))
        # one core that is taken away wholly is a small share of all of them
        cause_s = np.minimum(cause_s * (here["cores"][first] if figure == "steal" else 1), 1.0) * covered_s
    own_s = np.minimum(late_s, cause_s)
    before_s = np.minimum((late_s - own_s)[1:], (cause_s - own_s)[:-1])[same]
    return float(own_s.sum() + before_s.sum()) >= COMMENSURATE * float(late_s.sum())


def _span_s(seconds: Collection[int]) -> int:
    """Seconds from the first to the last: a report that came late has one figure for all that it covers."""
    return max(max(seconds) - min(seconds) + 1, len(seconds))


def _waited_span_s(rows: HealthRows) -> int:
    """Seconds of all workers for which it is known how long they waited."""
    seconds: dict[int, list[int]] = {}
    accounts = (rows.of_machine(name).tolist() for name in ("process", "machine_second", "waited_s"))
    for process, second, waited_s in zip(*accounts, strict=True):
        if waited_s >= 0:
            seconds.setdefault(process, []).append(second)
    return sum(map(_span_s, seconds.values()))


def _known(rows: HealthRows, figure: str) -> list[float]:
    """A figure of the machine, where the system told it."""
    values = rows.of_machine(figure)
    known: list[float] = values[values >= 0].tolist()
    return known


def _cores_taken(rows: HealthRows) -> bool:
    shares = _known(rows, "pressure")
    return sum(shares) > VERY_BUSY_PRESSURE * len(shares)


def _very_busy(rows: HealthRows) -> bool:
    steal = _known(rows, "steal")
    return _cores_taken(rows) or sum(steal) > BUSY_STEAL * len(steal)


def _target(seconds: Sequence[MachineSecond]) -> str:
    """What held up a target on this machine: its latencies say so, whether or not arrivals were late."""
    text = ""
    waited = [m.waited_s for m in seconds if m.waited_s >= 0]
    throttled = [m.throttled_s for m in seconds if m.throttled_s >= 0]
    span_s = _span_s([m.second for m in seconds]) if seconds else 0
    if sum(waited) > BUSY_WAIT * span_s:
        text += f"; the target waited {100 * (sum(waited) / span_s):.0f} % of the time for a core"
    if sum(throttled) > BUSY_WAIT * span_s:
        text += f"; its container's CPU quota stopped the target for {sum(throttled):.1f} s of {span_s} s"
    return text


def _turns(rows: HealthRows) -> str:
    """What else the generator adds to latencies, where it is large enough to matter."""
    text = ""
    hub = rows.merged("hub")
    if hub.total and (p99_ns := hub.quantile_ns(0.99)) >= LONG_TURN_NS:
        text += f"; responses waited up to {duration(p99_ns)} (p99) for others read with them, which service times include"
    longest_ns = int(rows.columns["gc_pause_ns"].max())
    if longest_ns >= LONG_COLLECTION_NS:
        text += f"; longest garbage collection {duration(longest_ns)}"
    return text
