"""Nodes whose histories are written into a Prometheus, and who asks it."""

from dataclasses import dataclass, replace
from functools import cache

from bizra_load.server_metrics.prometheus_api import PrometheusClient
from tests.e2e.talking import COUNTERS, HISTOGRAMS

STEP_S, LENGTH_S = 15, 600
EDGES_S = (1e-6, 13e-6, 20e-6, 200e-6, 5e-3, float("inf"))
QUICK, SLOW = 13e-6, 5e-3  # the edge that all operations of a node lie below


@dataclass(frozen=True)
class Node:
    """Increments a second; `labels` name it and who scrapes it; `restarts_s`: so long before the end."""

    labels: tuple[tuple[str, str], ...] = (("instance", "a"),)
    generate: float = 800.0
    generate_failed: float = 200.0
    verify: float = 500.0
    verify_failed: float = 0.0
    finality: float = 100.0
    edge_s: float = QUICK
    restarts_s: float = 0.0
    absent: str = ""
    edge_form: str = ""  # in which long edges are written, if another Prometheus writes these otherwise

    def per_s(self):
        """{(metric, further labels): increments a second} of what it exposes."""
        increments = {}
        for name, metric in COUNTERS.items():
            increments[metric, ()] = getattr(self, name.replace(" ", "_"))
        for operation, metric in HISTOGRAMS.items():
            for edge in EDGES_S:
                le = "+Inf" if edge == float("inf") else format(edge, self.edge_form if edge > QUICK else "")
                increments[f"{metric}_bucket", (("le", le),)] = getattr(self, operation) * (edge >= self.edge_s)
        return {key: value for key, value in increments.items() if not self.absent or not key[0].startswith(self.absent)}

    def series(self, end_s, length_s=LENGTH_S):
        points = {}
        for (name, further), each in self.per_s().items():
            at = range(0, length_s + 1, STEP_S)
            values = [1000 + each * t for t in at]
            if self.restarts_s:
                begin = length_s - self.restarts_s
                values = [v if t < begin else each * (t - begin + STEP_S) for t, v in zip(at, values, strict=True)]
            points[name, (*self.labels, *further)] = [(end_s - length_s + t, v) for t, v in zip(at, values, strict=True)]
        return points


OTHER = Node((("instance", "b"),), generate=0.0, generate_failed=300.0, verify=1.0, verify_failed=99.0, edge_s=SLOW)


def without_numbers(node, now):
    """A further label set of each of its series, all of whose samples are NaN."""
    odd = replace(node, labels=(*node.labels, ("route", "odd"))).series(now)
    return {name: [(at, float("nan")) for at, _ in points] for name, points in odd.items()}


@cache
def client(url):
    """One for all queries: each keeps a connection, of which Prometheus accepts 512."""
    return PrometheusClient(url)
