"""One scrape: series by their own labels, and whether a metric is among them."""

from sla.values.snapshot import BucketCounts, Snapshot, labels_of, labels_text, metric_of, series_key

SCRAPE = Snapshot(
    1,
    counters={'done_total{code="200"}': 5.0, "other_total": 2.0},
    gauges={"memory_bytes": 1.0},
    histograms={'a_seconds{path="/"}': BucketCounts((1.0,), (3.0,))},
)


def test_a_counter_is_found_by_its_whole_name_with_whatever_labels():
    assert [SCRAPE.counts(name) for name in ("done_total", "other_total")] == [True, True]
    assert [SCRAPE.counts(name) for name in ("done", "total", "a_seconds", "memory_bytes", "")] == [False] * 5
    assert not Snapshot(1).counts("done_total")


def test_one_counter_or_histogram_among_those_asked_for_is_enough_and_a_gauge_is_none():
    assert SCRAPE.has_any({"done_total", "nowhere_total"})
    assert SCRAPE.has_any({"a_seconds"})
    assert not SCRAPE.has_any({"memory_bytes", "done", 'done_total{code="200"}'})
    assert not SCRAPE.has_any(set())


def test_the_name_of_a_series_comes_back_from_its_key():
    labels = {"path": 'a"b\\c\nd', "code": "{200}"}
    assert labels_of(labels) == (("code", "{200}"), ("path", 'a"b\\c\nd'))
    assert labels_text(labels.items()) == 'path="a\\"b\\\\c\\nd",code="{200}"'
    assert series_key("a", labels) == 'a{code="{200}",path="a\\"b\\\\c\\nd"}'
    assert [metric_of(series_key("a", of_series)) for of_series in (labels, {})] == ["a", "a"]
