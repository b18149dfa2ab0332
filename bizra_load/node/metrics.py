"""The node's metrics, names and buckets as agreed: every SLA threshold is itself a bucket edge.

*_total counts operations that were carried out, *_fail_total those that failed (500); attempts are the sum of both.
A request refused with 400 was not attempted. A verification that finds a wrong signature was carried out. A finality
check failed on purpose counts nowhere: the agreed metrics have no counter for it.

Counters and histograms are our own, for one thread: prometheus_client's take four times as long to observe and to render.
The page is the same, byte for byte.
"""

from __future__ import annotations

import time
from bisect import bisect_left

from prometheus_client import CollectorRegistry, ProcessCollector, generate_latest
from prometheus_client.utils import floatToGoString

from bizra_load.measure.edges import NODE_EDGES_S


def _number(value: float) -> str:
    return str(floatToGoString(value))  # type: ignore[no-untyped-call]  # prometheus_client's is not typed


_EDGE_NAMES = tuple(_number(edge) for edge in (*NODE_EDGES_S, float("inf")))


def _family(name: str, kind: str, help_text: str) -> str:
    return f"# HELP {name} {help_text}\n# TYPE {name} {kind}\n"


def _created(name: str, help_text: str) -> str:
    return f"{_family(f'{name}_created', 'gauge', help_text)}{name}_created {_number(time.time())}\n"


class Counter:
    """`name` is without _total."""

    def __init__(self, name: str, help_text: str) -> None:
        self._head = f"{_family(f'{name}_total', 'counter', help_text)}{name}_total "
        self._created = _created(name, help_text)
        self._value = 0

    def inc(self, by: int = 1) -> None:
        self._value += by

    def text(self) -> str:
        return f"{self._head}{_number(self._value)}\n{self._created}"


class ServerHistogram:
    """A histogram of seconds, with the buckets NODE_EDGES_S and +Inf."""

    def __init__(self, name: str, help_text: str) -> None:
        self._name = name
        self._head = _family(name, "histogram", help_text)
        self._created = _created(name, help_text)
        self._heads = [f'{name}_bucket{{le="{edge}"}} ' for edge in _EDGE_NAMES]
        self._counts = [0] * len(_EDGE_NAMES)
        self._sum = 0.0

    def observe(self, seconds: float) -> None:
        self._counts[bisect_left(NODE_EDGES_S, seconds)] += 1
        self._sum += seconds

    def text(self) -> str:
        lines, total, total_text = [self._head], 0, "0.0"
        for head, count in zip(self._heads, self._counts, strict=True):
            if count:
                total += count
                total_text = _number(total)
            lines.append(f"{head}{total_text}\n")
        lines.append(f"{self._name}_count {total_text}\n{self._name}_sum {_number(self._sum)}\n{self._created}")
        return "".join(lines)


class OperationSeries:
    def __init__(self, histogram: str, total: str, failed: str | None, what: str) -> None:
        self.seconds = ServerHistogram(histogram, f"Time inside {what}, without HTTP")
        self.total = Counter(total, f"Operations carried out: {what}")
        self.failed = Counter(failed, f"Operations failed: {what}") if failed else None

    def text(self) -> str:
        return self.seconds.text() + self.total.text() + (self.failed.text() if self.failed else "")


class NodeMetrics:
    def __init__(self) -> None:
        self._process = CollectorRegistry()
        ProcessCollector(registry=self._process)
        self.operations = {
            "generate": OperationSeries(
                "bizra_poi_generate_seconds", "bizra_poi_generate", "bizra_poi_generate_fail", "PoI generation"
            ),
            "verify": OperationSeries(
                "bizra_poi_verify_seconds", "bizra_poi_verify", "bizra_poi_verify_fail", "PoI verification"
            ),
            "finality": OperationSeries("bizra_finality_check_seconds", "bizra_finality_checks", None, "finality check"),
        }

    def text(self) -> bytes:
        return self.process_text() + "".join(operation.text() for operation in self.operations.values()).encode()

    def process_text(self) -> bytes:
        """The page without the node's own series."""
        return generate_latest(self._process)
