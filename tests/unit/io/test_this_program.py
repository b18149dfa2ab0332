"""A command that is shown can be copied into the shell that this program was started from."""

import pytest

from bizra_load.cli.main import main
from bizra_load.io.this_program import copyable, started_as
from tests.unit.cli.test_compare import saved


@pytest.fixture
def places(tmp_path, monkeypatch):
    """The program in .venv/bin and in other; `linked` leads to the first."""
    monkeypatch.chdir(tmp_path)
    for name in (".venv/bin", "other", "linked", "empty"):
        (tmp_path / name).mkdir(parents=True)
    for name in (".venv/bin", "other"):
        (tmp_path / name / "bizra-load").touch(0o755)
    (tmp_path / "linked/bizra-load").symlink_to(tmp_path / ".venv/bin/bizra-load")
    return tmp_path


@pytest.mark.parametrize(
    ("path", "search", "shown"),
    [
        (".venv/bin/bizra-load", "empty", ".venv/bin/bizra-load"),
        (".venv/bin/bizra-load", "other", ".venv/bin/bizra-load"),
        (".venv/bin/bizra-load", "empty:.venv/bin", ""),
        (".venv/bin/bizra-load", "linked", ""),
        ("bizra_load/cli/main.py", "empty", ""),
        ("-c", "empty", ""),
    ],
)
def test_a_path_is_shown_where_the_name_alone_would_start_another_program_or_none(places, path, search, shown):
    assert started_as(path, search) == shown


def test_only_what_begins_with_the_program_is_a_command():
    started = {"BIZRA_LOAD_STARTED_AS": "my venv/bizra-load"}
    assert copyable("bizra-load report latest", started) == "'my venv/bizra-load' report latest"
    assert copyable("bizra-load report latest", {}) == "bizra-load report latest"
    assert copyable("raise --target-ops", started) == "raise --target-ops"


@pytest.mark.parametrize("path", [".venv/bin/bizra-load", f"/{'far/' * 20}bizra-load", f"/my {'far/' * 20}bizra-load"])
def test_the_screen_shows_the_path_in_one_line_and_what_is_stored_the_name(tmp_path, monkeypatch, capsys, path):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("BIZRA_LOAD_STARTED_AS", path)
    folder = saved(tmp_path, "20261121T100000Z-poi", hold_s=60)
    shown = f"'{path}'" if " " in path else path
    for words in (["assess", folder], ["report", folder], ["assess", folder, "-v"]):
        assert main(words) == 0
        line = next(line for line in capsys.readouterr().out.splitlines() if line.lower().startswith("next: "))
        assert line[len("next: ") :].startswith(f"{shown} report "), words
    assert main(["report", folder, "-o", "report.txt"]) == 0
    assert "next: bizra-load report " in (tmp_path / "report.txt").read_text()
    assert "- Next: bizra-load report " in (tmp_path / folder / "assessment.md").read_text()
    assert main(["init", folder]) == 0
    assert f"then {shown} assess " in capsys.readouterr().out
