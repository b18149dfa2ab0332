"""Evidence that is wrong, hostile or was changed: one line that says so and nothing changes, or words that stay words."""

import json
import os

import pytest

from bizra_load.cli.main import main
from bizra_load.judging.agreements import read_agreement
from tests.unit.judging.test_artifacts import every, files, folder, options, run  # noqa: F401  # fixtures
from tests.unit.sla.release.test_evidence import dashboard

HOSTILE = "<script>alert(1)</script>|`x`[a](javascript:b)"


def test_hostile_words_in_evidence_stay_words(run, files, tmp_path, capsys):  # noqa: F811
    document = dashboard(agreement_sha256=read_agreement("v2.2.0-rc1").sha256)
    document["panels"][0] |= {"title": HOSTILE + "\n# GO", "passed": False}
    (files / "dashboard-check.json").write_text(json.dumps(document | {"url": "http://x/[a](javascript:b)"}))
    (files / "note.md").write_text(f"# {HOSTILE}\n- [ ] {HOSTILE}\n")
    given = options(files, monitoring="dashboard-check.json", deployment="note.md")
    assert main(["report", str(run), "--artifacts", str(tmp_path / "a"), *given]) == 0
    for path in (tmp_path / "a").iterdir():
        text = path.read_text()
        assert "<script" not in text
        assert "](javascript" not in text.replace("\\]", "")
        assert text.count("\n# ") == 0
    assert "alert(1)" in (tmp_path / "a" / "GO-NO-GO-DECISION.md").read_text()


WRONG = {
    "made tomorrow": ("tests=x.xml", '<testsuite timestamp="2999-01-01T00:00:00Z"><testcase/></testsuite>', "in the future"),
    "no name": ("junit.xml", None, "is not NAME=PATH"),
    "an unknown name": ("secuirty-audit=x", "x", "did you mean 'security-audit'?"),
    "no such file": ("tests=nonesuch.xml", None, "no such file"),
    "a folder": ("tests=.", None, "is no file"),
    "empty": ("tests=x.xml", "", "is empty"),
    "no XML": ("tests=x.xml", "nonsense", "not XML"),
    "an entity bomb": ("tests=x.xml", '<!DOCTYPE a [<!ENTITY b "c">]><testsuite/>', "refused"),
    "no JSON": ("alerts=x.json", "{", "not JSON"),
    "NaN": ("alerts=x.json", '{"rules_loaded": NaN}', "not JSON: NaN"),
    "a key twice": ("alerts=x.json", '{"passed": false,\n"passed": true}', "line 2: a key is there twice"),
    "a key twice in a manifest": ("deployment=x.json", '{"kind": "Job", "kind": "Deployment"}', "a key is there twice"),
    "a nested bomb": ("alerts=x.json", "[" * 100_000, "nested too deeply"),
    "another schema": ("monitoring=x.json", '{"schema": "bizra-load/alert-drill/1"}', "schema: "),
    "no workload": ("deployment=x.yaml", "kind: Service", "no workload"),
    "YAML aliases": ("deployment=x.yaml", "a: &a [1]\nb: *a", "aliases"),
    "a YAML tag": ("deployment=x.yaml", "!!python/object/apply:os.system [id]", "not YAML"),
    "an empty note": ("deployment=x.md", " ", "is empty"),
}


@pytest.mark.parametrize("name", WRONG)
def test_wrong_evidence_is_one_line_exit_code_6_and_changes_nothing(run, tmp_path, monkeypatch, capsys, name):  # noqa: F811
    word, content, message = WRONG[name]
    monkeypatch.chdir(tmp_path)
    if content is not None:
        (tmp_path / word.partition("=")[2]).write_text(content)
    before = {p: p.read_bytes() for p in run.rglob("*") if p.is_file()}
    for command in (["assess", str(run)], ["report", str(run), "--artifacts", "a"]):
        assert main([*command, "--evidence", word]) == 6
        err = capsys.readouterr().err
        assert message in err
        assert len(err.strip().splitlines()) == 1
    assert {p: p.read_bytes() for p in run.rglob("*") if p.is_file()} == before
    assert not (tmp_path / "a").exists()


def test_a_file_too_big_is_not_read(run, tmp_path, capsys):  # noqa: F811
    with (tmp_path / "big.bin").open("wb") as file:
        file.truncate(21_000_000)  # sparse
    assert main(["assess", str(run), "--evidence", f"runbook={tmp_path / 'big.bin'}"]) == 6
    assert "21,000,000 bytes (allowed: at most 20,000,000)" in capsys.readouterr().err


def test_a_copy_that_was_changed_is_not_believed(run, files, capsys):  # noqa: F811
    main(["assess", str(run), *every(files)])
    (run / "evidence" / "node_tests.xml").write_text("<testsuite><testcase/></testsuite>")
    assert main(["assess", str(run)]) == 6
    assert "was changed since it was given" in capsys.readouterr().err
    index = json.loads((run / "evidence" / "evidence.json").read_text())
    index["given"][0]["file"] = "../run.json"
    (run / "evidence" / "evidence.json").write_text(json.dumps(index))
    assert main(["assess", str(run)]) == 6
    assert "leads out of the folder" in capsys.readouterr().err


@pytest.mark.parametrize("name", ["evidence.json", "node_tests.xml"])
def test_a_pipe_or_a_link_in_the_place_of_a_copy_is_one_line(run, files, tmp_path, capsys, name):  # noqa: F811
    """Nobody ever writes into the pipe; what the link leads to is anybody's."""
    main(["assess", str(run), *every(files)])
    kept = run / "evidence" / name
    (tmp_path / "elsewhere").write_bytes(kept.read_bytes())
    kept.unlink()
    os.mkfifo(kept)
    assert main(["assess", str(run)]) == 6
    assert "is not a regular file" in capsys.readouterr().err
    kept.unlink()
    kept.symlink_to(tmp_path / "elsewhere")
    assert main(["assess", str(run)]) == 6
    assert f"evidence/{name}: " in capsys.readouterr().err


def test_nothing_is_written_through_a_link_in_the_place_of_the_folder(run, files, tmp_path, capsys):  # noqa: F811
    (tmp_path / "outside").mkdir()
    (tmp_path / "outside" / "node_tests.xml").write_text("precious")
    (run / "evidence").symlink_to(tmp_path / "outside")
    assert main(["assess", str(run), *every(files)]) == 6
    assert "evidence: is a link (allowed: the folder that was made" in capsys.readouterr().err
    assert [p.read_text() for p in (tmp_path / "outside").iterdir()] == ["precious"]


def test_an_index_that_is_nested_without_end_is_one_line(run, files, capsys):  # noqa: F811
    main(["assess", str(run), *every(files)])
    (run / "evidence" / "evidence.json").write_text("[" * 100_000)
    assert main(["assess", str(run)]) == 6
    assert "not a list of evidence: RecursionError" in capsys.readouterr().err
