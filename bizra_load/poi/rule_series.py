"""PromQL over the metrics of the nodes of one job, of which the alert rules are made."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from bizra_load.monitoring.rules import promql_duration
from sla.values.agreement import OperationMetrics
from sla.values.promql import (
    ON_TARGET,
    REPLICAS,
    REPLICAS_OF_TARGETS,
    TARGET,
    added,
    bucket_rates,
    by,
    once,
    quantile_of,
    with_metric,
)

EACH = by(*TARGET)


@dataclass(frozen=True)
class Series:
    """`operations`: the names of each one's metrics. Windows are in seconds, before they are sped up.

    What is true of each instance is asked of each: in a sum over all of them, one that hangs and so completes little vanishes.
    What several replicas of a Prometheus deliver to one store is counted, and fires, once.
    """

    operations: Mapping[str, OperationMetrics]
    job: str
    speed_up: float

    @property
    def matchers(self) -> str:
        return f'job="{self.job}"'

    @property
    def node(self) -> str:
        return f"{{{self.matchers}}}"

    def span(self, window_s: float) -> str:
        return promql_duration(window_s / self.speed_up)

    def rate(self, metric: str, window_s: float, scrapers: Sequence[str] = REPLICAS) -> str:
        return once(f"rate({metric}{self.node}[{self.span(window_s)}])", scrapers)

    def p99(self, operation: str) -> str:
        return quantile_of(
            0.99, bucket_rates(self.operations[operation].histogram, self.matchers, self.span(300)), by(*TARGET, "le")
        )

    def gauge(self, metric: str) -> str:
        return once(f"{metric}{self.node}", REPLICAS_OF_TARGETS)

    def mostly_down(self) -> str:
        """Targets that most scrapes of five minutes failed on, and that are no younger than these."""
        share = once(f"avg_over_time(up{self.node}[{self.span(300)}])", REPLICAS_OF_TARGETS)
        return f"{share} < 0.5 and {ON_TARGET} up{self.node} offset {self.span(300)}"

    def rates(self, counters: Sequence[str], window_s: float, of: str = EACH, scrapers: Sequence[str] = REPLICAS) -> str:
        return added([self.rate(c, window_s, scrapers) for c in counters], of)

    def successful(self) -> list[str]:
        return [self.operations[o].total for o in ("generate", "verify")]

    def failed(self) -> list[str]:
        return [self.operations[o].failed for o in ("generate", "verify")]

    def errors(self, window_s: float, of: str = EACH) -> str:
        """The share of generate and verify operations that failed; empty where no counter of failures is there."""
        attempts = [*self.failed(), *self.successful()]
        return f"{self.rates(self.failed(), window_s, of)} / {self.rates(attempts, window_s, of)}"

    def blind(self) -> str:
        """Nodes that are up, and count an operation in its counter or its histogram and lack the other; or that have counted
        one in the last hour and count it nowhere now, while they generate. What was not counted for longer may have been
        restarted since, and be exposed with its next event.
        """

        def moves(counts: str) -> str:
            return f"(rate({counts}[{self.span(120)}]) > 0)"

        lacking, generates = [], moves(self.operations["generate"].total + self.node)
        for operation, metrics in self.operations.items():
            total, every = f"{metrics.total}{self.node}", f'{metrics.histogram}_bucket{{job="{self.job}", le="+Inf"}}'
            lacking += [f"{moves(total)} unless {ON_TARGET} {every}", f"{moves(every)} unless {ON_TARGET} {total}"]
            if operation != "generate":  # without whose counter the rule fires in any case
                had = f"count_over_time({total}[{self.span(3600)}]) and {ON_TARGET} {generates}"
                lacking.append(f"{had} unless {ON_TARGET} {total} unless {ON_TARGET} {every}")
        return with_metric(f"({self.gauge('up')} == 1)", f"({' or '.join(lacking)})")
