"""Exceptions of a locustfile's own code, which Locust counts beside its requests, as a note of the run."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any

from bizra_load.measure.reasons import NO_REASON, one_line_reason

_FRAME = re.compile(r'File "([^"]*)", line (\d+), in (\S+)')
MOST = 120  # characters of a message: the note is one line


def exceptions_note(rows: Iterable[Mapping[str, Any]], secrets: Iterable[str]) -> str:
    """What Runner.exceptions holds: how many there were, and the commonest; "" of none."""
    commonest = sorted(rows, key=lambda row: -row["count"])
    if not commonest:
        return ""
    count = sum(row["count"] for row in commonest)
    message = one_line_reason(str(commonest[0]["msg"]), secrets)[:MOST]
    frames = _FRAME.findall(str(commonest[0]["traceback"]))
    where = ""
    if frames:
        path, line, name = frames[-1]
        where = f" in {name}, line {line} of {path.replace(chr(92), '/').rpartition('/')[2]}"
    such_as = f", such as{where or ' one'}" + ("" if message == NO_REASON else f": {message}")
    return f"{count:,} exception{'s' * (count > 1)} in the locustfile's code{such_as} (Locust's own report has all of them)"
