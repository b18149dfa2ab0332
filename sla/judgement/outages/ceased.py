"""A service that ceased to respond under a closed model: its users all wait, nothing more is asked, and nothing fails.

What it had done before is all that is counted then: a handful of requests time out, or are cut off at the end, beside thousands
that were quick. In a closed model whoever waits asks nothing (Schroeder, Wierman, Harchol-Balter, NSDI 2006), so the silence is
in no rate and in no latency.
"""

from __future__ import annotations

from dataclasses import dataclass

from sla.judgement.outages.failing_end import ENOUGH, LEAST
from sla.values.agreement import requests_of
from sla.values.measurements import Measurements

WAITING = 0.5  # of the users, on average over that time


@dataclass(frozen=True)
class Ceased:
    """Nothing succeeded in the last `seconds` of the load, and `failed` requests waited for most of them."""

    seconds: int
    failed: int

    def __str__(self) -> str:
        waited = f"{self.failed:,} requests waited for a response and had none"
        return f"nothing succeeded in the last {self.seconds} s of the load: {waited}"

    @property
    def enough(self) -> bool:
        """Whether so many waited that a success rate is missed by it, as in an open model."""
        return self.failed >= ENOUGH


def ceased(measurements: Measurements) -> Ceased | None:
    """None where something was successful in the last LEAST seconds of the load, where few waited (users may pause for long),
    and where arrivals were planned: there it is hanging().
    """
    facts = measurements.facts
    if facts.plan:
        return None
    names = set(requests_of({w.operation for w in measurements.windows}))
    mine = [w for w in measurements.windows if w.operation in names]
    first, end = -(-facts.load_started_ns // 10**9), facts.load_ended_ns // 10**9
    begin = max((w.second + 1 for w in mine if w.ok and w.second < end), default=first)
    seconds = end - begin
    if seconds < LEAST:
        return None
    failed = [w for w in mine if w.second >= begin and w.failures]
    waited_s = sum(min(w.service_sum_ns / w.finished, (w.second + 1 - begin) * 1e9) * w.failures for w in failed) / 1e9
    users = max((count.users for count in facts.users), default=0)
    if not failed or waited_s < WAITING * seconds * max(users, 1):
        return None
    return Ceased(seconds, sum(w.failures for w in failed))
