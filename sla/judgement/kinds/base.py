"""The interface of every kind of objective: one subclass a kind, chosen by sla.judgement.kinds.choose.estimator_of."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

from sla.judgement.generator.lateness import Lateness
from sla.judgement.objectives import EstimateAt
from sla.values.agreement import Agreement, Objective, OperationMetrics
from sla.values.assessment import Steady
from sla.values.measurements import Measurements
from sla.values.snapshot import Snapshot


@dataclass(frozen=True)
class ObjectiveEstimator(ABC):
    """One objective of an agreement whose relative limits are multiplied already (sla.values.baseline.with_baseline).

    metrics_caveat   what holds of every such figure from a server's metrics; "" for nothing
    """

    objective: Objective
    agreement: Agreement
    metrics_caveat: ClassVar[str] = ""

    @property
    def metrics(self) -> list[OperationMetrics]:
        """Names of the server's metrics of the objective's operations, in their order."""
        return [self.agreement.operations[name] for name in self.objective.operations]

    @abstractmethod
    def from_run(self, measurements: Measurements, steady: Steady, late: Lateness | None) -> EstimateAt:
        """From a run's measurements over its judged part. `late`: lateness() of the same measurements."""

    @abstractmethod
    def from_metrics(self, snapshots: Sequence[Snapshot], from_ns: int, to_ns: int) -> EstimateAt:
        """From a server's own metrics, where missing_in_metrics() is "": all of its `snapshots` between two times (Unix ns)."""

    @abstractmethod
    def missing_in_metrics(self) -> str:
        """Why a server's own metrics can't show this objective; "" when they can."""

    @abstractmethod
    def fails_despite(self, doubt: float, measurements: Measurements, steady: Steady, level: float) -> bool:
        """Whether the objective, measured in a run, misses its target even with `doubt` more operations, all successful and
        fast; False also where that can't be bounded.
        """

    def metrics_notes(self, snapshots: Sequence[Snapshot]) -> list[str]:
        """What a reader of this figure from a server's metrics must know."""
        return []
