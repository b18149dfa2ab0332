"""What alert rules are tried with: a fault for each, alone; of one node of two; of a node in two jobs, with restarts; delivered
by two replicas of a Prometheus; and with each of the series that a rule reads absent. As values; rule_tests makes promtool's
files of them.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace

from bizra_load.poi.rules import JOB, Thresholds, thresholds
from sla.values.agreement import Agreement, OperationMetrics

NODE, SECOND = "node-0:9090", "node-1:9090"
OTHER_JOB = "kubernetes-pods"  # a second scrape job that finds the node too
# the operator's, Thanos' and Mimir's
REPLICA_LABELS = ("prometheus", "prometheus_replica", "receive_replica", "replica", "__replica__", "endpoint", "service")
OWN_CLUSTER, OTHER_CLUSTER = "own", "other"
REPLICAS = tuple(", ".join(f'{label}="r{number}"' for label in REPLICA_LABELS) for number in (0, 1))
SHARE = 0.15  # of the first node's traffic that a second one has
WELL_MIN, BAD_MIN, HOUR_MIN = 12, 18, 62  # minutes before a fault; of one, or where a rule looks back an hour
MISSING = float("nan")


@dataclass(frozen=True)
class Case:
    """A rule, and what goes wrong for `minutes`: increments a minute of counters and values of gauges that replace those of a
    node that is well. `value` is the alert's as a description displays it; by `clears_min` it has resolved (0: not asked).

    beside    series that are there all the time and never change, such as those of a second node
    absent    series that are never there
    twice     everything is scraped by OTHER_JOB as well
    replicas  two replicas of a Prometheus deliver everything
    clusters  a node of the same instance in another cluster is well all the time
    restarts  the process starts again shortly before the end of the first two stretches
    instance  whose alert it is; "" where it is that of no single one
    """

    alert: str
    well: Mapping[str, float]
    bad: Mapping[str, float]
    value: str = ""
    minutes: int = BAD_MIN
    clears_min: int = 6
    title: str = "alone"
    well_min: int = WELL_MIN
    beside: Mapping[str, float] = field(default_factory=dict)
    absent: frozenset[str] = frozenset()
    twice: bool = False
    replicas: bool = False
    clusters: bool = False
    restarts: bool = False
    instance: str = NODE
    fires: bool = True
    from_the_start: bool = False


def cases(agreement: Agreement) -> list[Case]:
    """All of them. Raises AgreementError as thresholds() does."""
    node = _Node(agreement, thresholds(agreement))
    variants = []
    for case in node.faults():
        variants += [case, replace(case, title="in two jobs and with restarts", twice=True, restarts=True)]
        variants += [replace(case, title="delivered by two replicas", replicas=True)]
        if case.alert != "PoIThroughputDegraded":  # what is agreed is what all clusters do together
            variants += [replace(case, title="beside its like in another cluster", clusters=True)]
    return [*variants, *node.longer(), *node.of_two(), *node.without(), *node.gone()]


def is_gauge(series: str) -> bool:
    return not any(series.split("{")[0].endswith(end) for end in ("_total", "_bucket"))


class _Node:
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
            _series(finality.total, instance): checks,
            _series(generate.total, instance): each,
            _series(generate.failed, instance): 0,
            _series(verify.total, instance): each,
            _series(verify.failed, instance): 0,
            _series("process_resident_memory_bytes", instance): self.limits.memory_bytes / 2,
            _series("process_cpu_seconds_total", instance): 60 * self.limits.cpu_cores / 2,
            _series("up", instance): 1,
            _series("scrape_duration_seconds", instance): 0.01,
        }

    def buckets(self, operation: str, limit_s: float, each: float, over: float, instance: str = NODE) -> dict[str, float]:
        """Increments of a histogram with its limit as an edge: the share `over` it lies in the bucket up to twice the limit."""
        edges = ((f"{limit_s:.12g}", each * (1 - over)), (f"{2 * limit_s:.12g}", each), ("+Inf", each))
        return {_series(f"{self.of(operation).histogram}_bucket", instance, le): value for le, value in edges}

    def errors(self, generate: float, verify: float) -> dict[str, float]:
        """Increments where these shares of both fail."""
        return {
            _series(self.of("generate").total): self.each * (1 - generate),
            _series(self.of("generate").failed): self.each * generate,
            _series(self.of("verify").total): self.each * (1 - verify),
            _series(self.of("verify").failed): self.each * verify,
        }

    def fault(self, alert: str, bad: Mapping[str, float], value: str = "") -> Case:
        case = Case(alert, self.well, bad, value)
        return replace(case, minutes=HOUR_MIN, clears_min=35) if alert == "PoIErrorBudgetBurn" else case

    def slow(self, alert: str, operation: str, limit_s: float, each: float) -> Case:
        return self.fault(alert, self.buckets(operation, limit_s, each, 1.0), _duration(1.99 * limit_s))

    def faults(self) -> list[Case]:
        """One for each rule."""
        limits, series = self.limits, _series
        memory, cores, below, fast = 2 * limits.memory_bytes, 2 * limits.cpu_cores, 2 * self.budget, 20 * self.budget
        tenth = {series(self.of(o).total): self.each / 10 for o in ("generate", "verify")}
        scrape_s = limits.scrape_s + 1
        return [
            self.slow("FinalityCheckP99Violation", "finality", limits.finality_p99_s, 600),
            self.fault("FinalityCheckStalled", {series(self.of("finality").total): 0}),
            self.slow("PoIGenerationP99Violation", "generate", limits.generate_p99_s, self.each),
            self.slow("PoIVerificationP99Violation", "verify", limits.verify_p99_s, self.each),
            self.fault("PoIThroughputDegraded", tenth, _si(0.3 * limits.throughput_per_s)),
            self.fault("PoISuccessRateCritical", self.errors(below, below), _percent(1 - below)),
            self.fault("PoIErrorBudgetBurn", self.errors(fast, fast), _percent(fast)),
            self.fault("RustProcessMemoryHigh", {series("process_resident_memory_bytes"): memory}, f"{memory / 2**30:.4g}Gi"),
            self.fault("RustProcessCPUHigh", {series("process_cpu_seconds_total"): 60 * cores}, f"{cores:.4g}"),
            self.fault("RustMetricsEndpointDown", {series("up"): 0}),
            self.fault("RustMetricsAbsent", {series(self.of("generate").total): MISSING}),
            self.fault("PrometheusScrapeSlow", {series("scrape_duration_seconds"): scrape_s}, f"{scrape_s:.4g}s"),
        ]

    def longer(self) -> list[Case]:
        """The slower of the two burn rates, for longer than its six hours; and what a load test leaves behind."""
        creeping = 7 * self.budget
        burning = self.fault("PoIErrorBudgetBurn", self.errors(creeping, creeping), _percent(creeping))
        idle = {name: 0.0 for name in self.well if not is_gauge(name)}
        return [
            replace(burning, title="for six hours", minutes=6 * HOUR_MIN),
            *(
                replace(self.fault(alert, idle), title="all traffic ends", fires=False)
                for alert in ("FinalityCheckStalled", "PoIThroughputDegraded")
            ),
        ]

    def of_two(self) -> Iterator[Case]:
        """One of two nodes: the alert is its own, except where the agreement is kept or broken by both together."""
        of_all, burnt = 1 / (1 + SHARE), 20 * self.budget
        together = {
            "PoIThroughputDegraded": _si(3 * (0.1 + SHARE) * self.limits.throughput_per_s),
            "PoIErrorBudgetBurn": _percent(burnt * of_all),
        }
        second = self.series(SECOND, SHARE)
        for case in self.faults():
            value = together.get(case.alert, case.value)
            yield replace(case, title="one of two nodes", beside=second, value=value)
        # it hangs: of what completes, next to nothing is its own
        hanging = self.series(SECOND, 0.001)
        for operation, alert in (("finality", "FinalityCheckP99Violation"), ("generate", "PoIGenerationP99Violation")):
            limit_s, each = getattr(self.limits, f"{operation}_p99_s"), 0.001 * (600 if operation == "finality" else self.each)
            slow = self.buckets(operation, limit_s, each, 1.0, SECOND)
            value = _duration(1.99 * limit_s)
            title = "the one of two nodes that hardly completes any"
            yield replace(self.fault(alert, slow, value), title=title, beside=hanging, instance=SECOND)

    def without(self) -> Iterator[Case]:
        """Each series that a rule reads, absent: what is left shows the fault, or nothing can (see gone())."""
        named = {o: (_series(self.of(o).total), _series(self.of(o).failed)) for o in ("generate", "verify")}
        (generate, generate_failed), (verify, verify_failed) = named["generate"], named["verify"]
        finality, half = _series(self.of("finality").total), self.each / 2

        def absent(alert: str, series: set[str], bad: Mapping[str, float], value: str = "") -> Case:
            title = f"without {', '.join(sorted(name.split('{')[0] for name in series))}"
            case = replace(self.fault(alert, bad, value), title=title, absent=frozenset(series))
            return replace(case, well_min=2, clears_min=0) if alert == "PoIErrorBudgetBurn" else case

        for name in (generate, verify):
            yield absent("FinalityCheckStalled", {name}, {finality: 0})
            less = {generate: self.each / 10, verify: self.each / 10}
            yield absent("PoIThroughputDegraded", {name}, less, _si(0.15 * self.limits.throughput_per_s))
        for alert, successful in (("PoISuccessRateCritical", True), ("PoIErrorBudgetBurn", False)):

            def failed(share: float, successful: bool = successful) -> str:
                return _percent(1 - share if successful else share)

            # half of generate fails, and no verification ever has: its counter of failures is not exposed
            failing = {generate: half, generate_failed: half}
            yield absent(alert, {verify_failed}, failing, failed(0.25))
            yield absent(alert, {generate_failed}, {verify: half, verify_failed: half}, failed(0.25))
            yield absent(alert, {verify, verify_failed}, failing, failed(0.5))
            # nothing ever succeeded
            every = {generate_failed: self.each, verify_failed: self.each}
            yield absent(alert, {generate, verify}, every, failed(1.0))
            yield replace(absent(alert, {generate_failed, verify_failed}, {}), fires=False)
            yield absent(alert, {_series("up")}, self.errors(0.5, 0.5), failed(0.5))
        for case in self.faults():
            if case.alert.endswith("P99Violation") or (len(case.bad) == 1 and case.alert != "RustMetricsAbsent"):
                name = next(iter(case.bad)).split("{")[0]
                yield replace(case, title=f"without {name}", absent=frozenset(case.bad), fires=False)

    def gone(self) -> Iterator[Case]:
        """What only RustMetricsAbsent can say."""

        def absent(title: str, bad: Mapping[str, float]) -> Case:
            return replace(self.fault("RustMetricsAbsent", bad), title=title)

        for operation in ("generate", "verify", "finality"):
            histogram = f"{self.of(operation).histogram}_bucket"
            yield absent(f"the buckets of {operation}", {s: MISSING for s in self.well if s.startswith(histogram)})
        for operation in ("verify", "finality"):
            yield absent(f"the counter of {operation}", {_series(self.of(operation).total): MISSING})
        # scaled to nothing, or a label of its monitor is wrong: everything ends, its target too
        everything = dict.fromkeys(self.well, MISSING)
        yield replace(absent("no node is left", everything), instance="")
        other = {name.replace(f'job="{JOB}"', f'job="{OTHER_JOB}"'): value for name, value in self.well.items()}
        yield replace(absent("no node is left in its job", everything), instance="", beside=other)
        second = self.series(SECOND, SHARE)
        yield replace(absent("one of two nodes has left", everything), beside=second, fires=False)
        without_up = replace(absent("without up", {}), absent=frozenset({_series("up")}))
        yield replace(without_up, instance="", from_the_start=True)
        inner = {s for s in self.well if not s.startswith(("up{", "scrape_"))}
        own = {s.replace("}", ', cluster="of the program"}') if s in inner else s: value for s, value in self.well.items()}
        labelled = replace(absent("a cluster of the program's own", {}), well=own)
        yield replace(labelled, fires=False)
        lost = {s: MISSING for s in own if s.startswith(self.of("generate").total)}
        yield replace(labelled, title="a cluster of the program's own, and a counter is gone", bad=lost)
        for operation in ("verify", "finality"):
            metrics, title = self.of(operation), f"all that counts {operation} is gone"
            both = {s: MISSING for s in self.well if s.startswith((metrics.total, metrics.histogram))}
            yield absent(title, both)
            mine = {s: MISSING for s in own if s.startswith((metrics.total, metrics.histogram))}
            yield replace(labelled, title=f"a cluster of the program's own, and {title}", bad=mine)
        buckets = {s: MISSING for s in own if s.startswith(self.of("verify").histogram)}
        yield replace(labelled, title="a cluster of the program's own, and a histogram is gone", bad=buckets)
        down = everything | {_series("up"): 0, _series("scrape_duration_seconds"): 0.0}
        yield replace(absent("a node that is down", down), fires=False)
        yield replace(self.fault("RustMetricsEndpointDown", down), title="nothing else is there")
        other_replica = {name.replace("}", f", {REPLICAS[1]}}}"): value for name, value in self.well.items()}
        seen = replace(self.fault("RustMetricsEndpointDown", down), title="another replica can scrape it")
        yield replace(seen, beside=other_replica, fires=False)


def _series(name: str, instance: str = NODE, le: str = "") -> str:
    labels = {"job": JOB, "instance": instance} | ({"le": le} if le else {})
    inside = ", ".join(f'{k}="{v}"' for k, v in labels.items())
    return f"{name}{{{inside}}}"


def _duration(seconds: float) -> str:
    """Less than a minute, as Prometheus' humanizeDuration formats it."""
    for factor, name in ((1.0, "s"), (1e-3, "ms"), (1e-6, "us")):
        if seconds >= factor:
            return f"{seconds / factor:.4g}{name}"
    return f"{seconds * 1e9:.4g}ns"


def _percent(share: float) -> str:
    """As Prometheus' humanizePercentage formats it."""
    return f"{100 * share:.4g}%"


def _si(value: float) -> str:
    """A number as Prometheus' humanize formats it."""
    for factor, name in ((1e9, "G"), (1e6, "M"), (1e3, "k")):
        if value >= factor:
            return f"{value / factor:.4g}{name}"
    return f"{value:.4g}"
