"""The same run seen through a real Prometheus and through /metrics gives the same figures."""

import time

from bizra_load.target.exposition import MetricsReader
from bizra_load.target.prometheus import PrometheusSource
from tests.e2e.real_prometheus import prometheus
from tests.e2e.running import attempts, load, until


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
        source = PrometheusSource(url)
        now = time.time_ns()
        [*_, scraped] = until(lambda: source.snapshots(now, time.time_ns()), "a scrape of the idle node")
    assert scraped.histograms == {n: h for n, h in direct.histograms.items() if n.startswith("bizra_")}
    assert {n: v for n, v in scraped.counters.items() if n.startswith("bizra_")} == {
        n: v for n, v in direct.counters.items() if n.startswith("bizra_")
    }
    assert ended.objective("poi_generate_p99")["estimate"]["n"] > 2000
