"""The step of a job of GitHub Actions that we may be: its summary and its annotations.

GITHUB_STEP_SUMMARY names the file of the summary, GITHUB_ACTIONS is "true" in a job:
https://docs.github.com/actions/reference/workflows-and-actions/variables
"""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from pathlib import Path

from bizra_load.exit_codes import one_line
from bizra_load.io.files import append
from bizra_load.io.terminal import tell

SUMMARY = "GITHUB_STEP_SUMMARY"


def is_one() -> bool:
    """Whether there is a place for a summary or for annotations."""
    return bool(os.environ.get(SUMMARY)) or _takes_annotations()


def put(summary: str, annotations: Sequence[str]) -> None:
    """Append the summary, and print the annotations on standard error, which a job reads for them as it reads standard output
    (actions/runner, ScriptHandler.cs). A file that can't be written costs one line there.
    """
    if path := os.environ.get(SUMMARY):
        try:
            append(Path(path), f"{summary}\n")
        except OSError as error:
            tell(f"{SUMMARY}: {one_line(path)}: {error.strerror}: the step has no summary")
    if _takes_annotations():
        print("".join(f"{line}\n" for line in annotations), end="", file=sys.stderr, flush=True)


def _takes_annotations() -> bool:
    return os.environ.get("GITHUB_ACTIONS") == "true"
