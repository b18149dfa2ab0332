"""The same run seen through a real Prometheus and through /metrics gives the same figures."""

import time

import numpy as np
import pytest

from bizra_load.judging.agreements import read_agreement
from bizra_load.server_metrics.exposition import MetricsReader
from bizra_load.server_metrics.prometheus import PrometheusSource
from sla.estimators.increments import bucket_increments
from sla.estimators.server_side import server_quantile
from tests.e2e.native_exposition import SCHEMA, native_target
from tests.e2e.real_prometheus import prometheus
from tests.e2e.running import attempts, load, until


@pytest.mark.slow
def test_prometheus_and_metrics_agree_on_the_same_run(tmp_path, node):
    target = node.metrics_url.removeprefix("http://").removesuffix("/metrics")
    (tmp_path / "prometheus").mkdir()
    with prometheus(tmp_path / "prometheus", target) as url:
        ended = load(
            tmp_path / "runs", None, "-H", node.url, "--prometheus-url", url, "--agreement", "local",
            "-f", "locustfiles/mixed.py", "--target-ops", "600", "--ramp", "2s", "--duration", "10s",
        )  # fmt: skip
        assert ended.finished() == attempts(node)
        for operation in attempts(node):
            check = ended.check(f"counters_{operation}")
            assert check["status"] == "PASS"
            assert check["reason"].endswith("exact"), check
        direct = MetricsReader(node.metrics_url).read()
        source = PrometheusSource(url, read_agreement("local").agreement.server_metrics)
        now = time.time_ns()
        [*_, scraped] = until(lambda: source.snapshots(now, time.time_ns()), "a scrape of the idle node")
    assert scraped.histograms == {n: h for n, h in direct.histograms.items() if n.startswith("bizra_")}
    assert {n: v for n, v in scraped.counters.items() if n.startswith("bizra_")} == {
        n: v for n, v in direct.counters.items() if n.startswith("bizra_")
    }
    assert ended.objective("poi_generate_p99")["estimate"]["n"] > 2000


def test_a_native_histogram_bounds_a_quantile_by_its_own_narrow_buckets(tmp_path):
    name = "bizra_poi_generate_seconds"
    rng = np.random.default_rng(1)
    begin_ns, latencies = time.time_ns(), []
    with native_target(name) as target, prometheus(tmp_path, target.address, "1s", "--enable-feature=native-histograms") as url:
        source = PrometheusSource(url, [name])

        def scraped():
            taken = source.snapshots(begin_ns, time.time_ns())
            return [s for s in taken if name in s.histograms and s.histograms[name].count == len(latencies)]

        empty = until(scraped, "a scrape before the observations")[-1]
        for median in (1e-4, 1e-3):
            some = rng.lognormal(np.log(median), 0.3, 1500)
            latencies += some.tolist()
            for value in some:
                target.observe(value)
            last = until(scraped, "a scrape with all observations")[-1]
        snapshots = [s for s in source.snapshots(begin_ns, time.time_ns()) if s.at_ns >= empty.at_ns]
    increments = bucket_increments(snapshots, name, empty.at_ns, last.at_ns)
    assert increments.counts.sum() == len(latencies)
    assert increments.resets == 0
    for q in (0.5, 0.9, 0.99):
        quantile = server_quantile(increments, q)
        exact_ns = float(np.quantile(latencies, q, method="inverted_cdf")) * 1e9
        assert quantile.low_edge_ns < exact_ns <= quantile.high_edge_ns * (1 + 1e-9)
        assert quantile.high_edge_ns / quantile.low_edge_ns < 2 ** (1 / 2**SCHEMA) * 1.001
