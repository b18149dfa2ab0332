"""One process that was scraped twice, often by two names, told from two that are alike: by the buckets of histograms."""

import math
from dataclasses import replace

import numpy as np
import pytest

from sla.estimators.duplicates import START_TIME
from sla.values.snapshot import BucketCounts, Snapshot, labels_of
from tests.unit.sla.estimators.test_duplicates import NODE, at_50, kept, minute, steady


def with_histogram(labels, rate):
    return [
        Snapshot(s.at_ns, 0, s.target, histograms={"h": BucketCounts((1.0, math.inf), (0.0, rate * (i + 1.0)))})
        for i, s in enumerate(minute(labels, steady))
    ]


def test_histograms_are_compared_as_counters_are_and_nothing_to_compare_is_no_agreement():
    other = NODE | {"job": "other"}
    assert len(kept(with_histogram(NODE, 10), with_histogram(other, 37))[0]) == 2
    assert len(kept(with_histogram(NODE, 10), with_histogram(other, 10))[0]) == 1
    nothing = [[replace(s, counters={}) for s in minute(labels, steady, at_50)] for labels in (NODE, other)]
    assert len(kept(*nothing)[0]) == 2


def bucketed(labels, shares, from_s=0.0, every_s=15.0, scrapes=40, ahead_s=0.0, started_s=None):
    """30 operations a second, of which `shares` lie in and under each of three edges; by a clock that is ahead."""
    taken = []
    for i in range(scrapes):
        at_s = from_s + i * every_s
        total = 30 * (100_000 + at_s)
        h = BucketCounts((0.001, 0.002, math.inf), tuple(float(round(total * share)) for share in shares))
        gauges = {} if started_s is None else {START_TIME: started_s}
        taken.append(
            Snapshot(round((at_s + ahead_s) * 1e9), 0, labels_of(labels), {"n_total": total}, gauges, {"n_seconds": h})
        )
    return taken


@pytest.mark.parametrize(
    "other", [{"instance": "node-5.example:9464"}, {"cluster": "beta"}, {"instance": "a:1", "job": "pods"}]
)
def test_two_that_hold_the_very_same_counts_in_every_bucket_may_be_one(other):
    """A node by its address and by its name, without a start time."""
    node = NODE | {"cluster": "alpha"}
    left, [message] = kept(bucketed(node, (0.2, 0.7, 1)), bucketed(node | other, (0.2, 0.7, 1)))
    assert len(left) == 2
    assert message.startswith("one node may have been scraped twice (")
    assert message.endswith("they count the same, and no start time tells them apart, so both are counted")
    assert kept(bucketed(node, (0.2, 0.7, 1)), bucketed(node | other, (0.2, 0.71, 1)))[1] == []  # a fair balancer's two
    assert kept(bucketed(node, (0, 1, 1)), bucketed(node | other, (0, 1, 1)))[1] == []  # of one bucket that may be chance
    apart = (bucketed(node, (0.2, 0.7, 1), started_s=50.0), bucketed(node | other, (0.2, 0.7, 1), started_s=51.0))
    assert kept(*apart)[1] == []


def drawn(labels, seed, from_s=0.0, every_s=5.0, scrapes=24, restart_s=125):
    """A node that began at 0, with 1,000 operations a second whose latencies are drawn; scraped from `from_s` on."""
    rng, edges_s = np.random.default_rng(seed), (0.0001, 0.0002, 0.0005, 0.001, 0.01, math.inf)
    by_s = np.cumsum([np.histogram(rng.lognormal(-9.0, 0.7, 1000), (0.0, *edges_s))[0].cumsum() for _ in range(125)], axis=0)
    taken = []
    for i in range(scrapes):
        second = round(from_s + i * every_s)
        counts = tuple(map(float, by_s[second] - (by_s[restart_s] if second > restart_s else 0)))
        at_ns = round((from_s + i * every_s) * 1e9)
        h = BucketCounts(edges_s, counts)
        taken.append(Snapshot(at_ns, 0, labels_of(labels), {"n_total": counts[-1]}, {}, {"n_seconds": h}))
    return taken


@pytest.mark.parametrize("from_s", [1.0, 2.0, 4.0])
def test_a_node_by_its_name_that_is_scraped_some_seconds_after_its_address_may_be_one(from_s):
    """Under load no two of its scrapes hold the same; two fresh nodes behind a balancer that gives both as much stay two."""
    other = {"instance": "node-5.example:9464", "job": "pods"}
    left, messages = kept(drawn(NODE, 1), drawn(NODE | other, 1, from_s))
    assert len(left) == 2
    assert [m for m in messages if "they count the same, and no start time tells them apart" in m] == messages
    assert len(messages) == 1
    for seed in range(2, 6):
        assert kept(drawn(NODE, 1), drawn(NODE | other, seed, from_s))[1] == []
    assert kept(drawn(NODE, 1, scrapes=4), drawn(NODE | other, 1, from_s, scrapes=4))[1] == []  # 3 between: too few
    assert len(kept(drawn(NODE, 1, scrapes=5), drawn(NODE | other, 1, from_s, scrapes=5))[1]) == 1


@pytest.mark.parametrize("from_s", [0.0, 2.0])
def test_a_node_by_two_names_may_restart_or_be_scraped_at_once_by_both(from_s):
    other = {"instance": "node-5.example:9464", "job": "pods"}
    assert len(kept(drawn(NODE, 1, restart_s=58), drawn(NODE | other, 1, from_s, restart_s=58))[1]) == 1
    for seed in range(2, 6):
        assert kept(drawn(NODE, 1, restart_s=58), drawn(NODE | other, seed, from_s, restart_s=58))[1] == []
        assert kept(drawn(NODE, 1), drawn(NODE | other, seed, from_s))[1] == []


@pytest.mark.parametrize("ahead_s", [20.0, -50.0])
def test_replicas_of_a_prometheus_scrape_one_node_however_far_their_clocks_are_apart(ahead_s):
    other = NODE | {"prometheus_replica": "b"}
    left, message = kept(bucketed(NODE, (0.2, 0.7, 1)), bucketed(other, (0.2, 0.7, 1), ahead_s=ahead_s))
    assert len(left) == 1
    assert "one node was scraped twice" in message[0]


def test_replicas_that_count_otherwise_are_not_two_nodes_in_silence():
    """By their labels they scrape one address."""
    other = NODE | {"prometheus_replica": "b"}
    left, [message] = kept(bucketed(NODE, (0.2, 0.7, 1)), bucketed(other, (0.2, 0.7, 1), ahead_s=400.0))
    assert len(left) == 2
    assert "only the replica of Prometheus differs, and they do not count the same (is a clock off?)" in message


def with_edges(scrapes, edges_s):
    return [replace(s, histograms={k: replace(h, edges_s=edges_s) for k, h in s.histograms.items()}) for s in scrapes]


def test_where_edges_differ_no_bucket_is_compared_and_the_totals_are():
    """Two of one address, and who scraped them apart, are one by their totals; two addresses are not."""
    node, shares, edges_s = bucketed(NODE, (0.2, 0.7, 1)), (0.3, 0.8, 1), (0.0015, 0.003, math.inf)
    left, [message] = kept(node, with_edges(bucketed(NODE | {"prometheus_replica": "b"}, shares), edges_s))
    assert len(left) == 1
    assert message.startswith("one node was scraped twice (")
    left, messages = kept(node, with_edges(bucketed(NODE | {"instance": "node-5.example:9464"}, (0.2, 0.7, 1)), edges_s))
    assert (len(left), messages) == (2, [])
