"""What resamples say of an estimate, beside the interval that decides."""

from __future__ import annotations

import math
from dataclasses import dataclass


@dataclass(frozen=True)
class Bootstrap:
    """The percentile interval [low, high] of so many `draws`, at the level and in the unit of the estimate; `high` may be +inf.

    gap     how many buckets of its histogram lie between a limit and the estimate's, at most
    apart   by how many standard errors of a share of draws the estimate's limits are not theirs, beyond what the bucket
            that such a limit lies in explains; 0: they agree
    Raises ValueError for NaN or crossing limits.
    """

    draws: int
    level: float
    low: float
    high: float
    gap: int
    apart: float

    def __post_init__(self) -> None:
        if any(math.isnan(x) for x in (self.low, self.high, self.apart)):
            raise ValueError("a bootstrap can't hold NaN")
        if not self.low <= self.high:
            raise ValueError(f"limits cross: {self.low} <= {self.high} does not hold")
