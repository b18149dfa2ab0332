"""A mapping from outside with known keys, where every access checks the type and every error is one line."""

from __future__ import annotations

import difflib
import reprlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Self

from sla.values.number import finite

OURS = "bizra-load/"  # how the name of a schema of ours begins
_REPR = reprlib.Repr()
_REPR.maxstring = _REPR.maxother = 100


class AgreementError(ValueError):
    """A wrong agreement or baseline: key, what is wrong, what is allowed."""


@dataclass(frozen=True)
class Section:
    """A mapping with known keys; every access checks the type and raises AgreementError. prefix: of its keys in messages."""

    values: Mapping[str, Any]
    prefix: str

    @classmethod
    def read(cls, value: object, where: str, required: Sequence[str], optional: Sequence[str]) -> Self:
        """The mapping that `value` is, which stands under the key `where` ("": at the top). Raises AgreementError for anything
        else, for a key that is not allowed and for one that is missing.
        """
        prefix = f"{where}." if where else ""
        if not isinstance(value, Mapping):
            raise AgreementError(f"{where or 'the agreement'}: must be a mapping with {', '.join(required or optional)}")
        for key in value:
            if key not in (*required, *optional):
                raise AgreementError(f"{prefix}{str(key)[:100]}: {unknown(str(key), (*required, *optional))}")
        for key in required:
            if key not in value:
                raise AgreementError(f"{prefix}{key}: is missing")
        return cls(value, prefix)

    def text(self, key: str, default: str | None = None) -> str:
        """Text without blanks around it; `default`: None for a key that must be there."""
        value = self.values.get(key, default)
        if not isinstance(value, str):
            raise AgreementError(f"{self.prefix}{key}: must be text, not {brief(value)}")
        return value.strip()

    def number(self, key: str, default: float) -> float:
        """A finite number."""
        value = self.values.get(key, default)
        number = finite(value)
        if number is None:
            raise AgreementError(f"{self.prefix}{key}: must be a number, not {brief(value)}")
        return number

    def mapping(self, key: str, default: Mapping[str, Any] | None = None) -> Mapping[str, Any]:
        """A mapping; `default`: None for a key that must be there."""
        value = self.values.get(key, default)
        if not isinstance(value, Mapping):
            raise AgreementError(f"{self.prefix}{key}: must be a mapping")
        return value

    def list(self, key: str) -> list[Any]:
        """A list; [] without the key."""
        value = self.values.get(key, [])
        if not isinstance(value, list):
            raise AgreementError(f"{self.prefix}{key}: must be a list")
        return value


def brief(value: object) -> str:
    """A value in a message: short, however large it is."""
    try:
        return _REPR.repr(value)
    except ValueError:  # of YAML's 0xff...: an integer of more digits than Python writes
        return "a number of thousands of digits"


def wrong_schema(document: Mapping[Any, Any], allowed: str) -> str:
    """What is wrong with a document's `schema`; "" for the allowed one. Another of ours is named; of a document that does not
    say that it is ours nothing is repeated, since it may be a file of secrets, given by mistake.
    """
    schema = document.get("schema")
    if schema == allowed:
        return ""
    named = f"{schema[:100]!r} " if isinstance(schema, str) and schema.startswith(OURS) else ""
    return f"schema: {named}is {'missing' if schema is None else 'unknown'} (allowed: {allowed})"


def unknown(word: str, allowed: Iterable[object]) -> str:
    """ "'x' is unknown, did you mean 'y'? (allowed: ...)"."""
    word = word[:100]
    names = sorted({str(a) for a in allowed})
    close = difflib.get_close_matches(word, names, 1)
    return f"{word!r} is unknown{f', did you mean {close[0]!r}?' if close else ''} (allowed: {', '.join(names)})"
