"""What is tried: a way to make inputs, and what must hold of the answer to each."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from random import Random
from typing import Any

from bizra_load.exit_codes import BizraLoadError

LONGEST = 5000


@dataclass(frozen=True)
class Target:
    """One reader of what comes from outside.

    inputs   how many a full run tries
    make     a new input
    check    asks for the answer to one; returns "" where it was understood, the refusal where it was refused, and raises for
             everything else: a crash, a refusal of several lines, a wrong answer
    change   an input that is another one changed further; None: only make() knows what must come out
    locust   imports Locust, which patches the standard library: never in a test's own process
    """

    name: str
    inputs: int
    make: Callable[[Random], Any]
    check: Callable[[Any], str]
    change: Callable[[Random, Any], Any] | None = None
    locust: bool = False


def answer_of(call: Callable[[], Any], *errors: type[Exception]) -> tuple[Any, str]:
    """(what it returned, "") or (None, the one line of a documented refusal); a ValueError's is made one by whoever reads the
    file and adds its name.
    """
    try:
        return call(), ""
    except errors as error:
        line = str(error) if isinstance(error, BizraLoadError) else str(BizraLoadError(str(error)))
    assert line, "a refusal without a word"
    assert len(line) < LONGEST, f"a refusal of {len(line)} characters"
    assert len(line.splitlines()) == 1, f"a refusal of several lines: {line[:200]!r}"
    return None, line


def kind_of(response: str) -> str:
    """An answer without what differs from input to input: inputs with a new kind are worth changing further."""
    return re.sub(r"'[^']*'|\"[^\"]*\"|[0-9]+|\S{25,}", "#", response)[:120]
