"""The alert rules of an agreement, as values: 12 rules in 4 groups, thresholds from its objectives.

Metric names come from the agreement's operations, so that a node with other names gets rules with other names. Every rule
can be sped up (a drill can't wait ten minutes): all its windows and its "for" shrink by one factor.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from bizra_load.monitoring.rules import DURATION, INSTANCE, JOB_LABEL, PERCENT, VALUE, AlertRule
from bizra_load.poi.rule_series import CPU, MEMORY, NodeSeries
from bizra_load.settings.remedies import WORDS
from sla.values.agreement import Agreement, Objective, OperationMetrics
from sla.values.baseline import unknown_limit
from sla.values.kinds import ServerLatency, SuccessRate, Throughput
from sla.values.promql import DEPLOYMENT, REPLICAS_OF_TARGETS, by
from sla.values.section import AgreementError

JOB = SERVICE = "bizra-node"
OPERATIONS = ("generate", "verify", "finality")
# all nodes of a cluster, since its failures would vanish among those of another; and all of the job, whose throughput is agreed
TOGETHER, ALL = by(*DEPLOYMENT), by("job")
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
    agreement: Agreement, job: str = JOB, limits: Thresholds | None = None, speed_up: float = 1.0
) -> tuple[AlertRule, ...]:
    """All rules, on the nodes of one job, in the order of GROUPS. `limits` replaces the agreement's own, `speed_up` shrinks
    windows and "for" (both for drills). Raises AgreementError as thresholds() does, and where an operation has no metrics.
    """
    t = limits or thresholds(agreement)
    series = NodeSeries({o: metrics_of(agreement, o) for o in OPERATIONS}, job, speed_up)
    rules = (*_finality(series, t), *_poi(series, t), *_resources(series, t), *_health(series, t))
    return tuple(replace(r, for_s=r.for_s / speed_up) for r in rules)


def _latency(
    series: NodeSeries, name: str, group: str, severity: str, operation: str, what: str, limit_s: float, for_s: float
) -> AlertRule:
    # >=: of what is beyond a histogram's last edge PromQL knows that edge alone, which may be the limit
    return AlertRule(
        name, group, severity, "sla", series.p99_over(operation, f">= {_number(limit_s)}"), for_s,
        f"The p99 of {what} is over {_time(limit_s)}",
        f"The p99 of {what} on {JOB_LABEL} {INSTANCE} is {DURATION}; the agreement allows {_time(limit_s)}.", SERVICE,
    )  # fmt: skip


def _finality(series: NodeSeries, t: Thresholds) -> tuple[AlertRule, ...]:
    group, checks = GROUPS[0], [series.operations["finality"].total]
    return (
        _latency(
            series, "FinalityCheckP99Violation", group, "critical", "finality", "finality checks", t.finality_p99_s, 120
        ),
        AlertRule(
            "FinalityCheckStalled", group, "critical", "sla",
            # as long as it lasts: an alert that ends by itself looks mended. The hour is for a process that was started again
            # and has completed none yet
            f"({series.ever(checks)} > 0 or {series.rates(checks, 3600)} > 0) and "
            f"{series.rates(series.successful(), 300)} > 0 unless {series.rates(checks, 300)} > 0", 60,
            "Finality checks came to a stop",
            f"{JOB_LABEL} {INSTANCE} has completed no finality check for 5 minutes, and did before, since it started or within "
            "the last hour; other operations go on.", SERVICE,
        ),
    )  # fmt: skip


def _poi(series: NodeSeries, t: Thresholds) -> tuple[AlertRule, ...]:
    group = GROUPS[1]
    budget = 1 - t.success
    burns = " or ".join(
        f"{series.errors(long, TOGETHER)} > {_number(factor * budget)} and "
        f"{series.errors(short, TOGETHER)} > {_number(factor * budget)} and {series.enough_failed(long, TOGETHER)}"
        for factor, long, short in BURN_RATES
    )
    return (
        _latency(series, "PoIGenerationP99Violation", group, "warning", "generate", "PoI generation", t.generate_p99_s, 300),
        _latency(series, "PoIVerificationP99Violation", group, "warning", "verify", "PoI verification", t.verify_p99_s, 300),
        AlertRule(
            "PoIThroughputDegraded", group, "warning", "sla",
            f"0 < {series.rates(series.successful(), 300, ALL, REPLICAS_OF_TARGETS)} < {_number(t.throughput_per_s)} or "
            f"{series.stopped()}", 600,
            f"PoI throughput is under {t.throughput_per_s:,.0f} ops/s, or one node's came to a stop",
            f"{JOB_LABEL} {INSTANCE}: {VALUE} operations/s; the agreement accepts {t.throughput_per_s:,.0f} or more of all "
            "nodes. With an instance: its generate or its verify came to a stop, while that of other nodes goes on.", SERVICE,
        ),
        AlertRule(
            "PoISuccessRateCritical", group, "critical", "sla",
            series.bad_share(300, t.success), 120,
            f"PoI success rate is under {100 * t.success:g} %",
            f"{PERCENT} of PoI operations on {JOB_LABEL} {INSTANCE} succeed; the agreement demands {100 * t.success:g} %.",
            SERVICE,
        ),
        AlertRule(
            "PoIErrorBudgetBurn", group, "critical", "sla", burns, 0,
            "The PoI error budget burns too fast",
            f"{JOB_LABEL} fails {PERCENT} of PoI operations: over 14.4 times the budget of {100 * budget:g} % for an hour, "
            "or over 6 times for six hours (SRE workbook, chapter 5).", SERVICE,
        ),
    )  # fmt: skip


def _resources(series: NodeSeries, t: Thresholds) -> tuple[AlertRule, ...]:
    group = GROUPS[2]
    return (
        AlertRule(
            "RustProcessMemoryHigh", group, "warning", "resource",
            f"{series.gauge(MEMORY)} > {_number(t.memory_bytes)}", 300,
            f"The node uses more than {t.memory_bytes / 2**30:.3g} GiB of memory",
            f"{INSTANCE} holds {{{{ $value | humanize1024 }}}}B of resident memory.", SERVICE,
        ),
        AlertRule(
            "RustProcessCPUHigh", group, "warning", "resource",
            f"{series.rate(CPU, 300, REPLICAS_OF_TARGETS)} > {_number(t.cpu_cores)}", 300,
            f"The node uses more than {t.cpu_cores:g} cores",
            f"{INSTANCE} uses {VALUE} cores.", SERVICE,
        ),
    )  # fmt: skip


def _health(series: NodeSeries, t: Thresholds) -> tuple[AlertRule, ...]:
    group = GROUPS[3]
    return (
        AlertRule(
            "RustMetricsEndpointDown", group, "critical", "health",
            series.down(), 60,
            "The node's metrics can't be scraped, or its process starts over and over",
            f"Prometheus has not been able to scrape {INSTANCE} for a minute, or most times in five, or every second time in "
            "fifteen; or its process started again three times in ten: little is known of it.", SERVICE,
        ),
        AlertRule(
            "RustMetricsAbsent", group, "critical", "health",
            f"{series.blind()} or {series.left()}", 120,
            "The node is scraped and series that alerts use are missing, or no node is scraped at all",
            f"{JOB_LABEL} {INSTANCE}: metrics that alerts use are missing or NaN. Either a node's responses lack them, "
            "or all nodes of the job (or of the cluster in these labels) have left service discovery: the alerts on them are "
            "blind.", SERVICE,
        ),
        AlertRule(
            "PrometheusScrapeSlow", group, "warning", "health",
            f"{series.gauge('scrape_duration_seconds')} > {_number(t.scrape_s)}", 300,
            f"Scraping the node takes over {t.scrape_s:g} s",
            f"A scrape of {INSTANCE} takes {DURATION}.", SERVICE,
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


def metrics_of(agreement: Agreement, operation: str) -> OperationMetrics:
    """Names of an operation's metrics. Raises AgreementError where one is missing that alerts and panels are made of."""
    metrics = agreement.operations.get(operation, OperationMetrics())
    for key in ("histogram", "total") if operation == "finality" else ("histogram", "total", "failed"):
        if not getattr(metrics, key):
            raise AgreementError(f"operations.{operation}.{key}: is missing, and alerts and panels are made of it")
    return metrics


def _number(value: float) -> str:
    return f"{value:.12g}"


def _time(seconds: float) -> str:
    for factor, name in ((1.0, "s"), (1e-3, "ms"), (1e-6, "us")):
        if seconds >= factor * 0.999:
            return f"{seconds / factor:g} {name}"
    return f"{seconds * 1e9:g} ns"
