"""Simulated runs with a beginning that MSER-5 cuts."""

import dataclasses

from sla.values.window import SCHEDULE
from tests.unit.sla.synthetic import RAMP_S, START

BEGIN = START + RAMP_S


def slow_start(run, seconds=20, failed=0, times=1):
    """The run with its first `seconds` after the ramp ten times as slow; `failed` operations of each second and operation fail
    there, and `times` as many are done.
    """

    def change(w):
        if w.operation == SCHEDULE or not BEGIN <= w.second < BEGIN + seconds:
            return w
        more = {name: times * getattr(w, name) for name in ("planned", "started", "in_flight_ns", "service_sum_ns")}
        failures = {"http_5xx": failed} if failed else {}
        slow = 10 * times * w.response_sum_ns
        return dataclasses.replace(w, ok=times * w.ok - failed, failed=failures, response_sum_ns=slow, **more)

    return dataclasses.replace(run, windows=tuple(change(w) for w in run.windows))
