"""How far a worker's clocks are off the master's, by a round trip."""

from bizra_load.measure.clock import ClockReading, reading


def test_a_clock_is_compared_with_the_middle_of_the_round_trip_and_is_unsure_by_half_of_it():
    assert reading(sent_ns=1_000, received_ns=1_400, master_ns=1_200, wall_ahead_ns=7) == ClockReading(0, 7, 200)
    assert reading(sent_ns=1_000, received_ns=1_400, master_ns=700, wall_ahead_ns=-7) == ClockReading(500, 493, 200)


def test_a_round_trip_is_never_shorter_than_nothing():
    assert reading(sent_ns=1_400, received_ns=1_000, master_ns=1_200, wall_ahead_ns=0).error_ns == 0
