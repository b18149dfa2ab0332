"""Warm-ups are cut, drift is found, and a steady run is left alone."""

from __future__ import annotations

import numpy as np

from sla.judgement.steady import find_steady
from sla.values.assessment import Steady
from tests.calibration import simulate
from tests.calibration.trial import Trial, measurements_of


def judged_part(stream, factor, length_s) -> Steady:
    """What find_steady() leaves of a stream whose latency is multiplied by factor(seconds)."""
    latency = stream.latency_ns * factor(stream.finished_at_s)
    steady = find_steady(measurements_of(stream.finished_at_s, latency, length_s))
    assert steady is not None
    return steady


def steadiness(rng, make):
    length = 120
    stream = make(rng, length)
    slow_start = judged_part(stream, lambda t: np.where(t < 15, 2.0, 1.0), length)
    cooling = lambda t: 1 + 2 * np.exp(-t / 5)  # noqa: E731  # the shape of a cache that fills
    warm = judged_part(stream, cooling, length)
    kept = stream.finished_at_s >= warm.warm_up_s
    left = float((stream.latency_ns * cooling(stream.finished_at_s))[kept].mean() / stream.latency_ns[kept].mean() - 1)
    rising = judged_part(stream, lambda t: 0.9 + 0.2 * t / length, length)
    plain = judged_part(stream, lambda t: np.ones_like(t), length)
    return {
        "step of 15 s cut within 10 s": abs(slow_start.warm_up_s - 15) <= 10,
        "bias left by an exponential warm-up": left,
        "20 % drift in 120 s found": bool(rising.drift),
        "false drift": bool(plain.drift),
        "cut of a steady run (s)": plain.warm_up_s,
    }


WARM_UP = {
    "step of 15 s cut within 10 s": (0.95, 1.0),
    "bias left by an exponential warm-up": (-0.01, 0.01),
    "20 % drift in 120 s found": (0.95, 1.0),
    "false drift": (0.0, 0.03),
    "cut of a steady run (s)": (0.0, 2.0),
}

STREAMS = {
    "M/M/1 at load 0.5": lambda rng, length_s: simulate.mm1(rng, 0.5, length_s),
    "lognormal with AR noise": lambda rng, length_s: simulate.lognormal_ar(rng, length_s, sigma_slow=0.1),
}
TRIALS = [
    Trial("8", f"warm-up and drift, {name}, 120 s", lambda rng, make=make: steadiness(rng, make), WARM_UP)
    for name, make in STREAMS.items()
]
