"""The alert rules of an agreement, as values: 12 rules in 4 groups, thresholds from its objectives.

Metric names come from the agreement's operations, so that a node with other names gets rules with other names. Every rule
can be sped up (a drill can't wait ten minutes): all its windows and its "for" shrink by one factor.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from bizra_load.monitoring.rules import DURATION, INSTANCE, JOB_LABEL, PERCENT, VALUE, AlertRule, promql_duration
from bizra_load.settings.remedies import WORDS
from sla.values.agreement import Agreement, Objective
from sla.values.baseline import unknown_limit
from sla.values.kinds import ServerLatency, SuccessRate, Throughput
from sla.values.section import AgreementError

JOB = "bizra-node"
GROUPS = ("bizra_finality_sla", "bizra_poi_sla", "bizra_resource_limits", "bizra_health_checks")
# (burn-rate factor, long window, short window): 2 % of a 30-day error budget in an hour, 5 % in six hours.
# Google, The Site Reliability Workbook (2018), chapter 5 "Alerting on SLOs", table 5-8; the short window is a twelfth.
BURN_RATES = ((14.4, 3600, 300), (6.0, 21_600, 1800))


@dataclass(frozen=True)
class Thresholds:
    """Limits in seconds, operations/s, ratios, bytes, cores; each the agreement's own."""

    finality_p99_s: float
    generate_p99_s: float
    verify_p99_s: float
    throughput_per_s: float
    success: float
    memory_bytes: float
    cpu_cores: float
    scrape_s: float


def thresholds(agreement: Agreement) -> Thresholds:
    """Raises AgreementError for an agreement that lacks an objective a rule is made of, gives it as a share of a plan, or as a
    multiple of a baseline that is not there (see sla.values.baseline.with_baseline).
    """
    throughput = _objective(agreement, Throughput, ("generate", "verify"))
    limit = throughput.acceptable or throughput.target
    if limit.of_plan:
        raise AgreementError(
            f"objectives.{throughput.key}: a share of the plan gives no alert threshold (allowed: such as >= 50000 ops/s)"
        )
    return Thresholds(
        finality_p99_s=_p99_s(agreement, "finality"),
        generate_p99_s=_p99_s(agreement, "generate"),
        verify_p99_s=_p99_s(agreement, "verify"),
        throughput_per_s=limit.value,
        success=_objective(agreement, SuccessRate, ("generate", "verify")).target.value,
        memory_bytes=agreement.process.memory_bytes,
        cpu_cores=agreement.process.cpu_cores,
        scrape_s=agreement.process.scrape_s,
    )


def alert_rules(
    agreement: Agreement, limits: Thresholds | None = None, speed_up: float = 1.0, job: str = JOB
) -> tuple[AlertRule, ...]:
    """All rules, in the order of GROUPS. `limits` replaces the agreement's own, `speed_up` shrinks windows and "for" (both for
    drills). Raises AgreementError as thresholds() does, and where an operation has no metrics.
    """
    t = limits or thresholds(agreement)
    names = {o: metrics_of(agreement, o) for o in ("generate", "verify", "finality")}

    def span(seconds: float) -> str:
        return promql_duration(seconds / speed_up)

    def rate(metric: str, seconds: float) -> str:
        return f"sum by (job) (rate({metric}[{span(seconds)}]))"

    def p99(operation: str) -> str:
        buckets = f"{names[operation]['histogram']}_bucket"
        return f"histogram_quantile(0.99, sum by (job, le) (rate({buckets}[{span(300)}])))"

    def errors(seconds: float) -> str:
        failed, done = ([names[o][key] for o in ("generate", "verify")] for key in ("failed", "total"))
        bad = " + ".join(rate(m, seconds) for m in failed)
        good = " + ".join(rate(m, seconds) for m in done)
        return f"({bad}) / ({bad} + {good})"

    def rule(
        name: str, group: int, severity: str, kind: str, expr: str, for_s: float, summary: str, description: str
    ) -> AlertRule:
        return AlertRule(name, GROUPS[group], severity, kind, expr, for_s / speed_up, summary, description)

    def latency(name: str, group: int, severity: str, operation: str, what: str, limit_s: float, for_s: float) -> AlertRule:
        return rule(
            name, group, severity, "sla", f"{p99(operation)} > {_number(limit_s)}", for_s,
            f"The p99 of {what} is over {_time(limit_s)}",
            f"The p99 of {what} on {JOB_LABEL} is {DURATION}; the agreement allows {_time(limit_s)}.",
        )  # fmt: skip

    total = {o: names[o]["total"] for o in names}
    operations = f"{rate(total['generate'], 300)} + {rate(total['verify'], 300)}"
    checks = total["finality"]
    budget = 1 - t.success
    burns = " or ".join(
        f"({errors(long)} > {_number(factor * budget)} and {errors(short)} > {_number(factor * budget)})"
        for factor, long, short in BURN_RATES
    )
    node = f'{{job="{job}"}}'
    return (
        latency("FinalityCheckP99Violation", 0, "critical", "finality", "finality checks", t.finality_p99_s, 120),
        rule(
            "FinalityCheckStalled", 0, "critical", "sla",
            f"{rate(checks, 300)} == 0 and {rate(checks, 3600)} > 0", 60,
            "Finality checks came to a stop",
            f"{JOB_LABEL} has completed no finality check for 5 minutes, and did within the last hour.",
        ),
        latency("PoIGenerationP99Violation", 1, "warning", "generate", "PoI generation", t.generate_p99_s, 300),
        latency("PoIVerificationP99Violation", 1, "warning", "verify", "PoI verification", t.verify_p99_s, 300),
        rule(
            "PoIThroughputDegraded", 1, "warning", "sla",
            f"0 < {operations} < {_number(t.throughput_per_s)}", 600,
            f"PoI throughput is under {t.throughput_per_s:,.0f} ops/s",
            f"{JOB_LABEL} carries out {VALUE} operations/s; the agreement accepts {t.throughput_per_s:,.0f} or more.",
        ),
        rule(
            "PoISuccessRateCritical", 1, "critical", "sla",
            f"1 - {errors(300)} < {_number(t.success)}", 120,
            f"PoI success rate is under {100 * t.success:g} %",
            f"{PERCENT} of PoI operations on {JOB_LABEL} succeed; the agreement demands {100 * t.success:g} %.",
        ),
        rule(
            "PoIErrorBudgetBurn", 1, "critical", "sla", burns, 0,
            "The PoI error budget burns too fast",
            f"{JOB_LABEL} fails {PERCENT} of PoI operations: over 14.4 times the budget of {100 * budget:g} % for an hour, "
            "or over 6 times for six hours (SRE workbook, chapter 5).",
        ),
        rule(
            "RustProcessMemoryHigh", 2, "warning", "resource",
            f"process_resident_memory_bytes{node} > {_number(t.memory_bytes)}", 300,
            f"The node uses more than {t.memory_bytes / 2**30:.3g} GiB of memory",
            f"{INSTANCE} holds {{{{ $value | humanize1024 }}}}B of resident memory.",
        ),
        rule(
            "RustProcessCPUHigh", 2, "warning", "resource",
            f"rate(process_cpu_seconds_total{node}[{span(300)}]) > {_number(t.cpu_cores)}", 300,
            f"The node uses more than {t.cpu_cores:g} cores",
            f"{INSTANCE} uses {VALUE} cores.",
        ),
        rule(
            "RustMetricsEndpointDown", 3, "critical", "health",
            f"up{node} == 0", 60,
            "The node's metrics can't be scraped",
            f"Prometheus has not been able to scrape {INSTANCE} for a minute: nothing about it is known.",
        ),
        rule(
            "RustMetricsAbsent", 3, "critical", "health",
            f"up{node} == 1 unless on (job, instance) {total['generate']}", 120,
            "The node is scraped, but its PoI series are gone",
            f"{INSTANCE} answers scrapes without the PoI metrics: every other alert on them is blind.",
        ),
        rule(
            "PrometheusScrapeSlow", 3, "warning", "health",
            f"scrape_duration_seconds{node} > {_number(t.scrape_s)}", 300,
            f"Scraping the node takes over {t.scrape_s:g} s",
            f"A scrape of {INSTANCE} takes {DURATION}.",
        ),
    )  # fmt: skip


def _objective(agreement: Agreement, kind: type[Throughput | SuccessRate], operations: tuple[str, ...]) -> Objective:
    for o in agreement.objectives:
        if isinstance(o.kind, kind) and set(o.operations) == set(operations):
            return o
    raise AgreementError(f"objectives: none of kind {kind.name} for {' and '.join(operations)}, and an alert is made of it")


def _p99_s(agreement: Agreement, operation: str) -> float:
    for o in agreement.objectives:
        if o.kind == ServerLatency(0.99) and o.operations == (operation,):
            if reason := unknown_limit(o, None, WORDS):
                raise AgreementError(f"objectives.{o.key}: {reason}")
            return o.target.value / 1e9
    raise AgreementError(f"objectives: no server_quantile 0.99 of {operation}, and an alert is made of it")


def metrics_of(agreement: Agreement, operation: str) -> Mapping[str, str]:
    """Names of an operation's metrics. Raises AgreementError where one is missing that alerts and panels are made of."""
    found = agreement.operations.get(operation)
    wanted = ("histogram", "total") if operation == "finality" else ("histogram", "total", "failed")
    for key in wanted:
        if found is None or not getattr(found, key):
            raise AgreementError(f"operations.{operation}.{key}: is missing, and alerts and panels are made of it")
    assert found is not None
    return {key: getattr(found, key) for key in wanted}


def _number(value: float) -> str:
    return f"{value:.12g}"


def _time(seconds: float) -> str:
    for factor, name in ((1.0, "s"), (1e-3, "ms"), (1e-6, "us")):
        if seconds >= factor * 0.999:
            return f"{seconds / factor:g} {name}"
    return f"{seconds * 1e9:g} ns"
