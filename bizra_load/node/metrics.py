"""The node's metrics, names and buckets as agreed: every SLA threshold is itself a bucket edge.

*_total counts operations that were carried out, *_fail_total those that failed (500); attempts are the sum of both.
A request refused with 400 was not attempted. A verification that finds a wrong signature was carried out. A finality
check failed on purpose counts nowhere: the agreed metrics have no counter for it.
"""

from __future__ import annotations

from prometheus_client import CollectorRegistry, Counter, Histogram, ProcessCollector, generate_latest

_MICROSECONDS = (1, 2, 5, 10, 13, 20, 26, 50, 100, 150, 200, 300, 400, 500)
_MILLISECONDS = (1, 2, 5, 10, 50, 100, 500, 1000, 5000, 10_000)
EDGES_S = tuple(us / 1e6 for us in _MICROSECONDS) + tuple(ms / 1e3 for ms in _MILLISECONDS)


class OperationMetrics:
    def __init__(self, registry: CollectorRegistry, histogram: str, total: str, failed: str | None, what: str) -> None:
        self.seconds = Histogram(histogram, f"Time inside {what}, without HTTP", buckets=EDGES_S, registry=registry)
        self.total = Counter(total, f"Operations carried out: {what}", registry=registry)
        self.failed = Counter(failed, f"Operations failed: {what}", registry=registry) if failed else None


class NodeMetrics:
    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        self._process = CollectorRegistry()
        for registry in (self.registry, self._process):
            ProcessCollector(registry=registry)
        self.operations = {
            "generate": OperationMetrics(
                self.registry,
                "bizra_poi_generate_seconds",
                "bizra_poi_generate",
                "bizra_poi_generate_fail",
                "PoI generation",
            ),
            "verify": OperationMetrics(
                self.registry,
                "bizra_poi_verify_seconds",
                "bizra_poi_verify",
                "bizra_poi_verify_fail",
                "PoI verification",
            ),
            "finality": OperationMetrics(
                self.registry, "bizra_finality_check_seconds", "bizra_finality_checks", None, "finality check"
            ),
        }

    def text(self) -> bytes:
        return generate_latest(self.registry)

    def process_text(self) -> bytes:
        """The page without the node's own series."""
        return generate_latest(self._process)
