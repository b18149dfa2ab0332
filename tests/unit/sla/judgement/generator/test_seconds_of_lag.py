"""How far a lag reaches: which seconds it disturbs, and which operations it can have delayed."""

import numpy as np

from sla.judgement.generator.lateness import Lateness, disturbed_seconds, largest_by_second, shifted
from sla.values.histogram import bucket_middle_ns, from_values
from sla.values.window import Window

MS = 1_000_000


def windows(*responses_ms):
    return [
        Window(s, "generate", ok=len(r), response=from_values(np.array(r, dtype=np.int64) * MS))
        for s, r in enumerate(responses_ms)
    ]


def test_a_lag_counts_for_its_second_and_the_next_and_its_backlog_for_as_long_as_it_can_last():
    rows = Lateness({0: 0.0, 1: 300e6, 2: 0.0, 3: 0.0, 4: 0.0}, (), np.zeros(0), 0.0, np.zeros(0, bool))
    quiet = [1] * 10
    at_once = largest_by_second(rows, windows(quiet, quiet, quiet, quiet, quiet), "generate", 9)
    assert [round(at_once[s] / MS) for s in range(5)] == [0, 300, 300, 0, 0]
    backlog = largest_by_second(rows, windows(quiet, quiet, [200] * 10, quiet, quiet), "generate", 9)
    assert [round(backlog[s] / MS) for s in range(5)] == [0, 300, 300, 199, 0]


def test_a_second_of_which_no_worker_said_anything_is_not_taken_to_be_on_time():
    rows = Lateness({0: 0.0}, (), np.zeros(0), 0.0, np.zeros(0, bool))
    assert largest_by_second(rows, windows([1], [1]), "generate", 9)[1] == float("inf")


def test_a_long_operation_looks_back_for_as_long_as_it_took():
    h = from_values(np.array([3500, 20]) * MS)
    moved = shifted(h, 10, {7: 100e6, 10: 5e6}, -1)
    assert [round(v / MS) for v in (bucket_middle_ns(int(i)) for i in sorted(moved.indices))] == [
        15,
        3398,
    ]  # to a bucket's lower edge, then less 100 ms
    assert shifted(h, 10, {}, -1) == h


def test_a_time_out_stays_one_unless_the_lag_was_a_matter_of_seconds_too():
    h = from_values(np.array([MS]), over_range=1)
    assert shifted(h, 0, {0: 5e6}, -1).over_range == 1
    assert shifted(h, 0, {0: 2e9}, -1).over_range == 0
    assert shifted(h, 0, {0: 2e9}, -1).total == 2
    assert shifted(h, 0, {0: float("inf")}, 1).over_range == 2


def test_a_second_is_disturbed_until_the_backlog_of_its_late_arrivals_is_over():
    rows = Lateness({s: 300e6 if s == 10 else 50e3 for s in range(20)}, (), np.zeros(0), 0.0, np.zeros(0, bool))
    assert disturbed_seconds(rows, 1e6) == {10, 11, 12, 13, 14}
