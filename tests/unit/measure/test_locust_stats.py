"""Locust's own statistics, from what workers reported."""

import itertools

import numpy as np
from locust.stats import RequestStats

from bizra_load.measure.locust_stats import LocustStatistics
from bizra_load.worker import phase_of
from sla.histogram import from_values
from sla.window import Window


def window(second, milliseconds, in_flight_ns=1):
    h = from_values(np.array([int(ms * 1e6) for ms in milliseconds], np.int64))
    return Window(second, "generate", ok=h.total, in_flight_ns=in_flight_ns, response=h, service=h)


def test_what_two_workers_report_of_a_second_counts_once_each():
    stats = RequestStats()
    ours = LocustStatistics(stats, "PoI")
    ours.add([window(1, [1, 2]), window(2, [3])])
    ours.add([window(1, [4])])
    assert stats.total.num_requests == 0  # until it is shown
    ours.show()
    ours.show()
    entry = stats.get("generate", "PoI")
    assert (entry.num_requests, stats.total.num_requests) == (4, 4)
    assert dict(entry.num_reqs_per_sec) == {1: 3, 2: 1}
    assert sum(entry.response_times.values()) == 4


def test_what_locust_has_counted_by_its_own_event_is_not_added_again():
    stats = RequestStats()
    ours = LocustStatistics(stats, "PoI")
    ours.add([window(1, [1], in_flight_ns=0)])
    ours.show()
    assert stats.total.num_requests == 0


def test_workers_report_at_phases_that_are_apart_and_away_from_the_edge_of_the_second():
    for workers in (2, 4, 8):
        phases = sorted(phase_of(i) for i in range(workers))
        assert min(b - a for a, b in itertools.pairwise(phases)) > 0.25 / workers
        assert phases[0] > 0.05
        assert phases[-1] < 0.75
