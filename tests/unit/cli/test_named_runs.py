"""A document says what run it is of: the folder's name when it was made, and the SHA-256 of all that was measured."""

import hashlib
import json
import shutil
from pathlib import Path

import pytest

from bizra_load.archive import checksums
from bizra_load.cli.main import main
from tests.unit.cli.test_compare import saved


@pytest.fixture
def runs(tmp_path):
    folders = [saved(tmp_path, f"2026112{n}T100000Z-poi", seed=n) for n in (1, 2)]
    for folder in map(Path, folders):
        checksums.seal(folder)
        main(["assess", str(folder)])
    return folders


def measured(folder):
    return hashlib.sha256(Path(folder, "SHA256SUMS").read_bytes()).hexdigest()


@pytest.mark.parametrize("form", ["text", "json", "md", "html", "junit", "github"])
def test_a_report_names_its_run(runs, tmp_path, capsys, form):
    shutil.move(runs[0], tmp_path / "moved")
    capsys.readouterr()
    assert main(["report", str(tmp_path / "moved"), "--format", form, "-v"]) == 0
    shown = " ".join(capsys.readouterr().out.split())
    assert "20261121T100000Z-poi" in shown
    assert measured(tmp_path / "moved") in shown


@pytest.mark.parametrize("form", ["text", "md", "html", "junit", "github"])
def test_a_report_of_a_run_that_was_cut_off_says_that_nothing_vouches_for_it(tmp_path, capsys, form):
    folder = saved(tmp_path, "20261121T100000Z-poi")
    main(["assess", folder])
    capsys.readouterr()
    assert main(["report", folder, "--format", form]) == 0
    assert "20261121T100000Z-poi (cut off, without checksums)" in capsys.readouterr().out


def test_a_comparison_names_the_runs_of_both_sides(runs, capsys):
    capsys.readouterr()
    main(["compare", *runs])
    shown = "".join(capsys.readouterr().out.split())  # broken into lines wherever the width wants it
    for side, folder in zip(("Baseline", "Candidate"), runs, strict=True):
        assert f"{side}:{folder}(SHA-256ofitsSHA256SUMS:{measured(folder)})" in shown
    main(["compare", *runs, "--format", "md"])
    shown = capsys.readouterr().out
    for side, folder in zip(("Baseline", "Candidate"), runs, strict=True):
        name = folder.replace("_", "\\_")
        assert f"- {side}: {name} (SHA-256 of its SHA256SUMS: {measured(folder)})\n" in shown
    main(["compare", *runs, "--format", "json"])
    document = json.loads(capsys.readouterr().out)
    for side, folder in zip(("baseline", "candidate"), runs, strict=True):
        assert document[side] == [{"run": folder, "measured_sha256": measured(folder)}]


def test_a_comparison_names_its_file_of_figures(runs, tmp_path, capsys):
    figures = tmp_path / "figures.json"
    figures.write_text('{"poi_generate_p99_us": 300}')
    capsys.readouterr()
    main(["compare", str(figures), runs[0], "--format", "json"])
    document = json.loads(capsys.readouterr().out)
    assert document["baseline"] == [{"file": str(figures), "sha256": hashlib.sha256(figures.read_bytes()).hexdigest()}]
    assert document["candidate"] == [{"run": runs[0], "measured_sha256": measured(runs[0])}]
