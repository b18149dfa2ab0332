"""Names of operations as they are kept: bounded, and never two as one."""

from __future__ import annotations

import hashlib

from sla.values.agreement import TASK
from sla.values.window import OTHER, SCHEDULE

MAX_NAME = 200
UNNAMED = "(unnamed)"
_OURS = (SCHEDULE, OTHER)  # an operation of that name would vanish among what we count under it
NO_TASK = "(task) "  # what a task makes counts once; a request that is called "task x" is none
_HASH_DIGITS = 12


def kept_name(name: str) -> str:
    """The name itself where it can be kept. A longer one than MAX_NAME ends in a hash of all of it; half a surrogate pair,
    which is no text, becomes "?"; an empty one is UNNAMED. One that means something else to us gets a hash too, and what begins
    as a task of a locustfile does begins with NO_TASK.
    """
    text = name if name.isascii() else name.encode("utf-8", "replace").decode("utf-8")
    if text.startswith(TASK):
        text = NO_TASK + text.removeprefix(TASK)
    elif text.startswith(NO_TASK):
        return _hashed(text, name)
    if len(text) > MAX_NAME or text in _OURS:
        return _hashed(text, name)
    return text or UNNAMED


def _hashed(text: str, name: str) -> str:
    digest = hashlib.sha256(name.encode("utf-8", "surrogatepass")).hexdigest()[:_HASH_DIGITS]
    return f"{text[: MAX_NAME - _HASH_DIGITS - 1]}#{digest}"


def text_of(name: object) -> str:
    """A name of something that is no text; its type's where it has not even that."""
    try:
        return str.__str__(str(name))  # a plain one: what is derived from it may have its own ways
    except Exception:  # it is anybody's object
        return type(name).__name__
