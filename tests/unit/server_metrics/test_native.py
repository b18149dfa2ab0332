"""Sparse buckets of native histograms become counts whose every edge is known to all scrapes."""

import math

import pytest

from bizra_load.server_metrics.exposition import ScrapeError
from bizra_load.server_metrics.native import NativeHistogram, with_common_edges


def histogram(*buckets):
    return NativeHistogram(tuple(buckets), sum(n for _, _, n in buckets), 0.0)


def test_new_buckets_in_a_later_scrape_give_an_edge_to_all():
    buckets = with_common_edges({1: histogram((1, 2, 5)), 2: histogram((1, 2, 5), (4, 8, 3))})
    assert buckets[1].edges_s == buckets[2].edges_s == (1, 2, 4, 8, math.inf)
    assert buckets[1].cumulative == (0, 5, 5, 5, 5)
    assert buckets[2].cumulative == (0, 5, 5, 8, 8)


def test_an_edge_inside_a_coarser_bucket_is_dropped():
    buckets = with_common_edges({1: histogram((1, 2, 5), (2, 4, 1)), 2: histogram((1, 4, 9))})
    assert buckets[1].edges_s == (1, 4, math.inf)
    assert buckets[2].cumulative == (0, 9, 9)


def test_the_zero_bucket_is_counted_and_several_label_sets_have_the_same_edges():
    buckets = with_common_edges({"a": histogram((-1e-128, 1e-128, 4)), "b": histogram((1, 2, 5))})
    assert buckets["a"].edges_s == buckets["b"].edges_s == (1e-128, 1, 2, math.inf)
    assert buckets["a"].cumulative == (4, 4, 4, 4)
    assert buckets["b"].cumulative == (0, 0, 5, 5)


def test_an_empty_histogram_has_one_endless_bucket():
    assert with_common_edges({1: histogram()})[1].cumulative == (0,)


@pytest.mark.parametrize(
    "value",
    [
        {},
        {"count": "x", "sum": "1"},
        {"count": "1", "sum": "1", "buckets": [[0, "1"]]},
        {"count": "1", "sum": "1", "buckets": [[0, "1", "2", "5"]]},
        {"count": "9", "sum": "1", "buckets": [[0, "2", "2", "5"]]},
    ],
)
def test_what_can_not_be_read_is_said_in_one_line(value):
    with pytest.raises(ScrapeError, match="can't be read"):
        NativeHistogram.of(value)


def test_a_bucket_without_an_upper_edge_adds_none():
    buckets = with_common_edges({1: histogram((1, 2, 5), (2, math.inf, 3))})
    assert (buckets[1].edges_s, buckets[1].cumulative) == ((1, 2, math.inf), (0, 5, 8))
