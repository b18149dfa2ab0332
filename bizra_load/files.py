"""The one place that writes whole files: to a temporary name in the same folder, then replaced."""

from __future__ import annotations

import os
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path

from bizra_load.exit_codes import UsageError


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
