"""Iterations that k6 planned and had no virtual user for: they were never sent."""

from bizra_load.cli.main import main
from bizra_load.imports.read import read_import
from sla.values.window import SCHEDULE
from tests.unit.imports.test_imports import AGREEMENT, K6_HEADER, START, imported, k6_row, written


def test_iterations_that_k6_dropped_are_planned_and_unsent(tmp_path):
    rows = [k6_row(START + s, 2.0) for s in range(20) for _ in range(4)]
    made = [k6_row(START + s, 1.0, metric="iterations") for s in range(20) for _ in range(2)]  # two requests each
    dropped = [k6_row(START + s, 3.0, metric="dropped_iterations") for s in range(20)]
    windows = imported(tmp_path, "k6.csv", K6_HEADER, *rows, *made, *dropped)
    schedule = [w for w in windows if w.operation == SCHEDULE]
    judged = range(START + 1, START + 19)
    assert {(w.planned, w.unsent) for w in schedule if w.second in judged} == {(4 + 6, 6)}
    assert [sum(w.planned for w in schedule), sum(w.unsent for w in schedule)] == [20 * (4 + 6), 20 * 6]
    alone = [w for w in imported(tmp_path, "2.csv", K6_HEADER, *rows, *dropped) if w.operation == SCHEDULE]
    assert {(w.planned, w.unsent) for w in alone if w.second in judged} == {(4 + 3, 3)}


def test_a_run_of_which_two_thirds_were_dropped_is_invalid(tmp_path, capsys):
    rows = [k6_row(START + s, 2.0) for s in range(20) for _ in range(50)]
    dropped = [k6_row(START + s, 100.0, metric="dropped_iterations") for s in range(20)]
    path = written(tmp_path, "k6.csv", K6_HEADER, *rows, *dropped)
    agreement = written(tmp_path, "mine.yaml", *AGREEMENT)
    assert main(["assess", "--import", str(path), "--out", str(tmp_path / "runs"), "--agreement", str(agreement)]) == 5
    assert "planned operations were not sent" in " ".join(capsys.readouterr().out.split())


def test_what_was_dropped_after_the_last_response_is_judged_too(tmp_path, capsys):
    """The service responds for 20 s and then no more: k6 drops what it has no virtual user for."""
    rows = [k6_row(START + s, 2.0) for s in range(20) for _ in range(50)]
    dropped = [k6_row(START + s, 50.0, metric="dropped_iterations") for s in range(20, 40)]
    path = written(tmp_path, "k6.csv", K6_HEADER, *rows, *dropped)
    facts = read_import(path).measurements.facts
    assert (facts.load_started_ns, facts.load_ended_ns) == ((START + 1) * 10**9, (START + 39) * 10**9)
    agreement = written(tmp_path, "mine.yaml", *AGREEMENT)
    assert main(["assess", "--import", str(path), "--out", str(tmp_path / "runs"), "--agreement", str(agreement)]) == 5
    assert "planned operations were not sent" in " ".join(capsys.readouterr().out.split())


def test_what_a_scenario_dropped_counts_as_many_requests_as_its_own_iterations_make(tmp_path):
    """25 requests an iteration in one scenario, one in the other: their mean would hide most of what was not sent."""

    def row(second, name, scenario, metric="http_req_duration", value=2.0):
        return k6_row(START + second, value, name, metric=metric).replace(",default,", f",{scenario},")

    rows = [row(s, "a", "heavy") for s in range(20) for _ in range(100)]
    rows += [row(s, "b", "light") for s in range(20) for _ in range(100)]
    rows += [row(s, "", "heavy", "iterations", 4.0) for s in range(20)]
    rows += [row(s, "", "light", "iterations", 100.0) for s in range(20)]
    rows += [row(s, "", "heavy", "dropped_iterations", 1.0) for s in range(20)]
    schedule = [w for w in imported(tmp_path, "k6.csv", K6_HEADER, *rows) if w.operation == SCHEDULE]
    assert {(w.planned, w.unsent) for w in schedule if START + 2 <= w.second < START + 18} == {(225, 25)}
