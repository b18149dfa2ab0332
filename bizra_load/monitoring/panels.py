"""What a panel is, and the panels of the load generator itself: PromQL, units, threshold lines, as values.

`$__rate_interval`, `$job` and `$instance` are Grafana's to fill in; runnable() fills them in for a Prometheus without Grafana.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from sla.judgement.generator.lag_causes import FINE_NS
from sla.values.agreement import Agreement, Limit, Objective
from sla.values.kinds import ObjectiveKind
from sla.values.promql import SCRAPERS, SCRAPERS_OF_TARGETS, added, bucket_rates, by, once, quantile_of

OF_NODE, OF_GENERATOR = 'job=~"$job", instance=~"$instance"', 'job=~"$job"'
NODE, GENERATOR = f"{{{OF_NODE}}}", f"{{{OF_GENERATOR}}}"
RATED = "$__rate_interval"
RANGE = "5m"  # holds two scrapes of a Prometheus that scrapes once a minute, its default


@dataclass(frozen=True)
class ThresholdLine:
    """A threshold line; what lies on its bad side is red. `bad` is "above" or "below"."""

    value: float
    bad: str


@dataclass(frozen=True)
class Panel:
    """`queries` maps a legend to PromQL; `unit` is Grafana's name of it (s, ops, percentunit, ...)."""

    title: str
    description: str
    unit: str
    queries: Mapping[str, str]
    line: ThresholdLine | None = None


def generator_panels() -> tuple[Panel, ...]:
    """The panels of the load generator's own /metrics (runtime/metrics_server)."""
    return (*_timeliness(), *_trouble())


def _timeliness() -> tuple[Panel, ...]:
    """The rate that was planned and kept, and how long users and requests waited."""
    started, successful = _generator_rate("bizra_load_operations_started_total"), _finished('outcome="ok"')
    return (
        Panel(
            "Arrival rate: planned against achieved",
            "Planned by the load curve, sent by the workers, successful ones. A gap between the first two is the generator's.",
            "ops",
            {
                "planned": added([once(f"bizra_load_planned_rate_per_second{GENERATOR}")]),
                "started": started,
                "successful": f"{successful} or 0 * {started}",  # 0 where nothing has succeeded yet
            },
        ),
        Panel(
            "Schedule lag",
            "How late arrivals start: in each response time, no fault of the target. Over the line the report says why.",
            "s",
            {f"p{100 * q:g}": _generator_quantile(q, "bizra_load_schedule_lag_seconds") for q in (0.5, 0.99)},
            ThresholdLine(FINE_NS / 1e9, "above"),
        ),
        Panel(
            "Response time by operation",
            "From the intended start, as a user of the service waits.",
            "s",
            _operation_quantiles("bizra_load_response_seconds"),
        ),
        Panel(
            "Service time by operation",
            "From the actual send.",
            "s",
            _operation_quantiles("bizra_load_service_seconds"),
        ),
    )


def _operation_quantiles(metric: str) -> dict[str, str]:
    return {f"{{{{operation}}}} p{100 * q:g}": _generator_quantile(q, metric, "operation") for q in (0.5, 0.99)}


def _trouble() -> tuple[Panel, ...]:
    """Failures, the workers' health, and the checks of the run."""
    return (
        Panel(
            "Failed and unsent",
            "Failures by category, and arrivals that were planned and never sent.",
            "ops",
            {
                "{{outcome}}": _finished('outcome!="ok"', "outcome"),
                "unsent": _generator_rate("bizra_load_operations_unsent_total"),
            },
        ),
        Panel(
            "Workers",
            "CPU of each worker (a core is 1), and how many report.",
            "none",
            {
                "CPU {{worker}}": once(f"bizra_load_worker_cpu_ratio{GENERATOR}"),
                "workers": added([once(f"bizra_load_workers{GENERATOR}")]),
            },
            ThresholdLine(0.9, "above"),
        ),
        Panel(
            "Checks of the run",
            "1: passed, 0: not; known once a run has been judged.",
            "none",
            {"{{check}}": once(f"bizra_load_check_passed{GENERATOR}")},
        ),
    )


def _generator_rate(metric: str) -> str:
    return added([once(f"rate({metric}{GENERATOR}[{RATED}])")])


def _finished(outcome: str, *of: str) -> str:
    rate = once(f"rate(bizra_load_operations_finished_total{{{OF_GENERATOR}, {outcome}}}[{RATED}])")
    return added([rate], by(*of) if of else "")


def _generator_quantile(q: float, metric: str, *of: str) -> str:
    return quantile_of(q, bucket_rates(metric, OF_GENERATOR, RATED, SCRAPERS_OF_TARGETS), by(*of, "le"))


def runnable(expression: str, job: str = ".*", instance: str = ".*", interval: str = "1m") -> str:
    """An expression as a plain Prometheus takes it."""
    for name, value in ((RATED, interval), ("$job", job), ("$instance", instance)):
        expression = expression.replace(name, value)
    return expression


def node_rate(*counters: str, scrapers: Sequence[str] = SCRAPERS_OF_TARGETS) -> str:
    """PromQL: the increase a second of counters together, over all chosen nodes; of those that are there. For a share of them,
    `scrapers` is SCRAPERS (see once()).
    """
    return added([once(f"rate({c}{NODE}[{RATED}])", scrapers) for c in counters])


def node_quantile(q: float, histogram: str) -> str:
    """PromQL: a quantile of a histogram, over all chosen nodes."""
    return quantile_of(q, bucket_rates(histogram, OF_NODE, RATED, SCRAPERS), by("le"))


def objective_of(agreement: Agreement, kind: type[ObjectiveKind], operations: tuple[str, ...]) -> Objective | None:
    """The first objective of that kind for exactly these operations, if there is one."""
    return next((o for o in agreement.objectives if isinstance(o.kind, kind) and o.operations == operations), None)


def line_of(limit: Limit | None) -> ThresholdLine | None:
    """The threshold line of a limit; None where it is a share of a plan."""
    if limit is None or limit.of_plan:
        return None
    return ThresholdLine(limit.value, "above" if limit.comparison == "<" else "below")
