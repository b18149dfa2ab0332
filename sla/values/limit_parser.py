"""Limits and quantities of an agreement as text ("< 200 us", ">= 95 % of plan", "2 GiB") in canonical units."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from typing import NamedTuple

from sla.values.agreement import Limit
from sla.values.kinds import Unit
from sla.values.number import ALLOWED, GROUPED, PLAIN, complement, number_in
from sla.values.section import AgreementError, brief


class _UnitWord(NamedTuple):
    factor: float  # to the canonical unit
    canonical: str


_UNITS = {
    "ns": _UnitWord(1.0, "ns"),
    "us": _UnitWord(1e3, "ns"),
    "ms": _UnitWord(1e6, "ns"),
    "s": _UnitWord(1e9, "ns"),
    "ops/s": _UnitWord(1.0, "ops/s"),
    "%": _UnitWord(0.01, "ratio"),
    "% of plan": _UnitWord(0.01, "of plan"),
}
# by the canonical unit of a limit: the units that it may be written in, and examples
_WRITTEN_IN: Mapping[Unit, tuple[str, ...]] = {"ns": ("ns",), "ops/s": ("ops/s", "of plan"), "ratio": ("ratio",)}
_EXAMPLES: Mapping[Unit, str] = {
    "ns": '"< 200 us" or "< 10 x baseline, at least 100 us"',
    "ops/s": '">= 1000 ops/s" or ">= 95 % of plan"',
    "ratio": '">= 99 %"',
}
_OF_ERRORS = '"< 1 %"'
_LIMIT = re.compile(rf"(<|>=)\s*({GROUPED})\s*([^\d\s,._].*)")
_TIMES_BASELINE = re.compile(rf"<\s*({GROUPED})\s*x\s+baseline(?:\s*,\s*at least\s+({GROUPED})\s*(ns|us|ms|s))?")
_QUANTITY = re.compile(rf"({PLAIN})\s*(%|[A-Za-z]+)")
MAX_TIMES = 1e6  # a larger multiple of a baseline is a slip, and its product with a figure must stay finite


def parse_limit(text: object, where: str, unit: Unit, errors: bool = False, such_as: str = "") -> Limit:
    """Limit of "< 200 us", "< 10 x baseline", "< 10 x baseline, at least 100 us", ">= 99 %", ">= 95 % of plan", for an
    objective in `unit`; with `errors` "< 1 %", of an error rate, as that of its success rate. `such_as`: examples
    for who may write fewer forms. Raises AgreementError.
    """
    if unit == "ns" and isinstance(text, str) and (multiple := _TIMES_BASELINE.fullmatch(text.strip())):
        return _times_baseline(multiple, text, where)
    match = _LIMIT.fullmatch(text.strip()) if isinstance(text, str) else None
    allowed = f"{such_as or (_OF_ERRORS if errors else _EXAMPLES[unit])}; numbers: {ALLOWED}, commas only between thousands"
    unit_word = _UNITS.get(match[3].strip()) if match else None
    if match is None or unit_word is None or unit_word.canonical not in _WRITTEN_IN[unit]:
        raise AgreementError(f"{where}: {brief(text)} is not a limit of this kind (allowed: {allowed})")
    comparison, value = match[1], _amount(match[2], unit_word.factor)
    if (comparison == "<") != (errors or unit == "ns"):
        raise AgreementError(f"{where}: {brief(text)} points the wrong way (allowed: {allowed})")
    if not math.isfinite(value) or value <= 0 or (unit_word.canonical in ("ratio", "of plan") and value > 1):
        raise AgreementError(f"{where}: {brief(text)} can't be kept (allowed: {allowed})")
    if errors and value >= 1:
        raise AgreementError(f"{where}: {brief(text)} can't be missed (allowed: {allowed})")
    if errors:
        return Limit(">=", complement(value))
    return Limit(comparison, value, unit_word.canonical == "of plan")


def _times_baseline(multiple: re.Match[str], text: str, where: str) -> Limit:
    times, least_ns = _amount(multiple[1]), _amount(multiple[2] or "0", _UNITS[multiple[3] or "ns"].factor)
    if not (0 < times <= MAX_TIMES and math.isfinite(least_ns)):
        allowed = f'such as "< 10 x baseline", up to {MAX_TIMES:,.0f} x'
        raise AgreementError(f"{where}: {brief(text)} can't be kept (allowed: {allowed})")
    return Limit("<", math.nan, times_baseline=times, at_least=least_ns)


def parse_quantity(text: str, where: str, factors: Mapping[str, float], allowed: str) -> float:
    """The amount of "5 ms" in the canonical unit, by `factors`: unit -> factor. Raises AgreementError."""
    match = _QUANTITY.fullmatch(text)
    amount = _amount(match[1], factors[match[2]]) if match and match[2] in factors else math.nan
    if math.isnan(amount):
        raise AgreementError(f"{where}: {brief(text)} (allowed: such as {allowed}; {ALLOWED})")
    return amount


def factors_to(unit: Unit) -> dict[str, float]:
    """Units that are written in the canonical `unit` -> their factor to it."""
    return {word: u.factor for word, u in _UNITS.items() if u.canonical == unit}


def _amount(text: str, factor: float = 1.0) -> float:
    """A number of GROUPED's form in the canonical unit; NaN where no finite float is as large, there or here."""
    number = number_in(text, thousands=True)
    return number * factor if number is not None and math.isfinite(number * factor) else math.nan
