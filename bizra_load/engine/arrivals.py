"""When one rate slot's operations are due. Pure: curve + number of slots + random generator -> due times.

A slot carries 1/slots of the curve. Constant arrivals: one each time the slot's share of the planned count passes a whole
number plus the slot's own random phase (so that slots do not beat in step). Poisson arrivals: unit-exponential steps of
that share, which is the exact inhomogeneous Poisson process of the curve's rate (inversion, Cinlar 1975).
"""

from __future__ import annotations

import itertools
import math
import random
from collections.abc import Iterator

from bizra_load.engine.load_curve import LoadCurve

KINDS = ("constant", "poisson")
SATURATE = "saturate"  # no arrivals at all: a closed model, each slot sends as soon as it has its response


def due_times_ns(curve: LoadCurve, slots: int, kind: str, rng: random.Random) -> Iterator[int]:
    """Due times of one of `slots` slots, whole ns after the start, ascending; ends with the curve."""
    if kind == "constant":
        shares: Iterator[float] = itertools.count(rng.random())
    elif kind == "poisson":
        uniform, log = rng.random, math.log  # expovariate(1.0) without its call, which costs as much again
        shares = itertools.accumulate(-log(1.0 - uniform()) for _ in itertools.repeat(None))
    else:
        raise ValueError(f"arrivals must be one of {', '.join(KINDS)}, not {kind!r}")
    return (int(t * 1e9) for t in curve.times_of(map(float(slots).__mul__, shares)))
