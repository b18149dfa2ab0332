"""A service that ceased to respond: its connections are all waiting, a few requests time out, and the others are never sent.

What fails is then a handful of requests in the second in which it began, and no share of anything. That nothing succeeded
since, to the very end, is seen all the same: in each second arrivals were due, and none was carried out.
"""

from __future__ import annotations

import numpy as np

from sla.estimators.dependence import FloatArray
from sla.judgement.generator.lateness import SECOND_NS, Lateness
from sla.judgement.outages.failing_end import ENOUGH, LEAST
from sla.values.assessment import Steady
from sla.values.measurements import Measurements
from sla.values.window import SCHEDULE


def hanging(ok: FloatArray, failed: FloatArray, measurements: Measurements, steady: Steady, late: Lateness) -> str:
    """Why a success rate is missed at the end of the judged part, by what began in each second of it, both of shape (m,); ""
    where it is not, and where the generator itself was away: then nothing was asked.
    """
    unsent = np.zeros(ok.size)
    for w in measurements.windows_of(SCHEDULE):
        if steady.holds(w.second):
            unsent[w.second - steady.from_second] += w.unsent
    begin = int(np.append(np.flatnonzero(ok), -1).max()) + 1
    seconds = range(steady.from_second + begin, steady.to_second)
    timed_out, never_sent = int(failed[max(begin - 1, 0) :].sum()), int(unsent[begin:].sum())
    if len(seconds) < LEAST or timed_out < ENOUGH or not never_sent or not (failed + unsent)[begin:].all():
        return ""
    if not late.reported[begin:].all() or any(late.woken_ns.get(second, 0.0) > SECOND_NS for second in seconds):
        return ""
    return (
        f"nothing succeeded in the last {len(seconds)} s: {timed_out:,} operations failed, and {never_sent:,} were not sent "
        "as every connection waited for a response"
    )
