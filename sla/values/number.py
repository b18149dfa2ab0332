"""Numbers from outside: of text, and of JSON and YAML, which know numbers that no float holds."""

from __future__ import annotations

import math
import re

_WITH_THOUSANDS = r"[1-9][0-9]{0,2}(?:,[0-9]{3})+(?:\.[0-9]+)?"
# digits 0-9 and one decimal point; no sign
DECIMAL = r"(?:[0-9]+(?:\.[0-9]+)?|\.[0-9]+)"
PLAIN = rf"{DECIMAL}(?:[eE][+-]?[0-9]+)?"
# the same, or commas between all of its thousands: in some countries a comma is the decimal point, and "0,5" is not 5
GROUPED = rf"(?:{_WITH_THOUSANDS}|{PLAIN})"
ALLOWED = "digits with a decimal point, such as 0.5"
SHARE_DIGITS = 15  # of a share; one more is what a float adds
_PLAIN, _GROUPED = re.compile(PLAIN), re.compile(GROUPED)


def number_in(text: str, thousands: bool = False) -> float | None:
    """The number that a text is, not negative; None where it is none of PLAIN (of GROUPED with `thousands`), or not finite."""
    if (_GROUPED if thousands else _PLAIN).fullmatch(text) is None:
        return None
    return finite(float(text.replace(",", "")))


def share_in(text: str) -> float | None:
    """The ratio that "1%", "1 %" or "0.01" is; None for anything else."""
    number = number_in(text.strip().removesuffix("%").rstrip())
    if number is None:
        return None
    return number / 100 if text.strip().endswith("%") else number


def whole_in(text: str) -> int | None:
    """The whole number of up to 20 digits that a text is; None for anything else."""
    return int(text) if re.fullmatch(r"[0-9]{1,20}", text) else None


def finite(value: object) -> float | None:
    """A value of JSON or YAML as a float; None for what is no number, and where no finite float is as large."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    try:
        number = float(value)
    except OverflowError:
        return None
    return number if math.isfinite(number) else None


def complement(share: float) -> float:
    """1 - share, without the last digits that a float makes of it: 0.05 of 0.95."""
    return round(1 - share, SHARE_DIGITS)
