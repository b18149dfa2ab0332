"""What a failed check of the run says about which objectives, and in which direction: only that is open then.

A direction is the verdict that does not stand: PASS (it may be worse than measured), FAIL (it may be better), or both.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from sla.judgement.status import MISSES, OVER_BASELINE
from sla.values.agreement import Objective
from sla.values.assessment import Check, ObjectiveResult, Status

PASS, FAIL, BOTH = "PASS", "FAIL", "both"
_KINDS = ("client_quantile", "server_quantile", "throughput", "success")


@dataclass(frozen=True)
class Touch:
    """`kinds`: kind of objective -> direction. why: one line. unless: kinds whose FAIL stands where it holds even if every
    operation in doubt was successful and fast.
    """

    kinds: Mapping[str, str]
    why: str
    unless: Collection[str] = ()


def _all(direction: str, **others: str) -> dict[str, str]:
    """Every kind in this direction, but for `others`; "" for none."""
    return {kind: d for kind in _KINDS if (d := others.get(kind, direction))}


_CLIENT = ("client_quantile", "success")
_LOST = _all(BOTH, server_quantile=PASS)

_LATENCIES = ("client_quantile", "server_quantile")


def _on(direction: str, *kinds: str) -> dict[str, str]:
    return dict.fromkeys(kinds, direction)


# by the beginning of a check's key; one that ends in "_" goes on with an operation, and touches objectives on that alone
TOUCHES: Mapping[str, Touch] = {
    "data": Touch(_all(BOTH), "nothing was measured that could be judged"),
    "successes": Touch(_all(BOTH, success=PASS), "without a right answer there is no latency; that none was right is certain"),
    "workers": Touch(_LOST, "samples are missing, and load: what is slow under less load is slow", _CLIENT),
    "closed": Touch(_LOST, "what the master had not stored may be missing, and so may load", _CLIENT),
    "reports": Touch(_LOST, "samples are missing, nobody knows of which operations", _CLIENT),
    "unsent": Touch(
        _all(PASS, throughput=BOTH), "less load flatters; what fails under it fails, but what was not sent was not done"
    ),
    "achieved_seconds": Touch(
        _on(FAIL, "throughput", "success"), "what came late came in a burst, which may have been refused", ("success",)
    ),
    "schedule_lag": Touch(_on(BOTH, *_LATENCIES), "a lag as long as a window: no second's figures can be told from the next's"),
    "generator_cpu": Touch(_on(FAIL, "client_quantile", "throughput"), "answers waited for the generator, and so did arrivals"),
    "stalls": Touch(_on(BOTH, *_LATENCIES, "throughput"), "no load, then a burst: neither is the load that was planned"),
    "clock_skew": Touch(
        _on(BOTH, "server_quantile"),
        "scrapes and windows are of different seconds; a client's latency is a difference on one clock",
    ),
    "server_data": Touch(_on(BOTH, "server_quantile"), "the server's figures do not cover the judged part"),
    "restarted": Touch(_all(PASS) | _on(BOTH, *_LATENCIES), "two processes were measured, one of them cold; errors are real"),
    "counters_": Touch(_all(BOTH), "client and server counted different things: something else answers, or something was lost"),
    "dominance_": Touch(_on(BOTH, *_LATENCIES), "an answer faster than the server's own part was not the server's"),
    "littles_law_": Touch(
        _on(BOTH, "client_quantile", "throughput", "success"), "samples are missing at the client; the server's are its own"
    ),
    "resolution_": Touch(_on(BOTH, "client_quantile"), "the client's clock is too coarse for what it timed"),
    "workers_operations": Touch(_LOST, "as workers, with a figure", _CLIENT),
    # these are never more than a warning
    "achieved": Touch({}, "what is missing in sum shows as unsent where it was due"),
    "outside": Touch({}, "no objective is about ramps and other stages"),
    "scrapes": Touch({}, "each failed scrape makes the server's intervals wider by itself"),
    "unsigned": Touch({}, "who sent them has no part in the run"),
    "system_clock": Touch({}, "nothing is judged by it"),
}
# a closed model has no intended starts: a generator at its limit makes less load, and lag can't be told from latency
_CLOSED_MODEL = {"generator_cpu": Touch(_all(BOTH), "in a closed model a slow generator asks less and measures itself")}


def row_of(key: str) -> tuple[str, str]:
    """(row of TOUCHES, operation or "") of a check's key. Raises KeyError."""
    if key in TOUCHES:
        return key, ""
    prefix = next((p for p in TOUCHES if p.endswith("_") and key.startswith(p)), None)
    if prefix is None:
        raise KeyError(key)
    return prefix, key.removeprefix(prefix)


def touched(check: Check, objectives: Sequence[Objective], open_model: bool) -> dict[str, str]:
    """Objective's key -> direction, of a check that failed."""
    row, operation = row_of(check.key)
    touch = TOUCHES[row] if open_model else _CLOSED_MODEL.get(row, TOUCHES[row])
    mine = (o for o in objectives if not operation or operation in o.operations)
    return {o.key: touch.kinds[o.kind] for o in mine if o.kind in touch.kinds}


def touches_client(check: Check) -> bool:
    """Whether a failed check says anything about what a client measured: then two runs can't be compared by it."""
    return any(kind != "server_quantile" for kind in TOUCHES[row_of(check.key)[0]].kinds)


def may_stand(check: Check, kind: str) -> bool:
    """Whether a FAIL of this kind stands where it holds with every operation in doubt."""
    return kind in TOUCHES[row_of(check.key)[0]].unless


def undone(o: ObjectiveResult, direction: str) -> bool:
    """Whether this direction leaves the objective without an answer. A WARN that misses its target, or is over its baseline,
    claims both: no better, and no worse. One that is open by itself is no answer to wait for where both directions are: to
    measure longer does not help then.
    """
    if o.status is Status.INCONCLUSIVE:
        return direction == BOTH
    claims = {Status.PASS: {PASS}, Status.FAIL: {FAIL}, Status.WARN: {PASS}}.get(o.status, set())
    if o.status is Status.WARN and o.reason in (MISSES, OVER_BASELINE):
        claims = {PASS, FAIL}
    return bool(claims) and (direction == BOTH or direction in claims)
