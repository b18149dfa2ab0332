"""Are the facts of a saved run possible ones? A record may have been damaged, or made by somebody else."""

from __future__ import annotations

import dataclasses
from typing import Any

from bizra_load.engine.load_curve import LoadCurve
from sla.values.measurements import RunFacts
from sla.values.section import shown

MAX_SPAN_S = 400 * 86_400
_LATEST_NS = 1 << 62
_TYPES: dict[str, type | tuple[type, ...]] = {"int": int, "bool": bool, "str": str, "float": (int, float)}


def check_facts(facts: RunFacts) -> None:
    """Raises ValueError with the field and what is wrong."""
    _check(facts, "facts")
    if not 0 <= facts.load_started_ns <= facts.load_ended_ns <= _LATEST_NS or not 0 <= facts.drained_ns <= _LATEST_NS:
        raise ValueError("facts: the load ended before it started")
    if (facts.load_ended_ns - facts.load_started_ns) / 1e9 > MAX_SPAN_S:
        raise ValueError(f"facts: a load of more than {MAX_SPAN_S // 86_400} days")
    if facts.plan:
        LoadCurve(facts.plan)


def _check(values: Any, where: str) -> None:
    for field in dataclasses.fields(values):
        value, name, text = getattr(values, field.name), f"{where}.{field.name}", str(field.type)
        if text.startswith("tuple["):
            inner = text.removeprefix("tuple[").partition(",")[0]
            for item in value:
                if dataclasses.is_dataclass(item):
                    _check(item, name)
                else:
                    _is(item, inner, name)
        elif text in _TYPES:
            _is(value, text, name)


def _is(value: object, kind: str, name: str) -> None:
    wanted = _TYPES.get(kind, object)
    fits = isinstance(value, wanted) and (kind == "bool" or not isinstance(value, bool))
    # compared, not converted: an int may be larger than any float, and with NaN every comparison is false
    if not fits or (isinstance(value, int | float) and not abs(value) <= _LATEST_NS):
        raise ValueError(f"{name}: {shown(value)} (allowed: {kind})")
