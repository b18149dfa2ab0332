"""Samples beyond a hole: a few of them have a wrong time, more of them are a run of their own."""

import pytest

from bizra_load.exit_codes import UsageError
from bizra_load.imports.read import read_import
from tests.unit.imports.test_bad_samples import JMETER, K6, TOOLS, assessed
from tests.unit.imports.test_imports import K6_HEADER, START, k6_row, written

HOUR_S = 3600
STRAYS = pytest.mark.parametrize(
    ("at", "far_s"),
    [([0], -HOUR_S), ([1499], HOUR_S), ([700], HOUR_S), (range(1486, 1500), 4 * HOUR_S), ([5, 700], 90), ([0], -86_400)],
    ids=["first", "last", "mid", "last 14", "90 s", "a day"],
)


def rows_of(row, far_s, at):
    """Those of 1500 samples over 30 s that lie `far_s` away."""
    return [row(START + n / 50 + (far_s if n in at else 0), 2) for n in range(1500)]


def read(tmp_path, tool, far_s, at):
    header, row = tool
    return read_import(written(tmp_path, "r.csv", header, *rows_of(row, far_s, at)))


@TOOLS
@STRAYS
def test_a_few_beyond_a_hole_count_beside_their_neighbours(tmp_path, tool, at, far_s):
    run = read(tmp_path, tool, far_s, at)
    seconds = {w.second: w.ok for w in run.measurements.windows}
    assert (min(seconds), max(seconds), sum(seconds.values())) == (START, START + 29, 1500)
    assert run.measurements.facts.bad_samples == len(at)
    assert f"bad samples: {len(at)}, the first: time stamp " in run.note
    assert "without any sample" not in run.note


def test_a_few_on_either_side_are_bad_samples(tmp_path):
    header, row = JMETER
    rows = [row(START + n / 50 + {0: -HOUR_S, 1499: HOUR_S + 60}.get(n, 0), 2) for n in range(1500)]
    measured = read_import(written(tmp_path, "r.csv", header, *rows)).measurements
    assert ({w.second for w in measured.windows}, measured.facts.bad_samples) == (set(range(START, START + 30)), 2)


@TOOLS
@pytest.mark.parametrize("count", [15, 750])
def test_more_are_a_run_of_their_own_and_the_hole_is_said(tmp_path, tool, count):
    run = read(tmp_path, tool, HOUR_S, range(1500 - count, 1500))
    seconds = {w.second: w.ok for w in run.measurements.windows}
    assert sum(ok for second, ok in seconds.items() if second >= START + HOUR_S) == count
    assert run.measurements.facts.bad_samples == 0
    hole = "3,601 s without any sample from 2027-01-15T08:00:14Z" if count == 750 else "3,600 s without any sample from "
    assert f"; a hole of {hole}" in run.note
    assert run.note.endswith(f"Z to {'2027-01-15T09:00:15Z' if count == 750 else '2027-01-15T09:00:29Z'}")


@TOOLS
def test_a_hole_of_many_hours_is_one_line(tmp_path, tool):
    with pytest.raises(UsageError, match=r"a hole of 259,201 s without any sample from .*Z to .*Z \(allowed: 6 hours\): part"):
        read(tmp_path, tool, 3 * 86_400, range(750, 1500))


def test_seconds_without_samples_for_days_in_all_are_one_line(tmp_path):
    rows = [k6_row(START + n * HOUR_S, 2.0) for n in range(500)]
    with pytest.raises(UsageError, match=r"1,795,901 of 1,796,401 seconds have no sample: part the file by time"):
        read_import(written(tmp_path, "r.csv", K6_HEADER, *rows))


@pytest.mark.parametrize("late_s", [40, 300])
def test_a_late_response_stays_where_it_was(tmp_path, late_s):
    rows = [k6_row(START + n / 500, 2.0) for n in range(1500)]
    rows.append(k6_row(START + 2 + late_s, late_s * 1000.0))  # begun among the others
    measured = read_import(written(tmp_path, "r.csv", K6_HEADER, *rows)).measurements
    assert (max(w.second for w in measured.windows), measured.facts.bad_samples) == (START + 2 + late_s, 0)


def test_a_pause_of_less_than_a_minute_is_no_hole(tmp_path):
    run = read(tmp_path, JMETER, 50, [1498, 1499])
    assert max(w.second for w in run.measurements.windows) == START + 79
    assert run.measurements.facts.bad_samples == 0


def test_a_stall_with_dropped_iterations_is_no_hole(tmp_path):
    rows = [k6_row(START + n / 50, 2.0) for n in range(1500)]
    rows += [k6_row(START + 30 + n, 1.0, metric="dropped_iterations") for n in range(600)]
    rows += [k6_row(START + 630, 2.0)]
    run = read_import(written(tmp_path, "r.csv", K6_HEADER, *rows))
    assert (sum(w.unsent for w in run.measurements.windows), run.measurements.facts.bad_samples) == (600, 0)
    assert "without any sample" not in run.note


def test_strays_are_a_check_that_warns(tmp_path, monkeypatch):
    monkeypatch.setattr("tests.unit.imports.test_bad_samples.rows_of", lambda row, bad: rows_of(row, HOUR_S, range(bad)))
    code, check, _ = assessed(tmp_path, K6, 10)
    assert (code, check["status"], check["reason"][:15]) == (0, "WARN", "bad samples: 10")
