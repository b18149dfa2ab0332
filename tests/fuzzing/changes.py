"""Changes of right inputs: of bytes, of lines with cells, of documents."""

from __future__ import annotations

import copy
import re
from collections.abc import Iterator, Sequence
from random import Random
from typing import Any

NUMBERS = (
    "0", "-1", "1", "NaN", "nan", "+Inf", "-Inf", "inf", "1e999", "-0", "1e308", "0x10", "1_0", "1,5", "", " ", "007", "1e",
    "9223372036854775807", "9223372036854775808", "18446744073709551616", "4294967296", "0.1", ".5", "5.", "\uff17", "9" * 400,
    "1e-320", "true", "null", "--1", "+1", "1 2",
)  # fmt: skip
TEXTS = (
    "", "x", "(schedule)", "(other)", "a" * 300, "\x00", "\ud800", "\u202e", "\x1b[31m", "é", "a,b", 'a"b', "a\nb", "{}",
    "=1+1", "../../x", "true", "TRUE", "false", "null", "timeout",
    "\ufeff", "   ", "9" * 400, "1e999 us", "< 200 us", ">= 99 %", "10s",
)  # fmt: skip
VALUES: tuple[Any, ...] = (
    None, True, False, 0, -1, 1, 2**31, 2**62, 2**63, 2**64, 10**400, -(10**400), 0.0, -0.0, 1.5, -1.5, float("nan"),
    float("inf"), float("-inf"), 1e308, 5e-324, [], {}, [[]], {"": None}, ["x"], {"x": 1}, b"", b"x",
)  # fmt: skip
_TOKENS = (
    b'"',
    b"\n",
    b"\r\n",
    b"{",
    b"}",
    b",",
    b";",
    b"\t",
    b"#",
    b"\x00",
    b"\xff",
    b"NaN",
    b"-1",
    b"\\",
    b"'",
    b"<",
    b"&",
    b"=",
)
_NUMBER = re.compile(rb"[0-9]+(?:\.[0-9]+)?")


def value(rng: Random, json_only: bool = False) -> Any:
    """Any plain value."""
    chosen = rng.choice(VALUES if rng.random() < 0.6 else NUMBERS + TEXTS)
    if json_only and isinstance(chosen, bytes):
        return chosen.decode()
    return copy.deepcopy(chosen)


def damaged(rng: Random, data: bytes) -> bytes:
    """One to four pieces replaced, taken out, put in, doubled, or moved; or a number made another one; or cut short."""
    out = bytearray(data)
    for _ in range(rng.randint(1, 4)):
        at, length = rng.randint(0, len(out)), rng.choice((0, 1, 1, 2, 5, 20))
        match rng.randrange(6):
            case 0:
                out[at : at + length] = rng.choice(_TOKENS)
            case 1:
                out[at : at + length] = rng.randbytes(rng.randint(0, 6))
            case 2:
                out[at:at] = out[at : at + 4 * length]
            case 3:
                del out[at : at + length]
            case 4:
                if numbers := list(_NUMBER.finditer(out)):
                    number = rng.choice(numbers)
                    out[number.start() : number.end()] = rng.choice(NUMBERS).encode("utf-8", "replace")
            case _:
                if rng.random() < 0.3:
                    del out[at:]
    return bytes(out)


def rows_changed(rng: Random, rows: Sequence[Sequence[str]], first: int = 1) -> list[list[str]]:
    """Rows of cells, from the `first` on: some cells replaced, exchanged or taken out, some rows doubled or moved."""
    table = [list(row) for row in rows]
    for _ in range(rng.choice((0, 1, 1, 2, 3))):
        if len(table) <= first:
            break
        at = rng.randrange(first, len(table))
        row = table[at]
        cell = rng.randrange(len(row)) if row else -1
        match rng.randrange(8):
            case 0 | 1 | 2 if row:
                row[cell] = rng.choice(NUMBERS)
            case 3 if row:
                row[cell] = rng.choice(TEXTS)
            case 4 if row:
                other = rng.randrange(len(row))
                row[cell], row[other] = row[other], row[cell]
            case 5:
                table.insert(at, list(row))
            case 6 if row:
                del row[cell]
            case _:
                table.append(table.pop(at))
    return table


def changed(rng: Random, document: Any, json_only: bool = False) -> Any:
    """A document with one to three of its values replaced, taken out, doubled or added."""
    copied = copy.deepcopy(document)
    for _ in range(rng.randint(1, 3)):
        places = [p for p in _paths(copied) if p]
        if not places:
            return value(rng, json_only)
        *way, last = rng.choice(places)
        place = copied
        for step in way:
            place = place[step]
        match rng.randrange(6):
            case 0:
                del place[last]
            case 1 if isinstance(place, dict):
                place[rng.choice(TEXTS)] = value(rng, json_only)
            case 2 if isinstance(place, list):
                place.insert(last, copy.deepcopy(place[last]))
            case 3 if isinstance(place[last], str):
                place[last] = rng.choice(NUMBERS + TEXTS)
            case _:
                place[last] = value(rng, json_only)
    return copied


def _paths(document: Any, at: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    yield at
    if isinstance(document, dict):
        for key in document:
            yield from _paths(document[key], (*at, key))
    elif isinstance(document, list):
        for index, item in enumerate(document[:50]):
            yield from _paths(item, (*at, index))
