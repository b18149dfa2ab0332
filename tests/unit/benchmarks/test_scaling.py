"""The scaling benchmark: which loads it has, where they run, and how its tables show what is flat."""

import os
import resource

import pytest

from benchmarks import scaling
from benchmarks.measuring import Throughput


def costs(*worker_us):
    """A round with these costs by slice; all processes together take twice as much."""
    return Throughput(1_000.0, 2e-3 * worker_us[0], 0.0, 0.0, worker_us=worker_us)


def test_it_has_each_number_of_workers_on_each_number_of_cores_and_every_rate_and_connection():
    every = scaling.cases(list(scaling.HEADS), 60.0)
    of = {part: [case for case in every if case.part == part] for part in scaling.HEADS}
    assert {(case.workers, case.cores) for case in of["workers"]} == {(1, 1), (2, 1), (1, 2), (2, 2)}
    assert [case.rate_per_s for case in of["rate"]] == [500, 2_000, 5_000, 10_000, 20_000]
    assert [case.connections for case in of["connections"]] == [5, 50, 500, 5_000]
    assert [(case.seconds, case.slices) for case in of["duration"]] == [(60.0, 6)]
    assert scaling.cases(["rate"], 60.0) == of["rate"]


def test_ratios_are_to_the_first_row_and_within_a_round():
    rounds = {"connections": {"5": [(costs(10.0), 0.0), (costs(40.0), 0.0)], "50": [(costs(20.0), 0.0), (costs(20.0), 0.0)]}}
    lines = scaling.report(rounds)
    assert lines[2].startswith("| 5 | 1.00 x [1.00, 1.00] | 25.0 us [10.0, 40.0] |")
    assert lines[3].startswith("| 50 | 1.25 x [0.50, 2.00] | 20.0 us [20.0, 20.0] | 25,000 [25,000, 25,000] |")


def test_a_rate_stands_beside_a_bare_loop_of_the_same_round():
    rounds = {"rate": {"500/s": [(costs(200.0), 100.0), (costs(100.0), 25.0)]}}
    head, _, row, _ = scaling.report(rounds)
    assert head.startswith("| Open model, 1 worker, 50 connections | To the first | To a bare loop |")
    assert row.startswith(
        "| 500/s | 1.00 x [1.00, 1.00] | 3.00 x [2.00, 4.00] | 150.0 us [100.0, 200.0] | 62.5 us [25.0, 100.0] |"
    )


def test_a_long_run_shows_each_part_of_its_time():
    lines = scaling.report({"duration": {"60 s": [(costs(10.0, 10.0, 11.0, 12.0, 10.0, 5.0), 0.0)]}})
    assert lines[0].startswith("| Sixth of 60 s, open model at 5,000/s |")
    assert [line.split(" | ")[1] for line in lines[2:8]] == [f"{x:.2f} x [{x:.2f}, {x:.2f}]" for x in (1, 1, 1.1, 1.2, 1, 0.5)]


@pytest.mark.parametrize(
    ("cores", "of_target", "of_generator", "words"),
    [({3, 4, 5, 6}, 3, [4, 5], "cores of their own"), ({0, 1}, 0, [1, 0], "shares one"), ({2}, 2, [2, 2], "one core")],
)
def test_who_runs_where_is_reported(monkeypatch, cores, of_target, of_generator, words):
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: cores)
    target_core, generator_cores, sentence = scaling.placement()
    assert (target_core, generator_cores) == (of_target, of_generator)
    assert words in sentence


def test_what_the_limit_of_open_files_forbids_is_left_out_and_reported(monkeypatch):
    limits = []
    monkeypatch.setattr(resource, "getrlimit", lambda _: (1_024, 4_096))
    monkeypatch.setattr(resource, "setrlimit", lambda _, pair: limits.append(pair))
    possible, left_out = scaling.files_for(scaling.cases(["connections"], 60.0))
    assert limits == [(4_096, 4_096)]
    assert [case.connections for case in possible] == [5, 50, 500]
    assert left_out == ["5,000 connections: left out, ulimit -Hn is 4096"]
