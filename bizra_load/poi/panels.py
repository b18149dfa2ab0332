"""The six panels of a PoI node under an agreement, and the environments that dashboards are made for."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial

from bizra_load.monitoring.panels import Panel, ThresholdLine, line_of, node_quantile, node_rate, objective_of
from bizra_load.poi.rules import OPERATIONS, metrics_of
from bizra_load.settings.defaults import DEFAULT_AGREEMENT
from sla.values.agreement import Agreement, Objective, OperationMetrics
from sla.values.kinds import ServerLatency, SuccessRate, Throughput
from sla.values.promql import SCRAPERS, successful

# environment -> (agreement, title); production's lines are the targets, testnet's throughput line is what it accepts
TEMPLATES = {
    "local": ("local", "local rehearsal"),
    "testnet": (DEFAULT_AGREEMENT, "testnet"),
    "production": (DEFAULT_AGREEMENT, "production"),
}


def node_panels(agreement: Agreement, environment: str = "") -> tuple[Panel, ...]:
    """The six panels of a node under an agreement. A limit that the agreement gives as a share of a plan has no line, nor has
    a multiple of a baseline that is not there (see sla.values.baseline.with_baseline): the panel's description says so.
    Raises AgreementError where an operation has no metrics.
    """
    metrics = {o: metrics_of(agreement, o) for o in OPERATIONS}
    success = objective_of(agreement, SuccessRate, ("generate", "verify"))
    throughput = objective_of(agreement, Throughput, ("generate", "verify"))
    limit = None
    if throughput:
        accepted = throughput.key in agreement.accepted.get(environment, frozenset())
        limit = throughput.acceptable if accepted and throughput.acceptable else throughput.target
    latency, attempted = partial(_latency, agreement, metrics), partial(node_rate, scrapers=SCRAPERS)
    generate, verify, finality = (metrics[o] for o in ("generate", "verify", "finality"))
    failed = (generate.failed, verify.failed)
    return (
        latency("Finality check performance", "finality", (0.5, 0.9, 0.99)),
        Panel(
            "Finality throughput",
            "Finality checks completed each second.",
            "ops",
            {"finality checks": node_rate(finality.total)},
        ),
        latency("PoI generation performance", "generate", (0.5, 0.95, 0.99)),
        latency("PoI verification performance", "verify", (0.5, 0.95, 0.99)),
        Panel(
            "PoI throughput",
            "Attestations generated and verified each second; the line is what the agreement requires of both together"
            + (f" (accepted in {environment})." if limit and throughput and limit is throughput.acceptable else "."),
            "ops",
            {
                "generate": node_rate(generate.total),
                "verify": node_rate(verify.total),
                "both": node_rate(generate.total, verify.total),
            },
            line_of(limit),
        ),
        Panel(
            "PoI success rate",
            "Share of generate and verify operations that did not fail. The line is the agreement's target.",
            "percentunit",
            {"success rate": successful(attempted(*failed), attempted(*failed, generate.total, verify.total))},
            line_of(success.target if success else None),
        ),
    )


def _latency(
    agreement: Agreement, metrics: Mapping[str, OperationMetrics], title: str, operation: str, quantiles: tuple[float, ...]
) -> Panel:
    objective = objective_of(agreement, ServerLatency, (operation,))
    return Panel(
        title,
        f"Time inside {operation} as the node itself measures it, without HTTP. {_about(objective)}",
        "s",
        {f"p{100 * q:g}": node_quantile(q, metrics[operation].histogram) for q in quantiles},
        ThresholdLine(objective.target.value / 1e9, "above") if objective and objective.target.known else None,
    )


def _about(objective: Objective | None) -> str:
    """What the line of a latency panel means, or why there is none."""
    if objective is None:
        return "The agreement has no target for it."
    if objective.target.known:
        return "The line is the agreement's p99 target."
    times = f"{objective.target.times_baseline:g} times what the operation takes alone"
    return f"No line: the agreement's p99 target is {times} (bizra-load dashboard render --baseline FILE draws it)."
