"""Where a script finds the newest run and its answer."""

import contextlib
import os
import tempfile
from pathlib import Path

import pytest

from bizra_load.archive import latest
from bizra_load.archive.named import check_named
from bizra_load.exit_codes import UsageError


def folder(parent, name):
    path = parent / name
    path.mkdir(parents=True)
    return path


def test_latest_names_the_newest_run_and_moves_with_the_runs(tmp_path):
    for name in ("20261126T010000Z-a", "20261126T020000Z-b"):
        latest.begin(folder(tmp_path / "runs", name))
    moved = (tmp_path / "runs").rename(tmp_path / "elsewhere")
    assert (moved / "latest").resolve().name == "20261126T020000Z-b"
    assert [p.name for p in moved.iterdir() if p.name.startswith(".")] == []


def test_a_run_is_invalid_until_its_code_is_known(tmp_path):
    run = folder(tmp_path, "20261126T010000Z-a")
    latest.begin(run)
    assert (tmp_path / "latest/exit-code").read_text() == "5\n"
    latest.keep_exit_code(run, 3)
    assert (tmp_path / "latest/exit-code").read_text() == "3\n"


def test_no_script_takes_the_run_before_for_the_answer_of_one_that_never_had_a_folder(tmp_path):
    run = folder(tmp_path, "20261126T010000Z-a")
    latest.begin(run)
    latest.keep_exit_code(run, 0)
    latest.forget(tmp_path)
    assert not (tmp_path / "latest").exists()
    assert (run / "exit-code").read_text() == "0\n"
    latest.forget(tmp_path / "nowhere")


def test_the_newest_run_is_listed_once(tmp_path):
    runs = [folder(tmp_path, f"20261126T0{n}0000Z-a") for n in (2, 1)]
    for run in runs:
        latest.begin(run)
    (tmp_path / "notes.txt").write_text("not a run")
    assert latest.run_folders(tmp_path) == sorted(runs)
    assert latest.run_folders(tmp_path / "nowhere") == []


def test_a_run_that_begins_is_listed_once_at_every_moment(tmp_path, monkeypatch):
    """While `latest` is put in place: another run may be looking for its neighbours right then."""
    run, seen = folder(tmp_path, "20261126T010000Z-a"), []
    replace = os.replace

    def watched(source, to):
        seen.append((len(list(tmp_path.iterdir())), latest.run_folders(tmp_path)))
        replace(source, to)

    monkeypatch.setattr(os, "replace", watched)
    latest.begin(run)
    assert seen == [(1, [run]), (2, [run])]


def test_a_folder_of_that_name_is_left_alone_and_said(tmp_path, capsys):
    own = folder(tmp_path, "latest")
    latest.begin(folder(tmp_path, "20261126T010000Z-a"))
    latest.forget(tmp_path)
    assert own.is_dir()
    assert "latest does not name this run: " in capsys.readouterr().err
    assert len(list(tmp_path.iterdir())) == 2


def test_a_run_under_way_is_the_latest_again_when_it_ends_though_another_was_refused_meanwhile(tmp_path):
    run = folder(tmp_path, "20261126T010000Z-a")
    latest.begin(run)
    latest.forget(tmp_path)
    folder(tmp_path, "20261126T020000Z-import-b")  # no run: it has no code
    latest.end(run, 3)
    assert (tmp_path / "latest").resolve() == run
    assert (tmp_path / "latest/exit-code").read_text() == "3\n"


def test_a_run_that_ends_after_a_newer_one_began_is_not_the_latest(tmp_path):
    older, newer = (folder(tmp_path, f"20261126T0{n}0000Z-a") for n in (1, 2))
    latest.begin(older)
    latest.begin(newer)
    latest.end(older, 0)
    assert (tmp_path / "latest").resolve() == newer
    latest.forget(tmp_path)
    latest.end(older, 0)
    assert not (tmp_path / "latest").exists()


@contextlib.contextmanager
def as_somebody():
    """As a user that may not look everywhere: root may."""
    own = os.geteuid()
    if own == 0:
        os.seteuid(65_534)
    try:
        yield
    finally:
        os.seteuid(own)


def test_a_neighbour_that_nobody_may_look_into_is_no_newer_run():
    """Such as lost+found, where the runs have a file system of their own."""
    with tempfile.TemporaryDirectory() as name:
        os.chmod(name, 0o777)  # noqa: S103  # for the user that the test becomes
        (Path(name) / "lost+found").mkdir(mode=0)
        (Path(name) / "link").symlink_to("lost+found/inside")
        with as_somebody():
            run = folder(Path(name), "20261126T010000Z-a")
            latest.begin(run)
            latest.forget(Path(name))
            latest.end(run, 3)
            assert run in latest.run_folders(Path(name))
        assert (Path(name) / "latest/exit-code").read_text() == "3\n"


def test_where_latest_was_forgotten_the_newest_run_that_began_is_named(tmp_path):
    with pytest.raises(UsageError, match=r"^latest: .* has no run \(allowed: after bizra-load run, or a run folder\)$"):
        check_named(Path("latest"), tmp_path)
    for name in ("1", "2", "3"):
        (tmp_path / name).mkdir()
        latest.begin(tmp_path / name)
    for name in ("1", "2"):
        (tmp_path / name / "run.json").touch()
    latest.forget(tmp_path)
    with pytest.raises(UsageError, match=r"ended before its load \(allowed: 2, the newest run, or a run folder\)$"):
        check_named(Path("latest"), tmp_path)
