"""Counters as increments over common intervals; how much of a window scrapes cover."""

import numpy as np
import pytest

from sla.judgement.counters import common_times_s, coverage, increments, partly_scraped, restarts, scrape_interval_s
from sla.values.snapshot import Snapshot

NAME, OTHER = "n_total", "m_total"


def scrapes(times_s, values, instance="", name=NAME):
    return [
        Snapshot(int(t * 1e9), 0, (("instance", instance),), {name: float(v)}) for t, v in zip(times_s, values, strict=True)
    ]


def test_the_usual_interval_is_the_median_of_the_instance_with_the_most_scrapes():
    few = scrapes([0, 100], [0, 0], "b")
    many = scrapes([0, 10, 20, 35, 45], [0] * 5, "a")
    assert scrape_interval_s(few + many) == 10
    assert scrape_interval_s(few[:1]) == scrape_interval_s([]) == 0


@pytest.mark.parametrize(
    ("last_s", "boundaries"), [(35, [0, 10, 20, 35]), (35.1, [0, 10, 20, 27.55, 35.1]), (50, [0, 10, 20, 30, 40, 50])]
)
def test_an_interval_of_more_than_one_and_a_half_usual_ones_holds_missed_scrapes(last_s, boundaries):
    series = scrapes([0, 10, 20, last_s], [0] * 4)
    assert common_times_s(series) == pytest.approx(boundaries)
    assert common_times_s(series[:1]).size == 0


def test_counters_of_several_instances_are_read_at_common_times():
    a, b = scrapes([0, 10, 20], [100, 110, 130], "a"), scrapes([5, 15], [1000, 1020], "b")
    times = common_times_s(a + b)
    assert increments(a + b, [NAME], times) == pytest.approx([10 + 10, 20 + 10])
    assert increments(a, [NAME], times[:2]) == pytest.approx([10])
    assert increments(a, [NAME], times[:1]) is None


def test_after_a_restart_a_counter_counts_from_zero():
    series = scrapes([0, 10, 20, 30], [50, 60, 5, 8])
    assert increments(series, [NAME], common_times_s(series)) == pytest.approx([10, 5, 3])
    assert restarts(series, [NAME]) == 1
    assert restarts(series, []) == 0
    equal = scrapes([0, 10], [5, 5])
    assert restarts(equal, [NAME]) == 0
    both = [Snapshot(s.at_ns, 0, (), {NAME: s.counters[NAME], OTHER: s.counters[NAME]}) for s in series]
    assert restarts(both, [NAME, OTHER]) == 1  # one restart, whatever went back in it


@pytest.mark.parametrize(
    ("times_s", "share"),
    [
        (range(0, 101, 10), 1.0),
        (range(10, 91, 10), 1.0),  # the ends are within one usual interval
        (range(20, 81, 10), 0.8),
        ([0, 10, 20, 80, 90, 100], (40 + 20) / 100),  # in a gap each side counts for one interval
        ([*range(0, 81, 10), 100], 1.0),  # one missed scrape, and the last one on the end of the window
        ([0, *range(20, 101, 10)], 1.0),
        ([200, 210], 0.0),
        ([], 0.0),
    ],
)
def test_scrapes_cover_what_lies_within_one_usual_interval_of_them(times_s, share):
    assert coverage(scrapes(times_s, [0] * len(times_s)), 0, 100) == pytest.approx(share)


def test_increments_are_never_negative():
    rng = np.random.default_rng(1)
    a = scrapes(np.arange(30) * 1.1, np.cumsum(rng.integers(0, 3, 30)), "a")
    b = scrapes(np.arange(25) * 1.3 + 0.7, np.cumsum(rng.integers(0, 3, 25)), "b")
    assert (increments(a + b, [NAME], common_times_s(a + b)) >= 0).all()


def test_a_counter_that_stands_still_has_counted_nothing():
    series = scrapes([0, 10, 20], [7, 7, 9])
    assert increments(series, [NAME], common_times_s(series)).tolist() == [0, 2]


@pytest.mark.parametrize("later_s", [0, 1, 7, 14])
def test_the_rate_of_two_targets_is_not_lowered_by_the_ends_that_one_of_them_does_not_cover(later_s):
    at_s = np.arange(0, 61, 15)
    both = scrapes(at_s, 10 * at_s, "a") + scrapes(at_s + later_s, 30 * at_s, "b")
    times = common_times_s(both)
    assert increments(both, [NAME], times).sum() / (times[-1] - times[0]) == pytest.approx(40)


def test_a_target_that_begins_when_another_ends_is_read_as_well():
    old, new = scrapes([0, 15, 30, 45], [0, 150, 300, 450], "a"), scrapes([60, 75, 90], [0, 150, 300], "b")
    times = common_times_s(old + new)
    assert times.tolist() == [0, 15, 30, 45, 60, 75, 90]
    assert increments(old + new, [NAME], times).tolist() == [150, 150, 150, 0, 150, 150]


def test_a_target_that_was_not_scraped_all_the_time_is_named_though_another_covers_the_window():
    a, b = scrapes(range(0, 65, 5), range(13), "a"), scrapes([0, 5, 10], range(3), "b")
    assert coverage(a + b, 0, 60) == 1
    said = 'instance="b" was scraped in 15 of 60 s alone: what it did in the rest is not known'
    assert partly_scraped(a + b, 0, 60) == [said]
    assert partly_scraped(a + scrapes([2], [0], "b"), 0, 60) == [said.replace("15", "7")]
    assert partly_scraped(a + scrapes(range(2, 60, 10), range(6), "b"), 0, 60) == []  # at its own usual interval
    assert partly_scraped(b, 0, 60) == []  # coverage says it
