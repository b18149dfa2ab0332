"""Names of requests that differ in ids alone, as one: --fold-names."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

OFF, AUTO = "off", "auto"
_UUID = re.compile(r"[0-9a-fA-F]{8}-(?:[0-9a-fA-F]{4}-){3}[0-9a-fA-F]{12}")
_HASH = re.compile(r"(?=[^/]*\d)[0-9a-fA-F]{12,}")  # of hex digits, with a figure among them: no word
_NUMBER = re.compile(r"(?<![^/\-_.~:,;=@+])\d+(?![^/\-_.~:,;=@+])")  # a whole part of a path's segment: not the 2 of "v2"
_ORIGIN = re.compile(r"[a-z][a-z0-9+.-]*://[^/?#]*|(?=/)")
_ID = "{id}"


@dataclass(frozen=True)
class Folding:
    """How names are folded. `kind`: OFF, AUTO, or the file that `patterns` are of: what a whole name matches, and its new
    name.
    """

    kind: str
    patterns: tuple[tuple[re.Pattern[str], str], ...] = ()

    def folded(self, name: str) -> str:
        """A name without what changes from request to request."""
        if self.kind == AUTO:
            return _without_ids(name)
        for pattern, new in self.patterns:
            if match := pattern.fullmatch(name):
                return match.expand(new)
        return name


def _without_ids(name: str) -> str:
    """A URL, or a path that begins with "/", without query and fragment and with "{id}" for numbers, UUIDs and hashes in the
    path; a method may stand before it. What is neither is a name that somebody chose.
    """
    method, space, url = name.rpartition(" ")
    origin = _ORIGIN.match(url)
    if origin is None:
        return name
    path = re.split(r"[?#]", url[origin.end() :], maxsplit=1)[0]
    for ids in (_UUID, _HASH, _NUMBER):
        path = ids.sub(_ID, path)
    return f"{method}{space}{origin.group()}{path}"


def folding_note(kind: str, operations: Sequence[str]) -> list[str]:
    """What a reader must know of names that were folded, and how to have others."""
    folded = [name for name in operations if _ID in name] if kind == AUTO else []
    if folded:
        several = f" and {len(folded) - 1} more" if len(folded) > 1 else ""
        return [
            f"requests whose URLs differ in numbers, hashes or queries alone count as one operation, such as {folded[0]}"
            f"{several}: name= in the locustfile names them, --fold-names off tells them apart"
        ]
    return [f"names of requests were folded by {kind} (--fold-names)"] if kind not in ("", OFF, AUTO) else []
