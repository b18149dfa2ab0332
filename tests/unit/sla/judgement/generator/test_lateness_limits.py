"""Lateness at its limits: nothing known, nothing sent, and lags and clocks exactly on a limit."""

import numpy as np
import pytest

from sla.judgement.generator.lateness import Lateness, largest_by_second, lateness, shifted
from sla.values.histogram import EMPTY
from sla.values.window import Window
from tests.unit.sla.judgement.generator.test_lateness import MS, STEADY, carried, late, measured, of, row


def test_in_words_the_p99_is_that_of_all_lags():
    assert str(late({1: 995, 20: 5})) == "the generator was late by up to 20 ms (p99 1 ms)"
    assert str(late({1: 500}, {20: 500})) == "the generator was late by up to 20 ms (p99 20 ms)"
    assert str(late({})) == "the generator was late by up to 0 us (p99 0 us)"


def test_where_no_lag_was_reported_all_may_have_been_late():
    """Arrivals whose users were busy have none."""
    silent = Lateness({}, (EMPTY, EMPTY), np.array([100.0, 100.0]), 1e7, np.array([True, True]))
    assert silent.affected(1e6, 0.95, 1.0) == silent.bunched(0.95) == 1.0
    nothing_sent = Lateness({}, (of(0, 0),), np.zeros(1), 1e7, np.array([True]))
    assert nothing_sent.affected(1e6, 0.95, 1.0) == 1.0


def test_more_lags_than_arrivals_were_sent_are_as_many_as_were_sent():
    lags = Lateness({}, (of(*[50 * MS] * 100),), np.array([50.0]), 1e7, np.array([True]))
    assert lags.affected(1e6, 0.95, 1.0) == 1.0
    assert lags.affected(60e6, 0.95, 1.0) < 0.1


@pytest.mark.parametrize(
    ("offset_ns", "error_ns", "seconds"),
    [
        (250 * MS, 0, [5]),
        (250 * MS + 1, 0, [4, 5, 6]),
        (250 * MS + 1, 1, [5]),
        (-250 * MS - 1, 0, [4, 5, 6]),
        (1000 * MS, 0, [4, 5, 6]),
        (1000 * MS + 1, 0, [3, 4, 5, 6, 7]),
        (300 * MS, -1, [5]),
        (300 * MS, 0, [4, 5, 6]),
    ],
)
def test_from_a_quarter_of_a_second_on_a_clock_puts_a_lag_into_a_wrong_second(offset_ns, error_ns, seconds):
    health = row(5, 500 * MS, label_offset_ns=offset_ns, clock_error_ns=error_ns)
    assert sorted(lateness(measured(health), STEADY).woken_ns) == seconds


def test_a_damaged_row_reaches_back_an_hour_at_most():
    endless = row(10_000, 0, label_offset_ns=10**18, clock_error_ns=0)
    lags = lateness(measured(endless), STEADY)
    assert (min(lags.woken_ns), max(lags.woken_ns)) == (10_000 - 3600, 10_000 + 3600)
    stopped = row(10_000, 0)
    stopped = type(stopped)(10_000, "w", of(0, over_range=1), machine=stopped.machine)
    assert min(lateness(measured(stopped), STEADY).woken_ns) == 10_000 - 3600


def test_a_punctual_second_has_no_lag_at_all():
    assert lateness(measured(row(5, 0)), STEADY).woken_ns == {5: 0.0}


def test_the_seconds_of_old_and_new_rows_are_both_reported():
    lags = lateness(measured(row(3, 0, machine=False), row(7, 0), sent=range(10)), STEADY)
    assert [s for s in range(10) if lags.reported[s]] == [2, 3, 7]
    assert {s for s, ns in lags.woken_ns.items() if ns == 0.0} == {2, 3, 7}
    assert {s for s, ns in lags.woken_ns.items() if np.isinf(ns)} == {0, 1, 4, 5, 6, 8, 9}


def test_the_quickest_operation_of_a_run_is_of_a_second_that_has_any():
    assert carried(1, 0, 4, 1) == pytest.approx([5, 5, 5, 3], abs=0.01)


def test_lags_of_other_operations_seconds_do_not_count():
    fine = Lateness({1: 5e6, 2: 7e6}, (), np.zeros(0), 0.0, np.zeros(0, dtype=bool))
    windows = [Window(1, "b", response=of(MS)), Window(2, "a", response=of(MS)), Window(3, "a", response=of(MS))]
    assert largest_by_second(fine, windows, "a", 3) == {2: 7e6}
    assert largest_by_second(fine, windows, "c", 3) == {}


def test_it_is_the_slowest_tenth_at_the_quick_end_that_tells_how_long_a_backlog_was():
    """Of 20 operations two were quick: a tenth waited no longer than those."""

    def after(quick):
        first = Window(1, "a", response=of(1 * MS))
        second = Window(2, "a", response=of(*[2 * MS] * quick, *[9 * MS] * (20 - quick)))
        third = Window(3, "a", response=of(*[2 * MS] * quick, *[9 * MS] * (20 - quick)))
        fine = Lateness({1: 8e6, 2: 0.0, 3: 0.0}, (), np.zeros(0), 0.0, np.zeros(0, dtype=bool))
        return largest_by_second(fine, [first, second, third], "a", 4)[3] / MS

    assert after(2) == pytest.approx(1, abs=0.01)  # 2 ms less the 1 ms of the quickest of the run
    assert after(1) == pytest.approx(8, abs=0.02)


def test_what_no_lag_touches_stays_as_it_was():
    for latencies in (of(2500 * MS, 3 * MS), of(3 * MS), of(5 * MS, over_range=2)):
        assert shifted(latencies, 10, {}, -1) == shifted(latencies, 10, {}, 1) == latencies


def test_what_a_lag_can_have_made_up_wholly_took_no_time():
    assert shifted(of(3 * MS), 7, {7: 4e6}, -1) == of(0)
    assert shifted(of(3 * MS, 2500 * MS), 7, {7: np.inf}, -1) == of(0, 0)
    assert shifted(of(3 * MS), 7, {7: np.inf}, 1) == of(over_range=1)


def test_a_time_out_that_a_long_lag_may_have_made_took_no_time():
    histogram = shifted(of(5000 * MS, over_range=2), 7, {7: 1.1e9}, -1)
    assert (histogram.min_ns, histogram.count_at_or_below(0), histogram.total, histogram.over_range) == (0, 2, 3, 0)
