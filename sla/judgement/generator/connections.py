"""Were there enough connections? The wait for a free one is the generator's doing, as far as usual responses cause it.

A slot of the schedule is a queue with one server, its connection: an arrival that falls due while the one before is under way
waits. Let s be the service time within which USUAL of all responses came, and the wait be parted into V, what the queue would
hold if no response had taken longer than s, and the rest. The workload of such a queue is subadditive in its service times
(Lindley 1952), so the rest is what unusually slow responses caused: a stall of the target, which response times are there to
show. V is the want of connections. With arrivals at rate r a slot, r s < 1, its tail is Lundberg's (Asmussen, Applied
Probability and Queues, 2003, chapter XIII):

    P(V > h) <= exp(-x h / s)        x > 0 with r s (exp(x) - 1) = x

for Poisson arrivals; evenly spaced ones wait less. With r s >= 1 it grows without end: then no wait counts, nor where all
responses together, unusual ones included, keep the connections busy (too_few).
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from sla.estimators.laws import lundberg_exponent
from sla.judgement.steady import constant_part, operations_of
from sla.values import histogram
from sla.values.assessment import Steady
from sla.values.measurements import Measurements
from sla.values.remedies import PLAIN, Remedy, RemedyWords

USUAL = 0.9  # of the responses
FULL = 0.7  # of the time that connections may be busy before it is said that there are too few
HEADROOM = 3.0  # times the number of connections that Little's law asks for
PARTS = (0.3, 1.0, 3.0)  # of the share beyond a quantile: so many may have waited longer than what is taken off


@dataclass(frozen=True)
class Connections:
    """`count`: one a slot; `rate`: planned arrivals per second of all; mean_s, usual_s: service times, the mean and quantile
    USUAL (inf: longer than a histogram holds); `busy`: share of their time in which something was in flight on them.
    """

    count: int
    rate: float
    mean_s: float
    usual_s: float
    busy: float
    words: RemedyWords

    @property
    def too_few(self) -> bool:
        """Whether what was planned keeps them busier than they may be (Little 1961)."""
        return self.rate * self.mean_s > FULL * self.count

    @property
    def advice(self) -> str:
        """How many would do."""
        needed = math.ceil(HEADROOM * self.rate * self.mean_s)
        users = needed if needed > self.count else 2 * self.count
        return self.words[Remedy.MORE_CONNECTIONS].format(users=users, ops=self.rate / users)

    def wait_ns(self, share: float) -> float:
        """The wait for a free connection that at most this share of the arrivals exceeds, by usual responses alone."""
        load = self.rate * self.usual_s / self.count
        if load >= 1 or self.too_few:
            return math.inf
        if load == 0:
            return 0.0
        return self.usual_s * 1e9 * -math.log(share) / lundberg_exponent(load)


def connections(measurements: Measurements, steady: Steady, words: RemedyWords = PLAIN) -> Connections | None:
    """How the connections were used in the judged part. None where their number, the plan or a service time is not known."""
    count, rate = measurements.facts.slots, constant_part(measurements.facts)[2]
    named = set(operations_of(measurements.windows))
    here = [w for w in measurements.windows if steady.holds(w.second) and w.operation in named]
    finished, service = sum(w.finished for w in here), histogram.merge(w.service for w in here)
    if not (count and rate and service.total):
        return None
    length_ns = (steady.to_second - steady.from_second) * 1e9
    return Connections(
        count,
        rate,
        sum(w.service_sum_ns for w in here) / max(finished, 1) / 1e9,
        service.quantile_ns(USUAL) / 1e9,
        min(sum(w.in_flight_ns for w in here) / (count * length_ns), 1.0),
        words,
    )


def shares_beyond(q: float) -> list[float]:
    """PARTS of what lies beyond the q-quantile, as shares of all: those under q, so that a lower quantile is left."""
    return [share for share in ((1 - q) * part for part in PARTS) if share < q]
