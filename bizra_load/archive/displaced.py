"""A run folder that was deleted or moved while its run goes: its files are still open, and are put back from there."""

from __future__ import annotations

import os
import shutil
import stat
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path

from bizra_load.io.files import write_atomically

LARGEST_BESIDE_BYTES = 16 * 1024 * 1024


def beside(folder: Path, but: Mapping[str, int]) -> dict[str, bytes]:
    """The small files of a folder that are not among the open ones. What has a hidden name is being written right now, and has
    another name, or none, a moment later. Raises OSError.
    """
    files: dict[str, bytes] = {}
    for path in folder.iterdir():
        if path.name in but or path.name.startswith("."):
            continue
        with suppress(FileNotFoundError):
            status = path.lstat()
            if stat.S_ISREG(status.st_mode) and status.st_size <= LARGEST_BESIDE_BYTES:
                files[path.name] = path.read_bytes()
    return files


def is_displaced(folder: Path, files: Mapping[str, int]) -> bool:
    """Whether a file that is open as a descriptor is not the one of its name (any more)."""
    for name, file in files.items():
        try:
            if not os.path.samestat(os.lstat(folder / name), os.fstat(file)):
                return True
        except (FileNotFoundError, NotADirectoryError):
            return True
    return False


def put_back(folder: Path, files: Mapping[str, int], others: Mapping[str, bytes]) -> None:
    """Make the folder again with the content of the open `files`, which the descriptors lead to from now on, and with `others`.
    Raises OSError.
    """
    for name, content in others.items():
        if not os.path.lexists(folder / name):
            write_atomically(folder / name, content)
    for name, file in files.items():
        if not is_displaced(folder, {name: file}):
            continue
        folder.mkdir(parents=True, exist_ok=True)
        flags = os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_APPEND | os.O_NOFOLLOW | os.O_CLOEXEC
        new = os.open(folder / name, flags, 0o644)
        try:
            with Path(f"/proc/self/fd/{file}").open("rb") as old, os.fdopen(os.dup(new), "wb") as copy:
                shutil.copyfileobj(old, copy)
            os.dup2(new, file, inheritable=False)
        finally:
            os.close(new)
