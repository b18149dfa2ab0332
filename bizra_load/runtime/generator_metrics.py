"""The generator's own metrics for Prometheus: the windows and the health as they arrive, and the checks once they are judged.

They are those of one run: with the next run in the same process they start at 0 again, as after a restart, which rate() and
increase() understand. Histograms are filled in bulk from the windows' counts; a sample is counted under an edge once its
whole bucket lies at or under it, so an edge is exact to 1/1024 of its value. Those over range (over 60 s, timed out) are under
+Inf, and count as 60 s in the sum.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable

import numpy as np
from prometheus_client import CollectorRegistry
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily, Metric
from prometheus_client.registry import Collector

from bizra_load.measure.edges import CLIENT_EDGES_NS
from bizra_load.measure.recorder import MAX_OPERATIONS
from bizra_load.measure.report import Report
from bizra_load.runtime.consumers import Consumer, RunView
from sla.values.assessment import Assessment, Status
from sla.values.histogram import HIGHEST_NS, Histogram, bucket_high_ns, bucket_low_ns
from sla.values.window import FAILURE_CATEGORIES, OTHER, SCHEDULE

EDGES_NS = np.array(CLIENT_EDGES_NS, dtype=np.int64)
_LABELS = [str(e / 1e9) for e in EDGES_NS.tolist()]
SEEN_WITHIN_S = 5.0  # a worker that reported within this time is there: reports come once a second


class _Buckets:
    """A Prometheus histogram that is filled with whole histograms."""

    def __init__(self) -> None:
        self._counts = np.zeros(EDGES_NS.size + 1, dtype=np.int64)
        self._sum_ns = 0.0

    def add(self, histogram: Histogram) -> None:
        high = bucket_high_ns(histogram.indices)
        np.add.at(self._counts, np.searchsorted(EDGES_NS, high), histogram.counts)
        self._counts[-1] += histogram.over_range
        middle = (bucket_low_ns(histogram.indices) + high) / 2
        self._sum_ns += float(middle @ histogram.counts) + histogram.over_range * HIGHEST_NS

    def into(self, family: HistogramMetricFamily, labels: list[str]) -> None:
        cumulative = np.cumsum(self._counts).tolist()
        buckets = list(zip([*_LABELS, "+Inf"], map(float, cumulative), strict=True))
        family.add_metric(labels, buckets, self._sum_ns / 1e9)


class _Counted:
    """Running totals of one operation."""

    def __init__(self) -> None:
        self.planned = self.started = 0
        self.finished = dict.fromkeys(
            ("ok", *FAILURE_CATEGORIES), 0
        )  # all from the start, so that a first failure is an increase
        self.response, self.service = _Buckets(), _Buckets()


class GeneratorMetrics(Collector, Consumer):
    """A collector with a registry of its own. `clock` counts seconds (monotonic)."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._run: RunView | None = None
        self._clear()
        self.registry = CollectorRegistry(auto_describe=False)
        self.registry.register(self)

    def start(self, run: RunView) -> None:
        """A run starts: everything is 0 again."""
        self._run = run
        self._clear()

    def _clear(self) -> None:
        self._operations: dict[str, _Counted] = {}
        self._unsent = 0
        self._lag = _Buckets()
        self._workers: dict[str, tuple[float, float]] = {}  # worker -> when it reported last (s), its CPU share
        self._checks: dict[str, bool] = {}

    def add(self, report: Report) -> None:
        for w in report.windows:
            operation = self._operation(w.operation)
            operation.planned += w.planned
            operation.started += w.started
            operation.finished["ok"] += w.ok
            for category, count in w.failed.items():
                operation.finished[category] = operation.finished.get(category, 0) + count
            operation.response.add(w.response)
            operation.service.add(w.service)
            self._unsent += w.unsent
        for h in report.health:
            self._lag.add(h.lag)
            self._workers[h.worker] = (self._clock(), h.cpu_share)

    def assessed(self, assessment: Assessment) -> None:
        """The run has been judged. A check that could not be made has not passed."""
        self._checks = {c.key: c.status is Status.PASS for c in assessment.checks}

    def collect(self) -> Iterable[Metric]:
        named = sorted(self._operations.items())
        real = [(name, o) for name, o in named if name != SCHEDULE]
        planned = _counter("operations_planned", "Arrivals that were due, sent or not; never sent: (schedule)", ["operation"])
        started = _counter("operations_started", "Operations sent", ["operation"])
        finished = _counter(
            "operations_finished", "Operations finished, successful (ok) or failed by category", ["operation", "outcome"]
        )
        response = _histogram("response", "Latency from the intended start, of successful responses and time-outs")
        service = _histogram("service", "Latency from the actual send, of successful responses and time-outs")
        for name, o in named:
            planned.add_metric([name], o.planned)
        for name, o in real:
            started.add_metric([name], o.started)
            for outcome, count in o.finished.items():
                finished.add_metric([name, outcome], count)
            o.response.into(response, [name])
            o.service.into(service, [name])
        unsent = _counter("operations_unsent", "Arrivals that were due and never sent", [])
        unsent.add_metric([], self._unsent)
        lag = _histogram("schedule_lag", "How late the generator woke an arrival: its own delay, no fault of the target", [])
        self._lag.into(lag, [])
        yield from (planned, started, finished, unsent, response, service, lag)
        yield from self._gauges()

    def _gauges(self) -> Iterable[Metric]:
        now = self._clock()
        present = {w: cpu for w, (at, cpu) in sorted(self._workers.items()) if now - at <= SEEN_WITHIN_S}
        rate = _gauge("planned_rate_per_second", "Planned arrivals per second now", [])
        rate.add_metric([], self._run.times.planned_per_s() if self._run else 0.0)
        workers = _gauge("workers", f"Workers that reported within the last {SEEN_WITHIN_S:g} s", [])
        workers.add_metric([], len(present))
        cpu = _gauge("worker_cpu_ratio", "CPU seconds of the worker per second (1 is one core)", ["worker"])
        for worker, share in present.items():
            cpu.add_metric([worker], share)
        checks = _gauge("check_passed", "Checks of the run's own validity: 1 passed, 0 not; once the run is judged", ["check"])
        for key, passed in self._checks.items():
            checks.add_metric([key], float(passed))
        info = _gauge("run_info", "The run that these metrics are of", ["run", "agreement"])
        if self._run:
            info.add_metric([self._run.run_id, self._run.agreement_name], 1.0)
        return rate, workers, cpu, checks, info

    def _operation(self, name: str) -> _Counted:
        if name not in self._operations and len(self._operations) > MAX_OPERATIONS:
            name = OTHER  # every worker may have names of its own: they must not fill Prometheus either
        return self._operations.setdefault(name, _Counted())


def _counter(name: str, text: str, labels: list[str]) -> CounterMetricFamily:
    return CounterMetricFamily(f"bizra_load_{name}", text, labels=labels)


def _gauge(name: str, text: str, labels: list[str]) -> GaugeMetricFamily:
    return GaugeMetricFamily(f"bizra_load_{name}", text, labels=labels)


def _histogram(name: str, text: str, labels: list[str] | None = None) -> HistogramMetricFamily:
    return HistogramMetricFamily(f"bizra_load_{name}_seconds", text, labels=["operation"] if labels is None else labels)
