"""Both sides of Little's law, counted on their own."""

import pytest

from sla.estimators.littles_law import littles_law
from sla.values.window import Window


def law(*seconds):
    """Windows from (second, in-flight ns, service ns)."""
    return littles_law([Window(s, "a", in_flight_ns=flying, service_sum_ns=service) for s, flying, service in seconds])


def test_both_sides_are_means_over_the_seconds_from_the_first_to_the_last():
    sides = law((12, 3_000_000_000, 2_000_000_000), (10, 1_000_000_000, 3_000_000_000))
    assert (sides.mean_in_flight, sides.expected, sides.difference) == pytest.approx((4 / 3, 5 / 3, 1 / 4))
    assert law((10, 2_000_000_000, 1_000_000_000)).mean_in_flight == 2.0


@pytest.mark.parametrize(
    ("latencies", "holds"), [(994, False), (995, True), (1000, True), (1005, True), (1006, False), (0, False)]
)
def test_the_sides_may_differ_by_half_a_per_cent_either_way(latencies, holds):
    assert law((1, 1000, latencies)).holds is holds


def test_where_nothing_was_in_flight_or_counted_there_is_no_law():
    assert law() is None
    assert law((1, 0, 500), (2, 0, 0)) is None
