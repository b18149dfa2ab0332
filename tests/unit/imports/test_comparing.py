"""Imported results compared with each other and with runs: no plan of theirs is known, so their achieved rates are compared."""

import json

import pytest

from bizra_load.cli.main import main
from tests.unit.cli.test_compare import saved
from tests.unit.imports.test_imports import K6_HEADER, START, k6_row, written


def import_of(tmp_path, name, per_second, ms=2.0, seconds=30):
    rows = [k6_row(START + s + n / per_second, ms + n % 10 / 100) for s in range(seconds) for n in range(per_second)]
    out = tmp_path / name
    assert main(["assess", "--import", str(written(tmp_path, f"{name}.csv", K6_HEADER, *rows)), "--out", str(out)]) == 0
    [folder] = [path for path in out.iterdir() if not path.is_symlink()]
    return str(folder)


def compared(capsys, *runs):
    capsys.readouterr()
    code = main(["compare", *runs, "--format", "json"])
    return code, json.loads(capsys.readouterr().out)["compared"]


@pytest.mark.parametrize("second", [40, 101])
def test_imports_of_different_rates_say_so_and_claim_nothing(tmp_path, capsys, second):
    a, b = import_of(tmp_path, "a", 100), import_of(tmp_path, "b", second, ms=6.0)
    code, figures = compared(capsys, a, b)
    assert (code, {c["change"] for c in figures}) == (4, {"INCONCLUSIVE"})
    shown = " and ".join(map(str, sorted((100, second))))
    reason = f"the runs had different achieved rates, {shown} ops/s: a difference may be the load's"
    assert {c["reason"] for c in figures} == {reason}


def test_imports_of_one_rate_are_compared(tmp_path, capsys):
    a, b = import_of(tmp_path, "a", 500), import_of(tmp_path, "b", 502, ms=6.0)  # within 0.5 %
    code, figures = compared(capsys, a, b)
    assert code == 3
    assert {c["title"]: c["change"] for c in figures}["generate, response p50"] == "REGRESSED"


def test_an_import_and_a_run_with_a_plan_are_compared_by_what_they_achieved(tmp_path, capsys):
    run, same, other = saved(tmp_path, "run"), import_of(tmp_path, "same", 300), import_of(tmp_path, "other", 900)
    assert "different" not in str(compared(capsys, run, same)[1])
    assert "the runs had different achieved rates, 300 and 900 ops/s" in str(compared(capsys, run, other)[1])
