"""The agreed names and bucket edges."""

import re

import pytest
from prometheus_client import CollectorRegistry, Counter, Histogram, generate_latest
from prometheus_client.parser import text_string_to_metric_families

from bizra_load.measure.edges import NODE_EDGES_S
from bizra_load.node.metrics import NodeMetrics, OperationSeries

AGREED_EDGES_US = [1, 2, 5, 10, 13, 20, 26, 50, 100, 150, 200, 300, 400, 500, 1e3, 2e3, 5e3, 1e4, 5e4, 1e5]
NAMES = [
    "bizra_poi_generate_total",
    "bizra_poi_generate_fail_total",
    "bizra_poi_verify_total",
    "bizra_poi_verify_fail_total",
    "bizra_finality_checks_total",
    "process_resident_memory_bytes",
    "process_cpu_seconds_total",
]
HISTOGRAMS = ["bizra_poi_generate_seconds", "bizra_poi_verify_seconds", "bizra_finality_check_seconds"]


def samples(metrics):
    return [s for f in text_string_to_metric_families(metrics.text().decode()) for s in f.samples]


def test_every_agreed_metric_is_there_from_the_start():
    assert {*NAMES, *(f"{name}_count" for name in HISTOGRAMS)} <= {s.name for s in samples(NodeMetrics())}


@pytest.mark.parametrize("name", HISTOGRAMS)
def test_the_agreed_edges_are_edges_and_nothing_under_100_ms_is_added(name):
    edges = [float(s.labels["le"]) for s in samples(NodeMetrics()) if s.name == f"{name}_bucket"]
    assert [e for e in edges if e <= 0.1] == [us / 1e6 for us in AGREED_EDGES_US]
    assert edges[-2:] == [10.0, float("inf")]


def test_a_time_exactly_on_an_edge_falls_into_its_bucket():
    metrics = NodeMetrics()
    metrics.operations["generate"].seconds.observe(200_000 / 1e9)
    buckets = {s.labels["le"]: s.value for s in samples(metrics) if s.name == "bizra_poi_generate_seconds_bucket"}
    assert (buckets["0.00015"], buckets["0.0002"]) == (0, 1)


def test_two_nodes_in_one_process_do_not_share_counters():
    one, other = NodeMetrics(), NodeMetrics()
    one.operations["verify"].total.inc()
    assert next(s.value for s in samples(other) if s.name == "bizra_poi_verify_total") == 0


@pytest.mark.parametrize("times", [0, 1, 999_999, 1_000_000, 123_456_789])
def test_the_page_is_prometheus_clients_own_byte_for_byte(times):
    ours, registry = OperationSeries("h_seconds", "h", "h_fail", "some work"), CollectorRegistry()
    histogram = Histogram("h_seconds", "Time inside some work, without HTTP", buckets=NODE_EDGES_S, registry=registry)
    total = Counter("h", "Operations carried out: some work", registry=registry)
    Counter("h_fail", "Operations failed: some work", registry=registry)
    for seconds in (0.0, 1e-6, 3.3e-5, 0.1, 0.2, 1.0, 9.99, 10.0, 11.0):
        histogram.observe(seconds)
        ours.seconds.observe(seconds)
    total.inc(times)
    ours.total.inc(times)
    assert _without_start(ours.text()) == _without_start(generate_latest(registry).decode())


def _without_start(page):
    """The moment at which a series began differs; that it is there must not."""
    return re.sub(r"^(\w+_created) 1\.\d+e\+09$", r"\1 then", page, flags=re.MULTILINE)
