"""A list in a line of text: the first of it, and how many more there are."""

from __future__ import annotations

from collections.abc import Sequence


def first_of(texts: Sequence[str], most: int, between: str = "; ", last: str = " and ") -> str:
    """ "a; b and 3 more" of five texts where `most` is 2; all of them where they are no more."""
    more = f"{last}{len(texts) - most} more" if len(texts) > most else ""
    return between.join(texts[:most]) + more
