"""The drill's limits and faults on machines of any speed."""

import random
from dataclasses import replace

import pytest

from bizra_load.judging.agreements import read_agreement
from bizra_load.node.faults import Faults
from bizra_load.poi.drill_plan import CLEARLY_OVER, kept_in_health, phases
from bizra_load.poi.rules import thresholds
from tests.golden.test_baseline import FOUND

LIMITS = thresholds(read_agreement("v2.2.0-rc1").agreement)


def at_speed(factor):
    """FOUND on a machine that is `factor` times as slow."""
    operations = tuple(replace(o, paced=replace(o.paced, p99=o.paced.p99.scaled(factor))) for o in FOUND.operations)
    return replace(FOUND, operations=operations)


def test_limits_that_the_machine_cannot_keep_in_health_are_raised_to_ten_times_its_baseline_and_said():
    low, message = kept_in_health(LIMITS, at_speed(1))
    assert low.generate_p99_s == pytest.approx(598.19e-6)
    assert low.verify_p99_s == pytest.approx(949e-6)
    assert low.finality_p99_s == LIMITS.finality_p99_s  # 31 us are less than the agreement's 1 ms
    assert message == {
        "generate p99": "598 us instead of 200 us: 10 x the 59.8 us that it takes alone here",
        "verify p99": "949 us instead of 400 us: 10 x the 94.9 us that it takes alone here",
    }


def test_a_machine_that_keeps_the_agreement_is_held_to_it():
    assert kept_in_health(LIMITS, at_speed(0.1)) == (LIMITS, {})


@pytest.mark.parametrize("factor", [0.1, 1, 10, 100])
def test_injected_latencies_are_far_over_the_limits_however_slow_the_machine_is(factor):
    low, _ = kept_in_health(LIMITS, at_speed(factor))
    faults = phases(low)[0].faults
    for operation in ("generate", "verify", "finality"):
        value = faults[f"{operation}.latency"][0]
        assert float(value.removesuffix("ms")) >= 0.999 * CLEARLY_OVER * getattr(low, f"{operation}_p99_s") * 1e3
        Faults(random.Random(0)).set({f"{operation}.latency": value})  # the node takes it
