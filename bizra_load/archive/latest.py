"""Where a script finds the newest run and its exit code: `latest`, a link beside the run folders, and `exit-code` in each."""

from __future__ import annotations

import contextlib
import os
import secrets
import sys
from pathlib import Path

from bizra_load.archive.names import RECORD, WINDOWS
from bizra_load.exit_codes import INVALID
from bizra_load.io.files import write_atomically

LATEST, EXIT_CODE = "latest", "exit-code"


def run_folders(parent: Path) -> list[Path]:
    """The run folders in a folder of runs, each once, by name and so by time; [] where there is no such folder. Hidden ones are
    none: `latest` of a run that begins right now has a hidden name for a moment, or for ever where it was killed then.
    """
    try:
        named = [path for path in parent.iterdir() if path.name != LATEST and not path.name.startswith(".")]
        # not Path.is_dir() and exists(), which raise where a neighbour is nobody's to look into, such as lost+found
        return sorted(path for path in named if os.path.isdir(path))
    except OSError:
        return []


def begin(folder: Path) -> None:
    """`latest` names this run from now on. The run counts as INVALID until another code is kept."""
    keep_exit_code(folder, INVALID)
    _link(folder)


def never_began(folder: Path) -> bool:
    """Whether it is of a run that ended before its load began, or is about to begin it: a code is all that there is."""
    return os.path.exists(folder / EXIT_CODE) and not any(os.path.lexists(folder / name) for name in (RECORD, WINDOWS))


def end(folder: Path, code: int) -> None:
    """The run ends with this code. Where somebody tried another run meanwhile and it never began, `latest` names no run any
    more: it names this one again, unless a newer one has begun.
    """
    keep_exit_code(folder, code)
    newer = any(path.name > folder.name and os.path.exists(path / EXIT_CODE) for path in run_folders(folder.parent))
    if folder.is_dir() and not newer and not os.path.lexists(folder.parent / LATEST):
        _link(folder)


def _link(folder: Path) -> None:
    """Replaced in one step, relative, so that the runs can be moved with it."""
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
    """A run is about to be tried: if it ends before it has a folder, no script may take the result of the one before for its.
    Where `latest` is a folder (a copy of the runs that followed the link), it stays, without the code.
    """
    link = parent / LATEST
    with contextlib.suppress(OSError, ValueError):  # a name that no folder can have
        (link if link.is_symlink() else link / EXIT_CODE).unlink()


def keep_exit_code(folder: Path, code: int) -> None:
    """Write the code that `bizra-load run`, or the load test of a validation, ends with; who judges the run again replaces it
    (judging.judge). An error is printed, not raised.
    """
    try:
        write_atomically(folder / EXIT_CODE, f"{code}\n")
    except OSError as error:
        if code != INVALID:  # else it stands there already
            print(f"{folder / EXIT_CODE}: {error.strerror}; the code is {code}", file=sys.stderr)
