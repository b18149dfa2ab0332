"""A disk that is full, for a command's files or for what it prints: one line, a code that is not 0, and no part of anything."""

import errno
import json
import os
import subprocess
import sys

import pytest

from bizra_load.archive.store import RunWriter
from bizra_load.cli.main import main
from tests.unit.cli.test_compare import saved


@pytest.fixture
def run(tmp_path):
    folder = saved(tmp_path, "run", hold_s=8)
    main(["assess", folder])
    return folder


def full(*_):
    raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


@pytest.fixture
def full_disk(run, monkeypatch, capsys):
    monkeypatch.setattr(os, "fsync", full)
    capsys.readouterr()


def refusal(capsys, words):
    assert main(words) == 6
    [line] = capsys.readouterr().err.splitlines()
    return line


@pytest.mark.parametrize(
    "words",
    [
        ["report", "RUN", "--artifacts", "OUT"],
        ["report", "RUN", "-o", "OUT/x"],
        ["report", "RUN", "--format", "html", "-o", "OUT/x"],
        ["report", "RUN", "--second-opinion", "-o", "OUT/x"],
        ["report", "RUN", "--format", "csv", "-o", "OUT/x"],
        ["report", "RUN", "--format", "hlog", "-o", "OUT/x"],
        ["report", "RUN", "--if-changed", "OUT/x"],
        ["assess", "RUN", "--out", "OUT"],
        ["alerts", "render", "--agreement", "v2.2.0-rc1", "--out", "OUT"],
        ["dashboard", "render", "--agreement", "v2.2.0-rc1", "--out", "OUT"],
        ["baseline", "node", "--duration", "0.5s", "--out", "OUT/x"],
    ],
    ids=" ".join,
)
def test_a_verb_whose_files_do_not_fit_says_so_and_leaves_none(run, full_disk, tmp_path, capsys, words):
    (tmp_path / "out").mkdir()
    line = refusal(capsys, [word.replace("RUN", run).replace("OUT", str(tmp_path / "out")) for word in words])
    assert line.startswith(f"bizra-load {words[0]}: ")
    assert "No space left on device" in line
    assert list((tmp_path / "out").rglob("*")) == []


@pytest.mark.parametrize("part", ["windows", "failures", "close", "seal"])
def test_an_import_that_does_not_fit_is_one_line_and_leaves_no_run(tmp_path, monkeypatch, capsys, part):
    rows = [f"http_req_duration,{1_800_000_000 + i / 10},5,generate,200" for i in range(100)]
    (tmp_path / "k6.csv").write_text("\n".join(["metric_name,timestamp,metric_value,name,status", *rows]) + "\n")
    monkeypatch.setattr(RunWriter, part, full)
    line = refusal(capsys, ["assess", "--import", str(tmp_path / "k6.csv"), "--out", str(tmp_path / "runs")])
    assert line == (
        f"bizra-load assess: --out: {tmp_path / 'runs'}: No space left on device (allowed: a folder that can be written)"
    )
    assert list((tmp_path / "runs").iterdir()) == []


def test_evidence_that_does_not_fit_leaves_what_was_kept_as_it_was(run, tmp_path, monkeypatch, capsys):
    """A copy in place of another, and a list with the old one's hash: the folder refused itself."""
    given = tmp_path / "junit.xml"
    words = ["assess", run, "--evidence", f"tests={given}"]
    given.write_text("<testsuite><testcase/></testsuite>")
    main(words)
    given.write_text("<testsuite><testcase/><testcase/></testsuite>")
    capsys.readouterr()
    synced = iter([None])
    with monkeypatch.context() as patched:
        patched.setattr(os, "fsync", lambda handle: next(synced, handle) and full())
        assert "No space left on device" in refusal(capsys, words)
    code = main(["assess", run])
    assert code == json.loads((tmp_path / "run" / "assessment.json").read_text())["exit_code"] != 6


VERBS = {
    "report": ["report", "RUN"],
    "report of a format": ["report", "RUN", "--format", "json"],
    "report's documents": ["report", "RUN", "--artifacts", "OUT"],
    "alerts": ["alerts", "render", "--agreement", "v2.2.0-rc1", "--runbooks", "http://x/", "--out", "OUT"],
    "baseline": ["baseline", "node", "--duration", "0.5s"],
    "help": ["run", "--help"],
    "version": ["--version"],
}


@pytest.mark.parametrize("name", VERBS)
def test_what_could_not_be_printed_is_no_success(run, tmp_path, name):
    words = [word.replace("RUN", run).replace("OUT", str(tmp_path / "out")) for word in VERBS[name]]
    with open("/dev/full", "w") as nowhere:
        command = [sys.executable, "-m", "bizra_load.cli.main", *words]
        done = subprocess.run(command, stdout=nowhere, stderr=subprocess.PIPE, text=True, timeout=60, check=False)
    assert (done.returncode, done.stderr) == (6, "standard output can't be written: No space left on device\n")


def test_a_reader_that_went_away_wanted_no_more(run):
    command = f"{sys.executable} -m bizra_load.cli.main report {run} | true; exit ${{PIPESTATUS[0]}}"
    done = subprocess.run(["bash", "-c", command], stderr=subprocess.PIPE, text=True, timeout=60, check=False)
    assert (done.returncode, done.stderr) == (0, "")
