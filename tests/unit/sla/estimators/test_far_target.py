"""A target far from all that was measured: twenty windows of a hundred samples, of which some hold slower ones."""

import numpy as np
import pytest

from sla.estimators.far_target import FarTarget, far_target, far_target_of_buckets
from sla.estimators.increments import Increments
from sla.estimators.quantiles import MergedWindows
from sla.values.histogram import from_values

MS = 1_000_000


def merged(slow_windows, slow=4, m=20, n=100, slow_ns=20 * MS):
    """`slow` of n samples take 20 ms in each of these windows, all others 1 ms."""
    windows = []
    for w in range(m):
        values = np.full(n, MS)
        if w in slow_windows:
            values[:slow] = slow_ns
        windows.append(from_values(values))
    return MergedWindows.of(windows)


def test_no_larger_share_is_beyond_it_than_the_furthest_tail_would_hold_in_as_many_windows_as_may():
    """None of 20 windows: at 95 % a window holds any with a probability of 1 - 0.025^(1/20) = 0.1684 at most, and then 4 %."""
    [far] = [far_target(merged({1, 4, 7, 10, 13, 16, 19}), 0.99, 30 * MS, 0.95)]
    assert far == FarTarget(pytest.approx(0.04 * (1 - 0.025 ** (1 / 20))), pytest.approx(20 * MS, rel=1e-3), 20)
    stricter = far_target(merged({1, 4, 7, 10, 13, 16, 19}), 0.99, 30 * MS, 0.99)
    assert stricter.share_at_most == pytest.approx(0.04 * (1 - 0.005 ** (1 / 20)))


@pytest.mark.parametrize(("target_ms", "known"), [(24.9, False), (25.1, True)])
def test_where_many_windows_hold_a_tail_the_target_must_lie_a_quarter_further_out_than_the_slowest(target_ms, known):
    assert (far_target(merged({1, 5, 9, 13, 17}), 0.99, target_ms * MS, 0.95) is not None) is known


def test_a_tail_that_too_few_windows_hold_gives_way_to_a_nearer_one():
    """Four windows hold the slowest; in all, half of the samples are slower than the fast ones."""
    windows = []
    for w in range(20):
        values = np.full(100, MS)
        values[:30] = 3 * MS
        values[:4] = 20 * MS if w in (2, 7, 12, 17) else 3 * MS
        windows.append(from_values(values))
    far = far_target(MergedWindows.of(windows), 0.99, 30 * MS, 0.95)
    assert far.share_at_most == pytest.approx(0.3 * (1 - 0.025 ** (1 / 20)))


def test_nothing_is_known_where_too_few_windows_hold_any_tail():
    assert far_target(merged({3, 9, 12, 16}), 0.99, 30 * MS, 0.95) is None
    assert far_target(merged(set(), m=4), 0.5, 30 * MS, 0.95) is None


def test_windows_that_move_as_slowly_as_the_run_is_long_are_no_sample():
    assert far_target(merged(set(range(40)), m=80), 0.99, 30 * MS, 0.95) is None


def test_windows_that_correlate_are_worth_fewer():
    """Ten in a row hold the tail, in the middle: what one window holds the next one holds too."""
    alone = far_target(merged({3, 9, 15, 21, 27, 33}, m=40), 0.99, 30 * MS, 0.95)
    in_a_row = far_target(merged(set(range(17, 23)), m=40), 0.99, 30 * MS, 0.95)
    assert in_a_row.share_at_most > 1.5 * alone.share_at_most


def test_what_correlates_further_in_makes_windows_worth_fewer_too():
    """The slowest lie in six windows far from each other, which ten in the middle hold a fifth of slower ones besides."""
    windows = []
    for w in range(40):
        values = np.full(100, MS)
        values[:20] = 3 * MS if 15 <= w < 25 else MS
        values[:4] = 20 * MS if w in (3, 9, 15, 21, 27, 33) else values[4]
        windows.append(from_values(values))
    alone = far_target(merged({3, 9, 15, 21, 27, 33}, m=40), 0.99, 30 * MS, 0.95)
    assert far_target(MergedWindows.of(windows), 0.99, 30 * MS, 0.95).share_at_most > 1.5 * alone.share_at_most


@pytest.mark.parametrize(("rogues", "known"), [(1, True), (4, True), (5, False)])
def test_a_few_windows_that_held_something_near_it_count_as_such(rogues, known):
    """Six windows hold 4 % of 20 ms, and some of these one sample of 40 ms, of a hundred; the target is 45 ms."""
    windows = []
    for w in range(20):
        values = np.full(100, MS)
        if w in (1, 4, 7, 10, 13, 16):
            values[:4] = 20 * MS
        if w in (1, 4, 7, 10, 13)[:rogues]:
            values[0] = 40 * MS
        windows.append(from_values(values))
    far = far_target(MergedWindows.of(windows), 0.99, 45 * MS, 0.95)
    if not known:
        assert far is None
        return
    upper = {1: 0.24873, 4: 0.43661}[rogues]  # Clopper and Pearson, of 20
    assert far == FarTarget(pytest.approx(0.04 * upper, rel=1e-3), pytest.approx(36 * MS), 20, rogues)


def test_a_window_that_held_more_near_it_than_any_tail_counts_with_that():
    windows = [from_values(np.full(100, MS)) for _ in range(20)]
    for w in (1, 4, 7, 10, 13, 16):
        windows[w] = from_values(np.concatenate((np.full(96, MS), np.full(4, 20 * MS))))
    windows[18] = from_values(np.full(100, 40 * MS))
    far = far_target(MergedWindows.of(windows), 0.99, 45 * MS, 0.95)
    assert (far.share_at_most, far.holding) == (pytest.approx(0.24873, rel=1e-3), 1)


def test_a_target_before_the_first_edge_is_not_known_of():
    assert far_target_of_buckets(buckets({1, 4, 7, 10, 13, 16, 19}), 1.2 * MS, 0.95) is None


def test_what_took_too_long_to_be_recorded_is_never_far_from_a_target():
    windows = [from_values(np.full(100, MS)).with_over_range(1) for _ in range(20)]
    assert far_target(MergedWindows.of(windows), 0.99, 1e18, 0.95) is None


def buckets(slow_intervals, m=20):
    """Edges at 1, 20 and 100 ms and infinity; 4 of 100 in (1, 20] in these intervals."""
    counts = np.zeros((m, 4))
    counts[:, 0] = 100
    for i in slow_intervals:
        counts[i, :2] = 96, 4
    spans = np.stack((np.arange(m), np.arange(m) + 1), axis=1).astype(float)
    return Increments(np.array([0.001, 0.02, 0.1, np.inf]), counts, 0, spans)


@pytest.mark.parametrize(("target_ms", "known"), [(24.9, False), (25.1, True), (100, True)])
def test_a_servers_buckets_tell_it_by_the_first_edge_that_nothing_was_beyond(target_ms, known):
    far = far_target_of_buckets(buckets({1, 4, 7, 10, 13, 16, 19}), target_ms * MS, 0.95)
    expected = FarTarget(pytest.approx(0.04 * (1 - 0.025 ** (1 / 20))), pytest.approx(20 * MS), 20)
    assert far == (expected if known else None)


def test_buckets_without_observations_or_in_the_last_one_tell_nothing():
    empty = buckets(set())
    nothing = Increments(empty.edges_s, np.zeros((20, 4)), 0, empty.spans_s)
    assert far_target_of_buckets(nothing, 100 * MS, 0.95) is None
    beyond = Increments(empty.edges_s, np.tile([0.0, 0.0, 0.0, 5.0], (20, 1)), 0, empty.spans_s)
    assert far_target_of_buckets(beyond, 1e18, 0.95) is None
