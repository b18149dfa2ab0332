"""Series become Snapshots: which labels are the target's, which tell its series apart."""

import math

import pytest

from bizra_load.server_metrics.exposition import ScrapeError, parse, snapshot_of
from bizra_load.server_metrics.native import NativeHistogram
from bizra_load.server_metrics.prometheus import Series, by_scrape
from sla.judgement.checks.counters import common_times_s, increments
from sla.values.snapshot import BucketCounts, labels_of, metric_of, series_key

NODE = {"instance": "a:1", "job": "node", "cluster": "alpha"}
AT_NS = 5 * 10**9


def series(name, value, **labels):
    return Series(name, NODE | labels, [(AT_NS, value)])


def test_labels_that_all_series_have_are_the_targets_and_others_tell_its_series_apart():
    [snapshot] = by_scrape(
        [
            series("process_start_time_seconds", 1.0),
            series("n_total", 2.0, method="get"),
            series("n_total", 3.0, method="put"),
            series("h_bucket", 1.0, method="get", le="0.5"),
            series("h_bucket", 4.0, method="get", le="+Inf"),
            series("h_sum", 2.5, method="get"),
            series("h_count", 4.0, method="get"),
        ]
    )
    assert (snapshot.at_ns, snapshot.target) == (AT_NS, labels_of(NODE))
    assert snapshot.counters == {'n_total{method="get"}': 2.0, 'n_total{method="put"}': 3.0}
    assert snapshot.gauges == {"process_start_time_seconds": 1.0}
    assert snapshot.histograms == {'h{method="get"}': BucketCounts((0.5, math.inf), (1.0, 4.0), 2.5)}
    assert snapshot.counts("n_total")
    assert not snapshot.counts("n")


def test_targets_are_told_apart_by_any_label_and_read_at_their_own_times():
    other = Series("n_total", NODE | {"cluster": "beta"}, [(AT_NS, 7.0), (AT_NS + 1, 8.0)])
    snapshots = by_scrape([series("n_total", 2.0), other])
    assert [(s.at_ns, dict(s.target)["cluster"], s.counters["n_total"]) for s in snapshots] == [
        (AT_NS, "alpha", 2.0), (AT_NS, "beta", 7.0), (AT_NS + 1, "beta", 8.0),
    ]  # fmt: skip


def scraped(name, labels, first_ns, value, start=0):
    return Series(name, labels, [(first_ns + i * 5 * 10**9, value(i)) for i in range(start, 13)])


def two_nodes(later_ns, names, process, **only_here):
    """Two nodes at one address, of which only one has a label; its counters stand much higher."""
    plain = {"instance": "a:1", "job": "node"}
    return [
        *(scraped(n, plain, 0, lambda i: 1000.0 + 200 * i) for n in (*names, *process)),
        *(scraped(n, plain | only_here, later_ns, lambda i: 5e6 + 200 * i) for n in (*names, *process)),
    ]


@pytest.mark.parametrize("process", [(), ("process_start_time_seconds",)])
@pytest.mark.parametrize("later_ns", [0, 12 * 10**8])
@pytest.mark.parametrize("label", ["cluster", "prometheus_replica"])
def test_a_label_that_only_one_of_two_targets_has_parts_them(label, later_ns, process):
    snapshots = by_scrape(two_nodes(later_ns, ("n_total", "m_total"), process, **{label: "b"}))
    assert {dict(s.target).get(label) for s in snapshots} == {None, "b"}
    assert len(snapshots) == 26
    assert all(len(s.counters) == 2 for s in snapshots)
    counted = increments(snapshots, ["n_total"], times := common_times_s(snapshots))
    assert counted.sum() / (times[-1] - times[0]) == pytest.approx(80)


@pytest.mark.parametrize("later_ns", [0, 12 * 10**8])
def test_a_counter_that_one_of_two_targets_has_not_exposed_yet_joins_them_not(later_ns):
    lazy = scraped("n_fail_total", {"instance": "a:1", "job": "node"}, 0, lambda i: 1.0 * i, start=6)
    snapshots = by_scrape([*two_nodes(later_ns, ("n_total", "m_total"), (), cluster="b"), lazy])
    assert {dict(s.target).get("cluster") for s in snapshots} == {None, "b"}


@pytest.mark.parametrize("process", [True, False])
def test_a_label_that_a_metric_has_and_leaves_empty_at_times_is_no_targets(process):
    """Prometheus stores no label with an empty value. Its first failure must count from 0, so it must not be a new target."""
    names = ("n_total", "m_total", "h_count", *(["process_cpu_seconds_total"] if process else []))
    snapshots = by_scrape(
        [
            *(scraped(n, NODE, 0, lambda i: 1000.0 + 200 * i) for n in names),
            scraped("n_fail_total", NODE, 0, lambda i: 0.0),
            scraped("n_fail_total", NODE | {"reason": "timeout"}, 0, lambda i: 7.0, start=6),
            scraped("n_fail_total", NODE | {"reason": "timeout"}, 0, lambda i: 7.0, start=12),  # it was away in between
        ]
    )
    assert {s.target for s in snapshots} == {labels_of(NODE)}
    assert increments(snapshots, ["n_fail_total"], common_times_s(snapshots)).sum() == 7


@pytest.mark.parametrize("more", [(), ("up",), ("process_start_time_seconds",)])
def test_a_code_that_tells_failures_from_the_rest_makes_no_two_targets(more):
    """It is on all that was asked for: the failures were of a target that had no operations, and were left out."""
    ok, failing = NODE | {"code": "200"}, NODE | {"code": "500"}
    rows = [scraped(n, ok, 0, lambda i: 1000.0 + 200 * i) for n in ("n_total", "m_total", "h_count")]
    rows += [scraped("n_fail_total", failing, 0, lambda i: 50.0 * i), *(scraped(n, NODE, 0, lambda i: 1.0) for n in more)]
    snapshots = by_scrape(rows)
    assert {s.target for s in snapshots} == {labels_of(NODE)}
    assert increments(snapshots, ["n_fail_total"], common_times_s(snapshots)).sum() > 0


def test_up_says_which_labels_are_a_targets_and_whether_a_scrape_failed():
    """A route is on all series of the node but on that one."""
    rows = [scraped(n, NODE | {"route": r}, 0, lambda i: 200.0 * i) for n in ("n_total", "m_total") for r in "ab"]
    down = Series("up", NODE | {"instance": "b:1"}, [(AT_NS, 0.0), (AT_NS + 1, 1.0)])
    snapshots = by_scrape([*rows, scraped("up", NODE, 0, lambda i: 1.0), down])
    assert {s.target for s in snapshots if not s.is_failed_scrape} == {labels_of(NODE)}
    assert [s.target for s in snapshots if s.is_failed_scrape] == [labels_of(NODE | {"instance": "b:1"})]
    assert not any("up" in s.gauges for s in snapshots if not s.is_failed_scrape)
    assert {s.target for s in by_scrape(rows)} == {labels_of(NODE | {"route": r}) for r in "ab"}  # it can't be known


def test_native_histograms_keep_their_label_sets():
    h = NativeHistogram(((1.0, 2.0, 3.0),), 3.0, 4.5)
    [snapshot] = by_scrape([series("n_total", 2.0), series("h", h, method="get"), series("h", h, method="put")])
    assert snapshot.histograms == dict.fromkeys(
        ('h{method="get"}', 'h{method="put"}'), BucketCounts((1.0, 2.0, math.inf), (0, 3, 3), 4.5)
    )


def test_a_page_is_kept_by_label_set_and_only_what_was_asked_for():
    page = b'n_total{a="1"} 1\nn_total{a="2"} 2\nm_total 3\nh_bucket{le="1"} 4\nh_bucket{le="+Inf"} 5\nh_count 5\nh_sum 2\n'
    snapshot = parse(page, "url", AT_NS, 0, ["n_total", "h"])
    assert snapshot.counters == {'n_total{a="1"}': 1.0, 'n_total{a="2"}': 2.0}
    assert snapshot.histograms == {"h": BucketCounts((1.0, math.inf), (4.0, 5.0), 2.0)}
    assert parse(page, "url", AT_NS, 0).counters["m_total"] == 3.0


def test_a_histogram_without_plus_inf_has_it_from_its_count_or_is_left_out():
    rows = [("h_bucket", {"le": "1"}, 4.0), ("h_sum", {}, 9.0)]
    assert snapshot_of([*rows, ("h_count", {}, 9.0)], AT_NS).histograms == {"h": BucketCounts((1.0, math.inf), (4.0, 9.0), 9.0)}
    assert snapshot_of(rows, AT_NS).histograms == {}


def test_a_key_holds_any_label_value():
    key = series_key("n_total", {"b": 'say "x}"\n', "a": "\\"})
    assert key == 'n_total{a="\\\\",b="say \\"x}\\"\\n"}'
    assert metric_of(key) == "n_total"


@pytest.mark.parametrize(
    ("page", "message"),
    [
        ("n_total 1\nn_total 2\n", "n_total: is there twice"),
        ('h_bucket{le="1"} 1\nh_bucket{le="1.0"} 2\nh_bucket{le="+Inf"} 3\n', "h: bucket le='1.0' is there twice"),
        ('h_bucket{le="1"} 4\nh_bucket{le="+Inf"} 3\n', "h: a bucket holds less than one below it"),
        ('h_bucket{le="NaN"} 4\nh_bucket{le="+Inf"} 5\n', "h: bucket le='NaN'"),
        ('h_bucket{le="-1"} 4\nh_bucket{le="+Inf"} 5\n', "h: bucket le='-1'"),
        ('h_bucket{le="1"} 4\nh_bucket{le="+Inf"} 4\nh_count 9\n', "h: 4 in all its buckets, and its _count says 9"),
        ('h_bucket{le="1"} 4\nh_bucket{le="+Inf"} 2000\nh_count 4\n', "h: 2,000 in all its buckets, and its _count says 4"),
        ("n_total NaN\n", "n_total: nan is no count"),
    ],
)
def test_a_page_on_which_something_can_not_be_counted_is_refused(page, message):
    with pytest.raises(ScrapeError, match=f"http://x/metrics: {message}"):
        parse(page.encode(), "http://x/metrics", AT_NS, 0)


@pytest.mark.parametrize(("inside", "count"), [(0, 1), (1000, 1010), (1010, 1000)])
def test_a_histogram_that_counted_on_while_it_was_read_is_none_that_contradicts_itself(inside, count):
    page = f'h_bucket{{le="1"}} 0\nh_bucket{{le="+Inf"}} {inside}\nh_count {count}\n'
    assert parse(page.encode(), "http://x/metrics", AT_NS, 0).histograms["h"].count == inside


def points(name, *values, **labels):
    return Series(name, NODE | labels, [(AT_NS + i, v) for i, v in enumerate(values)])


def test_a_scrape_that_can_not_be_counted_is_none_and_too_many_are_said():
    good, bad = points("n_total", *range(30)), [float(i) for i in range(30)]
    bad[7] = -1.0
    assert len(by_scrape([good, points("m_total", *bad)])) == 29
    with pytest.raises(ScrapeError, match=r"30 of 30 scrapes can't be counted: m_total: nan is no count"):
        by_scrape([good, points("m_total", *[math.nan] * 30)])


def test_the_larger_of_two_counts_of_one_moment_is_the_later_one():
    """Two replicas of a Prometheus write the same series into one VictoriaMetrics, which keeps both samples of a moment."""
    twice = Series("n_total", NODE, [(AT_NS, 7.0), (AT_NS, 7.0), (AT_NS + 1, 9.0), (AT_NS + 1, 8.0)])
    assert [s.counters["n_total"] for s in by_scrape([twice])] == [7.0, 9.0]
