"""A stage file (already loaded from YAML) -> load curve. Pure.

stages:
  - ramp:  {to: 1000, over: 10s}     # linear from the present rate
  - soak:  {for: 60s}                # hold the present rate
  - step:  {to: 2000, for: 30s}      # jump, then hold
  - spike: {to: 5000, for: 5s}       # jump, hold, and back to the rate before
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from bizra_load.engine.load_curve import LoadCurve
from sla.values.measurements import PlannedSegment
from sla.values.number import ALLOWED, DECIMAL, finite, number_in
from sla.values.section import brief, unknown

MAX_STAGES = 1000
_UNITS_S = {"ms": 1e-3, "s": 1.0, "m": 60.0, "h": 3600.0}
_DURATION = re.compile(rf"({DECIMAL})(ms|s|m|h)")
_DURATIONS = re.compile(rf"(?:{DECIMAL}(?:ms|s|m|h))+")
_KEYS = {"ramp": ("to", "over"), "soak": ("for",), "step": ("to", "for"), "spike": ("to", "for")}


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


def curve_from_stages(document: object) -> LoadCurve:
    """Load curve of a stage file. Raises ValueError with the key, what is wrong and what is allowed."""
    if not isinstance(document, Mapping) or not isinstance(document.get("stages"), list):
        raise ValueError("stages: allowed is one key 'stages' with a list of ramp, soak, step, spike")
    if len(document["stages"]) > MAX_STAGES:
        raise ValueError(f"stages: {len(document['stages'])} stages (allowed: {MAX_STAGES})")
    if not document["stages"]:
        raise ValueError("stages: the list is empty; it needs at least one of ramp, soak, step, spike")
    segments: list[PlannedSegment] = []
    rate = 0.0
    for number, entry in enumerate(document["stages"]):
        where = f"stages[{number}]"
        if not isinstance(entry, Mapping) or len(entry) != 1:
            raise ValueError(f"{where}: allowed is one of ramp, soak, step, spike")
        [(kind, values)] = entry.items()
        if kind not in _KEYS:
            raise ValueError(f"{where}: {unknown(str(kind), _KEYS)}")
        for key in values if isinstance(values, Mapping) else ():
            if key not in _KEYS[kind]:
                raise ValueError(f"{where}.{kind}: {unknown(str(key), _KEYS[kind])}")
        if not isinstance(values, Mapping) or set(values) != set(_KEYS[kind]):
            raise ValueError(f"{where}.{kind}: needs exactly {', '.join(_KEYS[kind])}")
        try:
            length = duration_s(values["over" if kind == "ramp" else "for"])
            if length <= 0:
                raise ValueError("a stage must last longer than 0 s")
            to = rate if kind == "soak" else rate_per_s(values["to"])
        except ValueError as error:
            raise ValueError(f"{where}.{kind}: {error}") from None
        segments.append(PlannedSegment(length, rate if kind == "ramp" else to, to))
        if kind != "spike":
            rate = to
    for key in document:  # last: what holds no stages is no file of ours, and may be one of secrets
        if key != "stages":
            raise ValueError(unknown(str(key), ("stages",)))
    return LoadCurve(tuple(segments))
