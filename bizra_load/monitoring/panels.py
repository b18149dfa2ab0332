"""What the dashboards show, as values: panels with PromQL, units and threshold lines; of a node, or of the generator.

`$__rate_interval`, `$job` and `$instance` are Grafana's to fill in; runnable() fills them in for a Prometheus without Grafana.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from sla.agreement import Agreement, Limit, Objective

NODE = '{job=~"$job", instance=~"$instance"}'
GENERATOR = '{job=~"$job"}'
# environment -> (agreement, title); production's lines are the targets, testnet's throughput line is what it accepts
TEMPLATES = {
    "local": ("local", "local rehearsal"),
    "testnet": ("v2.2.0-rc1", "testnet"),
    "production": ("v2.2.0-rc1", "production"),
}


@dataclass(frozen=True)
class Line:
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
    line: Line | None = None


def node_panels(agreement: Agreement, environment: str = "") -> tuple[Panel, ...]:
    """The six panels of a node under an agreement. A limit that the agreement gives as a share of a plan has no line, nor has
    a multiple of a baseline that is not there (see sla.baseline.with_baseline): the panel's description says so.
    """
    accepted = agreement.accepted.get(environment, frozenset())
    objectives = {o.key: o for o in agreement.objectives}
    metrics = agreement.operations
    throughput = _find(agreement, "throughput", ("generate", "verify"))
    success = _find(agreement, "success", ("generate", "verify"))
    limit = None
    if throughput:
        limit = throughput.acceptable if throughput.key in accepted and throughput.acceptable else throughput.target

    def latency(title: str, operation: str, quantiles: tuple[float, ...]) -> Panel:
        objective = next((o for o in objectives.values() if o.kind == "server_quantile" and o.operations == (operation,)), None)
        line = Line(objective.target.value / 1e9, "above") if objective and objective.target.known else None
        name = metrics[operation].histogram
        return Panel(
            title,
            f"Time inside {operation} as the node itself measures it, without HTTP. {_about(objective)}",
            "s",
            {f"p{100 * q:g}": _quantile(q, name) for q in quantiles},
            line,
        )

    generate, verify, finality = (metrics[o] for o in ("generate", "verify", "finality"))
    done = f"{_rate(generate.total)} + {_rate(verify.total)}"
    failed = f"{_rate(generate.failed)} + {_rate(verify.failed)}"
    return (
        latency("Finality check performance", "finality", (0.5, 0.9, 0.99)),
        Panel(
            "Finality throughput", "Finality checks completed each second.", "ops", {"finality checks": _rate(finality.total)}
        ),
        latency("PoI generation performance", "generate", (0.5, 0.95, 0.99)),
        latency("PoI verification performance", "verify", (0.5, 0.95, 0.99)),
        Panel(
            "PoI throughput",
            "Attestations generated and verified each second; the line is what the agreement asks of both together"
            + (f" (accepted in {environment})." if limit and throughput and limit is throughput.acceptable else "."),
            "ops",
            {"generate": _rate(generate.total), "verify": _rate(verify.total), "both": done},
            _line(limit),
        ),
        Panel(
            "PoI success rate",
            "Share of generate and verify operations that did not fail. The line is the agreement's target.",
            "percentunit",
            {"success rate": f"({done}) / ({done} + {failed})"},
            _line(success.target if success else None),
        ),
    )


def _about(objective: Objective | None) -> str:
    """What the line of a latency panel is, or why there is none."""
    if objective is None:
        return "The agreement has no target for it."
    if objective.target.known:
        return "The line is the agreement's p99 target."
    times = f"{objective.target.times_baseline:g} times what the operation takes alone"
    return f"No line: the agreement's p99 target is {times} (bizra-load dashboard render --baseline FILE draws it)."


def generator_panels() -> tuple[Panel, ...]:
    """What the load generator says of itself (its /metrics: bizra_load/measure/exporter)."""

    def rate(metric: str, by: str = "") -> str:
        return f"sum{f' by ({by})' if by else ''} (rate({metric}{GENERATOR}[$__rate_interval]))"

    def finished(outcome: str, by: str = "") -> str:
        return f'sum{by} (rate(bizra_load_operations_finished_total{{job=~"$job", {outcome}}}[$__rate_interval]))'

    def quantile(q: float, metric: str, by: str = "") -> str:
        labels = f"{by}, le" if by else "le"
        return f"histogram_quantile({q:g}, sum by ({labels}) (rate({metric}_bucket{GENERATOR}[$__rate_interval])))"

    return (
        Panel(
            "Arrival rate: planned against achieved",
            "Planned by the load curve, sent by the workers, finished right. A gap between the first two is the generator's.",
            "ops",
            {
                "planned": f"sum (bizra_load_planned_rate_per_second{GENERATOR})",
                "started": rate("bizra_load_operations_started_total"),
                "finished right": finished('outcome="ok"'),
            },
        ),
        Panel(
            "Schedule lag",
            "How late arrivals are woken: part of every response time, no fault of the target. Over the line a run is invalid.",
            "s",
            {f"p{100 * q:g}": quantile(q, "bizra_load_schedule_lag_seconds") for q in (0.5, 0.99)},
            Line(0.005, "above"),
        ),
        Panel(
            "Response time by operation",
            "From the intended start, as a user of the service waits.",
            "s",
            {f"{{{{operation}}}} p{100 * q:g}": quantile(q, "bizra_load_response_seconds", "operation") for q in (0.5, 0.99)},
        ),
        Panel(
            "Service time by operation",
            "From the actual send.",
            "s",
            {f"{{{{operation}}}} p{100 * q:g}": quantile(q, "bizra_load_service_seconds", "operation") for q in (0.5, 0.99)},
        ),
        Panel(
            "Failed and unsent",
            "Failures by category, and arrivals that were planned and never sent.",
            "ops",
            {
                "{{outcome}}": finished('outcome!="ok"', " by (outcome)"),
                "unsent": rate("bizra_load_operations_unsent_total"),
            },
        ),
        Panel(
            "Workers",
            "CPU of each worker (a core is 1), and how many report.",
            "none",
            {
                "CPU {{worker}}": f"bizra_load_worker_cpu_ratio{GENERATOR}",
                "workers": f"sum (bizra_load_workers{GENERATOR})",
            },
            Line(0.9, "above"),
        ),
        Panel(
            "Checks of the run",
            "1: passed, 0: not; known once a run has been judged.",
            "none",
            {"{{check}}": f"bizra_load_check_passed{GENERATOR}"},
        ),
    )


def runnable(expression: str, job: str = ".*", instance: str = ".*", interval: str = "1m") -> str:
    """An expression as a plain Prometheus takes it."""
    for name, value in (("$__rate_interval", interval), ("$job", job), ("$instance", instance)):
        expression = expression.replace(name, value)
    return expression


def _rate(metric: str) -> str:
    return f"sum (rate({metric}{NODE}[$__rate_interval]))"


def _quantile(q: float, histogram: str) -> str:
    return f"histogram_quantile({q:g}, sum by (le) (rate({histogram}_bucket{NODE}[$__rate_interval])))"


def _find(agreement: Agreement, kind: str, operations: tuple[str, ...]) -> Objective | None:
    return next((o for o in agreement.objectives if o.kind == kind and o.operations == operations), None)


def _line(limit: Limit | None) -> Line | None:
    if limit is None or limit.of_plan:
        return None
    return Line(limit.value, "above" if limit.comparison == "<" else "below")
