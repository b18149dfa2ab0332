"""Reasons of failed operations on one worker: bounded in number and length, one line each, without secrets."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass

from bizra_load.io.redaction import text_without_secrets
from sla.values.failure import FailureReason

MAX_REASON = 200  # characters
MAX_REASONS, MAX_ALIKE = 500, 20  # of one worker; of one operation and category. What goes beyond counts as OTHER_REASONS
OTHER_REASONS = "(other reasons)"
NO_REASON = "(no reason given)"
_MAX_RAW = 1_000
_READ = 2 * MAX_REASON  # so much of a text is looked at
# "<Connection object at 0x7f...>", "request 4711-...": the same failure each time
_CHANGING = re.compile(
    r"0x[0-9a-fA-F]{4,}|\b[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}\b|\b(?=\w*\d)[0-9a-fA-F]{12,}\b|\d{6,}"
)
_TAG = re.compile(r"<[^<>]{0,500}>")


@dataclass
class _Count:
    count: int = 0
    first_ns: int = 0
    last_ns: int = 0


class Reasons:
    """`secrets`: values that no reason may hold, such as those of headers. Times are perf_counter_ns of this process."""

    def __init__(self, secrets: Iterable[str] = ()) -> None:
        self._secrets = list(secrets)
        self._by_text: dict[tuple[str, str, str], _Count] = {}  # by what was handed in
        self._counts: dict[tuple[str, str, str], _Count] = {}  # by what is kept
        self._alike = Counter[tuple[str, str]]()

    def add(self, operation: str, category: str, text: str, done_ns: int) -> None:
        """One operation that ended at `done_ns` failed."""
        text = text[:_READ]
        count = self._by_text.get((operation, category, text))
        if count is None:
            count = self._count_of(operation, category, text)
        if not count.count:
            count.first_ns = count.last_ns = done_ns
        count.count += 1
        count.first_ns, count.last_ns = min(count.first_ns, done_ns), max(count.last_ns, done_ns)

    def hide(self, secrets: Iterable[str]) -> None:
        """Further values that no reason may hold."""
        self._secrets = sorted({*self._secrets, *secrets}, key=len, reverse=True)

    def take(self, unix_offset_ns: int) -> list[FailureReason]:
        """What was counted since the last call, by Unix time."""
        taken = []
        for key, c in self._counts.items():
            if c.count:
                taken.append(FailureReason(*key, c.count, c.first_ns + unix_offset_ns, c.last_ns + unix_offset_ns))
                c.count = 0
        return taken

    def _count_of(self, operation: str, category: str, text: str) -> _Count:
        key = (operation, category, one_line_reason(text, self._secrets))
        if key not in self._counts:
            if len(self._counts) >= MAX_REASONS or self._alike[operation, category] >= MAX_ALIKE:
                key = (operation, category, OTHER_REASONS)
            self._alike[operation, category] += 1
        count = self._counts.setdefault(key, _Count())
        if len(self._by_text) >= _MAX_RAW:
            self._by_text.clear()
        self._by_text[operation, category, text] = count
        return count


def one_line_reason(text: str, secrets: Iterable[str] = ()) -> str:
    """As it is kept: printable, at most MAX_REASON characters, without secrets and what is another each time."""
    line = " ".join(text[:_READ].encode("utf-8", "replace").decode().split())
    line = _CHANGING.sub("...", text_without_secrets("".join(c if c.isprintable() else "?" for c in line), secrets))
    return (line if len(line) <= MAX_REASON else f"{line[: MAX_REASON - 3]}...") or NO_REASON


def first_line(body: bytes) -> str:
    """The first line of an error's body that says something: of a page of HTML without its tags."""
    text = body[:2_000].decode("utf-8", "replace")
    if text.lstrip().startswith("<"):
        text = _TAG.sub(" ", text)
    return next((line.strip() for line in text.splitlines() if line.strip()), "")
