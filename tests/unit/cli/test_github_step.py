"""In a step of GitHub Actions: `assess` appends a summary and prints annotations, and neither changes its exit code."""

import os

import pytest

from bizra_load.cli.main import main
from tests.unit.cli.test_compare import saved


@pytest.fixture
def summary(tmp_path, monkeypatch):
    path = tmp_path / "summary.md"
    path.write_text("what another step wrote\n")
    monkeypatch.setenv("GITHUB_STEP_SUMMARY", str(path))
    monkeypatch.setenv("GITHUB_ACTIONS", "true")
    return path


@pytest.fixture
def no_go(tmp_path):
    return saved(tmp_path, "no-go", hold_s=30, failures={"generate": 0.05, "verify": 0.05})


def test_the_summary_is_appended_and_a_failed_objective_annotated_on_standard_error(no_go, summary, capsys):
    assert main(["assess", no_go]) == 3
    out, err = capsys.readouterr()
    assert err.startswith("::error title=bizra-load%3A NO-GO::critical: PoI success rate")
    assert "\n::error title=FAIL%3A PoI success rate (CRITICAL)::" in err
    assert "::error" not in out
    text = summary.read_text()
    assert text.startswith("what another step wrote\n## Load test: NO-GO (agreement local)\n")
    assert "\n- PoI success rate " in text.partition("### What next")[2]
    assert main(["assess", no_go]) == 3
    assert summary.read_text().count("## Load test: NO-GO") == 2


def test_a_run_that_passes_has_a_summary_and_nothing_else_to_say(tmp_path, summary, capsys):
    assert main(["assess", saved(tmp_path, "go", hold_s=60)]) == 0
    assert capsys.readouterr().err == ""
    assert "## Load test: GO (agreement local)" in summary.read_text()


@pytest.mark.parametrize("given", [{"GITHUB_ACTIONS": "false", "GITHUB_STEP_SUMMARY": ""}, {}])
def test_elsewhere_nothing_is_written_or_annotated(no_go, summary, given, monkeypatch, capsys):
    for name in ("GITHUB_ACTIONS", "GITHUB_STEP_SUMMARY"):
        monkeypatch.delenv(name)
    for name, value in given.items():
        monkeypatch.setenv(name, value)
    assert main(["assess", no_go]) == 3
    assert capsys.readouterr().err == ""
    assert summary.read_text() == "what another step wrote\n"


def folder(path):
    path.mkdir()


def nothing_there(path):
    path.parent.joinpath("not-here").touch()


def pipe(path):
    os.mkfifo(path)


@pytest.mark.parametrize(
    ("make", "path", "reason"),
    [
        (folder, "a", "Is a directory"),
        (pipe, "a", "No such device or address"),
        (nothing_there, "b/c/d", "No such file or directory"),
        (nothing_there, "not-here/x", "Not a directory"),
    ],
)
def test_a_summary_that_cannot_be_written_is_one_line_and_the_verdict_stands(
    no_go, summary, make, path, reason, tmp_path, monkeypatch, capsys
):
    make(tmp_path / "a")
    monkeypatch.setenv("GITHUB_STEP_SUMMARY", str(tmp_path / path))
    monkeypatch.delenv("GITHUB_ACTIONS")
    assert main(["assess", no_go]) == 3
    assert capsys.readouterr().err == f"GITHUB_STEP_SUMMARY: {tmp_path / path}: {reason}: the step has no summary\n"


def test_a_full_disk_costs_the_summary_alone(no_go, monkeypatch, capsys):
    monkeypatch.setenv("GITHUB_STEP_SUMMARY", "/dev/full")
    assert main(["assess", no_go]) == 3
    assert capsys.readouterr().err == "GITHUB_STEP_SUMMARY: /dev/full: No space left on device: the step has no summary\n"
