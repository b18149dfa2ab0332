"""The server's own counters and buckets: what is counted between which scrapes, and what it allows of the client."""

import math

import numpy as np
import pytest

from sla.estimators.increments import Increments, bucket_increments, moved
from sla.estimators.series import within
from sla.estimators.server_side import CounterIncrease, counter_increase, dominance_violation, reconcile, server_quantile
from sla.values.histogram import from_values
from sla.values.snapshot import BucketCounts, Snapshot

SECOND_NS = 10**9
EDGES_S = (1.0, 2.0, 4.0, math.inf)


def counter(at_s, value, instance="a", name="n"):
    return Snapshot(at_s * SECOND_NS, 0, (("instance", instance),), {} if value is None else {name: float(value)})


def scraped(at_s, cumulative, instance="a", edges_s=EDGES_S):
    return Snapshot(at_s * SECOND_NS, 0, (("instance", instance),), {}, {}, {"h": BucketCounts(edges_s, cumulative)})


def spans(snapshots):
    return [s.at_ns // SECOND_NS for s in snapshots]


def test_scrapes_on_the_bounds_lie_between_them():
    series = [counter(t, 0) for t in range(6)]
    assert spans(within(series, 1 * SECOND_NS, 3 * SECOND_NS)) == [1, 2, 3]


def increase(snapshots, from_s, to_s):
    return counter_increase(snapshots, ["n"], int(from_s * SECOND_NS), int(to_s * SECOND_NS))


def test_a_counter_grows_from_the_last_scrape_before_the_load_to_the_first_after_it():
    series = [counter(t, 10 * t) for t in range(6)]
    assert increase(series, 1.5, 3.5) == CounterIncrease(
        30, SECOND_NS, 4 * SECOND_NS, True, 0, (SECOND_NS, 4 * SECOND_NS), (SECOND_NS, 4 * SECOND_NS)
    )
    assert increase(series, 0, 3.5) == CounterIncrease(
        40, 0, 4 * SECOND_NS, False, 0, (0, 4 * SECOND_NS), (0, 4 * SECOND_NS)
    )  # no scrape before the load
    assert increase(series, 1.5, 5) == CounterIncrease(
        40, SECOND_NS, 5 * SECOND_NS, False, 0, (SECOND_NS, 5 * SECOND_NS), (SECOND_NS, 5 * SECOND_NS)
    )
    assert increase(series[:1], 0, 9) is None


def slow(requested_s, took_s, value):
    """A scrape whose value is of some time in it."""
    took_ns = int(took_s * SECOND_NS)
    return Snapshot(int(requested_s * SECOND_NS) + took_ns // 2, took_ns, counters={"n": float(value)})


def test_a_scrape_that_began_before_the_load_had_ended_may_not_show_all_of_it():
    """It took 1.5 s, its middle lies behind the end, and the counters are of its beginning: a good run was INVALID."""
    series = [slow(0, 0.1, 0), slow(3, 1.5, 80), slow(5, 1.5, 100)]
    grown = increase(series, 1, 3.5)
    assert (grown.value, grown.idle) == (100, True)
    alone = increase(series[:2], 1, 3.5)
    assert (alone.value, alone.idle) == (80, False)
    assert (alone.surely_ns, alone.at_most_ns) == ((SECOND_NS // 10, 3 * SECOND_NS), (0, 9 * SECOND_NS // 2))
    assert reconcile({1: 40, 2: 40, 3: 20}, 0, 0.0, alone).holds


def test_one_that_had_not_ended_when_the_load_began_may_show_some_of_it():
    series = [slow(0, 0.5, 0), slow(0.5, 1.5, 7), slow(5, 0.5, 100)]
    grown = increase(series, 1, 4)
    assert (grown.value, grown.idle) == (100, True)
    assert not increase(series[1:], 1, 4).idle


def test_a_scrape_that_touches_the_load_may_show_some_of_it():
    series = [slow(0, 1, 0), slow(3, 1, 10)]
    assert increase(series, 1 + 1e-9, 3 - 1e-9).idle
    assert not increase(series, 1, 3 - 1e-9).idle
    assert not increase(series, 1 + 1e-9, 3).idle


def test_the_middle_of_an_odd_time_loses_no_nanosecond():
    scrape = Snapshot(at_ns=10, took_ns=3)
    assert (scrape.requested_ns, scrape.received_ns) == (9, 12)


def test_counters_of_instances_add_up_over_the_time_that_all_of_them_cover():
    both = [counter(t, 10 * t) for t in range(1, 5)] + [counter(t, 100 * t, "b") for t in range(3)]
    assert increase(both, 1.5, 2.5) == CounterIncrease(
        20 + 100, SECOND_NS, 2 * SECOND_NS, False, 0, (SECOND_NS, 2 * SECOND_NS), (SECOND_NS, 3 * SECOND_NS)
    )
    alone = [*both[:4], counter(2, 5, "b")]  # one scrape of an instance says nothing
    assert increase(alone, 1.5, 2.5) == CounterIncrease(
        20, SECOND_NS, 3 * SECOND_NS, True, 0, (SECOND_NS, 3 * SECOND_NS), (SECOND_NS, 3 * SECOND_NS)
    )


def test_what_a_counter_held_before_it_went_back_counts_and_the_step_back_does_not():
    series = [counter(t, v) for t, v in enumerate((None, 5, 9, 2, 4))]  # it appears with its first event
    assert increase(series, 0.5, 3.5) == CounterIncrease(
        5 + 4 + 2, 0, 4 * SECOND_NS, True, 1, (0, 4 * SECOND_NS), (0, 4 * SECOND_NS)
    )


@pytest.mark.parametrize(("client", "holds"), [(94, False), (95, True), (100, True), (101, False)])
def test_between_idle_scrapes_the_counts_are_equal_but_for_the_uncertain(client, holds):
    reconciliation = reconcile(
        {1: client - 40, 2: 40}, 5, 3.0, CounterIncrease(100, 0, 9 * SECOND_NS, True, 0, (0, 9 * SECOND_NS), (0, 9 * SECOND_NS))
    )
    assert (reconciliation.client, reconciliation.low, reconciliation.high, reconciliation.exact) == (client, 95, 100, False)
    assert reconciliation.holds is holds
    assert reconcile(
        {1: 100}, 0, 3.0, CounterIncrease(100, 0, 9 * SECOND_NS, True, 0, (0, 9 * SECOND_NS), (0, 9 * SECOND_NS))
    ).exact


@pytest.mark.parametrize(
    ("value", "client", "holds"),
    [
        (84, 90, False),  # 9 s lie wholly between the scrapes: 90 can't exceed 84 + 5
        (85, 130, True),
        (135, 130, True),  # 13 s touch them: 130 can't fall short of 135 - 5
        (136, 130, False),
    ],
)
def test_under_load_the_counts_bound_each_other_by_the_seconds_between_and_around_the_scrapes(value, client, holds):
    seconds = dict.fromkeys(range(40), 10)
    busy = CounterIncrease(
        value,
        int(10.3 * SECOND_NS),
        int(20.7 * SECOND_NS),
        False,
        0,
        (int(10.3 * SECOND_NS), int(20.7 * SECOND_NS)),
        (int(10.3 * SECOND_NS), int(20.7 * SECOND_NS)),
    )
    reconciliation = reconcile(seconds, 3, 2.0, busy)
    assert (reconciliation.client, reconciliation.holds, reconciliation.exact) == (client, holds, False)


def test_scrapes_on_whole_seconds_hold_the_seconds_between_them():
    busy = CounterIncrease(
        94, 10 * SECOND_NS, 20 * SECOND_NS, False, 0, (10 * SECOND_NS, 20 * SECOND_NS), (10 * SECOND_NS, 20 * SECOND_NS)
    )
    assert reconcile(dict.fromkeys(range(40), 10), 3, 2.0, busy).client == 100


def test_the_client_has_no_more_fast_responses_than_the_server_has_operations():
    server = Increments(np.array([1e-6, 1e-3, math.inf]), np.array([[2.0, 4.0, 1.0], [3.0, 6.0, 2.0]]), 0, np.zeros((2, 2)))
    client = from_values(np.array([1_000] * 7 + [500_000] * 20 + [5_000_000] * 50))
    assert dominance_violation(client, server, 1.0) == (27 - 15 - 1, 1e6)
    assert dominance_violation(client, server, 12.0) == (0.0, 0.0)
    fewer = from_values(np.array([1_000] * 7 + [1_001] * 3))
    assert dominance_violation(fewer, server, 0.0) == (2.0, 1e3)  # exactly on an edge is under it


def test_buckets_are_added_by_time_over_targets_and_a_restart_is_left_out():
    a = [scraped(t, c) for t, c in enumerate([(1, 1, 1, 1), (3, 4, 4, 5), (0, 1, 1, 1), (0, 2, 2, 2)])]
    b = [scraped(t + 5, c, "b") for t, c in enumerate([(0, 0, 0, 0), (1, 1, 1, 1)])]
    added = bucket_increments([*a, *b], "h", 0, 9 * SECOND_NS)
    # b begins when a has ended, as the pods of a rolling update do
    assert added.counts.tolist() == [[2, 1, 0, 1], [0, 1, 0, 0], [1, 0, 0, 0]]
    assert added.resets == 1
    assert added.spans_s.tolist() == [[0, 1], [2, 3], [5, 6]]
    assert bucket_increments(a[:1], "h", 0, 9 * SECOND_NS) is None
    assert bucket_increments(a, "h", 0, 0) is None
    other = [scraped(t, (1, 1), "c", (0.7, math.inf)) for t in range(2)]
    assert bucket_increments([*a, *other], "h", 0, 9 * SECOND_NS) is None  # they have no edge in common


def increments(*counts):
    return Increments(np.array(EDGES_S), np.array(counts, dtype=np.float64), 0, np.zeros((len(counts), 2)))


def test_what_was_shorter_goes_to_the_lowest_bucket_that_it_can_have_come_from():
    shorter = moved(increments([1, 2, 3, 4], [1, 2, 3, 4], [1, 2, 3, 4]), np.array([0.0, 1.5, 2.0]))
    assert shorter.counts.tolist() == [[1, 2, 3, 4], [6, 0, 4, 0], [6, 0, 4, 0]]
    assert moved(increments([1, 2, 3, 4]), np.array([math.inf])).counts.tolist() == [[10, 0, 0, 0]]


def test_the_quantile_lies_between_the_edges_of_its_bucket():
    quantile = server_quantile(increments(*[[50, 30, 20, 0]] * 200), 0.65)
    assert (quantile.low_edge_ns, quantile.high_edge_ns) == (1e9, 2e9)
    assert quantile.estimate.point == pytest.approx(1.5e9)
    assert (quantile.estimate.low, quantile.estimate.high) == (1e9, 2e9)
    assert quantile.estimate.n == 20_000
    assert quantile.evidence == pytest.approx(20_000 * 0.35 * (1.95996 / 2.00758) ** 2, rel=1e-4)  # 51 degrees of freedom
    first = server_quantile(increments([80, 20, 0, 0]), 0.5)
    assert (first.low_edge_ns, first.high_edge_ns, first.estimate.low) == (0, 1e9, 0)
    assert first.estimate.point == pytest.approx(0.625e9)
    assert server_quantile(increments([0, 0, 0, 0]), 0.5) is None


def test_few_observations_leave_the_quantile_without_an_upper_bound_and_many_in_the_last_bucket_too():
    assert server_quantile(increments([10, 0, 0, 0]), 0.99).estimate.high == math.inf
    endless = server_quantile(increments(*[[10, 0, 0, 90]] * 50), 0.99)
    assert (endless.low_edge_ns, endless.high_edge_ns, endless.estimate.low) == (4e9, math.inf, 4e9)


def test_a_share_that_does_not_count_is_taken_from_what_exceeds_an_edge():
    many = increments(*[[85, 0, 0, 15]] * 200)
    assert server_quantile(many, 0.9).estimate.low == 4e9
    assert server_quantile(many, 0.9, discount=0.04).estimate.low == 4e9
    assert server_quantile(many, 0.9, discount=0.06).estimate.low == 0


LOAD = dict.fromkeys(range(100, 160), 100)


def of_node(name, begin, end, step, per_s, from_s=100, to_s=160):
    """Scrapes of a node that did so many a second from from_s to to_s."""
    return [counter(t, per_s * min(max(t - from_s, 0), to_s - from_s), name) for t in range(begin, end + 1, step)]


@pytest.mark.parametrize(
    "nodes",
    [
        of_node("a", 95, 155, 15, 50) + of_node("b", 86, 146, 15, 50),  # at other times, none after the load
        of_node("a", 95, 125, 5, 100, to_s=130) + of_node("b", 131, 166, 5, 100, from_s=130),  # one after the other
    ],
)
def test_a_count_is_possible_where_targets_were_seen_at_other_times(nodes):
    counted = increase(nodes, 100, 160)
    assert reconcile(LOAD, 0, 10.0, counted).holds
    lost = {second: n // 2 for second, n in LOAD.items()}
    assert not reconcile(lost, 0, 10.0, counted).holds
