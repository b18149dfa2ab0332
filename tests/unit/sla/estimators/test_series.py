"""Times at which several targets are read together, and what each has counted until then."""

import math

import numpy as np
import pytest

from sla.estimators.series import bucket_values, common_edges_s, common_times_s, counter_values, observation_counts, went_back
from sla.values.snapshot import BucketCounts, Snapshot

EVERY_S = np.arange(1000.0, 1006.0)


def common(*targets, whole=False):
    return common_times_s([np.array(t, dtype=np.float64) for t in targets], whole).tolist()


def test_one_target_is_read_at_its_own_scrapes_and_one_scrape_is_none():
    assert common(EVERY_S) == EVERY_S.tolist()
    assert common([1000, 1015]) == [1000, 1015]
    assert common([1000]) == common([]) == common() == []


def test_the_target_with_the_most_scrapes_gives_the_times():
    assert common([1000, 1005], EVERY_S, [1000, 1002, 1005]) == EVERY_S.tolist()


@pytest.mark.parametrize(
    ("other", "begin", "end"),
    [
        ([1000.4, 1005], 1001, 1005),  # it was not there for the whole of the first interval
        ([1000, 1004.6], 1000, 1004),
        ([1000.4, 1004.6], 1001, 1004),
        ([1001, 1005], 1000, 1005),  # later by a whole interval: it began then
        ([1000, 1004], 1000, 1005),
        ([1000, 1005], 1000, 1005),
    ],
)
def test_an_interval_that_a_target_was_there_for_a_part_of_is_left_out(other, begin, end):
    assert common(EVERY_S, other) == list(range(begin, end + 1))
    assert common(EVERY_S, other, whole=True) == EVERY_S.tolist()


def test_the_latest_to_begin_and_the_first_to_end_bound_what_is_left():
    assert common([1000, 1010, 1020, 1030, 1040], [1004, 1037], [1007, 1039], []) == [1010, 1020, 1030]


def test_of_several_bounds_within_one_interval_the_innermost_count():
    """The usual interval is 10 s, the first and the last one here are shorter."""
    times = [1000, 1003, 1013, 1023, 1033, 1036]
    assert common(times, [1002, 1036], [1008, 1036]) == [1013, 1023, 1033, 1036]
    assert common(times, [1000, 1034], [1000, 1029]) == [1000, 1003, 1013, 1023]


def test_two_times_are_enough_and_less_is_no_interval():
    assert common([1000, 1010, 1020], [1004, 1020]) == [1010, 1020]
    assert common([1000, 1010, 1020], [1004, 1014]) == [1000, 1010, 1020]


def test_what_others_cover_before_and_after_is_read_in_usual_intervals():
    assert common([1000, 1010, 1020, 1030], [970, 1000], [1030, 1050]) == [970, 980, 990, 1000, 1010, 1020, 1030, 1040, 1050]


@pytest.mark.parametrize("times", [[1000, 1000, 1010, 1020], [1000, 1010, 1020, 1020], [1000, 1010, 1010, 1020]])
def test_a_scrape_that_is_there_twice_leaves_the_usual_interval_as_it_is(times):
    assert common(times, [1040]) == [*times, 1030, 1040]


def test_two_scrapes_have_a_usual_interval():
    assert common([1000, 1010], [980]) == [980, 990, 1000, 1010]


def test_the_whole_reaches_as_far_as_any_target_does():
    assert common([1000, 1010, 1020], [996, 1023], whole=True) == [996, 1000, 1010, 1020, 1023]
    assert common([1000, 1010, 1020], [1004, 1015], whole=True) == [1000, 1010, 1020]


def test_a_scrape_that_is_there_twice_has_no_usual_interval():
    assert common([1000, 1000]) == [1000, 1000]
    assert common([1000, 1000], [990], whole=True) == [990, 1000]


def scrape(second, counters=None, histograms=None):
    return Snapshot(second * 10**9, counters=counters or {}, histograms=histograms or {})


def test_a_label_set_counts_nothing_before_it_appears_and_keeps_its_count_when_it_has_gone():
    scrapes = [scrape(0, {"n": 5.0}), scrape(1, {"n": 6.0, 'n{a="1"}': 2.0, "m": 9.0}), scrape(2, {'n{a="1"}': 3.0})]
    assert counter_values(scrapes, "n").tolist() == [[5, 0], [6, 2], [6, 3]]
    assert counter_values(scrapes, "x").shape == (3, 0)
    timed = [scrape(0), scrape(1, histograms={"h": BucketCounts((1.0, math.inf), (2.0, 5.0))})]
    assert observation_counts(timed, "h").tolist() == [[0], [5]]


def test_a_counter_that_became_smaller_went_back_whatever_the_others_do():
    scrapes = [scrape(0, {"n": 5.0, "m": 1.0}), scrape(1, {"n": 4.0, "m": 2.0}), scrape(2, {"n": 4.0, "m": 3.0})]
    assert went_back(scrapes, ["n", "m"]) == went_back(scrapes, ["m", "n"]) == [True, False]
    assert went_back(scrapes, ["m"]) == went_back(scrapes, []) == [False, False]


def test_of_several_label_sets_one_that_went_back_is_enough():
    scrapes = [scrape(0, {"n": 5.0, 'n{a="1"}': 1.0}), scrape(1, {"n": 6.0, 'n{a="1"}': 0.0})]
    assert went_back(scrapes, ["n"]) == [True]


def test_buckets_of_two_kinds_are_not_added():
    def of(*edges):
        return BucketCounts((*edges, math.inf), tuple(float(i) for i in range(len(edges) + 1)))

    alike = [scrape(0), scrape(1, histograms={"h": of(1.0), 'h{a="1"}': of(1.0), "other": of(3.0)})]
    assert common_edges_s(alike, "h") == (1.0, math.inf)
    assert bucket_values(alike, "h", (1.0, math.inf)).tolist() == [[[0, 0], [0, 0]], [[0, 1], [0, 1]]]
    assert common_edges_s([scrape(0, histograms={"h": of(1.0)}), scrape(1, histograms={"h": of(2.0)})], "h") == ()
    assert common_edges_s([scrape(0)], "h") == ()
    assert common_edges_s([scrape(0, histograms={"h": of()})], "h") == (math.inf,)


def test_of_buckets_with_other_edges_those_that_all_have_are_added():
    def of(**cumulative):
        return BucketCounts(tuple(float(e[1:]) for e in cumulative), tuple(map(float, cumulative.values())))

    mixed = [scrape(0, histograms={"h": of(e1=1, e2=3, e4=6, einf=7), 'h{a="1"}': of(e2=10, e3=20, e4=30, einf=40)})]
    assert common_edges_s(mixed, "h") == (2.0, 4.0, math.inf)
    assert bucket_values(mixed, "h", (2.0, 4.0, math.inf)).tolist() == [[[3, 6, 7], [10, 30, 40]]]
