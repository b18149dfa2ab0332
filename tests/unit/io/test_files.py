"""Files are written whole, and over nothing but files."""

import errno
import os
import stat

import pytest

from bizra_load.exit_codes import UsageError
from bizra_load.io.files import out_file, put_or_compare, read_bytes, write_atomically, write_together, writing


def pipe(path):
    os.mkfifo(path)


def folder(path):
    path.mkdir()


def link_to_a_file(path):
    path.with_name("other").write_text("old")
    path.symlink_to("other")


def link_to_a_device(path):
    path.symlink_to("/dev/full")


def link_to_nothing(path):
    path.symlink_to("nowhere")


@pytest.mark.parametrize("make", [pipe, folder, link_to_a_file, link_to_a_device, link_to_nothing])
def test_what_is_no_regular_file_stays_what_it_is(tmp_path, make):
    path = tmp_path / "x"
    make(path)
    before = path.lstat()
    with pytest.raises(OSError, match=r"is a .*, not a file") as refused:
        write_atomically(path, "new")
    assert refused.value.strerror
    with pytest.raises(ValueError, match=r"is a .*allowed: a regular file"):
        out_file(str(path))
    assert (path.lstat().st_ino, stat.S_IFMT(path.lstat().st_mode)) == (before.st_ino, stat.S_IFMT(before.st_mode))
    assert sorted(p.name for p in tmp_path.iterdir()) in (["x"], ["other", "x"])


def test_a_file_is_replaced_and_folders_that_are_missing_are_made(tmp_path):
    path = tmp_path / "deep" / "er" / "x"
    assert out_file(str(path)) == path
    for text in ("old", "new"):
        write_atomically(path, text)
        assert path.read_text() == text
    assert [p.name for p in path.parent.iterdir()] == ["x"]


@pytest.mark.parametrize("name", ["", ".", "x" * 300])
def test_what_is_no_name_for_a_file_is_refused(name):
    with pytest.raises(ValueError, match="is no name for a file"):
        out_file(name)


def test_a_folder_that_can_not_be_written_is_named_with_the_reason_and_what_is_allowed(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(UsageError) as refused, writing("--out: here"):
        write_atomically(tmp_path / "file" / "below", "x")
    assert str(refused.value) == "--out: here: Not a directory (allowed: a folder that can be written)"


def test_memory_is_asked_for_what_a_file_has_and_not_for_its_limit(tmp_path):
    path = tmp_path / "small"
    path.write_bytes(b"x" * 3)
    assert read_bytes(path, 1 << 50) == b"xxx"
    assert read_bytes(path, 3) == b"xxx"
    with pytest.raises(OSError, match="is larger than 2 bytes"):
        read_bytes(path, 2)


@pytest.fixture
def disk(monkeypatch):
    """A disk that is full after so many files."""

    def full_after(count):
        synced, real = iter(range(count)), os.fsync

        def fsync(handle):
            if next(synced, None) is None:
                raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
            real(handle)

        monkeypatch.setattr(os, "fsync", fsync)

    return full_after


def test_files_of_one_piece_of_work_are_all_replaced_or_none(tmp_path, disk):
    old = {tmp_path / "a": "old a", tmp_path / "b": "old b"}
    write_together(old)
    disk(1)
    with pytest.raises(OSError, match="No space left on device"):
        write_together({tmp_path / "a": "new a", tmp_path / "b": "new b", tmp_path / "c": "new c"})
    assert {path: path.read_text() for path in tmp_path.iterdir()} == old
    (tmp_path / "c").mkdir()
    with pytest.raises(OSError, match="is a folder"):
        write_together({tmp_path / "a": "new a", tmp_path / "c": "new c"})
    assert (tmp_path / "a").read_text() == "old a"


def test_generated_files_that_do_not_all_fit_leave_none(tmp_path, disk, capsys):
    disk(1)
    with pytest.raises(UsageError, match=r"^--out: .*: No space left on device$"):
        put_or_compare(tmp_path, {"a": "new a", "b": "new b"}, compare=False, made_by="x")
    assert (list(tmp_path.iterdir()), capsys.readouterr().out) == ([], "")
