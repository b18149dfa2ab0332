"""How this program was started, so that a command which is shown can be copied into the same shell."""

from __future__ import annotations

import os
import shutil
from collections.abc import Mapping
from shlex import quote

NAME = "bizra-load"
STARTED_AS = "BIZRA_LOAD_STARTED_AS"  # for this process and those that it starts, which show commands too; "": by its name


def started_as(path: str, search: str) -> str:
    """What a shell with the PATH `search` has to be given instead of NAME, where `path` (sys.argv[0]) is no other program; ""
    where its name does, or it was started in another way.
    """
    if os.path.basename(path) != NAME:  # python -m, or a program that calls us
        return ""
    named = shutil.which(NAME, path=search)
    return "" if named is not None and os.path.realpath(named) == os.path.realpath(path) else path


def copyable(command: str, environment: Mapping[str, str] = os.environ) -> str:
    """A command that begins with NAME, as it can be given here; any other text as it is."""
    program, _, words = command.partition(" ")
    path = environment.get(STARTED_AS, "")
    return f"{quote(path)} {words}" if path and program == NAME else command
