"""`bizra-load runs`: a line for each run of a folder of runs, the newest last."""

from __future__ import annotations

import argparse
import json
import os
import sys
from pathlib import Path

from bizra_load.archive.latest import EXIT_CODE, LATEST, never_began, run_folders
from bizra_load.archive.named import folder_of_runs
from bizra_load.archive.names import ASSESSMENT, RECORD
from bizra_load.exit_codes import KEPT, BizraLoadError, UsageError
from bizra_load.io.files import read_text
from bizra_load.io.terminal import terminal_width
from bizra_load.judging.artifacts import read_assessment
from bizra_load.judging.judge import BY_ANOTHER
from reports.results import run_list
from reports.results.run_list import ListedRun

NEVER_BEGAN = "ended before its load began: nothing to assess"  # as a verb on it says, too
MOST_CODE_BYTES = 16  # of a file that holds one exit code


def run(args: argparse.Namespace) -> int:
    runs = args.out or folder_of_runs()
    if not os.path.isdir(runs):
        if args.out is not None:
            raise UsageError(f"--out: {runs}: no such folder (allowed: a folder of runs)")
        print(f"{runs}: no run yet (bizra-load run makes the first one)", file=sys.stderr)
    newest = Path(os.path.realpath(runs / LATEST)).name if os.path.exists(runs / LATEST) else ""
    listed = [_listed(folder, folder.name == newest) for folder in run_folders(runs) if _is_run(folder)]
    if args.json:
        sys.stdout.write(json.dumps([one.as_json() for one in listed], indent=2, ensure_ascii=False) + "\n")
    elif listed:
        print(run_list.render(listed, terminal_width(sys.stdout)))
    return KEPT


def _is_run(folder: Path) -> bool:
    return any(os.path.lexists(folder / name) for name in (RECORD, ASSESSMENT, EXIT_CODE))


def _listed(folder: Path, latest: bool) -> ListedRun:
    """Whatever is wrong with one of them, the others are shown."""
    if not os.path.lexists(folder / ASSESSMENT):
        why = NEVER_BEGAN if never_began(folder) else "not judged (bizra-load assess judges it)"
        return ListedRun(folder.name, "", _code(folder), why, latest)
    try:
        a = read_assessment(folder)
    except BizraLoadError as error:
        return ListedRun(folder.name, "", _code(folder), str(error), latest)
    by = [note for note in a.notes if note.startswith(BY_ANOTHER)]
    return ListedRun(folder.name, a.decision.value, a.exit_code, "; ".join([*by, a.summary]), latest)


def _code(folder: Path) -> int | None:
    """What `bizra-load run` ended with."""
    try:
        text = read_text(folder / EXIT_CODE, MOST_CODE_BYTES).strip()
    except OSError:
        return None
    return int(text) if text.isascii() and text.isdigit() else None
