"""The alert drill of a PoI node: limits that this machine keeps in health and faults can break, and the faults."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from bizra_load.monitoring.drills import DrillConditions, DrillPlan, Phase
from bizra_load.monitoring.rules import promql_duration
from bizra_load.poi.light_load import LightLoad
from bizra_load.poi.rules import Thresholds, alert_rules, thresholds
from reports.formats.table import quantity
from sla.values.agreement import Agreement

if TYPE_CHECKING:  # numpy is not for whoever only renders rules
    from sla.estimators.node_baseline import NodeBaseline

TIMES_BASELINE = 10.0
CLEARLY_OVER = 10.0  # what an injected latency is at least of its limit
# limits that a healthy rehearsal would never reach are lowered to these
THROUGHPUT_PER_S, OVER_IDLE_BYTES, CPU_CORES, SCRAPE_S = 60.0, 100 * 2**20, 0.6, 0.25


def drill_plan(agreement: Agreement, conditions: DrillConditions) -> DrillPlan:
    """Raises AgreementError as thresholds() does."""
    limits = thresholds(agreement)
    low = replace(
        limits,
        throughput_per_s=THROUGHPUT_PER_S,
        memory_bytes=conditions.idle_memory_bytes + OVER_IDLE_BYTES,
        cpu_cores=CPU_CORES,
        scrape_s=SCRAPE_S,
    )
    low, raised = kept_in_health(low, conditions.alone)
    speed_up = conditions.speed_up
    changed = {
        'every window and "for"': f"divided by {speed_up:g} (5m is {promql_duration(300 / speed_up)})",
        "throughput": f"{low.throughput_per_s:g} instead of {limits.throughput_per_s:,.0f} ops/s",
        "memory": f"{low.memory_bytes / 2**20:.0f} MiB instead of {limits.memory_bytes / 2**20:,.0f} MiB",
        "CPU": f"{low.cpu_cores:g} instead of {limits.cpu_cores:g} cores",
        "scrape duration": f"{low.scrape_s:g} instead of {limits.scrape_s:g} s",
        **raised,
    }
    return DrillPlan(alert_rules(agreement, limits=low, speed_up=speed_up), phases(low), changed, LightLoad)


def kept_in_health(limits: Thresholds, alone: NodeBaseline) -> tuple[Thresholds, dict[str, str]]:
    """Latency limits that are no less than ten times what the operation takes alone on this machine, and those raised."""
    raised, changed = {}, {}
    for o in alone.operations:
        field = f"{o.name}_p99_s"
        before_s, least_s = getattr(limits, field), TIMES_BASELINE * o.paced.p99.point / 1e9
        if least_s > before_s:
            raised[field] = least_s
            alone_s = quantity(o.paced.p99.point, "ns")
            changed[f"{o.name} p99"] = (
                f"{quantity(least_s * 1e9, 'ns')} instead of {quantity(before_s * 1e9, 'ns')}: "
                f"{TIMES_BASELINE:g} x the {alone_s} that it takes alone here"
            )
    return replace(limits, **raised), changed


def phases(limits: Thresholds) -> tuple[Phase, ...]:
    """In their order, with latencies far over the limits (s): from 100 ms on the light load is slowed down as well."""

    def over(limit_s: float, least_ms: float) -> str:
        return f"{max(least_ms, CLEARLY_OVER * limit_s * 1e3):g}ms"

    return (
        Phase(
            {
                "generate.latency": (over(limits.generate_p99_s, 100), ("PoIGenerationP99Violation", "PoIThroughputDegraded")),
                "verify.latency": (over(limits.verify_p99_s, 100), ("PoIVerificationP99Violation", "PoIThroughputDegraded")),
                "finality.latency": (over(limits.finality_p99_s, 5), ("FinalityCheckP99Violation",)),
                "error_rate": ("40%", ("PoISuccessRateCritical", "PoIErrorBudgetBurn")),
                "memory": ("200MiB", ("RustProcessMemoryHigh",)),
                "cpu": ("90%", ("RustProcessCPUHigh",)),
            }
        ),
        Phase(
            {
                "finality.latency": ("30s", ("FinalityCheckStalled",)),
                "metrics.latency": ("350ms", ("PrometheusScrapeSlow",)),
            }
        ),
        Phase({"metrics.down": ("true", ("RustMetricsEndpointDown",))}),
        Phase({"metrics.empty": ("true", ("RustMetricsAbsent",))}),
    )
