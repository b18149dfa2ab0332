"""The six panels of a PoI node under an agreement, and the environments that dashboards are made for."""

from __future__ import annotations

from bizra_load.monitoring.panels import Panel, ThresholdLine, _find, _line, _quantile, _rate
from sla.values.agreement import Agreement, Objective
from sla.values.kinds import ServerLatency, SuccessRate, Throughput

# environment -> (agreement, title); production's lines are the targets, testnet's throughput line is what it accepts
TEMPLATES = {
    "local": ("local", "local rehearsal"),
    "testnet": ("v2.2.0-rc1", "testnet"),
    "production": ("v2.2.0-rc1", "production"),
}


def node_panels(agreement: Agreement, environment: str = "") -> tuple[Panel, ...]:
    """The six panels of a node under an agreement. A limit that the agreement gives as a share of a plan has no line, nor has
    a multiple of a baseline that is not there (see sla.values.baseline.with_baseline): the panel's description says so.
    """
    accepted = agreement.accepted.get(environment, frozenset())
    metrics = agreement.operations
    throughput = _find(agreement, Throughput, ("generate", "verify"))
    success = _find(agreement, SuccessRate, ("generate", "verify"))
    limit = None
    if throughput:
        limit = throughput.acceptable if throughput.key in accepted and throughput.acceptable else throughput.target

    def latency(title: str, operation: str, quantiles: tuple[float, ...]) -> Panel:
        objective = _find(agreement, ServerLatency, (operation,))
        line = ThresholdLine(objective.target.value / 1e9, "above") if objective and objective.target.known else None
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
