"""Windows merged as they come: what one second holds of several parts, whoever reported them and in whatever order."""

import numpy as np

from sla.values.histogram import EMPTY, from_values
from sla.values.window import HISTOGRAMS, Window
from sla.values.window_sums import WindowSums


def window(second, operation="a", parts=1, failed=None):
    """A second in which everything was counted another number of times; `parts` of it."""
    took = {name: from_values(np.array([latency_ns] * parts)) for latency_ns, name in enumerate(HISTOGRAMS, 500)}
    return Window(
        second,
        operation,
        planned=1 * parts,
        unsent=2 * parts,
        started=3 * parts,
        ok=4 * parts,
        failed=failed or {},
        in_flight_ns=5 * parts,
        service_sum_ns=6 * parts,
        response_sum_ns=7 * parts,
        untimed=8 * parts,
        **took,
    )


def of(*windows):
    sums = WindowSums()
    for w in windows:
        sums.add(w)
    return sums


def test_each_figure_of_a_second_is_the_sum_of_its_parts():
    assert of(window(3), window(3), window(3)).windows() == (window(3, parts=3),)
    assert of(window(3, "b"), window(3), window(2, "b")).windows() == (window(3), window(2, "b"), window(3, "b"))


def test_failures_are_added_up_by_category_and_stand_in_their_order():
    parts = [window(3, failed=f) for f in ({"timeout": 2, "grpc": 1}, {}, {"timeout": 3})]
    [merged] = of(*parts).windows()
    assert list(merged.failed.items()) == [("grpc", 1), ("timeout", 5)]
    assert parts[0].failed == {"timeout": 2, "grpc": 1}  # a part is nobody's to change


def test_all_of_another_is_added_whether_its_seconds_are_known_or_new():
    one, other = of(window(3, failed={"grpc": 1})), of(window(3, failed={"grpc": 2}), window(4, "b"))
    one.join(other)
    assert one.windows() == (window(3, parts=2, failed={"grpc": 3}), window(4, "b"))


def test_windows_of_one_operation_are_told_from_those_of_others_and_from_earlier_ones():
    sums = of(*(window(second, operation) for second in range(3) for operation in "ba"))
    assert [(w.operation, w.second) for w in sums.windows()] == [(o, s) for o in "ab" for s in range(3)]
    assert [(w.operation, w.second) for w in sums.windows("b")] == [("b", 0), ("b", 1), ("b", 2)]
    assert [(w.operation, w.second) for w in sums.windows(from_second=2)] == [("a", 2), ("b", 2)]


def test_histograms_that_are_added_beside_their_window_are_those_that_count():
    sums, longer = WindowSums(), from_values(np.array([9000, 9000]))
    sums.add_counts(window(3))
    sums.histograms.add(("a", 3, "response"), longer)
    [merged] = sums.windows()
    assert (merged.ok, merged.response, merged.service) == (4, longer, EMPTY)
    assert merged.failed_response == EMPTY


def test_of_seconds_that_are_forgotten_nothing_is_left():
    sums = of(window(3), window(4))
    sums.forget_before(4)
    assert sums.windows() == (window(4),)
    assert all(sums.histograms.sum(("a", 3, name)) == EMPTY for name in HISTOGRAMS)
