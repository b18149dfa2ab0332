"""Runs by name: `bizra-load runs` lists them, and each verb takes a name of that list, or latest."""

import json
from pathlib import Path

import pytest

from bizra_load.archive import latest
from bizra_load.cli.main import main
from tests.unit.cli.test_compare import saved


@pytest.fixture
def runs(tmp_path, monkeypatch, capsys):
    """Two runs in `runs`, both judged, the second is the latest; the folder above them is the working directory."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("BIZRA_LOAD_OUT", raising=False)
    (tmp_path / "runs").mkdir()
    names = [f"2026112{n}T100000Z-poi" for n in (1, 2)]
    for seed, name in enumerate(names):
        folder = Path(saved(tmp_path / "runs", name, seed=seed, hold_s=60))
        latest.begin(folder)
        latest.end(folder, main(["assess", str(folder)]))
    capsys.readouterr()
    return names


def shown(capsys, *words, code=None):
    ended = main(list(words))
    assert code is None or ended == code
    return capsys.readouterr()


def test_the_list_has_a_line_for_each_run_the_newest_last(runs, capsys):
    lines = shown(capsys, "runs", code=0).out.splitlines()
    assert [line.split()[0] for line in lines] == runs
    assert ["(latest)" in line for line in lines] == [False, True]
    decision = json.loads(Path("runs", runs[0], "assessment.json").read_text())["decision"]
    assert all(decision in line for line in lines)


def test_the_list_as_json_says_the_same(runs, capsys):
    Path("runs", runs[0], "assessment.json").unlink()
    first, second = json.loads(shown(capsys, "runs", "--json", code=0).out)
    assert (first["run"], first["decision"], first["latest"]) == (runs[0], "", False)
    assert first["exit_code"] == int(Path("runs", runs[0], "exit-code").read_text())
    assert first["why"] == "not judged (bizra-load assess judges it)"
    assert (second["run"], second["latest"], bool(second["decision"])) == (runs[1], True, True)


def test_a_run_that_can_not_be_read_is_listed_with_its_mistake_beside_the_others(runs, capsys):
    Path("runs", runs[0], "assessment.json").write_text("{}")
    first, second = shown(capsys, "runs", code=0).out.splitlines()
    assert first.split()[1] == "-"
    assert "assessment.json" in first
    assert second.split()[2] != "-"


def test_folders_that_are_no_runs_are_not_listed(runs, capsys, tmp_path):
    (tmp_path / "runs/lost+found").mkdir()
    assert len(shown(capsys, "runs", code=0).out.splitlines()) == 2
    (tmp_path / "none").mkdir()
    assert shown(capsys, "runs", "--out", "none", "--json", code=0).out == "[]\n"
    assert shown(capsys, "runs", "--out", "none", code=0).out == ""


def test_before_the_first_run_the_list_says_how_one_is_made(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("BIZRA_LOAD_OUT", raising=False)
    assert "bizra-load run" in shown(capsys, "runs", code=0).err


@pytest.mark.parametrize("name", ["latest", "20261122T100000Z-poi", "runs/20261122T100000Z-poi", "runs/latest"])
def test_a_run_is_named_by_latest_its_bare_name_or_its_path(runs, capsys, name):
    for words in (["report", name], ["assess", name], ["init", name, "-o", "mine.yaml", "--force"], ["compare", runs[0], name]):
        main(words)
        assert capsys.readouterr().err == "", words
    assert shown(capsys, "report", name).out.splitlines()[-1].startswith("saved: runs/")
    real = name if name == "runs/latest" else f"runs/{runs[1]}"
    assert f"saved: {real}" in shown(capsys, "report", name).out


def test_the_folder_of_runs_is_that_of_the_environment(runs, capsys, monkeypatch, tmp_path):
    (tmp_path / "elsewhere").mkdir()
    monkeypatch.chdir(tmp_path / "elsewhere")
    monkeypatch.setenv("BIZRA_LOAD_OUT", str(tmp_path / "runs"))
    assert f"saved: {tmp_path}/runs/{runs[1]}" in shown(capsys, "report", "latest").out


def test_a_folder_of_that_name_here_comes_first(runs, capsys, tmp_path):
    (tmp_path / "latest").mkdir()
    assert "latest" in shown(capsys, "report", "latest", code=6).err


@pytest.mark.parametrize(
    ("name", "message"), [("lates", "did you mean 'latest'?"), ("20261121T100000Z-pio", "-poi'?"), ("x", "bizra-load runs")]
)
def test_a_name_that_no_run_has_is_answered_with_the_nearest(runs, capsys, name, message):
    for words in (["report", name], ["assess", name], ["compare", name, name], ["init", name]):
        error = shown(capsys, *words, code=6).err
        assert message in error
        assert error.startswith(f"bizra-load {words[0]}: {name}: neither here nor among the runs of runs")
        assert error.count("\n") == 1


def test_what_to_do_next_names_the_run_as_short_as_it_is_understood(runs, capsys, monkeypatch, tmp_path):
    assert json.loads(Path("runs", runs[1], "assessment.json").read_text())["decision"] == "GO"
    assert f"next: bizra-load report {runs[1]} --format html" in shown(capsys, "report", "latest").out
    assert f"- Next: bizra-load report {runs[1]} --format html" in Path("runs", runs[1], "assessment.md").read_text()
    monkeypatch.setenv("BIZRA_LOAD_OUT", str(tmp_path / "another"))
    assert f"next: bizra-load report runs/{runs[1]} --format html" in shown(capsys, "report", f"runs/{runs[1]}").out


@pytest.mark.parametrize("verb", ["assess", "init"])
def test_a_run_that_never_began_is_listed_and_named_as_one(runs, capsys, verb):
    folder = Path("runs/20261123T100000Z-poi")
    folder.mkdir()
    latest.begin(folder)
    assert shown(capsys, "runs", code=0).out.splitlines()[-1].endswith("ended before its load began: nothing to assess")
    line = f"{folder}: this run ended before its load began: there is nothing to assess (allowed: a run that began)"
    assert shown(capsys, verb, folder.name, code=6).err.strip() == f"bizra-load {verb}: {line}"
