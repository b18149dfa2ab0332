"""A closed model outside its judged part: what was under another number of users, and while their number changed.

One number of users is judged, the one that lasted longest. The others were asked for as well: a service that fails or is slow
under them does not pass for being good under that one.
"""

from __future__ import annotations

import dataclasses

from sla.judgement.checks.warm_up import LONG, latency, opening, success, whole
from sla.values.agreement import Agreement
from sla.values.assessment import Check, Steady, check
from sla.values.measurements import Measurements

TITLE = "Other numbers of users"
JUDGE_APART = "judge each number of users by a run of its own, or allow it where the others are not to count"


def other_users(measurements: Measurements, agreement: Agreement, steady: Steady | None) -> list[Check]:
    """None where load was planned, and where all objectives that pass by themselves pass over the whole load. A latency counts
    where a quarter of the load and more was outside.
    """
    facts = measurements.facts
    if steady is None or facts.plan or not facts.failures_known:
        return []
    begin, end = facts.load_started_ns // 10**9, max(facts.load_ended_ns // 10**9, steady.to_second)
    load = dataclasses.replace(steady, from_second=begin, to_second=end, warm_up_s=0.0)
    known = [o for o in agreement.objectives if o.target.known]
    failing = [
        o
        for o in known
        if o.kind.counts_failures and success(o, measurements, load) < o.target.value <= success(o, measurements, steady)
    ]
    outside = 1 - (steady.to_second - steady.begin_second) / max(end - begin, 1)
    slow = [
        o
        for o in known
        if o.quantile
        and outside > LONG
        and latency(o, agreement, measurements, steady) < o.target.value <= latency(o, agreement, measurements, load)
    ]
    if not failing and not slow:
        return []
    worst = (failing or slow)[0]
    text = f"over the whole load {', '.join(o.title for o in (*failing, *slow))} would miss the target"
    if failing:
        failed, finished = whole(worst, measurements, load)
        text += f": {failed:,} of {finished:,} operations failed"
    text += f"; the judged part has {100 * (1 - outside):.0f} % of its seconds"
    return [opening([*failing, *slow], check("outside_closed", TITLE, True, text, outside, 0.0, "ratio", advice=JUDGE_APART))]
