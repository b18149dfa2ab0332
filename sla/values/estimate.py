"""A number never travels alone: point, interval, level, sample size and effective sample size go together."""

from __future__ import annotations

import dataclasses
import math
from dataclasses import dataclass

from sla.values.number import complement


@dataclass(frozen=True)
class Estimate:
    """point in [low, high] at confidence `level`; `high` may be +inf (too few samples), `low` may be -inf.

    n is the number of samples, n_eff what they are worth after their dependence is taken into account (n_eff <= n).
    Raises ValueError for NaN or crossing bounds: an estimate is valid from its construction on.
    """

    point: float
    low: float
    high: float
    level: float
    n: float
    n_eff: float

    def __post_init__(self) -> None:
        if any(math.isnan(x) for x in (self.point, self.low, self.high, self.n, self.n_eff)):
            raise ValueError("an estimate can't hold NaN")
        if not self.low <= self.point <= self.high:
            raise ValueError(f"bounds cross: {self.low} <= {self.point} <= {self.high} does not hold")
        if not 0 < self.level < 1:
            raise ValueError(f"level must be in (0, 1), not {self.level}")

    def scaled(self, factor: float) -> Estimate:
        """The same estimate in another unit."""
        return Estimate(self.point * factor, self.low * factor, self.high * factor, self.level, self.n, self.n_eff)

    @property
    def complement(self) -> Estimate:
        """A share's: that of all the others."""
        return dataclasses.replace(self, point=complement(self.point), low=complement(self.high), high=complement(self.low))
