"""What nobody timed may have been slow, or fast: a latency passes and fails only where neither changes that."""

import dataclasses

import numpy as np
import pytest

from sla.judgement.evaluate import evaluate
from sla.values.assessment import Status
from sla.values.histogram import from_values
from tests.unit.sla.lagging import client, with_objectives
from tests.unit.sla.synthetic import LOCAL, measurements

RATE = 1000


def judged(target_ns, slow, untimed, slow_ns=50_000_000):
    """p99 of a run of RATE operations a second, of which so many are slow and so many were not timed."""

    def change(w):
        if w.operation != "generate":
            return w
        h = from_values(np.array([1_000_000] * (w.ok - slow - untimed) + [slow_ns] * slow))
        return dataclasses.replace(w, untimed=untimed, response=h, service=h)

    run = measurements(rate=RATE)
    run = dataclasses.replace(run, windows=tuple(map(change, run.windows)))
    a = evaluate(run, with_objectives(LOCAL.agreement, client(target_ns=target_ns)), LOCAL.baseline)
    return next(o for o in a.objectives if o.key == "mine")


@pytest.mark.parametrize(
    ("slow", "untimed", "status"),
    [
        (5, 0, Status.PASS),
        (5, 2, Status.PASS),
        (5, 9, Status.INCONCLUSIVE),  # 0.5 % slow and 0.9 % unknown: up to 1.4 %
        (0, 12, Status.INCONCLUSIVE),  # more than a hundredth is unknown
        (20, 0, Status.FAIL),
        (20, 5, Status.FAIL),
        (12, 400, Status.FAIL),  # 1.2 % of all
        (10, 400, Status.INCONCLUSIVE),  # 1.7 % of those timed, and just 1 % of all
    ],
)
def test_a_verdict_stands_that_what_is_unknown_does_not_change(slow, untimed, status):
    o = judged(10e6, slow, untimed)
    assert o.status is status
    if status is Status.INCONCLUSIVE:
        assert o.reason.startswith(f"the latency of {untimed * 60:,} successful operations is unknown: were they all ")
        assert o.seconds_needed is None
