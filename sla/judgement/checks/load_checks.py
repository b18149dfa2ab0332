"""Was the load made as planned, and by a generator that had time to spare? Only the judged part counts, not the ramp."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from sla.judgement.generator.connections import connections
from sla.judgement.generator.lag_causes import BUSY_WAIT, explain, on_a_busy_machine
from sla.judgement.generator.lateness import DELAYED, SECOND_NS, judged
from sla.judgement.generator.stopped_users import USERS_STOPPED, users_stopped
from sla.judgement.generator.waiting_workers import waits_of_workers
from sla.judgement.steady import constant_part
from sla.values.agreement import Agreement
from sla.values.assessment import Check, Status, Steady, check
from sla.values.health_rows import HealthRows
from sla.values.measurements import Measurements
from sla.values.remedies import PLAIN, Remedy, RemedyWords
from sla.values.window import GENERATOR, Health, Window, failures_by_category

BUSY_SECONDS = 0.1  # of the workers' seconds that may be over the limit of CPU
SHORT_SECONDS = 0.05  # of the judged seconds that may be short
CHANCE_SIGMAS = 5.0  # by which drawn arrivals may be fewer or more than planned
FAILED_OUTSIDE, MORE_OFTEN = 0.01, 2.0  # of the operations outside the judged part; so many times as often as in it
EXHAUSTED = "raise that limit or correct the name on the workers' machines, or spread the load over more of them"
NEVER = 1 << 62  # a second that no load reaches
SHORT = 0.1  # of a second's arrivals may be sent more than a second after it


def load_checks(
    measurements: Measurements, agreement: Agreement, steady: Steady | None, words: RemedyWords = PLAIN
) -> list[Check]:
    """In the order in which they are shown; `words` for what to do about a failed one."""
    checks = _unsent(measurements, agreement, steady, words) + _exhausted(measurements, agreement, steady)
    checks += _lag(measurements, agreement, steady, words)
    checks += _cpu(measurements, agreement, steady, words)
    if steady is not None and measurements.facts.plan:
        checks.append(_outside(measurements, steady))
    if steady is not None and constant_part(measurements.facts)[2]:
        checks += [_achieved(measurements, agreement, steady), _achieved_seconds(measurements, steady, words)]
    return checks


def _unsent(measurements: Measurements, agreement: Agreement, steady: Steady | None, words: RemedyWords) -> list[Check]:
    """Unsent arrivals of the judged part: those for which no user was free, and those whose user never started."""
    here = [w for w in measurements.windows if steady is None or steady.holds(w.second)]
    known, unsent, limit = sum(w.planned for w in here), sum(w.unsent for w in here), agreement.validity.unsent_share
    without_user = _without_user(measurements, steady, known)
    planned = known + without_user
    if not planned:
        return []
    text = f"{unsent + without_user:.0f} of {planned:.0f} planned operations were not sent"
    advice = words[Remedy.MORE_USERS]
    used = connections(measurements, steady, words) if steady is not None else None
    if without_user > unsent:
        text += ", for lack of the users that were to send them"
        advice = "see in the log of the workers why users did not start, or took long to (on_start, connections)"
        if steady is not None and (stopped := users_stopped(measurements, steady)):
            text, advice = f"{text}: {stopped}", USERS_STOPPED
    elif used is not None and used.too_few:
        text, advice = text + ", for lack of a free connection", used.advice
    share = (unsent + without_user) / planned
    return [check("unsent", "Unsent", share > limit, text, share, limit, "ratio", advice=advice)]


def _exhausted(measurements: Measurements, agreement: Agreement, steady: Steady | None) -> list[Check]:
    """Operations that failed on the generator itself: like unsent ones, the service was not asked for them."""
    here = [w for w in measurements.windows if steady is None or steady.holds(w.second)]
    failed, finished = (sum(w.failed.get(GENERATOR, 0) for w in here), sum(w.finished for w in here))
    if not failed:
        return []
    share, limit = failed / finished, agreement.validity.unsent_share
    text = f"{failed:,} of {finished:,} operations failed on the generator itself"
    if most := next((f for f in measurements.failures if f.category == GENERATOR), None):
        text += f": {most.reason}"
    status = Status.FAIL if share > limit else Status.WARN
    return [check("exhausted", "Generator exhausted", True, text, share, limit, "ratio", status, EXHAUSTED)]


def _without_user(measurements: Measurements, steady: Steady | None, known: int) -> float:
    """Planned arrivals that were never assigned to a user. Those of a lost worker belong to another check. Where the number of
    users in the plan is not known (older runs): what is missing beyond chance.
    """
    facts, rate = measurements.facts, constant_part(measurements.facts)[2]
    if steady is None or not rate or facts.lost_workers:
        return 0.0
    if facts.slots:
        return rate * sum(max(1 - n / facts.slots, 0.0) for n in _users_by_second(measurements.health, steady))
    planned = rate * (steady.to_second - steady.from_second)
    missing = planned - known
    # drawn arrivals are Poisson: their number has a standard deviation of its root
    return missing if missing > CHANCE_SIGMAS * math.sqrt(planned) + 1 else 0.0


def _users_by_second(health: Sequence[Health], steady: Steady) -> list[int]:
    """Users that were there in each second of the judged part. A worker that did not report a second still had those before."""
    workers: dict[str, dict[int, int]] = {}
    for h in health:
        workers.setdefault(h.worker, {})[h.second] = h.slots
    users = [0] * (steady.to_second - steady.from_second)
    for rows in workers.values():
        known = max((s for s in rows if s <= steady.from_second), default=None)
        there = rows[known] if known is not None else 0
        for i in range(len(users)):
            there = rows.get(steady.from_second + i, there)
            users[i] += there
    return users


def _lag(measurements: Measurements, agreement: Agreement, steady: Steady | None, words: RemedyWords) -> list[Check]:
    rows = judged(measurements.health_rows, steady)
    target = [m for m in measurements.target if steady is None or steady.holds(m.second)]
    explained, limit_ns = explain(rows, target, words), agreement.validity.lag_p99_ns
    if explained is None:
        sent = not rows and measurements.facts.plan and any(w.started for w in measurements.windows)
        return [_unknown_lag("no worker", limit_ns)] if sent else []
    if silent := _silent(measurements, rows, steady):
        return [_unknown_lag(f"{', '.join(silent)} never", limit_ns)]
    p99_ns = rows.merged("lag").quantile_ns(0.99)
    status = Status.FAIL if p99_ns > limit_ns else Status.PASS
    # a lag within the limit fails nothing, but may have opened an objective
    return [Check("schedule_lag", "Schedule lag p99", status, p99_ns, limit_ns, "ns", explained.text, (), explained.advice)]


def _silent(measurements: Measurements, rows: HealthRows, steady: Steady | None) -> list[str]:
    """Workers of an open model that reported no second of the judged part, though they were there: neither lost nor come after
    it. Their arrivals may have been as late as can be.
    """
    facts, every = measurements.facts, measurements.health_rows
    if steady is None or not facts.plan:
        return []
    columns = every.columns

    def came_later(worker: str) -> bool:
        if worker not in every.names:
            return False
        first = int(columns["second"][columns["worker"] == every.names.index(worker)].min(initial=NEVER))
        return steady.to_second <= first <= facts.load_ended_ns // 10**9

    known = {rows.names[number] for number in np.unique(rows.columns["worker"]).tolist()}
    absent = set(facts.workers) - set(facts.lost_workers) - known
    return sorted(worker for worker in absent if not came_later(worker))


def _unknown_lag(who: str, limit_ns: float) -> Check:
    text = f"the lag of arrivals is unknown: {who} reported it for the judged part"
    return Check("schedule_lag", "Schedule lag p99", Status.FAIL, None, limit_ns, "ns", text)


def _cpu(measurements: Measurements, agreement: Agreement, steady: Steady | None, words: RemedyWords) -> list[Check]:
    shares, limit = judged(measurements.health_rows, steady).columns["cpu_share"], agreement.validity.cpu_share
    if not shares.size:
        return []
    busy, top = float(np.mean(shares > limit)), float(np.percentile(shares, 95))
    text = f"workers used {top:.2f} of a core (95th percentile of their seconds)"
    advice = words[Remedy.LESS_CPU_A_WORKER].format(limit=limit)
    cpu = check("generator_cpu", "Generator CPU", busy > BUSY_SECONDS, text, top, limit, "cores", advice=advice)
    waits = steady and waits_of_workers(measurements, steady)
    if not waits or waits.share <= BUSY_WAIT:
        return [cpu]
    # it fails nothing, but may have opened an objective
    return [
        replace(
            cpu,
            reason=f"{text}, and waited up to {100 * waits.share:.0f} % of the time for one",
            advice=cpu.advice or on_a_busy_machine(len(measurements.facts.workers), words),
        )
    ]


def _outside(measurements: Measurements, steady: Steady) -> Check:
    """Failures in ramps, steps and spikes, which no objective judges: a warning where they are more frequent than usual."""
    here, there = ([w for w in measurements.windows if steady.holds(w.second) is i] for i in (True, False))
    finished, failed = sum(w.finished for w in there), failures_by_category(there)
    usual = sum(w.failures for w in here) / max(sum(w.finished for w in here), 1)
    text = f"{failed.total()} of {finished} operations failed outside the judged part"
    if failed:
        text += f" ({', '.join(f'{category} {count}' for category, count in failed.most_common())})"
    share = failed.total() / max(finished, 1)
    advice = "no objective covers them: judge a run of its own for that stage"
    limit = max(FAILED_OUTSIDE, MORE_OFTEN * usual)  # what fails everywhere is in the judged success rate
    return check("outside", "Outside the judged part", share > limit, text, share, limit, "ratio", Status.WARN, advice)


def _of_the_plan(measurements: Measurements) -> list[Window]:
    """Windows of operations that were due; a task that was makes requests that were not, as many as it likes."""
    due = {w.operation for w in measurements.windows if w.planned}
    return [w for w in measurements.windows if w.operation in due]


def _achieved(measurements: Measurements, agreement: Agreement, steady: Steady) -> Check:
    """Arrivals in the judged part against the plan. A target that can't keep up shows as unsent; this detects missing users.

    Two counts, and the nearer to the plan decides: a pause at an edge moves what was sent over it, but not what was due; what
    never came to an end was sent, and nobody has recorded when it was due.
    """
    rate, limit = constant_part(measurements.facts)[2], agreement.validity.achieved_share
    here = [w for w in _of_the_plan(measurements) if steady.holds(w.second)]
    planned = rate * (steady.to_second - steady.from_second)
    sent = min((sum(w.started for w in here), sum(w.planned - w.unsent for w in here)), key=lambda n: abs(n - planned))
    off = sent / planned - 1
    text = f"{sent} operations were sent where {planned:.0f} were planned ({100 * off:+.2f} %)"
    chance = CHANCE_SIGMAS * math.sqrt(planned) if measurements.facts.drawn else 0.0
    missed = abs(sent - planned) > limit * planned + chance  # the share, rounded, may be over where the count is on the limit
    return check("achieved", "Achieved arrivals", missed, text, off, limit, "ratio", Status.WARN)


def _achieved_seconds(measurements: Measurements, steady: Steady, words: RemedyWords) -> Check:
    """Share of the seconds whose arrivals were not sent within another second. In sum all may have been sent, in bursts."""
    length = steady.to_second - steady.from_second
    planned, started = np.zeros(length + 1), np.zeros(length + 1)
    for w in _of_the_plan(measurements):
        if steady.from_second <= w.second <= steady.to_second:
            planned[w.second - steady.from_second] += w.planned - w.unsent
            started[w.second - steady.from_second] += w.started
    behind = 0.0
    short = 0
    for second in range(length):
        behind = max(behind + planned[second] - started[second], 0.0)
        short += bool(behind - started[second + 1] > SHORT * planned[second])
    share = short / length
    text = f"in {short} of {length} s more than {100 * SHORT:.0f} % of the arrivals were sent over a second late"
    advice = words[Remedy.MORE_USERS_FOR_A_SLOW_TARGET]
    return check(
        "achieved_seconds", "Achieved per second", share > SHORT_SECONDS, text, share, SHORT_SECONDS, "ratio", advice=advice
    )


def late_operations(measurements: Measurements, steady: Steady) -> float:
    """Operations of the judged part that arrivals more than a second late can have hurt, at most (generator.lateness)."""
    return DELAYED * sum(lag.count_over(SECOND_NS) for lag, *_ in judged(measurements.health_rows, steady).sums.values())
