"""A stage file (already loaded from YAML) -> load curve. Pure.

stages:
  - ramp:  {to: 1000, over: 10s}     # linear from the present rate
  - soak:  {for: 60s}                # hold the present rate
  - step:  {to: 2000, for: 30s}      # jump, then hold
  - spike: {to: 5000, for: 5s}       # jump, hold, and back to the rate before
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from bizra_load.engine.load_curve import LoadCurve
from bizra_load.io.units import duration_s, rate_per_s
from sla.values.measurements import PlannedSegment
from sla.values.section import unknown

MAX_STAGES = 1000
# load curves that have a name; their rates are shares of the target rate
NAMED: Mapping[str, list[dict[str, Any]]] = {
    "steps": [{"step": {"to": share, "for": "30s"}} for share in (0.25, 0.5, 0.75, 1.0)],
    "spike": [
        {"ramp": {"to": 1, "over": "10s"}},
        {"soak": {"for": "50s"}},
        {"spike": {"to": 3, "for": "10s"}},
        {"soak": {"for": "50s"}},
    ],
    "soak": [{"ramp": {"to": 1, "over": "1m"}}, {"soak": {"for": "30m"}}],
}
_KEYS = {"ramp": ("to", "over"), "soak": ("for",), "step": ("to", "for"), "spike": ("to", "for")}


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


def named_curve(name: str, target_per_s: float) -> LoadCurve:
    """The load curve of that name (of NAMED) at this target rate, operations per second."""
    shares = curve_from_stages({"stages": NAMED[name]}).segments
    return LoadCurve(
        tuple(PlannedSegment(s.duration_s, s.from_per_s * target_per_s, s.to_per_s * target_per_s) for s in shares)
    )
