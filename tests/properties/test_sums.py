"""What is merged as it comes is what merging everything at the end gives, in any order and in any parts."""

import dataclasses
import json
import pickle

from hypothesis import given
from hypothesis import strategies as st

from bizra_load.measure.rows import health_row, window_row
from bizra_load.measure.run_sums import RunSums
from sla.values import packed
from sla.values.health_rows import HISTOGRAMS, HealthRows
from sla.values.histogram import EMPTY, merge
from sla.values.window import merge_windows
from sla.values.window_sums import WindowSums
from tests.properties.test_histogram import windows
from tests.properties.test_wire import healths

MANY = st.lists(windows, max_size=8)


@given(MANY, st.integers(1, 4))
def test_windows_merged_as_they_come_are_those_merged_at_the_end(parts, at_once):
    before, packed.OPEN = packed.OPEN, at_once
    try:
        sums = WindowSums()
        for w in parts:
            sums.add(w)
            assert sums.windows()  # asked for in between, as a page does
    finally:
        packed.OPEN = before
    assert sums.windows() == merge_windows(parts)
    sums.forget_before(5)
    assert sums.windows() == merge_windows([w for w in parts if w.second >= 5])


@given(MANY, st.lists(healths, max_size=8), st.integers(0, 8))
def test_rows_of_two_processes_make_the_same_sums_as_those_of_one(parts, rows, cut):
    whole, one, other = RunSums(), RunSums(), RunSums()
    for i, w in enumerate(parts):
        for sums in (whole, one if i < cut else other):
            sums.add_window_row(json.loads(json.dumps(window_row(w))))
    for i, h in enumerate(rows):
        for sums in (whole, one if i < cut else other):
            sums.add_health_row(json.loads(json.dumps(health_row(h))))
    one.join(pickle.loads(pickle.dumps(other)))  # noqa: S301  # as to another process
    assert one.windows() == whole.windows() == merge_windows(parts)
    assert list(one.health()) == list(whole.health())
    assert one.health().sums == whole.health().sums


@given(st.lists(healths, max_size=8))
def test_health_as_columns_keeps_every_figure_of_a_row_and_the_histograms_of_a_second(rows):
    columns = HealthRows.of(rows)
    bare = dict.fromkeys(HISTOGRAMS, EMPTY)
    assert [dataclasses.replace(h, **bare) for h in columns] == [dataclasses.replace(h, **bare) for h in rows]
    assert columns.list_of("longest_lag_ns") == [h.lag.max_ns for h in rows]
    for at, name in enumerate(HISTOGRAMS):
        for second in {h.second for h in rows}:
            expected = merge(getattr(h, name) for h in rows if h.second == second)
            assert columns.sums[second][at] == expected
            assert merge(getattr(h, name) for h in columns if h.second == second) == expected
