"""Observations of the server between scrapes, of targets that are scraped at different times."""

import dataclasses
import math

import numpy as np
import pytest

from sla.estimators.increments import Increments, bucket_increments
from sla.values.snapshot import BucketCounts, Snapshot

EDGES_S = (1.0, math.inf)


def target(name, *scrapes):
    """Snapshots from (second, observations up to 1 s, all observations)."""
    return [
        Snapshot(
            round(at_s * 1e9), 0, (("instance", name),), {}, {}, {"h": BucketCounts(EDGES_S, (float(short), float(every)))}
        )
        for at_s, short, every in scrapes
    ]


def of(*targets, from_s=0, to_s=1000):
    return bucket_increments([s for t in targets for s in t], "h", from_s * 10**9, to_s * 10**9)


A = target("a", (0, 0, 0), (10, 4, 10), (20, 4, 20))


def test_what_a_target_counts_between_other_times_is_spread_evenly():
    added = of(A, target("b", (5, 100, 100), (15, 130, 140)))
    assert added.counts.tolist() == [[4 + 15, 6 + 5], [15, 10 + 5]]
    assert (added.total, added.sizes.tolist(), added.resets) == (60, [30, 30], 0)
    assert added.cumulative.tolist() == [[19, 30], [15, 30]]
    assert added.shares_beyond.tolist() == pytest.approx([26 / 60, 0])
    # what b counted from 5 to 15 s may have come at any time between
    assert added.spans_s.tolist() == [[0, 15], [5, 20]]


def test_scrapes_that_begin_and_end_at_the_same_time_span_their_own_intervals():
    added = of(A, target("b", (0, 0, 0), (10, 1, 1), (20, 2, 2)))
    assert added.counts.tolist() == [[5, 6], [1, 10]]
    assert added.spans_s.tolist() == [[0, 10], [10, 20]]


def test_a_target_that_ends_before_an_interval_spans_nothing_of_it():
    added = of(A, target("b", (0, 0, 0), (8, 8, 8)))
    assert added.counts.tolist() == [[12, 6], [0, 10]]
    assert added.spans_s.tolist() == [[0, 10], [10, 20]]
    begins = of(A, target("b", (12, 0, 0), (18, 6, 6)))
    assert begins.counts.tolist() == [[4, 6], [6, 10]]
    assert begins.spans_s.tolist() == [[0, 10], [10, 20]]


def test_an_interval_in_which_nobody_was_there_to_count_is_left_out_and_a_quiet_one_is_not():
    restarted = target("a", (0, 5, 5), (10, 0, 0), (20, 0, 0), (30, 1, 1))
    added = of(restarted)
    assert (added.counts.tolist(), added.resets) == ([[0, 0], [1, 0]], 1)
    assert added.spans_s.tolist() == [[10, 20], [20, 30]]
    beside = of(restarted, target("b", (0, 0, 0), (10, 2, 2), (20, 2, 2), (30, 2, 2)))
    assert (beside.counts.tolist(), beside.resets) == ([[2, 0], [0, 0], [1, 0]], 1)
    quiet = of(restarted, target("b", (0, 0, 0), (10, 0, 0), (20, 0, 0), (30, 0, 0)))
    assert quiet.counts.tolist() == [[0, 0], [1, 0]]


def test_a_restart_of_another_target_is_one_whatever_its_times():
    added = of(A, target("b", (5, 100, 100), (15, 0, 0)))
    assert (added.counts.tolist(), added.resets) == ([[4, 6], [0, 10]], 1)
    added = of(target("a", (0, 0, 0), (10, 0, 0), (20, 0, 0)), target("b", (5, 100, 100), (15, 0, 0)))
    assert added.counts.size == 0


def test_a_bucket_that_went_back_while_others_grew_is_a_restart():
    assert of(target("a", (0, 5, 5), (10, 4, 9))).resets == 1


def test_targets_without_the_histogram_or_with_one_scrape_say_nothing():
    other = [Snapshot(s.at_ns, 0, (("instance", "b"),), {"n": 1.0}) for s in A]
    assert of(A, other).counts.tolist() == of(A, target("b", (3, 9, 9))).counts.tolist() == [[4, 6], [0, 10]]
    assert of(other) is None
    assert of(target("b", (3, 9, 9))) is None
    assert of(A, from_s=5).counts.tolist() == [[0, 10]]
    assert of(A, to_s=10).counts.tolist() == [[4, 6]]


def test_targets_with_other_edges_are_added_at_those_that_both_have():
    finer = [
        Snapshot(s.at_ns, 0, (("instance", "b"),), {}, {}, {"h": BucketCounts((0.5, 1.0, math.inf), (n, 2.0 * n, 3.0 * n))})
        for n, s in enumerate(A)
    ]
    added = of(A, finer)
    assert added.edges_s.tolist() == [1.0, math.inf]
    assert added.counts.tolist() == [[4 + 2, 6 + 1], [0 + 2, 10 + 1]]
    once = [Snapshot(0, 0, (("instance", "c"),), {}, {}, {"h": BucketCounts((7.0, math.inf), (1.0, 1.0))})]
    assert of(A, finer, once).counts.tolist() == added.counts.tolist()  # of a single scrape nothing is taken
    none = [Snapshot(s.at_ns, 0, (("instance", "d"),), {}, {}, {"h": BucketCounts((7.0, math.inf), (1.0, 1.0))}) for s in A]
    assert of(A, none) is None


def increments(*counts):
    return Increments(np.array(EDGES_S), np.array(counts, dtype=np.float64), 0, np.zeros((len(counts), 2)))


def test_observations_that_come_evenly_are_independent_and_those_in_waves_are_worth_less():
    even = increments(*[[9, 1]] * 40)
    assert even.effective_beyond(0, 0.95) == pytest.approx((1.0, 400 * (1.95996 / 2.10092) ** 2), rel=1e-4)  # 18 cosines
    # one cosine alone: of the four slowest it holds all, 2 (0.5 * 40 / 2)^2 / 4 = 50 instead of 36
    wave = 0.5 * np.cos(np.pi * (np.arange(40) + 0.5) / 40)
    waves = increments(*[[9 - w, 1 + w] for w in wave])
    deff, size = waves.effective_beyond(0, 0.95)
    assert deff == pytest.approx(200 / 4 / 36)
    assert size == pytest.approx(400 / deff * (1.95996 / 4.30265) ** 2, rel=1e-4)  # two degrees of freedom
    assert waves.effective_beyond(0, 0.5)[1] > size
    assert waves.effective_beyond(1, 0.95) == (1.0, 400)  # beyond the last edge lies nothing
    assert increments(*[[0, 5], [0, 7]] * 3).effective_beyond(0, 0.95) == (1.0, 36)  # and here everything
    assert increments(*[[0, 5]] * 4).effective_beyond(0, 0.95) == (np.inf, 0.0)  # of too few intervals


def test_an_influence_is_what_lies_beyond_less_the_share_of_as_many_observations():
    """A fifth in every interval, few or many: that is no dependence."""
    assert increments(*[[8, 2], [24, 6]] * 20).effective_beyond(0, 0.95)[0] == 1.0


def test_quiet_intervals_at_both_ends_are_kept_where_somebody_was_there_to_count():
    counted = of(target("a", (0, 5, 5), (10, 5, 5), (20, 6, 6), (30, 6, 6)))
    assert (counted.counts.tolist(), counted.resets) == ([[0, 0], [1, 0], [0, 0]], 0)


def test_a_restart_in_the_last_interval_leaves_that_one_out():
    counted = of(target("a", (0, 0, 0), (10, 1, 1), (20, 0, 0)))
    assert (counted.counts.tolist(), counted.resets, counted.spans_s.tolist()) == ([[1, 0]], 1, [[0, 10]])


def test_one_observation_of_another_target_keeps_an_interval_in_which_one_restarted():
    beside = of(target("a", (0, 5, 5), (10, 0, 0)), target("b", (0, 0, 0), (10, 1, 1)))
    assert (beside.counts.tolist(), beside.resets) == ([[1, 0]], 1)


def test_an_interval_without_observations_is_left_out_where_a_target_was_not_there_to_count():
    ends = of(target("a", (0, 0, 0), (10, 1, 1), (20, 1, 1)), target("b", (0, 0, 0), (10, 1, 1)))
    assert (ends.counts.tolist(), ends.spans_s.tolist()) == ([[2, 0]], [[0, 10]])
    begins = of(target("a", (0, 0, 0), (10, 0, 0), (20, 1, 1)), target("b", (10, 0, 0), (20, 1, 1)))
    assert (begins.counts.tolist(), begins.spans_s.tolist()) == ([[2, 0]], [[10, 20]])


def test_a_histogram_that_appears_with_its_first_observation_counts_from_then_on():
    empty = [Snapshot(s.at_ns, 0, s.target) for s in target("a", (0, 0, 0))]
    [first] = target("a", (10, 4, 9))
    first = Snapshot(first.at_ns, 0, first.target, {}, {}, {"another": first.histograms["h"], **first.histograms})
    assert of([*empty, first]).counts.tolist() == [[4, 5]]


def test_a_target_whose_edges_change_says_nothing_of_either_kind():
    other = [Snapshot(s.at_ns, 0, s.target, {}, {}, {"h": BucketCounts((2.0, math.inf), (1.0, 1.0))}) for s in A[2:]]
    assert of([*A[:2], *other]) is None


def test_a_label_set_that_restarts_takes_its_own_interval_and_no_more():
    """Of the sum over both sets the restart is none: it still grows, by a wrong number."""

    def counts(n):
        return BucketCounts(EDGES_S, (float(n), float(n)))

    rows = [(1000, 100), (1010, 200), (1400, 0), (1410, 10)]
    scrapes = [
        Snapshot(10 * i * 10**9, 0, (), {}, {}, {'h{method="a"}': counts(a), 'h{method="b"}': counts(b)})
        for i, (a, b) in enumerate(rows)
    ]
    result = bucket_increments(scrapes, "h", 0, 10**12)
    assert (result.resets, result.sizes.tolist()) == (1, [110, 20])


def test_what_correlates_beyond_one_edge_does_so_at_another():
    """Beyond 1 s lie 2 or 4 of 10, in turns without memory. Beyond 2 s lies one in the first half, and two in the other."""
    noise = np.random.default_rng(2).permutation(np.repeat([-1.0, 1.0], 20))
    slow = np.repeat([1.0, 2.0], 20)
    counts = np.stack((7 - noise, 3 + noise - slow, slow, 0 * slow), axis=1)
    both = Increments(np.array([1.0, 2.0, 4.0, math.inf]), counts, 0, np.zeros((40, 2)))
    alone = increments(*[[7 - n, 3 + n] for n in noise])
    assert both.effective_beyond(0, 0.95)[1] < 0.7 * alone.effective_beyond(0, 0.95)[1]
    assert dataclasses.replace(both, shifted=True).effective_beyond(0, 0.95) == alone.effective_beyond(0, 0.95)
