"""When a load counts as interrupted: before the end of its plan, or of the time that Locust was given for it."""

import pytest

from bizra_load.engine.load_curve import ramp_and_hold
from bizra_load.measure.clock import SteadyClock
from bizra_load.runtime.run_times import EARLY_S, RunTimes

CURVE = ramp_and_hold(100.0, 1.0, 9.0)


class Clock(SteadyClock):
    """Says what time it is made to be."""

    now_ns = 10**18

    def unix_ns(self):
        return self.now_ns


def stopped(after_s, own_end=False, **options):
    times = RunTimes(Clock(), options.pop("curve", None), 10.0, **options)
    times.start_in(0.0)
    times.own_end = own_end
    times.clock.now_ns += int(after_s * 1e9)
    times.stop()
    return times


@pytest.mark.parametrize(
    ("after_s", "options", "interrupted"),
    [
        (9.9, {"curve": CURVE}, True),
        (10.0, {"curve": CURVE}, False),
        (9.9, {"curve": CURVE, "own_end": True}, True),  # what was planned was not made, whoever stopped it
        (16.0, {"ends_by_plan": False, "given_s": 600.0}, True),
        (600.0 - EARLY_S, {"ends_by_plan": False, "given_s": 600.0}, False),  # Locust's timer began sooner
        (600.0 - EARLY_S - 0.1, {"ends_by_plan": False, "given_s": 600.0}, True),
        (16.0, {"ends_by_plan": False, "given_s": 600.0, "own_end": True}, False),
        (16.0, {"ends_by_plan": False}, False),  # until somebody stops it
    ],
)
def test_whether_a_load_was_interrupted(after_s, options, interrupted):
    times = stopped(after_s, **options)
    assert times.interrupted is interrupted
    assert times.length_s == pytest.approx(min(after_s, 10.0) if "curve" in options else after_s)
