"""JSON from outside -> frozen dataclasses, by the types of their fields. A refusal is a line: where, what, what is allowed."""

from __future__ import annotations

import dataclasses
import json
import re
import types
from collections.abc import Callable, Mapping
from enum import Enum
from functools import cache
from typing import Any, Literal, Union, get_args, get_origin, get_type_hints

from sla.values.section import brief, unknown

_PLAIN = {str: "text", int: "a whole number", float: "a number", bool: "true or false"}
_SURROGATE = re.compile(r"\\u[dD][89a-fA-F]")  # JSON may name one by itself
_TOKEN = re.compile(r'"(?:[^"\\]|\\.)*+"|[\[\]{},:]', re.DOTALL)


class _TwiceError(ValueError):
    """A key is there twice."""


def loads(text: str, parse_constant: Callable[[str], Any] | None = None) -> Any:
    """The value of a text. Raises ValueError for what is none; for a key that an object has twice, of which a reader could take
    either value; and for half of a surrogate pair: nothing could write it.
    """
    try:
        value = json.loads(text, parse_constant=parse_constant, object_pairs_hook=once_each)
    except _TwiceError:
        raise ValueError(f"line {_line_of_second(text)}: a key is there twice (allowed: each key once)") from None
    if _SURROGATE.search(text) and has_half_pairs(value):
        raise ValueError("holds half of a surrogate pair (allowed: whole characters)")
    return value


def once_each(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """An object of JSON from its keys and values. Raises ValueError for a key that is there twice."""
    if len(mapping := dict(pairs)) < len(pairs):
        raise _TwiceError("a key is there twice")
    return mapping


def _line_of_second(text: str) -> int:
    """Where in a text of JSON a key is, for the first time, there twice; the key itself may be a secret."""
    keys: list[set[str]] = []
    last = ""
    for token in _TOKEN.finditer(text):
        word = token[0]
        if word in "[{":
            keys.append(set())
        elif word in "]}":
            keys.pop()
        elif word == ":":
            if last in keys[-1]:
                return text.count("\n", 0, token.start()) + 1
            keys[-1].add(last)
        elif word != ",":
            last = json.loads(word)
    return 1


def has_half_pairs(value: object) -> bool:
    """Whether plain values hold text with half of a surrogate pair, which UTF-8 has no bytes for."""
    try:
        json.dumps(value, ensure_ascii=False).encode()
    except UnicodeEncodeError:
        return True
    return False


def built(hint: Any, value: Any, where: str) -> Any:
    """Plain values of JSON as the type `hint`: text, a number, true or false, null, an enum, words, a dataclass; tuples and
    mappings of these. Raises ValueError with the place `where`.
    """
    origin = get_origin(hint)
    if origin in (Union, types.UnionType):
        [known] = [a for a in get_args(hint) if a is not type(None)]
        return None if value is None else built(known, value, where)
    if origin is tuple:
        return tuple(built(get_args(hint)[0], v, f"{where}[{i}]") for i, v in enumerate(_of_kind(list, value, where, "a list")))
    if origin is Mapping:
        of_one = get_args(hint)[1]
        return {k: built(of_one, v, f"{where}.{k[:100]}") for k, v in _of_kind(dict, value, where, "an object").items()}
    if origin is Literal or (isinstance(hint, type) and issubclass(hint, Enum)):
        allowed = get_args(hint) or [word.value for word in hint]
        if not isinstance(value, str) or value not in allowed:
            raise ValueError(f"{where}: {unknown(value if isinstance(value, str) else brief(value), allowed)}")
        return value if origin is Literal else hint(value)
    if dataclasses.is_dataclass(hint):
        return built_from(hint, _of_kind(dict, value, where, "an object"), where)
    kind = (int, float) if hint is float else hint
    if isinstance(value, bool) is not (hint is bool):
        raise ValueError(f"{where}: {brief(value)} (allowed: {_PLAIN[hint]})")
    return _of_kind(kind, value, where, _PLAIN[hint])


def built_from(cls: Any, values: Mapping[str, Any], where: str, **own: Any) -> Any:
    """A dataclass from the values of its fields; `own`: those that the caller has built. Raises ValueError."""
    hints, fields = _hints(cls), {f.name: f for f in dataclasses.fields(cls)}
    prefix = f"{where}." if where else ""
    for key in values:
        if key not in fields:
            raise ValueError(f"{prefix}{key[:100]}: {unknown(key[:100], fields)}")
    for name, field in fields.items():
        needed = field.default is dataclasses.MISSING and field.default_factory is dataclasses.MISSING
        if needed and name not in values and name not in own:
            raise ValueError(f"{prefix}{name}: is missing")
    return cls(**{k: built(hints[k], v, f"{prefix}{k}") for k, v in values.items() if k not in own}, **own)


_hints = cache(get_type_hints)


def _of_kind(kind: Any, value: Any, where: str, allowed: str) -> Any:
    if not isinstance(value, kind):
        raise ValueError(f"{where}: {brief(value)} (allowed: {allowed})")
    return value
