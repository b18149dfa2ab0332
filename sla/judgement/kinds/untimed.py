"""Operations of an objective whose latency is unknown."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Self

from sla.judgement.steady import begun_by_second
from sla.values.assessment import Steady
from sla.values.kinds import INCLUDED, ClientLatency
from sla.values.measurements import Measurements


@dataclass(frozen=True)
class Untimed:
    """How many. `failed`: where the objective counts failed requests; in runs saved before these were timed, all of them but
    time-outs.
    """

    successful: int
    failed: int

    @classmethod
    def of(cls, kind: ClientLatency, measurements: Measurements, operations: Sequence[str], steady: Steady) -> Self:
        """Those of the judged part."""
        successful = sum(w.untimed for o in operations for w in measurements.windows_of(o) if steady.holds(w.second))
        seconds = begun_by_second(measurements, operations, steady) if kind.failures == INCLUDED else []
        return cls(successful, sum(w.untimed_failures(kind.latency) for second in seconds for w in second))

    @property
    def total(self) -> int:
        return self.successful + self.failed

    def __str__(self) -> str:
        counts = ((self.successful, "successful"), (self.failed, "failed"))
        return f"the latency of {' and '.join(f'{count:,} {which}' for count, which in counts if count)} operations"
