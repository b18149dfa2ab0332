"""One process that was scraped twice, told from two that are alike: by its counters and its start time."""

from dataclasses import replace

import pytest

from sla.estimators.duplicates import START_TIME, without_duplicates
from sla.judgement.checks.counters import common_times_s, coverage, increments
from sla.values.snapshot import Snapshot, labels_of

NODE = {"instance": "10.0.0.5:9464", "job": "node"}


def target(labels, counts, every_s=1.0, from_s=0.0, started_s=None, name="n_total"):
    gauges = {} if started_s is None else {START_TIME: started_s}
    return [
        Snapshot(round((from_s + i * every_s) * 1e9), 0, labels_of(labels), {name: float(c)}, gauges)
        for i, c in enumerate(counts)
    ]


def kept(*targets):
    result = without_duplicates(sorted((s for t in targets for s in t), key=lambda s: s.at_ns))
    return sorted({s.target for s in result.snapshots}), [str(d) for d in (*result.duplicates, *result.undecided)]


COUNTS = range(1000, 1600, 20)


@pytest.mark.parametrize("later_s", [0.0, 0.5, -0.7])
@pytest.mark.parametrize("other", [{"prometheus_replica": "b"}, {"job": "other"}, {"endpoint": "web"}])
def test_targets_that_differ_in_who_scraped_them_and_count_the_same_are_one(other, later_s):
    counts = [1000 + 20 * (i + later_s) for i in range(30)]
    left, message = kept(target(NODE, COUNTS), target(NODE | other, counts, from_s=later_s))
    assert left == [labels_of(NODE)] or left == [labels_of(NODE | other)]
    assert len(message) == 1
    assert message[0].startswith("one node was scraped twice (")


def test_of_two_the_one_with_more_scrapes_is_kept():
    left, message = kept(target(NODE, COUNTS[::3], every_s=3), target(NODE | {"job": "other"}, COUNTS))
    assert left == [labels_of(NODE | {"job": "other"})]
    assert message == ['one node was scraped twice (job="other" and job="node" count the same): job="other" is judged']


@pytest.mark.parametrize(
    ("other", "counts"),
    [
        ({"cluster": "beta", "job": "other"}, COUNTS),
        ({"cluster": "beta"}, COUNTS),  # another cluster may count the same by chance, or by a fair balancer
        ({"job": "other"}, range(0, 600, 20)),
        ({"instance": "10.0.0.6:9464"}, COUNTS),
    ],
)
def test_others_are_two(other, counts):
    node = NODE | {"cluster": "alpha"}
    assert kept(target(node, COUNTS), target(node | other, counts)) == (sorted([labels_of(node), labels_of(node | other)]), [])


def test_processes_that_started_at_one_moment_and_count_the_same_are_one_whatever_they_are_called():
    other = {"instance": "node-5.example:9464", "job": "blackbox"}
    twice = (target(NODE, COUNTS, started_s=50.301), target(other, COUNTS, started_s=50.304))
    assert len(kept(*twice)[0]) == 1
    assert len(kept(target(NODE, COUNTS, started_s=50.3), target(other, COUNTS, started_s=50.31))[0]) == 2
    assert len(kept(target(NODE, COUNTS, started_s=50.0), target(other, range(30), started_s=50.0))[0]) == 2


def test_two_replicas_of_a_service_that_started_apart_are_two_though_a_balancer_makes_them_count_the_same():
    other = NODE | {"prometheus_replica": "b"}
    assert len(kept(target(NODE, COUNTS, started_s=50.0), target(other, COUNTS, started_s=51.0))[0]) == 2


def judged(*targets):
    """(rate of n_total as it is judged, how many duplicates were left out, coverage of the minute from 1000 s on)"""
    result = without_duplicates(sorted((s for t in targets for s in t), key=lambda s: s.at_ns))
    times = common_times_s(result.snapshots)
    rate = increments(result.snapshots, ["n_total"], times).sum() / (times[-1] - times[0])
    return pytest.approx(rate), len(result.duplicates), coverage(result.snapshots, 1000, 1060)


def minute(labels, count, started=lambda _: None, later_s=0.0, which=slice(None), every_s=5, name="n_total"):
    """Scrapes of the minute from 1000 s on; `count` and `started` by the time of the scrape."""
    times_s = [1000 + i * every_s + later_s for i in range(60 // every_s + 1)][which]
    return [s for t in times_s for s in target(labels, [count(t)], from_s=t, started_s=started(t), name=name)]


def steady(t):
    return 2_000_000 + 40 * (t - 1000)


def at_50(_):
    return 50.37


OTHERS = [
    {"prometheus_replica": "b"},
    {"job": "other"},
    {"prometheus": "monitoring/b"},
    {"service": "b"},
]


@pytest.mark.parametrize("with_start", [True, False])
@pytest.mark.parametrize("restart_s", [1017, 1030, 1043, 1057])
@pytest.mark.parametrize("later_s", [0.5, 1.2, 2.5, 3, -2])
@pytest.mark.parametrize("other", OTHERS)
def test_a_node_that_restarts_is_recognised_all_the_same(other, later_s, restart_s, with_start):
    def count(t):
        return steady(t) if t < restart_s else 40 * (t - restart_s)

    def started(t):
        return (50.37 if t < restart_s else restart_s) if with_start else None

    alone = judged(minute(NODE, count, started))
    rate, duplicates, covered = judged(minute(NODE, count, started), minute(NODE | other, count, started, later_s))
    assert duplicates == 1
    assert (rate.expected, covered) == (alone[0], 1.0)


@pytest.mark.parametrize("restarts", ["a", "b"])
def test_of_two_that_count_the_same_one_restarts_and_they_are_two(restarts):
    def count(t):
        return steady(t) if t < 1030 else 40 * (t - 1030)

    a, b = (count if restarts == name else steady for name in "ab")
    assert judged(minute(NODE, a), minute(NODE | OTHERS[0], b, later_s=1))[1] == 0


def test_a_metric_that_one_job_drops_leaves_the_others_counted_once():
    few = minute(NODE | {"job": "x"}, steady, at_50)
    more = [replace(s, counters={**s.counters, "m_total": 7.0}) for s in minute(NODE, steady, at_50, later_s=2)]
    result = without_duplicates(sorted((*few, *more), key=lambda s: s.at_ns))
    assert judged(few, more)[:2] == (40, 1)
    assert [s.counts("n_total") and s.counts("m_total") for s in result.snapshots] == [True] * 13
    assert [dict(d.dropped)["job"] for d in result.duplicates] == ["x"]


def test_what_the_target_with_more_scrapes_lacks_is_judged_from_another_once():
    """Job x has n_total alone and most scrapes, y and z have m_total too."""
    most = minute(NODE | {"job": "x"}, steady, at_50, every_s=4)
    others = [minute(NODE | {"job": job}, steady, at_50, later_s=1) for job in "yz"]
    others = [[replace(s, counters={**s.counters, "m_total": s.counters["n_total"] - 7}) for s in of_job] for of_job in others]
    result = without_duplicates(sorted((*most, *others[0], *others[1]), key=lambda s: s.at_ns))
    times = common_times_s(result.snapshots)
    for name in ("n_total", "m_total"):
        assert increments(result.snapshots, [name], times).sum() / (times[-1] - times[0]) == pytest.approx(40, rel=0.05)
    assert {dict(d.dropped)["job"] for d in result.duplicates} == {"y", "z"}


@pytest.mark.parametrize("other", [*OTHERS, {"instance": "node-5.example:9464"}])
@pytest.mark.parametrize("every_s", [30, 60])
def test_two_or_three_scrapes_at_equal_times_are_enough_of_processes_that_started_at_one_moment(other, every_s):
    rate, duplicates, _ = judged(*(minute(labels, steady, at_50, every_s=every_s) for labels in (NODE, NODE | other)))
    assert (rate.expected, duplicates) == (40, 1)


def test_two_scrapes_that_differ_are_of_two_processes_though_they_started_at_one_moment():
    other = NODE | {"instance": "10.0.0.6:9464"}
    assert judged(minute(NODE, steady, at_50, every_s=60), minute(other, lambda t: steady(t) + 1, at_50, every_s=60))[1] == 0
    forked = minute(NODE | OTHERS[0], lambda t: steady(t) + 9999, at_50, every_s=60)
    assert judged(minute(NODE, steady, at_50, every_s=60), forked)[1] == 0


@pytest.mark.parametrize("with_start", [True, False])
@pytest.mark.parametrize("other", OTHERS)
def test_replicas_that_cover_the_first_and_the_last_part_are_judged_over_both(other, with_start):
    started = at_50 if with_start else lambda _: None
    a, b = minute(NODE, steady, started, 0, slice(0, 8)), minute(NODE | other, steady, started, 1.2, slice(3, None))
    rate, duplicates, covered = judged(a, b)
    assert (rate, duplicates, covered) == (40, 1, 1.0)
    missed = [s for s in minute(NODE, steady, started) if not 1020 < s.at_ns / 1e9 < 1045]
    assert judged(missed, minute(NODE | other, steady, started, 1.2, slice(4, 9)))[1:] == (1, 1.0)
    if with_start:
        a, b = minute(NODE, steady, started, 0, slice(0, 6)), minute(NODE | other, steady, started, 1.2, slice(6, None))
        assert judged(a, b)[:2] == (40, 1)  # nothing is there twice


def test_a_clock_that_is_ahead_makes_no_restart_where_the_other_takes_over():
    a = minute(NODE, steady, at_50, every_s=1, which=slice(0, 40))
    b = minute(NODE | OTHERS[0], lambda t: steady(t - 4), at_50, every_s=1, which=slice(25, None))
    rate, duplicates, _ = judged(a, b)
    assert duplicates == 1
    assert 36 < rate.expected <= 40


def test_what_has_other_counters_is_another_and_what_follows_another_counts_nothing_twice():
    other = NODE | {"job": "other"}
    assert len(kept(target(NODE, COUNTS), target(other, COUNTS, name="m_total"))[0]) == 2
    first_then_second = (target(NODE, COUNTS[:3]), target(other, COUNTS[3:6], from_s=3.0))
    assert kept(*first_then_second) == (sorted([labels_of(NODE), labels_of(other)]), [])


@pytest.mark.parametrize(
    ("other", "message"),
    [
        ({"job": "other"}, 'job="node" and job="other"'),
        ({"prometheus_replica": "b"}, 'no further label and prometheus_replica="b"'),
        ({"cluster": "beta"}, ""),  # another cluster's node is another
    ],
)
def test_whether_two_are_one_stays_undecided_where_nothing_lies_between_their_scrapes(other, message):
    left, result = kept(target(NODE, COUNTS[:3]), target(NODE | other, COUNTS[:3]))
    assert len(left) == 2
    text = f"one node may have been scraped twice ({message}): too few scrapes to tell, so both are counted"
    assert result == ([text] if message else [])
