"""How many workers there are when nobody says."""

import math

import pytest

from bizra_load.launch import worker_count
from bizra_load.launch.worker_count import explained, workers_for, workers_here


@pytest.mark.parametrize(
    ("cores", "peak_per_s", "here", "workers"),
    [
        (1, 1_000, True, 1),  # there is always one
        (2, 1_000, True, 1),
        (2, 100_000, True, 1),  # the other core is the target's
        (4, 1_000, True, 1),  # more would only wait for each other
        (4, 100_000, True, 3),
        (64, 1_000_000, True, 4),
        (2, 1_000, False, 1),
        (2, 100_000, False, 2),
        (16, 100_000, False, 5),
        (64, 100_000, False, 5),
        (4, 20_000, False, 1),
        (4, 20_001, False, 2),
        (2, math.inf, True, 1),  # as fast as responses come: all there is room for
        (8, math.inf, False, 8),
    ],
)
def test_as_many_workers_as_the_rate_needs_and_there_are_cores_for(cores, peak_per_s, here, workers):
    assert workers_for(cores, peak_per_s, here) == workers


def test_more_cores_or_a_higher_rate_never_mean_fewer_workers():
    for here in (False, True):
        for cores in range(1, 20):
            by_rate = [workers_for(cores, rate, here) for rate in (1, 1e3, 1e4, 5e4, 1e5, 1e6, math.inf)]
            assert by_rate == sorted(by_rate)
            assert all(1 <= n <= cores for n in by_rate)
            assert all(workers_for(cores + 1, rate, here) >= workers_for(cores, rate, here) for rate in (1e3, 1e5, math.inf))


def test_the_reason_is_one_line():
    assert explained(1, 2, 1000.0, True) == (
        "Workers: 1 (1,000 ops/s; 2 cores, one of them for the target, which is on this machine); --workers sets another number"
    )
    assert explained(1, 1, math.inf, False) == "Workers: 1 (as fast as responses come; 1 core); --workers sets another number"


@pytest.mark.parametrize("target", ["", "http://127.0.0.1:9"])
def test_a_target_that_is_not_known_is_taken_to_be_on_this_machine(target, monkeypatch):
    monkeypatch.setattr(worker_count, "usable_cores", lambda: 2)
    assert workers_here(100_000, target)[0] == 1
    assert workers_here(100_000, "http://192.0.2.1:9")[0] == 2
