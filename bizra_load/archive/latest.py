"""Where a script finds the newest run and its answer: `latest`, a link beside the run folders, and `exit-code` in each."""

from __future__ import annotations

import contextlib
import os
import secrets
import sys
from pathlib import Path

from bizra_load.exit_codes import INVALID
from bizra_load.files import write_atomically

LATEST, EXIT_CODE = "latest", "exit-code"


def run_folders(parent: Path) -> list[Path]:
    """What lies in a folder of runs, each run once, by name and so by time; [] where there is no such folder."""
    try:
        return sorted(path for path in parent.iterdir() if path.name != LATEST and path.is_dir())
    except OSError:
        return []


def begin(folder: Path) -> None:
    """`latest` names this run from now on: replaced in one step, relative, so that the runs can be moved with it. The run
    counts as INVALID until another code is kept.
    """
    keep_exit_code(folder, INVALID)
    link = folder.parent / LATEST
    temporary = folder.parent / f".{LATEST}.{secrets.token_hex(4)}"
    try:
        temporary.symlink_to(folder.name)
        os.replace(temporary, link)
    except OSError as error:  # a file system without such links, or somebody's own folder of that name
        print(f"{link} does not name this run: {error.strerror}", file=sys.stderr)
        with contextlib.suppress(OSError):
            temporary.unlink()


def forget(parent: Path) -> None:
    """A run is about to be tried: if it ends before it has a folder, no script may take the one before for its answer."""
    link = parent / LATEST
    with contextlib.suppress(OSError):
        if link.is_symlink():
            link.unlink()


def keep_exit_code(folder: Path, code: int) -> None:
    """What `bizra-load run` ends with, or the load test of a validation."""
    try:
        write_atomically(folder / EXIT_CODE, f"{code}\n")
    except OSError as error:
        if code != INVALID:  # else it stands there already
            print(f"{folder / EXIT_CODE}: {error.strerror}; the code is {code}", file=sys.stderr)
