"""Why operations failed: each reason with its count, and when it was met first and last."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

SHOWN = 20  # reasons of failures that a report lists; the others are counted


@dataclass(frozen=True)
class FailureReason:
    """`count` operations failed with this reason (one line); they ended between `first_ns` and `last_ns` (Unix ns)."""

    operation: str
    category: str
    reason: str
    count: int
    first_ns: int
    last_ns: int


def merge_failures(parts: Iterable[FailureReason]) -> tuple[FailureReason, ...]:
    """One for each (operation, category, reason), the most frequent first."""
    groups: dict[tuple[str, str, str], FailureReason] = {}
    for part in parts:
        key = (part.operation, part.category, part.reason)
        known = groups.get(key, part)
        count = part.count if known is part else known.count + part.count
        first_ns, last_ns = min(known.first_ns, part.first_ns), max(known.last_ns, part.last_ns)
        groups[key] = FailureReason(*key, count, first_ns, last_ns)
    return tuple(sorted(groups.values(), key=lambda f: (-f.count, f.operation, f.category, f.reason)))


def most_frequent(failures: Sequence[FailureReason]) -> tuple[FailureReason, ...]:
    """The first SHOWN of merge_failures()' result, and the others as one."""
    shown, others = tuple(failures[:SHOWN]), failures[SHOWN:]
    if not others:
        return shown
    first_ns, last_ns = min(f.first_ns for f in others), max(f.last_ns for f in others)
    text = f"({len(others):,} other reasons)"
    return (*shown, FailureReason("(several)", "(several)", text, sum(f.count for f in others), first_ns, last_ns))
