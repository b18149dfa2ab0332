"""A node that keeps an agreement, and a fault of it for each rule. As values."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from bizra_load.poi.rule_case import HOUR_MIN, MISSING, NODE, Case, duration, percent, series, si
from bizra_load.poi.rules import Thresholds
from sla.values.agreement import Agreement, OperationMetrics


class PlayedNode:
    """A node that keeps everything, and its faults."""

    def __init__(self, agreement: Agreement, limits: Thresholds) -> None:
        self.agreement, self.limits = agreement, limits
        self.each = 1.5 * limits.throughput_per_s * 60  # generate and verify together: three times what is accepted
        self.budget = 1 - limits.success
        self.well = self.series()

    def of(self, operation: str) -> OperationMetrics:
        return self.agreement.operations[operation]

    def series(self, instance: str = NODE, share: float = 1.0) -> dict[str, float]:
        """A node that is well: counters by minute, gauges as they are."""
        generate, verify, finality = (self.of(o) for o in ("generate", "verify", "finality"))
        each, checks = share * self.each, share * 600
        return {
            **self.buckets("finality", self.limits.finality_p99_s, checks, 0.0, instance),
            **self.buckets("generate", self.limits.generate_p99_s, each, 0.0, instance),
            **self.buckets("verify", self.limits.verify_p99_s, each, 0.0, instance),
            series(finality.total, instance): checks,
            series(generate.total, instance): each,
            series(generate.failed, instance): 0,
            series(verify.total, instance): each,
            series(verify.failed, instance): 0,
            series("process_resident_memory_bytes", instance): self.limits.memory_bytes / 2,
            series("process_cpu_seconds_total", instance): 60 * self.limits.cpu_cores / 2,
            series("process_start_time_seconds", instance): 0,
            series("up", instance): 1,
            series("scrape_duration_seconds", instance): 0.01,
        }

    def buckets(self, operation: str, limit_s: float, each: float, over: float, instance: str = NODE) -> dict[str, float]:
        """Increments of a histogram with its limit as an edge: the share `over` it lies in the bucket up to twice the limit."""
        edges = ((f"{limit_s:.12g}", each * (1 - over)), (f"{2 * limit_s:.12g}", each), ("+Inf", each))
        return {series(f"{self.of(operation).histogram}_bucket", instance, le): value for le, value in edges}

    def errors(self, generate: float, verify: float) -> dict[str, float]:
        """Increments where these shares of both fail."""
        return {
            series(self.of("generate").total): self.each * (1 - generate),
            series(self.of("generate").failed): self.each * generate,
            series(self.of("verify").total): self.each * (1 - verify),
            series(self.of("verify").failed): self.each * verify,
        }

    def fault(self, alert: str, bad: Mapping[str, float], value: str = "") -> Case:
        case = Case(alert, self.well, bad, value, instance="" if alert == "PoIThroughputDegraded" else NODE)
        return replace(case, minutes=HOUR_MIN, clears_min=35) if alert == "PoIErrorBudgetBurn" else case

    def slow(self, alert: str, operation: str, limit_s: float, each: float) -> Case:
        return self.fault(alert, self.buckets(operation, limit_s, each, 1.0), duration(1.99 * limit_s))

    def faults(self) -> list[Case]:
        """One for each rule."""
        limits = self.limits
        memory, cores, below, fast = 2 * limits.memory_bytes, 2 * limits.cpu_cores, 2 * self.budget, 20 * self.budget
        tenth = {series(self.of(o).total): self.each / 10 for o in ("generate", "verify")}
        scrape_s = limits.scrape_s + 1
        return [
            self.slow("FinalityCheckP99Violation", "finality", limits.finality_p99_s, 600),
            self.fault("FinalityCheckStalled", {series(self.of("finality").total): 0}),
            self.slow("PoIGenerationP99Violation", "generate", limits.generate_p99_s, self.each),
            self.slow("PoIVerificationP99Violation", "verify", limits.verify_p99_s, self.each),
            self.fault("PoIThroughputDegraded", tenth, si(0.3 * limits.throughput_per_s)),
            self.fault("PoISuccessRateCritical", self.errors(below, below), percent(1 - below)),
            self.fault("PoIErrorBudgetBurn", self.errors(fast, fast), percent(fast)),
            self.fault("RustProcessMemoryHigh", {series("process_resident_memory_bytes"): memory}, f"{memory / 2**30:.4g}Gi"),
            self.fault("RustProcessCPUHigh", {series("process_cpu_seconds_total"): 60 * cores}, f"{cores:.4g}"),
            self.fault("RustMetricsEndpointDown", {series("up"): 0}),
            self.fault("RustMetricsAbsent", {series(self.of("generate").total): MISSING}),
            self.fault("PrometheusScrapeSlow", {series("scrape_duration_seconds"): scrape_s}, f"{scrape_s:.4g}s"),
        ]
