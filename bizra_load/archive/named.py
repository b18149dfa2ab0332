"""A run by its name: `latest`, or the bare name of a folder in the folder of runs, wherever a command line asks for a run."""

from __future__ import annotations

import difflib
import os
from pathlib import Path

from bizra_load.archive.latest import LATEST, run_folders
from bizra_load.archive.names import RECORD
from bizra_load.exit_codes import UsageError
from bizra_load.settings.defaults import DEFAULT_OUT, OUT_VARIABLE


def folder_of_runs(out: str = "") -> Path:
    """That of --out, of its environment variable, or the default."""
    return Path((out or os.environ.get(OUT_VARIABLE) or DEFAULT_OUT).strip())


def run_folder(text: str, runs: Path) -> Path:
    """The folder that a RUN on the command line names: a path that is there, or a name among `runs`. What is neither is
    returned as it is.
    """
    path = Path(text)
    inside = runs / text
    if not _is_name(path) or os.path.lexists(path) or not os.path.isdir(inside):
        return path
    return runs / os.readlink(inside) if text == LATEST and os.path.islink(inside) else inside


def check_named(path: Path, runs: Path) -> None:
    """Raises UsageError for a name that run_folder() could make nothing of; other paths are whoever's who reads them."""
    if not _is_name(path) or os.path.lexists(path):
        return
    if path.name == LATEST:
        raise UsageError(f"{LATEST}: {_no_latest(runs)}")
    close = difflib.get_close_matches(path.name, [LATEST, *(folder.name for folder in run_folders(runs))], 1)
    hint = (
        f", did you mean {close[0]!r}?" if close else " (allowed: a run folder, a name that bizra-load runs shows, or latest)"
    )
    raise UsageError(f"{path}: neither here nor among the runs of {runs}{hint}")


def _no_latest(runs: Path) -> str:
    if began := [folder.name for folder in run_folders(runs) if os.path.lexists(folder / RECORD)]:
        return f"what was tried last in {runs} ended before its load (allowed: {began[-1]}, the newest run, or a run folder)"
    return f"{runs} has no run (allowed: after bizra-load run, or a run folder)"


def _is_name(path: Path) -> bool:
    return path.parts == (path.name,) and path.suffix != ".json"


def shown_name(folder: Path) -> str:
    """How a command names this run: as short as it is understood."""
    return folder.name if folder.name and _same(folder.parent, folder_of_runs()) else str(folder)


def _same(one: Path, other: Path) -> bool:
    return os.path.realpath(one) == os.path.realpath(other)
