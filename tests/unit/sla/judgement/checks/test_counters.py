"""Counters as increments over common intervals; how much of a window scrapes cover."""

import dataclasses

import numpy as np
import pytest

from sla.judgement.checks.counters import (
    common_times_s,
    coverage,
    increments,
    of_the_service,
    partly_scraped,
    restarts,
    scrape_interval_s,
)
from sla.values.agreement import OperationMetrics
from sla.values.snapshot import Snapshot
from tests.unit.sla.synthetic import LOCAL

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


@pytest.mark.parametrize("last_s", [30, 35.1, 620])
def test_an_interval_with_missed_scrapes_is_a_longer_one(last_s):
    """When what it holds was counted is not known: sixty intervals made of one would be sixty times the evidence."""
    series = scrapes([0, 10, 20, last_s], [0] * 4)
    assert common_times_s(series).tolist() == [0, 10, 20, last_s]
    assert common_times_s(series[:1]).size == 0


def test_a_scrape_that_is_there_twice_makes_no_interval_of_no_length():
    assert common_times_s(scrapes([0, 10, 10, 20, 30], [0] * 5)).tolist() == [0, 10, 20, 30]


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
    message = 'instance="b" was scraped in 15 of 60 s only: the rest is unknown'
    assert partly_scraped(a + b, 0, 60) == [message]
    assert partly_scraped(a + scrapes([2], [0], "b"), 0, 60) == [message.replace("15", "7")]
    assert partly_scraped(a + scrapes(range(2, 60, 10), range(6), "b"), 0, 60) == []  # at its own usual interval
    assert partly_scraped(b, 0, 60) == []  # coverage says it


AGREEMENT = dataclasses.replace(LOCAL.agreement, operations={"a": OperationMetrics("h", NAME)})


def kept(*targets):
    """Which of these are kept, and the note; a target is (instance, job, whether it has the metric), job "" for no label."""
    snapshots = [
        Snapshot(i, 0, (("instance", name), *((("job", job),) if job else ())), {NAME if has else OTHER: 1.0})
        for i, (name, job, has) in enumerate(targets)
    ]
    of_service, notes = of_the_service(snapshots, AGREEMENT)
    return [dict(s.target)["instance"] for s in of_service], notes


def test_the_service_is_those_with_its_metrics_and_others_of_the_same_job():
    names, [note] = kept(("a", "node", True), ("b", "node", False), ("c", "other", False), ("d", "", False))
    assert names == ["a", "b"]
    assert note == ('targets without any of the agreement\'s metrics were left out (2): instance="c",job="other"; instance="d"')
    names, [note] = kept(("a", "", True), ("b", "", False))  # without a job nothing says that it is of the service
    assert names == ["a"]
    assert kept(("a", "node", True), ("b", "other", True)) == (["a", "b"], [])
    assert kept(("a", "node", False), ("b", "other", False)) == (["a", "b"], [])


@pytest.mark.parametrize(("others", "end"), [(3, '"o2"'), (4, '"o2"; ...')])
def test_three_of_those_that_were_left_out_are_named(others, end):
    _, [note] = kept(("a", "", True), *((f"o{i}", "", False) for i in range(others)))
    assert note.startswith(f"targets without any of the agreement's metrics were left out ({others}): ")
    assert note.endswith(end)


def test_counters_of_which_one_is_never_there_are_not_read():
    series = scrapes([0, 10, 20], [7, 7, 9])
    assert increments(series, [NAME, OTHER], common_times_s(series)) is None
    assert increments(series, [], common_times_s(series)).tolist() == [0, 0]
    both = [
        dataclasses.replace(s, counters={NAME: s.counters[NAME], **({OTHER: 5.0} if i else {})}) for i, s in enumerate(series)
    ]
    assert increments(both, [NAME, OTHER], common_times_s(series)).tolist() == [5, 2]  # it appeared with its first five


@pytest.mark.parametrize(
    ("times_s", "covered_s"),
    [
        ([50, 60], 30),  # one usual interval on either side
        ([95, 105], 15),  # what lies behind the window is no scrape in it
        ([-5, 5], 15),
        ([0, 10], 20),
        ([100, 110], 10),
        ([40, 50, 90, 100], 10 + 10 + 20 + 10),
        ([40, 50, 70, 80], 10 + 10 + 20 + 10 + 10),
    ],
)
def test_what_scrapes_cover_ends_with_the_window(times_s, covered_s):
    assert coverage(scrapes(times_s, [0] * len(times_s)), 0, 100) == pytest.approx(covered_s / 100)


def test_a_target_is_named_from_under_nine_tenths_on():
    a = scrapes(range(0, 110, 10), range(11), "a")
    assert partly_scraped(a + scrapes([0, 10, 20, 30, 40, 50, 60, 70, 80], range(9), "b"), 0, 100) == []
    [message] = partly_scraped(a + scrapes([0, 10, 20, 30, 40, 50, 60, 70], range(8), "b"), 0, 100)
    assert message.startswith('instance="b" was scraped in 80 of 100 s only')
    assert partly_scraped(a, 0, 200) == []


def test_a_window_has_the_length_from_its_begin_to_its_end():
    a, b = scrapes(range(1000, 1110, 10), range(11), "a"), scrapes(range(1000, 1050, 10), range(5), "b")
    [message] = partly_scraped(a + b, 1000, 1100)
    assert "was scraped in 50 of 100 s only" in message
    assert coverage(b, 1000, 1100) == 0.5


def test_two_scrapes_at_one_time_are_no_interval():
    assert common_times_s(scrapes([5, 5], [0, 1])).size == 0
    assert coverage(scrapes([5, 5], [0, 1]), 0, 10) == 0


def test_what_is_covered_is_never_over_all_whatever_rounding_adds():
    assert coverage(scrapes([2.1, 13, 24.8], [0] * 3), 2, 25) == 1.0


def test_a_label_set_that_restarts_beside_others_is_differenced_for_itself():
    """Their sum falls by what one of them had counted; taken for a restart of all it made 17,033 ops/s of 60."""
    at_s = range(0, 60, 10)
    rows = [(1e6 + 20 * t, 1e3 + 20 * t if t < 30 else 20.0 * (t - 30)) for t in at_s]
    series = [
        Snapshot(t * 10**9, 0, (), {'n_total{method="a"}': a, 'n_total{method="b"}': b})
        for t, (a, b) in zip(at_s, rows, strict=True)
    ]
    assert increments(series, [NAME], common_times_s(series)).tolist() == [400, 400, 200, 400, 400]
    assert restarts(series, [NAME]) == 1


@pytest.mark.parametrize("every_s", [2, 5, 7, 15, 20])
def test_a_target_that_is_scraped_more_seldom_lowers_no_rate(every_s):
    """Two nodes of 40 a second; where the other one was not seen is left out at both ends."""
    often = scrapes(range(61), [40 * t for t in range(61)], "a")
    at_s = range(every_s // 2, 61, every_s)
    seldom = scrapes(at_s, [40 * t for t in at_s], "b")
    times = common_times_s(often + seldom)
    assert increments(often + seldom, [NAME], times).sum() / (times[-1] - times[0]) == pytest.approx(80)
