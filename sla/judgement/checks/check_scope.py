"""Which objectives a failed check of the run opens, and in which direction; the others stand.

A direction is the verdict that does not stand: PASS (it may be worse than measured), FAIL (it may be better), or both.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import assert_never

from sla.judgement.status import THIN_EVIDENCE
from sla.values.agreement import Objective
from sla.values.assessment import Check, ObjectiveResult, Status
from sla.values.kinds import ClientLatency, ObjectiveKind, ServerLatency, SuccessRate, Throughput
from sla.values.operation_groups import groups_of

PASS, FAIL, BOTH, NONE = "PASS", "FAIL", "both", ""


@dataclass(frozen=True)
class Touch:
    """A direction for each kind of objective, and why, in one line.

    bounded   how many operations are in doubt is known: a FAIL stands where it holds even if all of them were successful and
              fast (ObjectiveEstimator.fails_despite)
    """

    client_latency: str
    server_latency: str
    throughput: str
    success_rate: str
    why: str
    bounded: bool = False

    def of(self, kind: ObjectiveKind) -> str:
        """The direction for this kind."""
        match kind:
            case ClientLatency():
                return self.client_latency
            case ServerLatency():
                return self.server_latency
            case Throughput():
                return self.throughput
            case SuccessRate():
                return self.success_rate
            case _ as unreachable:
                assert_never(unreachable)


def _warning(why: str) -> Touch:
    """A check that is never more than a warning."""
    return Touch(NONE, NONE, NONE, NONE, why)


def _lost(why: str) -> Touch:
    return Touch(BOTH, PASS, BOTH, BOTH, why, bounded=True)


# by the beginning of a check's key; one that ends in "_" goes on with an operation, and touches objectives on that alone
# columns: client's latencies, server's latencies, throughput, success rate
TOUCHES: Mapping[str, Touch] = {
    "data": Touch(BOTH, BOTH, BOTH, BOTH, "nothing was measured that could be judged"),
    "successes": Touch(BOTH, BOTH, PASS, PASS, "without a success there is no latency; that there was none is certain"),
    "workers": _lost("samples are missing, and load: what is slow under less load is slow"),
    "workers_operations": _lost("as workers, with a figure"),
    "closed": _lost("what the master had not stored may be missing, and so may load"),
    "reports": _lost("samples are missing, of unknown operations"),
    "bad_samples": Touch(BOTH, NONE, NONE, NONE, "every operation that ended is counted, but some latencies are unknown"),
    "failed_checks": Touch(
        PASS, NONE, PASS, PASS, "responses that count as successful may be wrong ones; what failed without them has failed"
    ),
    "exceptions": Touch(
        PASS, NONE, PASS, PASS, "a task that its own code ended left out requests that it would have made; what fails fails"
    ),
    "warm_up": Touch(
        NONE, NONE, NONE, PASS, "latency has transients, failures are none: what was cut as warm-up misses the target with them"
    ),
    "warm_up_samples": Touch(
        PASS, PASS, NONE, PASS, "most of what was done was cut as warm-up: the rest does not stand for it; what fails fails"
    ),
    "warm_up_latency": Touch(
        PASS, PASS, NONE, NONE, "a quarter of a run and more is a long beginning: with it the target is missed"
    ),
    "no_response": Touch(
        PASS, PASS, PASS, PASS, "users that wait for a response ask nothing: what came before does not stand for the silence"
    ),
    "outside_closed": Touch(
        PASS, NONE, NONE, PASS, "of a closed model no stage is planned: what fails under other numbers of users fails"
    ),
    "unsent": Touch(
        PASS, PASS, BOTH, PASS, "less load flatters; what fails under it fails, but what was not sent was not done"
    ),
    "exhausted": Touch(
        PASS, PASS, BOTH, PASS, "as unsent: the service was not asked for what failed on the generator, nor judged by it"
    ),
    "achieved_seconds": Touch(
        NONE, NONE, FAIL, FAIL, "what came late came in a burst, which may have been refused", bounded=True
    ),
    "schedule_lag": Touch(
        BOTH, BOTH, NONE, NONE, "a lag as long as a window: no second's figures can be separated from the next's"
    ),
    "generator_cpu": Touch(FAIL, NONE, FAIL, NONE, "responses waited for the generator, and so did arrivals"),
    "stalls": Touch(BOTH, BOTH, BOTH, NONE, "no load, then a burst: neither is the load that was planned"),
    "clock_skew": Touch(
        NONE, BOTH, NONE, NONE, "scrapes and windows are of different seconds; a client's latency is a difference on one clock"
    ),
    "server_data": Touch(NONE, BOTH, NONE, NONE, "the server's figures do not cover the judged part"),
    "server_data_gaps": Touch(NONE, PASS, NONE, NONE, "what the server did while nobody read its metrics may have been slow"),
    "restarted": Touch(BOTH, BOTH, PASS, PASS, "two processes were measured, one of them cold; errors are real"),
    "counters_": Touch(
        BOTH, BOTH, BOTH, BOTH, "client and server counted different things: something else responds, or something was lost"
    ),
    "dominance_": Touch(BOTH, BOTH, NONE, NONE, "a response faster than the server's own part was not the server's"),
    "littles_law_": Touch(BOTH, NONE, BOTH, BOTH, "samples are missing at the client; the server's are its own"),
    "resolution_": Touch(BOTH, NONE, NONE, NONE, "the client's clock is too coarse for what it timed"),
    "bootstrap": Touch(BOTH, BOTH, NONE, NONE, "an interval is not the one that its effective samples give, on either side"),
    # these are never more than a warning
    "achieved": _warning("what is missing in sum shows as unsent where it was due"),
    "outside": _warning("no objective is about ramps and other stages"),
    "scrapes": _warning("each failed scrape makes the server's intervals wider by itself"),
    "unsigned": _warning("who sent them has no part in the run"),
    "system_clock": _warning("nothing is judged by it"),
}
# a closed model has no intended starts: a generator at its limit makes less load, and lag can't be separated from latency
_CLOSED_MODEL = {
    "generator_cpu": Touch(
        BOTH, BOTH, BOTH, PASS, "in a closed model a slow generator asks less and measures itself; errors are real"
    )
}


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
    mine = (o for o in objectives if not operation or operation in o.operations or groups_of(operation, o.operations))
    return {o.key: direction for o in mine if (direction := touch.of(o.kind))}


def touches_client(check: Check) -> bool:
    """Whether a failed check invalidates anything that a client measured: then the run can't be compared with another."""
    touch = TOUCHES[row_of(check.key)[0]]
    return any((touch.client_latency, touch.throughput, touch.success_rate))


def is_bounded(check: Check) -> bool:
    """Whether it is known how many operations a failed check leaves in doubt."""
    return TOUCHES[row_of(check.key)[0]].bounded


def undone(o: ObjectiveResult, direction: str) -> bool:
    """Whether this direction leaves the objective without a verdict. A WARN that misses its target, or is over its baseline,
    claims both: no better, and no worse; one on thin evidence no worse alone. One that is open by itself is no verdict to wait
    for where both directions are: to measure longer does not help then.
    """
    if o.status is Status.INCONCLUSIVE:
        return direction == BOTH
    claims = {Status.PASS: {PASS}, Status.FAIL: {FAIL}, Status.WARN: {PASS}}.get(o.status, set())
    if o.status is Status.WARN and not o.reason.startswith(THIN_EVIDENCE):
        claims = {PASS, FAIL}
    return bool(claims) and (direction == BOTH or direction in claims)
