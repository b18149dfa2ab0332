"""Losses and disturbances of a run, with figures: lost workers and their operations, clocks, restarts of the target."""

from __future__ import annotations

import itertools
import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from sla.estimators.series import by_target, went_back
from sla.estimators.server_side import CounterIncrease, Reconciliation, counter_increase, reconcile
from sla.judgement.checks.counters import restarts as restarts_of
from sla.values.agreement import Agreement, OperationMetrics
from sla.values.assessment import Check, Status, Steady, check
from sla.values.health_rows import HealthRows
from sla.values.measurements import Loss, Measurements, RunFacts
from sla.values.window import EXCEPTION, Window

# something responded, which need not be the node: refusals and errors may come from a proxy
UNCERTAIN = ("transport", "timeout", "http_3xx", "http_4xx", "http_5xx", "grpc", EXCEPTION)
WALL_CLOCK_LIMIT_NS = 1e9  # a system clock further off than this is named
STALL_LIMIT_S = 3.0  # a worker that reports each second and is silent for longer stood still
MAX_SECOND = 1 << 34  # later than any label of a window
SEE_ITS_LOG = "see in its log and its kernel's why it ended; if it left a spool file, assess this run with it"
SEE_ITS_MACHINE = "see what held it up (memory, a CPU limit, a suspended machine), then repeat the run"
SEE_ITS_START = "repeat the run; if it happens again, see what holds up that worker, or its network to the master"
SEE_THE_TARGET = "find out why (memory, a crash, a rollout); repeat the run, or allow it where it was meant"


@dataclass(frozen=True)
class CounterCheck:
    """One operation's count by the client and by the server.

    uncertain   operations that failed so that the server may have counted them or not
    unfinished  operations that were sent and whose end nobody saw (their connection or user was cut off), part of `uncertain`
    forgotten   operations that the server can have counted and forgotten in its restarts, at most
    """

    reconciliation: Reconciliation
    increase: CounterIncrease
    uncertain: int
    unfinished: int
    forgotten: float

    def __str__(self) -> str:
        """What was compared, and by how much it differs."""
        result, server = self.reconciliation, self.increase.value
        if self.increase.idle:
            return self._while_idle(f"client {result.client:.0f}, server {server:.0f}", server - result.client)
        part = "that touch the time" if math.isinf(result.high) else "wholly"
        text = f"client {result.client:.0f} in the seconds {part} between the scrapes, server {server:.0f}"
        if result.client < result.low:
            return f"{text}: {result.low - result.client:.0f} less than the server must have had"
        return text + ("" if result.holds else f": {result.client - result.high:.0f} more than the server can have had")

    def _while_idle(self, text: str, more: float) -> str:
        if not more:
            return text + (", exact" if self.reconciliation.exact else "")
        text += f" from before the load to after it: the server counted {abs(more):.0f} {'more' if more > 0 else 'fewer'}"
        doubtful = self.uncertain - self.unfinished
        return text + (f"; {doubtful} failed so that it may have counted them or not" if doubtful else "")


def counted(metrics: OperationMetrics, windows: Sequence[Window], measurements: Measurements) -> CounterCheck | str:
    """The count of one operation by its `windows` and by the server; the reason as text where they can't be compared."""
    snapshots, facts = measurements.snapshots, measurements.facts
    names = [n for n in (metrics.total, metrics.failed) if n]
    if not any(s.counts(n) for s in snapshots for n in names):
        return f"the server has no {metrics.total}"
    increase = counter_increase(snapshots, names, facts.load_started_ns, max(facts.load_ended_ns, facts.drained_ns))
    if increase is None:
        return "fewer than two scrapes"
    # An injected or real 5xx of the node itself is counted by its fail counter, where it has one.
    unsure = [c for c in UNCERTAIN if not (c == "http_5xx" and metrics.failed)]
    unfinished = max(sum(w.started for w in windows) - sum(w.finished for w in windows), 0)
    uncertain = sum(w.failed.get(c, 0) for w in windows for c in unsure) + unfinished
    sure: dict[int, int] = {}
    for w in windows:
        asked = w.ok + w.failures_of_service
        sure[w.second] = sure.get(w.second, 0) + asked - sum(w.failed.get(c, 0) for c in unsure)
    in_flight = max((w.in_flight_ns / 1e9 for w in windows), default=0.0)
    forgotten = _forgotten(measurements, names, sure) if increase.resets else 0.0
    return CounterCheck(reconcile(sure, uncertain, in_flight, increase), increase, uncertain, unfinished, forgotten)


def hidden_failures(metrics: OperationMetrics, windows: Sequence[Window], measurements: Measurements) -> float:
    """How many operations the server has counted as failed beyond those that may have failed for the client: what responded to
    those was not the server's own word. 0 where the two can be of the same operations, or can't be compared.
    """
    facts, snapshots = measurements.facts, measurements.snapshots
    if not metrics.failed or not any(s.counts(metrics.failed) for s in snapshots):
        return 0.0
    ended_ns = max(facts.load_ended_ns, facts.drained_ns)
    increase = counter_increase(snapshots, [metrics.failed], facts.load_started_ns, ended_ns)
    if increase is None or increase.resets:
        return 0.0
    failed: dict[int, int] = {}
    for w in windows:
        failed[w.second] = failed.get(w.second, 0) + w.failures
    unfinished = max(sum(w.started for w in windows) - sum(w.finished for w in windows), 0)
    in_flight = max((w.in_flight_ns / 1e9 for w in windows), default=0.0)
    result = reconcile(failed, unfinished, in_flight, increase)
    return max(result.low - result.client, 0.0)


def _forgotten(measurements: Measurements, names: Sequence[str], sure: dict[int, int]) -> float:
    """The client's count in the seconds that touch an interval between scrapes in which a counter went backwards."""
    seconds: set[int] = set()
    for scrapes in by_target(measurements.snapshots).values():
        for before, after in itertools.compress(itertools.pairwise(scrapes), went_back(scrapes, names)):
            seconds |= set(range(int(before.at_ns // 1e9) - 1, int(after.at_ns // 1e9) + 1))
    return float(sum(sure.get(s, 0) for s in seconds))


def lost_workers(measurements: Measurements, agreement: Agreement) -> list[Check]:
    """Lost workers, their last reports and how many operations are missing with them: by the server's counters where these
    are exact (both read while idle, not reset), else by the plan.
    """
    facts = measurements.facts
    lost = len(facts.lost_workers)
    known = {loss.worker: loss for loss in facts.losses}
    named = "; ".join(_loss_text(known[w]) if w in known else w for w in facts.lost_workers)
    text = f"workers lost: {named or 'none'}"
    checks = [check("workers", "Workers", bool(lost), text, float(lost), 0.0, "workers", advice=SEE_ITS_LOG)]
    if lost and (most := most_lost(facts)) > 0:
        text = (
            f"at most {most:.0f} operations were sent and not reported"
            if math.isfinite(most)
            else "how many operations were sent and not reported is not known"
        )
        figure = most if math.isfinite(most) else None
        exact = _by_counters(measurements, agreement)
        if exact is not None:
            figure, unsure = exact
            text = f"{figure:.0f} operations are in the server's counters and in no report" + (
                f" (give or take {unsure:.0f} of unknown fate)" if unsure else ""
            )
        checks.append(check("workers_operations", "Operations lost", figure != 0, text, figure, 0.0, "operations"))
    return checks


def _loss_text(loss: Loss) -> str:
    if loss.at_most == 0:
        return f"{loss.worker} left early (after report {loss.after_report}); everything that it measured is here"
    if loss.after_report < 0:
        return f"{loss.worker} before its first report"
    return f"{loss.worker} after report {loss.after_report}"


def most_lost(facts: RunFacts) -> float:
    """Operations that lost workers can have sent and not reported, at most; inf where nothing bounds them."""
    if len(facts.losses) < len(facts.lost_workers) or any(loss.at_most < 0 for loss in facts.losses):
        return math.inf
    return float(sum(loss.at_most for loss in facts.losses))


def _by_counters(measurements: Measurements, agreement: Agreement) -> tuple[float, float] | None:
    """(operations that the server counted and nobody reported, operations of unknown fate); None where that can't be known."""
    missing, unsure, any_found = 0.0, 0.0, False
    for operation, metrics in agreement.operations.items():
        windows = measurements.with_groups(operation)
        if not windows or not metrics.total:
            continue
        counter_check = counted(metrics, windows, measurements)
        if isinstance(counter_check, str) or not counter_check.increase.idle or counter_check.increase.resets:
            return None
        any_found = True
        missing += counter_check.increase.value - counter_check.reconciliation.client
        unsure += counter_check.uncertain
    return (max(missing, 0.0), unsure) if any_found else None


def clock_skew(health: HealthRows, limit_ns: float) -> list[Check]:
    """How far the clocks of the workers are off the master's, beyond what the round trips leave open. What labels the windows
    must hold; a worker's system clock is shown when it is off, nothing is judged by it.
    """
    rows = health.columns[health.columns["clock_error_ns"] >= 0]
    if not rows.size:
        return []
    off_ns, error_ns = rows["label_offset_ns"], rows["clock_error_ns"]
    worst = int(np.argmax(np.abs(off_ns) - error_ns))
    skew_ns = max(int(abs(off_ns[worst]) - error_ns[worst]), 0)
    text = f"the labels of {health.names[rows['worker'][worst]]} are {off_ns[worst] / 1e6:+.1f} ms off the master's clock"
    text += f" (give or take {error_ns[worst] / 1e6:.1f} ms)"
    checks = [check("clock_skew", "Clock skew", skew_ns > limit_ns, text, float(skew_ns), limit_ns, "ns", advice=SEE_ITS_START)]
    at = int(np.argmax(np.abs(rows["wall_offset_ns"])))
    wall_ns = int(rows["wall_offset_ns"][at])
    if abs(wall_ns) - int(error_ns[at]) > WALL_CLOCK_LIMIT_NS:
        who = health.names[rows["worker"][at]]
        text = f"the system clock of {who} is {wall_ns / 1e9:+.1f} s off the master's, nothing is judged by it"
        figure = float(abs(wall_ns))
        checks.append(check("system_clock", "System clock", True, text, figure, WALL_CLOCK_LIMIT_NS, "ns", Status.WARN))
    return checks


def stalls(health: HealthRows, steady: Steady | None) -> list[Check]:
    """Workers report once a second: a longer gap means that the process itself stood still (suspended, swapped, starved). Only
    the part of a gap that lies in the judged part or the warm-up before it counts: what such a gap leaves undone is caught up
    with in the judged part, and to MSER-5 the time until then looks like a warm-up of the service.
    """
    first, last = (steady.begin_second - 1, steady.to_second) if steady else (0, MAX_SECOND)
    rows = health.columns[["worker", "second"]]
    rows = rows[np.lexsort((rows["second"], rows["worker"]))]
    gaps_s = np.minimum(rows["second"][1:], last) - np.maximum(rows["second"][:-1], first)
    gaps_s = np.where(rows["worker"][1:] == rows["worker"][:-1], gaps_s, 0)
    if not gaps_s.size or gaps_s.max() <= 0:
        return []
    longest, who = float(gaps_s.max()), health.names[rows["worker"][gaps_s.argmax()]]
    text = f"the longest gap between reports of a worker is {longest:.0f} s" + (
        f": {who} stood still" if longest > STALL_LIMIT_S else ""
    )
    return [
        check("stalls", "Worker stalls", longest > STALL_LIMIT_S, text, longest, STALL_LIMIT_S, "s", advice=SEE_ITS_MACHINE)
    ]


def restarts(measurements: Measurements, agreement: Agreement) -> Check:
    """A target that was restarted under load: its start time moved, or a counter of an operation went backwards."""
    names = [n for m in agreement.operations.values() for n in (m.total, m.failed) if n]
    count = restarts_of(measurements.snapshots, names)
    text = f"the target was restarted {count} times under load" if count else "the target was not restarted"
    return check("restarted", "Target restarts", count > 0, text, float(count), 0.0, "restarts", advice=SEE_THE_TARGET)
