"""The health of all workers as columns, and as the rows that it was made of."""

import dataclasses

import numpy as np
import pytest

from sla.values.health_rows import HealthRows, HealthSums
from sla.values.histogram import EMPTY, from_values, merge
from sla.values.machine import MachineSecond
from sla.values.window import Health

LAG = {s: from_values(np.array([1000 * s, 7])) for s in range(1, 5)}


def health(second, worker, machine=True, **more):
    m = MachineSecond(second + 1, worker, 4, 0.5, 0.25, 0.125, 0.0625, 0.03125) if machine else None
    lag = LAG[second] if worker == "b" else EMPTY
    return Health(second, worker, lag=lag, own_lag=lag, cpu_share=0.75, slots=3, machine=m, **more)


GIVEN = [
    health(2, "b"),
    health(1, "c", machine=False, clock_error_ns=-1),
    health(1, "b", reconnects=2),
    health(2, "a", gc_pause_ns=9),
]


def bare(rows):
    return [dataclasses.replace(h, lag=EMPTY, own_lag=EMPTY, hub=EMPTY) for h in rows]


def test_rows_are_those_that_were_added_in_their_order():
    rows = HealthRows.of(GIVEN)
    assert len(rows) == 4
    assert bare(rows) == bare(GIVEN)
    assert rows[3].machine == MachineSecond(3, "a", 4, 0.5, 0.25, 0.125, 0.0625, 0.03125)
    assert rows[1].machine is None
    assert HealthRows.of(rows) is rows


def test_the_first_row_of_each_second_has_the_histograms_of_all_and_the_others_have_none():
    rows = HealthRows.of(GIVEN)
    assert [h.lag for h in rows] == [LAG[2], LAG[1], EMPTY, EMPTY]
    assert [h.hub for h in rows] == [EMPTY] * 4
    assert (rows[-3].lag, rows[-4].lag, rows[-1].lag) == (LAG[1], LAG[2], EMPTY)
    assert rows.merged("own_lag") == merge([LAG[1], LAG[2]])
    assert rows.merged("hub") == EMPTY


def test_a_slice_holds_the_rows_of_its_numbers():
    rows = HealthRows.of(GIVEN)
    assert [h.worker for h in rows[1:3]] == ["c", "b"]
    assert [h.worker for h in rows[::-2]] == ["a", "c"]
    assert list(rows[2:]) == [rows[2], rows[3]]


@pytest.mark.parametrize(("begin", "end", "workers"), [(1, 2, "cb"), (2, 3, "ba"), (1, 3, "bcba"), (3, 9, ""), (2, 2, "")])
def test_a_part_holds_the_rows_and_sums_from_its_first_second_up_to_its_end(begin, end, workers):
    part = HealthRows.of(GIVEN).within(begin, end)
    assert "".join(h.worker for h in part) == workers
    assert part.merged("lag") == merge(LAG[s] for s in (1, 2) if begin <= s < end)
    assert all(h.machine is None or h.machine.process == h.worker for h in part)


def test_columns_are_those_of_all_rows_or_of_those_whose_machine_was_measured():
    rows = HealthRows.of(GIVEN)
    assert rows.list_of("second") == [2, 1, 1, 2]
    assert rows.list_of("longest_lag_ns") == [2000, 0, 1000, 0]
    assert rows.of_machine("second").tolist() == [2, 1, 2]
    assert rows.of_machine("steal").tolist() == [0.125] * 3
    assert rows.list_of("machine_second") == [3, 0, 2, 3]
    assert rows.list_of("cores") == [4, 0, 4, 4]
    assert rows.list_of("waited_s") == [0.25, 0, 0.25, 0.25]


def sums(rows):
    made = HealthSums()
    for h in rows:
        made.add(h)
    return made


def test_rows_can_be_put_in_the_order_of_workers_and_seconds():
    ordered = sums(GIVEN).rows(by_worker=True)
    assert [(h.worker, h.second) for h in ordered] == [("a", 2), ("b", 1), ("b", 2), ("c", 1)]
    assert bare(ordered) == bare(sorted(GIVEN, key=lambda h: (h.worker, h.second)))
    assert ordered.merged("lag") == merge([LAG[1], LAG[2]])
    already = sums(sorted(GIVEN, key=lambda h: (h.worker, h.second)))
    assert bare(already.rows(by_worker=True)) == bare(ordered)
    assert list(sums([]).rows(by_worker=True)) == list(sums([]).rows()) == []


def test_asking_in_between_changes_nothing():
    made = sums(GIVEN[:2])
    assert bare(made.rows(by_worker=True)) == bare(GIVEN[:2])
    made.add(GIVEN[2])
    made.add(GIVEN[3])
    assert bare(made.rows()) == bare(GIVEN)


def test_more_rows_than_a_block_are_kept_in_order():
    many = [health(1 + i % 2, "abc"[i % 3], machine=False, reconnects=i) for i in range(9000)]
    assert HealthRows.of(many).list_of("reconnects") == list(range(9000))


@pytest.mark.parametrize("cut", range(5))
def test_what_another_process_made_is_put_behind_with_its_own_names(cut):
    one, other = sums(GIVEN[:cut]), sums(GIVEN[cut:])
    one.join(other)
    joined = one.rows()
    assert bare(joined) == bare(GIVEN)
    assert joined.sums[1] == (LAG[1], LAG[1], EMPTY)
    again = HealthSums()
    again.take(joined.columns, joined.names)
    again.add(health(3, "b"))
    assert bare(again.rows()) == bare([*GIVEN, health(3, "b")])
    assert set(again.rows().sums) == {1, 2, 3}


def test_rows_that_came_in_the_reverse_order_of_their_workers_are_put_in_order():
    reverse = [health(1, worker, reconnects=n) for n, worker in enumerate("cba")]
    ordered = sums(reverse).rows(by_worker=True)
    assert [(h.worker, h.reconnects) for h in ordered] == [("a", 2), ("b", 1), ("c", 0)]


def test_what_nobody_measured_of_a_machine_stays_unknown_through_several_processes():
    first, second, third = sums(GIVEN[:1]), sums(GIVEN[1:2]), sums(GIVEN[3:])
    assert GIVEN[1].machine is None
    first.join(second)
    third.join(first)
    assert bare(third.rows()) == bare([GIVEN[3], GIVEN[0], GIVEN[1]])
