"""Was the load made as planned, and by a generator that had time to spare? Only the judged part counts, not the ramp."""

from __future__ import annotations

import numpy as np

from sla import histogram
from sla.agreement import Agreement
from sla.assessment import Check, Status, Steady, check
from sla.lateness import DELAYED, SECOND_NS, judged, over
from sla.measurements import Measurements
from sla.steady import constant_part
from sla.who_was_late import explain

BUSY_SECONDS = 0.1  # of the workers' seconds that may be over the limit of CPU
SHORT_SECONDS = 0.05  # of the judged seconds that may be short
SHORT = 0.1  # of a second's arrivals may be sent more than a second after it


def load_checks(measurements: Measurements, agreement: Agreement, steady: Steady | None) -> list[Check]:
    found = _unsent(measurements, agreement) + _lag(measurements, agreement, steady) + _cpu(measurements, agreement, steady)
    if steady is not None and constant_part(measurements.facts)[2]:
        found += [_achieved(measurements, agreement, steady), _achieved_seconds(measurements, steady)]
    return found


def _unsent(measurements: Measurements, agreement: Agreement) -> list[Check]:
    planned = sum(w.planned for w in measurements.windows)
    if not planned:
        return []
    unsent, limit = sum(w.unsent for w in measurements.windows), agreement.validity.unsent_share
    text = f"{unsent} of {planned} planned operations were not sent"
    advice = "more users (--ops-per-user) or workers: planned operations found no free connection"
    return [check("unsent", "Unsent", unsent / planned > limit, text, unsent / planned, limit, "ratio", advice=advice)]


def _lag(measurements: Measurements, agreement: Agreement, steady: Steady | None) -> list[Check]:
    rows = judged(measurements.health, steady)
    inside = [m for m in measurements.target if steady is None or steady.from_second <= m.second < steady.to_second]
    told = explain(rows, inside)
    if told is None:
        return []
    p99_ns, limit_ns = histogram.merge(h.lag for h in rows).quantile_ns(0.99), agreement.validity.lag_p99_ns
    status = Status.FAIL if p99_ns > limit_ns else Status.PASS
    # a lag within the limit fails nothing, but may have opened an objective
    return [Check("schedule_lag", "Schedule lag p99", status, p99_ns, limit_ns, "ns", told.text, (), told.advice)]


def _cpu(measurements: Measurements, agreement: Agreement, steady: Steady | None) -> list[Check]:
    shares, limit = [h.cpu_share for h in judged(measurements.health, steady)], agreement.validity.cpu_share
    if not shares:
        return []
    busy, top = float(np.mean([s > limit for s in shares])), float(np.percentile(shares, 95))
    text = f"workers used {top:.2f} of a core (95th percentile of their seconds)"
    advice = f"raise --workers, on more cores, until they use less than {limit:.2f} of one"
    return [check("generator_cpu", "Generator CPU", busy > BUSY_SECONDS, text, top, limit, "cores", advice=advice)]


def _achieved(measurements: Measurements, agreement: Agreement, steady: Steady) -> Check:
    """Arrivals in the judged part against the plan. A target that can't keep up shows as unsent; this finds missing users."""
    rate, limit = constant_part(measurements.facts)[2], agreement.validity.achieved_share
    here = [w for w in measurements.windows if steady.from_second <= w.second < steady.to_second]
    planned, started = rate * (steady.to_second - steady.from_second), sum(w.started for w in here)
    off = started / planned - 1
    text = f"{started} operations were sent where {planned:.0f} were planned ({off:+.2%})"
    return check("achieved", "Achieved arrivals", abs(off) > limit, text, off, limit, "ratio", Status.WARN)


def _achieved_seconds(measurements: Measurements, steady: Steady) -> Check:
    """In how many seconds were arrivals still not sent a second later? In sum they may all have been sent, in bursts."""
    length = steady.to_second - steady.from_second
    planned, started = np.zeros(length + 1), np.zeros(length + 1)
    for w in measurements.windows:
        if steady.from_second <= w.second <= steady.to_second:
            planned[w.second - steady.from_second] += w.planned - w.unsent
            started[w.second - steady.from_second] += w.started
    behind = 0.0
    short = 0
    for second in range(length):
        behind = max(behind + planned[second] - started[second], 0.0)
        short += bool(behind - started[second + 1] > SHORT * planned[second])
    share = short / length
    text = f"in {short} of {length} s more than {SHORT:.0%} of the arrivals were sent over a second late"
    advice = "more users (--ops-per-user) or workers, where the target is slow; else see the schedule lag"
    return check(
        "achieved_seconds", "Achieved per second", share > SHORT_SECONDS, text, share, SHORT_SECONDS, "ratio", advice=advice
    )


def late_operations(measurements: Measurements, steady: Steady) -> float:
    """Operations of the judged part that arrivals more than a second late can have hurt, at most (sla.lateness)."""
    return DELAYED * sum(over(h.lag, SECOND_NS) for h in judged(measurements.health, steady))
