"""Names of requests that differ in ids alone, as one: --fold-names."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from sla.values.window import OTHER

OFF, AUTO = "off", "auto"
_UUID = re.compile(r"[0-9a-fA-F]{8}-(?:[0-9a-fA-F]{4}-){3}[0-9a-fA-F]{12}")
_ULID = re.compile(r"(?<![0-9A-Za-z])[0-7][0-9A-HJKMNP-TV-Za-hjkmnp-tv-z]{25}(?![0-9A-Za-z])")  # Crockford's base 32
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
    """A URL, or a path that begins with "/", without query and fragment and with "{id}" for numbers, UUIDs, ULIDs and hashes in
    the path; a method may stand before it. What is neither is a name that somebody chose.
    """
    method, space, url = name.rpartition(" ")
    origin = _ORIGIN.match(url)
    if origin is None:
        return name
    path = re.split(r"[?#]", url[origin.end() :], maxsplit=1)[0]
    for ids in (_UUID, _ULID, _HASH, _NUMBER):
        path = ids.sub(_ID, path)
    return f"{method}{space}{origin.group()}{path}"


def folding_note(kind: str, operations: Sequence[str]) -> list[str]:
    """What a reader must know of names that were folded, or were too many, and how to have others. Each fits a summary's line
    with its hint.
    """
    notes = []
    if kind == AUTO and any(_ID in name for name in operations):
        notes.append("URLs differing in ids or query are one: name=, --fold-names off part them")
    elif kind not in ("", OFF, AUTO):
        notes.append(f"names of requests were folded by {kind} (--fold-names)")
    if kind and OTHER in operations:
        notes.append(f"{OTHER}: too many names to keep: use name=, or --fold-names FILE")
    return notes
