"""The agreement: what is promised, how it is measured, what counts. sla.values.agreement_parser reads it from a mapping."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from sla.values.assessment import Severity
from sla.values.kinds import ObjectiveKind, Throughput, Unit
from sla.values.monitoring import RequiredMonitoring
from sla.values.shown import first_of

MEASURED = "measured"  # as an agreement's baseline: what is measured on the machine in the minute of the run
NO_AGREEMENT = "no agreement"
TASK = "task "  # how the operation begins that a whole task of a locustfile is
MOST_NAMES = 5  # of operations, in a line


@dataclass(frozen=True)
class Limit:
    """`comparison` is "<" or ">="; `value` in ns, ops/s or a ratio; `of_plan`: a share of the planned rate.

    times_baseline   the limit is this multiple of the objective's baseline (0: it is not), and not under `at_least` (ns);
                     `value` is NaN, with which every comparison is false, until baseline.with_baseline() has multiplied
    """

    comparison: str
    value: float
    of_plan: bool = False
    times_baseline: float = 0.0
    at_least: float = 0.0

    @property
    def known(self) -> bool:
        """False for a multiple of a baseline, or a share of a plan, that is not there."""
        return not math.isnan(self.value)


@dataclass(frozen=True)
class OperationMetrics:
    """Names of the server's metrics of one operation; "" where the server has none.

    timer   what its histogram times: "inside" the operation alone, or its waiting in the server too ("queueing")
    """

    histogram: str = ""
    total: str = ""
    failed: str = ""
    timer: str = "inside"


@dataclass(frozen=True)
class Objective:
    """One promise. `target` and `acceptable` (None: whatever misses the target fails) are in the unit of its kind; of an error
    rate they are those of the success rate that it is the complement of.

    operations     (): all that the load has, see of_load()
    baseline_key   key of its figure in a baseline; "" for none
    """

    key: str
    title: str
    severity: Severity
    kind: ObjectiveKind
    operations: tuple[str, ...]
    target: Limit
    acceptable: Limit | None
    baseline_key: str

    @property
    def unit(self) -> Unit:
        """Unit of its limits and estimates."""
        return self.kind.unit

    @property
    def quantile(self) -> float:
        """The quantile of a latency, else 0."""
        return self.kind.quantile

    @property
    def of_operations(self) -> str:
        """Its operations in a line: the first of them, and how many more there are."""
        return first_of(self.operations, MOST_NAMES, " + ") if self.operations else "all operations"


@dataclass(frozen=True)
class ValidityLimits:
    """When a run is not to be trusted. Shares are ratios."""

    unsent_share: float = 0.01
    lag_p99_ns: float = 5e8  # half a window; a smaller lag opens single objectives (sla.judgement.generator.lateness)
    cpu_share: float = 0.9
    achieved_share: float = 0.005
    clock_skew_ns: float = 250e6


@dataclass(frozen=True)
class ProcessLimits:
    """What the node's process may use, and how long a scrape of it may take: for alerts and the monitoring gate."""

    memory_bytes: float = 2 * 2**30
    cpu_cores: float = 3.6
    scrape_s: float = 4.0


@dataclass(frozen=True)
class Agreement:
    """What is promised of a release, validated as it was read (sla.values.agreement_parser).

    product      what is tested; "": it names none, and whoever reads the agreement finds it by its operations
    evidence_age_s   how long before the run evidence may have been made
    monitoring   what that product requires; whoever reads the agreement adds it
    deployment   what that product is usually called on Kubernetes; added likewise
    """

    name: str
    objectives: tuple[Objective, ...]
    operations: Mapping[str, OperationMetrics]
    evidence: Mapping[str, str]  # gates that evidence from outside decides: key -> title
    accepted: Mapping[str, frozenset[str]]  # environment -> objectives whose WARN is accepted
    default_environment: str
    baseline: str
    not_assessed: str = ""
    validity: ValidityLimits = field(default_factory=ValidityLimits)
    process: ProcessLimits = field(default_factory=ProcessLimits)
    product: str = ""
    monitoring: RequiredMonitoring = field(default_factory=RequiredMonitoring)
    deployment: str = "my-service"
    evidence_age_s: float = 30 * 86_400.0

    @property
    def server_metrics(self) -> frozenset[str]:
        """The names of all counters and histograms of its operations."""
        return frozenset(n for m in self.operations.values() for n in (m.histogram, m.total, m.failed) if n)


def of_load(agreement: Agreement, names: Sequence[str]) -> Agreement:
    """The agreement where objectives on all operations are on those that the load has, by `names`. Tasks that make requests
    are none of them, they would count twice; but throughput is theirs, as the planned rate is.
    """
    if all(o.operations for o in agreement.objectives):
        return agreement
    requests, counted = requests_of(names), planned_of(names)

    def on_all(o: Objective) -> Objective:
        return replace(o, operations=tuple(counted if isinstance(o.kind, Throughput) else requests))

    known = {**dict.fromkeys((*requests, *counted), OperationMetrics()), **agreement.operations}
    objectives = tuple(o if o.operations else on_all(o) for o in agreement.objectives)
    return replace(agreement, objectives=objectives, operations=known)


def requests_of(names: Iterable[str]) -> list[str]:
    """The operations that are no tasks; where all are tasks, those."""
    names = list(names)
    return [name for name in names if not name.startswith(TASK)] or names


def planned_of(names: Iterable[str]) -> list[str]:
    """The operations that a planned rate is of: tasks, where there are any."""
    names = list(names)
    return [name for name in names if name.startswith(TASK)] or names


# Figures without a verdict, for data that nothing was promised about.
FIGURES_ONLY = Agreement(
    NO_AGREEMENT, (), {}, {}, {"default": frozenset()}, "default", "", "no agreement was given: figures only"
)
