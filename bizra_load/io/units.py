"""Lengths of time and rates as people write them, in options and files: into seconds and operations per second."""

from __future__ import annotations

import re

from sla.values.number import ALLOWED, DECIMAL, finite, number_in
from sla.values.section import brief

_UNITS_S = {"ms": 1e-3, "s": 1.0, "m": 60.0, "h": 3600.0}
_DURATION = re.compile(rf"({DECIMAL})(ms|s|m|h)")
_DURATIONS = re.compile(rf"(?:{DECIMAL}(?:ms|s|m|h))+")


def duration_s(value: object) -> float:
    """Seconds of "10s", "1m30s", "500ms", "2h" or a bare number of seconds. Raises ValueError for anything else."""
    seconds = _number(value)
    if seconds is None and isinstance(value, str):
        plain = value.strip()
        if _DURATIONS.fullmatch(plain):
            seconds = finite(sum(float(number) * _UNITS_S[unit] for number, unit in _DURATION.findall(plain)))
    if seconds is None:
        raise ValueError(f"not a duration: {brief(value)} (allowed: 10s, 1m30s, 500ms, 2h, or seconds)")
    return seconds


def rate_per_s(value: object) -> float:
    """Operations per second. Raises ValueError unless a finite number >= 0."""
    rate = _number(value)
    if rate is None:
        raise ValueError(f"not a rate in ops/s: {brief(value)} (allowed: {ALLOWED}; finite, not negative)")
    return rate


def _number(value: object) -> float | None:
    number = number_in(value.strip()) if isinstance(value, str) else finite(value)
    return number if number is not None and number >= 0 else None
