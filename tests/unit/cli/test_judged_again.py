"""A run that has a verdict is judged again: all that its folder says changes together, and says by what."""

import json
from pathlib import Path

import pytest

from bizra_load.archive import checksums, latest
from bizra_load.archive.checksums import covered
from bizra_load.cli.main import main
from tests.unit.cli.test_compare import saved

MISSED = "generate p99 < 1 ns"
KEPT = "generate p99 < 10 s"
NOTE = "judged by other.yaml, not by the run's own agreement"


@pytest.fixture
def run(tmp_path, monkeypatch, capsys):
    """The latest run, sealed; its own agreement says NO-GO, other.yaml GO."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("BIZRA_LOAD_OUT", raising=False)
    (tmp_path / "runs").mkdir()
    folder = Path(saved(tmp_path / "runs", "20261121T100000Z-poi", hold_s=60))
    for path, words in ((folder / "agreement.yaml", MISSED), (tmp_path / "other.yaml", KEPT)):
        path.write_text(f"schema: bizra-load/agreement/1\nname: of-{path.stem}\nobjectives:\n  - {words}, critical\n")
    checksums.seal(folder)
    latest.begin(folder)
    latest.end(folder, main(["assess", "latest"]))
    capsys.readouterr()
    assert code_in(folder) == "3\n"
    return folder


def code_in(folder):
    return (folder / "exit-code").read_text()


def shown(capsys, *words, code=None):
    ended = main(list(words))
    assert code is None or ended == code
    return capsys.readouterr()


def test_the_exit_code_in_the_folder_is_that_of_its_assessment(run, capsys):
    shown(capsys, "assess", "latest", "--agreement", "other.yaml", code=0)
    assert code_in(run) == "0\n"
    assert json.loads(shown(capsys, "runs", "--json").out)[0]["exit_code"] == 0
    shown(capsys, "assess", "latest", code=3)
    assert code_in(run) == "3\n"
    assert covered(run)


def test_an_assessment_elsewhere_changes_nothing_in_the_folder(run, capsys):
    before = {path.name: path.read_bytes() for path in run.iterdir()}
    assert shown(capsys, "assess", "latest", "--agreement", "other.yaml", "--out", "there", code=0).err == ""
    assert {path.name: path.read_bytes() for path in run.iterdir()} == before
    assert not Path("there/exit-code").exists()


@pytest.mark.parametrize("form", ["text", "json", "md", "html"])
@pytest.mark.parametrize("more", [[], ["-v"]])
def test_reports_say_that_another_agreement_judged(run, capsys, form, more):
    assert NOTE in shown(capsys, "assess", "latest", "--agreement", "other.yaml").out
    words = " ".join(shown(capsys, "report", "latest", "--format", form, *more).out.split())
    assert NOTE in words.replace("&#39;", "'").replace("\\", "")


def test_the_list_of_runs_says_it_first(run, capsys, monkeypatch):
    monkeypatch.setenv("COLUMNS", "120")
    shown(capsys, "assess", "latest", "--agreement", "other.yaml")
    assert f"GO  {NOTE}" in shown(capsys, "runs").out
    shown(capsys, "assess", "latest")
    assert "judged by" not in shown(capsys, "runs").out


@pytest.mark.parametrize(
    ("words", "by"),
    [
        (["--objective", KEPT], "judged by --objective, not by"),
        (["--agreement", "other.yaml", "--objective", "verify p99 < 10 s"], "judged by other.yaml and --objective, not by"),
        (["--agreement", "none"], "judged by no agreement, not by"),
        (["--agreement", "runs/latest/agreement.yaml"], None),
        ([], None),
    ],
)
def test_the_note_names_what_judged(run, capsys, words, by):
    record = json.loads((run / "run.json").read_text())
    record["agreement"]["sha256"] = checksums.sha256_of(run / "agreement.yaml")
    (run / "run.json").write_text(json.dumps(record))
    checksums.seal(run)
    main(["assess", "latest", *words])
    notes = json.loads((run / "assessment.json").read_text())["notes"]
    assert [note.partition(" the run's")[0] for note in notes if note.startswith("judged by")] == ([by] if by else [])


def test_a_line_says_which_verdict_is_replaced(run, capsys):
    words = ["assess", "latest", "--agreement", "other.yaml"]
    assert shown(capsys, *words).err == "GO replaces NO-GO of the run's own agreement\n"
    assert shown(capsys, *words).err == ""
    assert shown(capsys, "assess", "latest").err == f"NO-GO replaces GO ({NOTE})\n"
    assert shown(capsys, *words, "--quiet").err == ""


def test_a_run_without_an_agreement_keeps_the_locustfiles_own_code_until_it_is_judged(run, capsys):
    record = json.loads((run / "run.json").read_text())
    (run / "run.json").write_text(json.dumps({**record, "agreement": {}}))
    (run / "assessment.json").unlink()
    checksums.seal(run)
    (run / "exit-code").write_text("1\n")
    for _ in range(2):
        assert shown(capsys, "assess", "latest", code=0).err == ""
        assert code_in(run) == "1\n"
    judged = shown(capsys, "assess", "latest", "--agreement", "other.yaml", code=0)
    assert judged.err == ""
    assert "judged by other.yaml, the run itself by none" in judged.out
    assert code_in(run) == "0\n"
    assert shown(capsys, "assess", "latest", "--objective", MISSED, code=3).err.startswith("NO-GO replaces GO (judged by other")


def test_a_folder_without_an_exit_code_or_with_a_link_gets_none(run, capsys, tmp_path):
    (run / "exit-code").unlink()
    shown(capsys, "assess", "latest", code=3)
    assert not (run / "exit-code").exists()
    (tmp_path / "elsewhere").write_text("3\n")
    (run / "exit-code").symlink_to(tmp_path / "elsewhere")
    shown(capsys, "assess", "latest", "--agreement", "other.yaml", code=0)
    assert (tmp_path / "elsewhere").read_text() == "3\n"


@pytest.mark.parametrize("damaged", ["{}", "", '{"schema": "x"}'])
def test_an_assessment_that_can_not_be_read_is_replaced_without_a_word(run, capsys, damaged):
    (run / "assessment.json").write_text(damaged)
    assert shown(capsys, "assess", "latest", "--agreement", "other.yaml", code=0).err == ""
