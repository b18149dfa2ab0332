"""A counter is what an agreement names as one, with _total at the end of its name or without."""

import re

import pytest

from bizra_load.server_metrics.exposition import ScrapeError, parse
from bizra_load.server_metrics.prometheus import PrometheusSource, Series, by_scrape
from bizra_load.server_metrics.prometheus_api import PrometheusClient
from sla.judgement.checks.counters import common_times_s, increments

METRICS = frozenset({"pay", "pay_failed_total", "pay_seconds", "pay_seconds_count"})
TYPED = "# TYPE pay counter\n"
TEXT = """pay{method="get"} %s
pay_failed_total 1
pay_seconds_bucket{le="+Inf"} 4
pay_seconds_sum 2
pay_seconds_count 4
other 3
"""


def read(text, metrics=METRICS, at_s=5):
    return parse(text.encode(), "http://x/metrics", at_s * 10**9, 1, metrics)


def scraped(at_s, count):
    values = {"pay": count, "pay_failed_total": 1.0, "pay_seconds_count": 4.0}
    parts = [Series(name, {"instance": "a:1"}, [(at_s * 10**9, value)]) for name, value in values.items()]
    buckets = {"pay_seconds_bucket": 4.0}
    return [*parts, *(Series(n, {"instance": "a:1", "le": "+Inf"}, [(at_s * 10**9, v)]) for n, v in buckets.items())]


@pytest.mark.parametrize("types", ["", TYPED, "# TYPE pay untyped\n"])
def test_a_counter_without_total_is_read_by_its_own_name(types):
    snapshot = read(types + TEXT % 5)
    assert snapshot.counters == {'pay{method="get"}': 5.0, "pay_failed_total": 1.0, "pay_seconds_count": 4.0}
    assert snapshot.gauges == {}
    [histogram] = snapshot.histograms.values()
    assert (histogram.cumulative, histogram.sum_s) == ((4.0,), 2.0)
    both = [snapshot, read(types + TEXT % 9, at_s=6)]
    assert increments(both, ["pay"], common_times_s(both)).tolist() == [4.0]


def test_a_counter_with_total_is_no_other_one_without_it():
    assert read("# TYPE pay_total counter\npay_total 5\n").counters == {}
    assert read("# TYPE pay counter\npay 5\n", {"pay_total"}).counters == {"pay_total": 5.0}  # as OpenMetrics names it


def test_a_prometheus_gives_it_by_its_own_name():
    snapshots = by_scrape([s for at_s, count in ((5, 5.0), (6, 9.0)) for s in scraped(at_s, count)], METRICS)
    assert snapshots[0].counters == {"pay": 5.0, "pay_failed_total": 1.0, "pay_seconds_count": 4.0}
    assert increments(snapshots, ["pay"], common_times_s(snapshots)).tolist() == [4.0]


def test_a_source_asks_for_it_and_counts_it(monkeypatch):
    response = [{"metric": {"__name__": "pay", "instance": "a:1"}, "values": [[5, "5"], [6, "9"]]}]
    asked = []
    monkeypatch.setattr(PrometheusClient, "query", lambda client, query, at_s: asked.append(query) or response)
    snapshots = PrometheusSource("http://127.0.0.1:9", METRICS, 'job="shop"').snapshots(4 * 10**9, 7 * 10**9)
    assert [s.counters for s in snapshots] == [{"pay": 5.0}, {"pay": 9.0}]
    [names, selector] = re.fullmatch(r'\{__name__=~"(.+)",(job="shop")\}\[\d+ms\]', asked[0]).groups()
    assert selector == 'job="shop"'
    # matched as a whole, as Prometheus does: the agreement's own names, whatever they begin with, and no others
    own = [
        "pay",
        "pay_failed_total",
        "pay_seconds_bucket",
        "pay_seconds_sum",
        "pay_seconds_count",
        "process_start_time_seconds",
    ]
    others = ["payments", "bizra_poi_generate_total", "shop_pay", "pay_failed"]
    assert [name for name in (*own, *others) if re.fullmatch(names, name)] == own


@pytest.mark.parametrize("value", ["-1", "NaN", "+Inf"])
def test_what_can_be_no_count_refuses_the_reading(value):
    with pytest.raises(ScrapeError, match="is no count"):
        read(TYPED + TEXT % value)


def test_a_quantile_of_a_summary_is_no_count():
    assert read('# TYPE pay summary\npay{quantile="0.5"} NaN\npay_sum 1\npay_count 3\n').counters == {}
