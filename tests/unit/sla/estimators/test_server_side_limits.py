"""Where the server's interval jumps from one edge to the next, and which scrapes and seconds just count.

Where none or all of n observations lie beyond an edge, limits of shares are those of Clopper and Pearson in closed form. Where
some do, fewer than five intervals of scrapes bound nothing: they may depend on each other in any way.
"""

import math

import numpy as np
import pytest

from sla.estimators.increments import Increments
from sla.estimators.server_side import CounterIncrease, counter_increase, dominance_violation, reconcile, server_quantile
from sla.values.histogram import from_values
from sla.values.snapshot import Snapshot

SECOND_NS = 10**9
EDGES_S = (1.0, 2.0, 4.0, math.inf)
SECONDS = dict.fromkeys(range(40), 10)


def increments(*counts, edges_s=EDGES_S):
    return Increments(np.array(edges_s), np.array(counts, dtype=np.float64), 0, np.zeros((len(counts), 2)))


def interval(counts, q, **options):
    """Of so many observations, as many in each of eight intervals."""
    estimate = server_quantile(increments(*[np.array(counts) / 8] * 8), q, **options).estimate
    return estimate.low, estimate.high


@pytest.mark.parametrize(
    ("n", "q", "level", "high"),
    [
        (367, 0.99, 0.95, math.inf),  # 0.99 ** 367 is over 0.025: all may lie under the p99 by chance
        (368, 0.99, 0.95, 1e9),
        (298, 0.99, 0.9, math.inf),  # and here over 0.05
        (299, 0.99, 0.9, 1e9),
        (5, 0.5, 0.95, math.inf),
        (6, 0.5, 0.95, 1e9),
    ],
)
def test_so_many_observations_up_to_an_edge_and_none_beyond_it_bound_a_quantile(n, q, level, high):
    assert interval([n, 0, 0, 0], q, level=level) == (0, high)


@pytest.mark.parametrize(("n", "low"), [(5, 0), (6, 1e9)])
def test_so_many_observations_all_beyond_an_edge_show_that_the_median_is(n, low):
    """0.5 ** 5 is over 0.025, 0.5 ** 6 under it."""
    assert interval([0, n, 0, 0], 0.5)[0] == low


@pytest.mark.parametrize(("intervals", "high"), [(1, math.inf), (4, math.inf), (5, 1e9)])
def test_fewer_than_five_intervals_bound_no_quantile_where_some_lie_beyond(intervals, high):
    estimate = server_quantile(increments(*[[990, 0, 0, 10]] * intervals), 0.9).estimate
    assert (estimate.low, estimate.high) == (0.0, high)
    assert server_quantile(increments(*[[10, 0, 0, 990]] * intervals), 0.9).estimate.low == (4e9 if intervals == 5 else 0.0)
    assert server_quantile(increments(*[[990, 0, 0, 0]] * intervals), 0.9).estimate.high == high  # nor where none does


@pytest.mark.parametrize(
    ("counts", "q", "expected"),
    [
        ([1, 0, 0, 0], 0.25, (0, 1e9)),  # of one observation the share beyond is 0.75 at most
        ([1, 0, 0, 0], 0.26, (0, math.inf)),
        ([0, 1, 0, 0], 0.75, (0, math.inf)),  # or 0.25 at least, which is not more than 0.25
        ([0, 1, 0, 0], 0.76, (1e9, math.inf)),
    ],
)
def test_one_observation_says_something_and_what_is_just_reached_is_not_exceeded(counts, q, expected):
    assert interval(counts, q, level=0.5) == expected


def test_the_quantile_is_the_bucket_in_which_its_rank_is_just_reached():
    """7 % of 100 observations are seven, though 0.07 * 100 is more than 7 to a computer."""
    at_the_edge = server_quantile(increments([7, 93, 0, 0]), 0.07)
    assert (at_the_edge.low_edge_ns, at_the_edge.high_edge_ns) == (0, 1e9)
    behind = server_quantile(increments([7, 93, 0, 0]), 0.071)
    assert (behind.low_edge_ns, behind.high_edge_ns) == (1e9, 2e9)


def test_the_point_is_interpolated_from_the_lower_edge_of_its_bucket_on_and_the_last_one_has_that_alone():
    assert server_quantile(increments([80, 20, 0, 0]), 0.5).estimate.point == 0.625e9
    assert server_quantile(increments([20, 40, 0, 40]), 0.5).estimate.point == 1.75e9
    assert server_quantile(increments([10, 0, 0, 90]), 0.5).estimate.point == 4e9


# of 100 observations 40 lie beyond 1 s and 5 beyond 4 s in each interval; beyond 2 s it is 30 at first and 10 at the end
WAVES = increments(*[[60, 20 - w, 15 + w, 5] for w in 10 * np.cos(np.pi * (np.arange(40) + 0.5) / 40)])
# one cosine holds all: of the four slowest each holds 2 (10 * 40 / 2)^2 / 4, and 4000 * 0.2 * 0.8 were they independent
DEFF = 80_000 / 4 / 640
N_EFF = 4000 / DEFF * (1.95996 / 4.30265) ** 2  # two degrees of freedom: the slowest cosine holds most
EVEN = 4000 * (1.95996 / 2.10092) ** 2  # eighteen, where nothing differs


@pytest.mark.parametrize(("q", "deff", "n_eff"), [(0.8, DEFF, N_EFF), (0.81, 1.0, EVEN)])
def test_dependence_is_that_of_the_edges_at_or_beyond_the_quantile(q, deff, n_eff):
    """A fifth lies beyond 2 s: with a p81 that edge is under the quantile, and its waves say nothing."""
    of_waves = server_quantile(WAVES, q)
    assert (of_waves.deff, of_waves.estimate.n_eff) == (pytest.approx(deff), pytest.approx(n_eff, rel=1e-4))


@pytest.mark.parametrize(
    ("limit_ns", "evidence"),
    [
        (0.0, N_EFF / 2),
        (2e9, N_EFF / 2),
        (2e9 + 1.9, N_EFF / 2),  # a billionth beyond an edge is a matter of rounding
        (2e9 + 2.1, EVEN / 2),
        (9e9, EVEN / 2),  # nothing lies beyond the last edge: as what lies beyond the one before
    ],
)
def test_the_evidence_is_that_of_the_edges_from_the_limit_on(limit_ns, evidence):
    of_waves = server_quantile(WAVES, 0.5, limit_ns=limit_ns)
    assert of_waves.evidence == pytest.approx(evidence, rel=1e-4)
    assert of_waves.estimate.n_eff == pytest.approx(N_EFF, rel=1e-4)


def test_what_bounds_a_higher_quantile_bounds_those_under_it():
    """The waves leave nothing of 20 % but an upper limit of 43 %; 5 % in each interval lie beyond 4 s, which are no more."""
    waves = server_quantile(WAVES, 0.8)
    assert (waves.estimate.n_eff, waves.estimate.high) == (pytest.approx(N_EFF, rel=1e-4), 4e9)


def test_what_was_never_seen_comes_in_the_clusters_of_what_was():
    """None of 10,000 lies beyond 2 s. Of those beyond 1 s a hundred lie in five intervals in a row, or in all."""
    in_a_row = increments(*[[80 if 40 <= i < 45 else 100, 20 if 40 <= i < 45 else 0, 0, 0] for i in range(100)])
    assert server_quantile(in_a_row, 0.995).estimate.high == math.inf
    assert server_quantile(increments(*[[99, 1, 0, 0]] * 100), 0.995).estimate.high == 2e9


def test_a_bulk_that_moves_is_no_cluster_of_the_tail():
    """Four in five lie beyond 1 s in the first half of the run, all in the second, and none beyond 2 s."""
    moving = increments(*[[40, 60, 0, 0]] * 50, *[[0, 100, 0, 0]] * 50)
    assert moving.shares_beyond[0] == 0.8
    assert server_quantile(moving, 0.99).estimate.high == 2e9
    fewer = increments(*[[100, 0, 0, 0]] * 50, *[[20, 80, 0, 0]] * 50)
    assert server_quantile(fewer, 0.99).estimate.high == math.inf


def scraped(*values, names=("n",)):
    """One scrape a second; a value for each of the names, or one."""
    rows = [v if isinstance(v, tuple) else (v,) for v in values]
    return [Snapshot(t * SECOND_NS, counters=dict(zip(names, map(float, r), strict=True))) for t, r in enumerate(rows)]


def increase(snapshots, from_s, to_s, *names):
    return counter_increase(snapshots, names or ["n"], int(from_s * SECOND_NS), int(to_s * SECOND_NS))


def test_a_counter_grows_by_the_steps_between_the_scrapes_alone():
    squares = scraped(0, 1, 4, 9, 16, 25)
    assert increase(squares, 1.5, 3.5).value == 16 - 1
    assert increase(squares, 3.5, 3.6) == CounterIncrease(
        16 - 9, 3 * SECOND_NS, 4 * SECOND_NS, True, 0, (3 * SECOND_NS, 4 * SECOND_NS), (3 * SECOND_NS, 4 * SECOND_NS)
    )


def test_a_counter_that_stands_still_was_not_restarted():
    assert increase(scraped(3, 3, 3, 4), 0.5, 2.5) == CounterIncrease(
        1, 0, 3 * SECOND_NS, True, 0, (0, 3 * SECOND_NS), (0, 3 * SECOND_NS)
    )


def test_one_label_set_that_went_back_is_a_restart_and_several_counters_add_up():
    names = ("n", 'n{a="1"}', "m")
    both = scraped((5, 1, 100), (6, 0, 110), (7, 0, 130), names=names)
    assert increase(both, 0.5, 1.5) == CounterIncrease(2, 0, 2 * SECOND_NS, True, 1, (0, 2 * SECOND_NS), (0, 2 * SECOND_NS))
    assert increase(both, 0.5, 1.5, "n", "m") == CounterIncrease(
        2 + 30, 0, 2 * SECOND_NS, True, 1, (0, 2 * SECOND_NS), (0, 2 * SECOND_NS)
    )


def test_seconds_that_just_touch_whole_scrapes_are_not_around_them():
    """Scrapes at 10 and 20 s: a response of second 9 may have been counted behind the first one and one of second 20 before
    the last, those of 8 and 21 not. 10 to 19 lie between: their 100 are no more than 95 and the 5 that are uncertain.
    """
    at_limit = reconcile(
        SECONDS,
        3,
        2.0,
        CounterIncrease(
            95, 10 * SECOND_NS, 20 * SECOND_NS, False, 0, (10 * SECOND_NS, 20 * SECOND_NS), (10 * SECOND_NS, 20 * SECOND_NS)
        ),
    )
    assert (at_limit.client, at_limit.low, at_limit.high, at_limit.holds) == (120, 90, math.inf, True)


def test_too_many_between_the_scrapes_are_held_against_what_the_server_counted_and_all_that_is_uncertain():
    too_many = reconcile(
        SECONDS,
        3,
        2.0,
        CounterIncrease(
            94, 10 * SECOND_NS, 20 * SECOND_NS, False, 0, (10 * SECOND_NS, 20 * SECOND_NS), (10 * SECOND_NS, 20 * SECOND_NS)
        ),
    )
    assert (too_many.client, too_many.low, too_many.high, too_many.exact) == (100, 0, 99, False)


def test_the_edge_with_the_largest_excess_is_named():
    server = increments([5, 10, 0, 0], edges_s=(1e-3, 1e-2, 1e-1, math.inf))
    client = from_values(np.array([500_000] * 12 + [5_000_000] * 5))
    assert dominance_violation(client, server, 0.5) == (12 - 5 - 0.5, 1e6)  # up to 10 ms it is 17 against 15
