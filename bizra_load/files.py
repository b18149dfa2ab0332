"""The one place that writes whole files (to a temporary name in the same folder, then replaced) and that reads small ones."""

from __future__ import annotations

import os
import stat
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path

from bizra_load.exit_codes import UsageError

MAX_TEXT_BYTES = 1024 * 1024


def write_atomically(path: Path, content: str | bytes) -> None:
    """Write bytes, or text as UTF-8, so that `path` holds either its old content or all of the new one. Raises OSError."""
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(content.encode() if isinstance(content, str) else content)
            file.flush()
            os.fsync(file.fileno())
        os.chmod(temporary, 0o644)
        os.replace(temporary, path)
    except BaseException:
        os.unlink(temporary)
        raise


def open_regular(path: Path, follow: bool = True) -> int:
    """File descriptor for reading. Raises OSError, also for what is no regular file: a pipe or a device may never end.
    With `follow` False a symbolic link is none either: a run folder from somewhere else may point at anything.
    """
    handle = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC | (0 if follow else os.O_NOFOLLOW))
    mode = os.fstat(handle).st_mode
    if stat.S_ISREG(mode):
        return handle
    os.close(handle)
    raise OSError(0, "is a folder, not a file" if stat.S_ISDIR(mode) else "is not a regular file", str(path))


def read_text(path: Path, limit_bytes: int = MAX_TEXT_BYTES, follow: bool = True) -> str:
    """A whole small UTF-8 file. Raises OSError with a strerror, also for a file that is too large or not text."""
    with os.fdopen(open_regular(path, follow), "rb") as file:
        data = file.read(limit_bytes + 1)
    if len(data) > limit_bytes:
        raise OSError(0, f"is larger than {limit_bytes:,} bytes", str(path))
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise OSError(0, f"is not UTF-8 text (byte {error.start})", str(path)) from None


def put_or_compare(folder: Path, texts: Mapping[str, str], compare: bool, made_by: str) -> list[Path]:
    """Write generated files and print their paths; or only find those that are not current, and say how to make them.
    Raises UsageError.
    """
    stale = []
    for name, text in texts.items():
        path = folder / name
        try:
            if not compare:
                write_atomically(path, text)
                print(path)
            elif not path.is_file() or path.read_text(encoding="utf-8") != text:
                stale.append(path)
        except (OSError, UnicodeDecodeError) as error:
            raise UsageError(f"--out: {path}: {getattr(error, 'strerror', None) or error}") from None
    if stale:
        print(f"not current: {', '.join(map(str, stale))} ({made_by} makes them)", file=sys.stderr)
    return stale
