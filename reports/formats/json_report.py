"""assessment.json: the whole assessment, versioned (docs/assessment.md). JSON has no infinity: it is the text "inf"."""

from __future__ import annotations

import dataclasses
import json
import math
from typing import Any

from sla.values.assessment import SCHEMA, Assessment
from sla.values.from_json import built_from, loads
from sla.values.kinds import KINDS
from sla.values.number import finite as finite_number
from sla.values.section import brief
from sla.values.shown_facts import ShownFacts

_FIRST = ("schema", "decision", "exit_code", "summary", "rollout", "agreement", "environment", "baseline")


def render(assessment: Assessment) -> str:
    """JSON text with a stable order of keys."""
    values = dataclasses.asdict(assessment)
    ordered = {key: values.pop(key) for key in _FIRST} | values | {"run": assessment.run.as_json()}
    return json.dumps(finite(ordered), indent=2, ensure_ascii=False, allow_nan=False) + "\n"


def parse(text: str) -> Assessment:
    """The assessment of a text made by render(). Raises ValueError with one line for anything else."""
    try:
        v = _numbers(loads(text, parse_constant=_no_number))
        if not isinstance(v, dict):
            raise ValueError("not an object")
        if v.get("schema") != SCHEMA:
            raise ValueError(f"schema is {brief(v.get('schema'))} (allowed: {SCHEMA})")
        objectives = v.get("objectives")
        if isinstance(objectives, list):
            v["objectives"] = [_with_kind(o) for o in objectives]
        assessment: Assessment = built_from(Assessment, v, "", run=ShownFacts.from_json(v.get("run", {})))
    except RecursionError:
        raise ValueError("is nested too deeply") from None
    for o in assessment.objectives:
        if o.comparison not in ("<", ">="):
            raise ValueError(f"objectives: {o.key[:100]}: comparison: {brief(o.comparison)} (allowed: <, >=)")
        if o.unit != KINDS[o.kind].unit:
            raise ValueError(f"objectives: {o.key[:100]}: unit: {brief(o.unit)} (allowed for {o.kind}: {KINDS[o.kind].unit})")
    for failure in assessment.failures:
        for number in (failure.count, failure.first_ns, failure.last_ns):
            if not 0 <= number < 1 << 62:
                raise ValueError(f"failures: {brief(number)} (allowed: a count, or a time in ns)")
    return assessment


def _with_kind(values: Any) -> Any:
    """As far as unit and source tell: version 0.1 wrote none."""
    if not isinstance(values, dict) or "kind" in values:
        return values
    match values.get("unit"):
        case "ops/s":
            kind = "throughput"
        case "ratio":
            kind = "success"
        case _:
            kind = "client_quantile" if str(values.get("source", "")).startswith("client") else "server_quantile"
    return {**values, "kind": kind}


def finite(value: Any) -> Any:
    """JSON has no infinity: it is written as text."""
    if isinstance(value, dict):
        return {k: finite(v) for k, v in value.items()}
    if isinstance(value, list | tuple):
        return [finite(v) for v in value]
    if isinstance(value, float) and math.isinf(value):
        return "inf" if value > 0 else "-inf"
    return value


def _no_number(word: str) -> float:
    raise ValueError(f"{word} is no number of JSON")


def _numbers(value: Any) -> Any:
    """Infinities from their texts. Raises ValueError for numbers that no float holds: render() writes none."""
    if isinstance(value, dict):
        return {k: _numbers(v) for k, v in value.items()}
    if isinstance(value, list):
        return [_numbers(v) for v in value]
    if isinstance(value, int | float) and not isinstance(value, bool) and finite_number(value) is None:
        raise ValueError(f"{brief(value)}: is larger than any number of an assessment")
    return float(value) if value in ("inf", "-inf") else value
