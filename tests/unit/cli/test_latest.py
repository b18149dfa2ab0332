"""Whatever a run is refused for, a script that asks `latest` for its code does not read the one of an earlier run."""

import pytest

from bizra_load.archive import latest
from bizra_load.cli import main as cli

REFUSED = {
    "an unknown option": ["run", "--target-opz", "5"],
    "a wrong value": ["run", "--target-ops", "abc"],
    "a web UI that starts a run by itself": ["run", "-f", "none.py", "--web-ui", "--autostart"],
    "a value that is missing": ["run", "--duration"],
    "a wrong option, then help": ["run", "--duration", "--help"],
    "an option before the verb": ["--target-ops", "run"],
    "an unknown option of a validation": ["validate", "--target-opz", "5"],
    "a wrong fault of a validation": ["validate", "--fault", "x"],
}


@pytest.fixture
def earlier(tmp_path, monkeypatch):
    """A folder of runs, by a function of its path: the earlier one ended with 0."""
    monkeypatch.chdir(tmp_path)
    for variable in ("BIZRA_LOAD_OUT", "ENDPOINT", "PROMETHEUS_URL"):
        monkeypatch.delenv(variable, raising=False)

    def make(place):
        run = tmp_path / place / "20261126T010000Z-a"
        run.mkdir(parents=True)
        latest.begin(run)
        latest.end(run, 0)
        return tmp_path / place / "latest/exit-code"

    return make


def ended_with(words):
    try:
        return cli.main(words)
    except SystemExit as end:
        return end.code


@pytest.mark.parametrize("why", REFUSED)
def test_a_refused_run_leaves_no_code_behind(earlier, capsys, why):
    code = earlier("runs")
    assert ended_with(REFUSED[why]) == 6
    assert not code.exists()
    assert len(capsys.readouterr().err.splitlines()) == 1


@pytest.mark.parametrize("words", [["--out", "mine"], ["--out=mine"], ["--out", "other", "--out", "mine"]])
def test_the_folder_is_the_one_that_the_command_line_names(earlier, words):
    mine, default = earlier("mine"), earlier("runs")
    assert ended_with(["run", "--target-opz", "5", *words]) == 6
    assert not mine.exists()
    assert default.exists()


def test_the_folder_is_the_one_that_the_environment_names(earlier, monkeypatch):
    mine, default = earlier("mine"), earlier("runs")
    monkeypatch.setenv("BIZRA_LOAD_OUT", "mine")
    assert ended_with(["run", "--target-opz", "5"]) == 6
    assert not mine.exists()
    assert default.exists()


@pytest.mark.parametrize(
    "words",
    [
        *(["run", "--help"], ["validate", "-h"], ["assess", "nowhere"], ["report", "--formt"]),
        *(["run", "-f", "none.py", word] for word in ("--list", "-l", "--show-task-ratio", "--worker", "--web-ui")),
    ],
)
def test_whoever_asks_for_no_run_forgets_none(earlier, words):
    code = earlier("runs")
    ended_with(words)
    assert code.read_text() == "0\n"


def test_a_copy_of_the_runs_that_followed_the_link_keeps_its_folder_without_the_code(earlier, tmp_path):
    code = earlier("runs")
    (tmp_path / "runs/latest").unlink()
    code.parent.mkdir()
    code.write_text("0\n")
    (code.parent / "run.json").write_text("{}")
    assert ended_with(["run", "--target-opz", "5"]) == 6
    assert [p.name for p in code.parent.iterdir()] == ["run.json"]
