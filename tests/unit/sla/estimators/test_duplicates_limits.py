"""How much two targets must have in common to be one process, and which scrapes of the other fill one up: at the limits."""

import math
from dataclasses import replace

import pytest

from sla.estimators.duplicates import START_TIME, without_duplicates
from sla.values.snapshot import BucketCounts, Snapshot, labels_of

NODE = {"instance": "10.0.0.5:9464", "job": "node"}
REPLICA = NODE | {"prometheus_replica": "b"}  # differs in who scraped it alone
ELSEWHERE = {"instance": "node-5.example:9464", "job": "blackbox"}  # by its labels another process


def target(labels, count_at, started_s=None):
    """`count_at`: n_total, or all counters, by the second of the scrape; `started_s` too, or one start for all."""
    starts = started_s if isinstance(started_s, dict) else dict.fromkeys(count_at, started_s)
    return [
        Snapshot(
            round(1e9 * at_s),
            target=labels_of(labels),
            counters=counts if isinstance(counts, dict) else {"n_total": float(counts)},
            gauges={} if starts[at_s] is None else {START_TIME: starts[at_s]},
        )
        for at_s, counts in count_at.items()
    ]


def verdict(*targets):
    result = without_duplicates(sorted((s for t in targets for s in t), key=lambda s: s.at_ns))
    if result.undecided:
        return "undecided"
    return "one" if result.duplicates else "two"


def times_kept(*targets):
    """Seconds of the scrapes of the target that is kept, which all the others are in, too."""
    result = without_duplicates(sorted((s for t in targets for s in t), key=lambda s: s.at_ns))
    assert len({s.target for s in result.snapshots}) == 1
    return [s.at_ns / 1e9 for s in result.snapshots]


def steadily(*times_s):
    return {t: 1000 + 20 * t for t in times_s}


@pytest.mark.parametrize(
    ("shift_s", "expected"), [(-5.05, "two"), (-5, "one"), (-4.95, "one"), (4.95, "one"), (5, "one"), (5.05, "two")]
)
def test_clocks_of_those_that_scrape_are_five_seconds_apart_at_most(shift_s, expected):
    """20 a second: 5.05 s are one more than the scrape five seconds away has. Of replicas of Prometheus it may be a minute."""
    seconds = range(30)
    shifted = {t: 1000 + 20 * (t + shift_s) for t in seconds}
    assert verdict(target(NODE, steadily(*seconds)), target(NODE | {"job": "other"}, shifted)) == expected
    of_replica = "undecided" if expected == "two" else "one"  # in half a minute
    assert verdict(target(NODE, steadily(*seconds)), target(REPLICA, shifted)) == of_replica


@pytest.mark.parametrize(
    ("times_s", "expected"), [((0, 5, 10), "one"), ((0, 5, 9.9), "undecided"), ((0.1, 5, 10), "undecided")]
)
def test_a_scrape_says_something_where_the_other_has_one_five_seconds_before_and_one_five_seconds_after(times_s, expected):
    assert verdict(target(NODE, steadily(*times_s)), target(REPLICA, steadily(*times_s))) == expected


@pytest.mark.parametrize(
    ("first_s", "second_s", "expected"),
    [
        ((10, 11, 12), (8, 9, 11), "undecided"),
        ((8, 9, 11), (10, 11, 12), "undecided"),
        ((10, 11, 12), (8, 9, 10), "two"),  # one ends when the other begins: nothing is counted twice
        ((8, 9, 10), (10, 11, 12), "two"),
    ],
)
def test_only_of_targets_that_overlap_it_can_stay_undecided(first_s, second_s, expected):
    assert verdict(target(NODE, steadily(*first_s)), target(REPLICA, steadily(*second_s))) == expected


def test_of_two_with_other_labels_that_started_together_few_scrapes_leave_nothing_undecided():
    apart = (target(NODE, {1000: 5, 1002: 6}, 50.37), target(ELSEWHERE, {1001: 7, 1003: 8}, 50.37))
    assert verdict(*apart) == "two"


@pytest.mark.parametrize(("other_start_s", "expected"), [(0.0045, "one"), (0.00499, "one"), (0.0055, "two")])
def test_a_process_that_started_five_milliseconds_later_is_the_same(other_start_s, expected):
    """Its start is counted in hundredths of a second."""
    counts = {1000: 2_000_000, 1060: 2_002_400}
    assert verdict(target(NODE, counts, 0.37), target(ELSEWHERE, counts, 0.37 + other_start_s)) == expected


def test_starts_that_are_the_same_but_for_rounding_are_of_a_process_that_never_restarted():
    counts = {1000: 2_000_000, 1060: 2_002_400}
    assert verdict(target(NODE, counts, 50.301), target(ELSEWHERE, counts, 50.304)) == "one"


@pytest.mark.parametrize(("a_started_s", "b_started_s"), [(50.0, None), (None, 50.37)])
def test_where_only_one_of_two_tells_its_start_the_counts_decide(a_started_s, b_started_s):
    seconds = range(30)
    assert verdict(target(NODE, steadily(*seconds), a_started_s), target(REPLICA, steadily(*seconds), b_started_s)) == "one"
    a, b = target(NODE, steadily(*seconds), a_started_s), target(ELSEWHERE, steadily(*seconds), b_started_s)
    assert verdict(a, b) == "two"


@pytest.mark.parametrize(
    ("a_counts", "b_counts", "expected"),
    [
        ((0, 5), (0, 5), "one"),
        ((0, 5), (0, 7), "two"),  # that both began at 0 says nothing
        ((1, 1), (1, 1), "one"),
        ((0, 0), (0, 0), "one"),  # neither has done anything
        ((0, 0), (0, 5), "two"),
    ],
)
def test_equal_counts_of_processes_that_started_together_are_more_than_the_zero_that_all_begin_with(
    a_counts, b_counts, expected
):
    a, b = (dict(zip((1000, 1060), counts, strict=True)) for counts in (a_counts, b_counts))
    assert verdict(target(NODE, a, 50.37), target(ELSEWHERE, b, 50.37)) == expected


@pytest.mark.parametrize(("second_s", "expected"), [(1005, "one"), (1005.001, "two")])
def test_one_scrape_each_is_enough_of_processes_that_started_together_within_five_seconds(second_s, expected):
    assert verdict(target(NODE, {1000: 9}, 50.37), target(ELSEWHERE, {second_s: 9}, 50.37)) == expected


def test_one_of_the_scrapes_nearby_has_the_same_count_and_that_is_enough():
    assert verdict(target(NODE, {1000: 9, 1003: 10}, 50.37), target(ELSEWHERE, {1003: 10}, 50.37)) == "one"


def test_processes_without_any_work_and_with_the_same_counters_are_one():
    seconds = range(30)
    assert verdict(target(NODE, dict.fromkeys(seconds, 7)), target(REPLICA, dict.fromkeys(seconds, 7))) == "one"


def some_in_common(counts):
    """One of two has a counter more; of the two that both have one moves as `counts` say, and the other not at all."""
    fewer = {t: {"n_total": float(n), "idle_total": 3.0} for t, n in enumerate(counts)}
    return target(NODE, {t: {**row, "m_total": 1.0} for t, row in fewer.items()}), target(REPLICA, fewer)


@pytest.mark.parametrize(
    ("counts", "expected"),
    [
        ([7] * 30, "two"),
        ([6] + [7] * 29, "one"),
        ([7] * 29 + [8], "one"),
        ([*range(30)], "one"),
    ],
)
def test_where_one_has_fewer_counters_something_in_common_must_have_moved(counts, expected):
    assert verdict(*some_in_common(counts)) == expected


@pytest.mark.parametrize(
    ("other_s", "taken_s"),
    [
        ((1, 2), (1, 2)),  # a whole interval before the first one, or more
        ((0.5, 1.5, 2.5), (0.5, 1.5)),
        ((7, 8), (7, 8)),
        ((6.5, 7.5, 8.5), (7.5, 8.5)),
        ((3.5, 4.5, 5.5), ()),
    ],
)
def test_scrapes_before_the_first_and_after_the_last_are_taken_a_usual_interval_away(other_s, taken_s):
    own_s = (3, 4, 5, 6)
    a, b = target(NODE, steadily(*own_s), 50.37), target(REPLICA, steadily(*other_s), 50.37)
    assert times_kept(a, b) == sorted((*own_s, *taken_s))


@pytest.mark.parametrize(
    ("own_s", "other_s", "taken_s"),
    [
        ((0, 3, 4, 5, 6, 7), (0, 1, 2, 3), (1, 2)),  # behind the first one
        ((0, 1, 2, 3, 6, 7), (3.5, 4.5, 5.5), (4.5,)),  # half an interval from the one before, or after, is too near
        ((0, 1, 2, 3, 5, 6), (3, 4, 5), (4,)),
        ((0, 1, 2, 3, 4.9, 6), (4,), ()),
        ((0, 0.5, 1, 3, 3.5, 4), (1.5, 2, 2.5), (1.5, 2, 2.5)),
        ((0, 1, 2, 3, 9, 10), (0, 3, 5, 9), (5,)),  # the usual interval is that of the one that is kept
    ],
)
def test_a_hole_is_filled_up_with_what_is_a_usual_interval_away_from_both_sides(own_s, other_s, taken_s):
    a, b = target(NODE, steadily(*own_s), 50.37), target(REPLICA, steadily(*other_s), 50.37)
    assert times_kept(a, b) == sorted((*own_s, *taken_s))


def test_one_scrape_between_two_is_not_taken_and_of_one_each_both_are():
    a, b = target(NODE, steadily(1000, 1060), 50.37), target(REPLICA, steadily(1030), 50.37)
    assert times_kept(a, b) == [1000, 1060]
    a, b = target(NODE, {1000: 9}, 50.37), target(REPLICA, {1000.5: 9}, 50.37)
    assert times_kept(a, b) == [1000, 1000.5]


@pytest.mark.parametrize(("later_s", "taken"), [(0.0, False), (0.001, True)])
def test_what_counts_less_within_five_seconds_is_not_later(later_s, taken):
    """The replica sees a restart that the other one does not: it takes over, but for what its clock may have put too late."""
    a = target(NODE, steadily(*range(0, 31, 5)), -50.37)
    of_replica = {15 + later_s: 1300, 20 + later_s: 1400, 25 + later_s: 1500, 30: 1600}
    after = {35 + later_s: 80, 40 + later_s: 280, 45 + later_s: 480}
    starts = dict.fromkeys(of_replica, -50.37) | dict.fromkeys(after, 33.0)
    b = target(REPLICA, of_replica | after, starts)
    assert times_kept(a, b) == [*range(0, 31, 5), *([35 + later_s] if taken else []), 40 + later_s, 45 + later_s]


@pytest.mark.parametrize("metric", ["counter", "histogram"])
@pytest.mark.parametrize(("ahead_s", "taken_s"), [(4, (43, 44, 45)), (-4, (14, 15, 16))])
def test_where_a_clock_is_ahead_the_other_takes_over_when_it_has_as_much(metric, ahead_s, taken_s):
    """Scrapes of second t count what there was at t - 4, or t + 4: three of them count less than the edge, or more."""

    def scrapes(labels, seconds, ahead_s):
        first = target(labels, {t: {"idle_total": 3.0, "n_total": 1000.0 + 20 * (t - ahead_s)} for t in seconds}, 5.0)
        if metric == "counter":
            return first
        idle = BucketCounts((1.0, math.inf), (0.0, 3.0))
        of_h = ({"g": idle, "h": replace(idle, cumulative=(0.0, s.counters["n_total"]))} for s in first)
        return [replace(s, counters={"idle_total": 3.0}, histograms=h) for s, h in zip(first, of_h, strict=True)]

    own_s, other_s = range(20, 40), range(26, 46) if ahead_s > 0 else range(14, 34)
    assert times_kept(scrapes(NODE, own_s, 0), scrapes(REPLICA, other_s, ahead_s)) == sorted((*own_s, *taken_s))


def test_what_has_not_moved_since_is_later_all_the_same():
    seconds = (0, 1, 2, 3)
    a, b = target(NODE, dict.fromkeys(seconds, 7), 50.37), target(REPLICA, dict.fromkeys((3, 4, 5), 7), 50.37)
    assert times_kept(a, b) == [0, 1, 2, 3, 4, 5]


def test_of_a_target_that_is_another_the_rest_is_what_only_it_holds_and_its_start():
    def histograms(*names):
        return {name: BucketCounts((1.0, math.inf), (1.0, 2.0)) for name in names}

    times_s = range(0, 30, 2)
    a = [replace(s, histograms=histograms("h")) for s in target(NODE, steadily(*range(30)), 50.37)]
    b = target(REPLICA, {t: {"n_total": 1000.0 + 20 * t, "m_total": 7.0} for t in times_s}, 50.37)
    b = [replace(s, histograms=histograms("h", 'k{a="1"}'), gauges={**s.gauges, "g": 1.0}) for s in b]
    result = without_duplicates(sorted((*a, *b), key=lambda s: s.at_ns))
    rest = [s for s in result.snapshots if s.target == labels_of(REPLICA)]
    assert [s.at_ns / 1e9 for s in rest] == list(times_s)
    assert {(*s.counters, *s.histograms, *s.gauges) for s in rest} == {("m_total", 'k{a="1"}', START_TIME)}


def test_scrapes_of_targets_that_are_two_come_back_as_they_were():
    scrapes = [*target(ELSEWHERE, {0: 1, 1: 2}), *target(NODE, {0: 1, 1: 2})]
    assert without_duplicates(scrapes).snapshots == scrapes
