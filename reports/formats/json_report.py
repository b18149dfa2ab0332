"""assessment.json: the whole assessment, versioned (docs/assessment.md). JSON has no infinity: it is the text "inf"."""

from __future__ import annotations

import dataclasses
import json
import math
from typing import Any

from sla.values.assessment import (
    SCHEMA,
    Assessment,
    Check,
    Decision,
    Evidence,
    Gate,
    ObjectiveResult,
    OperationSummary,
    Severity,
    Status,
    Steady,
)
from sla.values.estimate import Estimate
from sla.values.failure import FailureReason
from sla.values.kinds import KINDS, KindName
from sla.values.number import finite as finite_number
from sla.values.section import brief, unknown
from sla.values.shown_facts import ShownFacts
from sla.values.strategy import Command, Step, Strategy, Trigger, Watch

_FIRST = ("schema", "decision", "exit_code", "summary", "rollout", "agreement", "environment", "baseline")


def render(assessment: Assessment) -> str:
    """JSON text with a stable order of keys."""
    values = dataclasses.asdict(assessment)
    ordered = {key: values.pop(key) for key in _FIRST} | values | {"run": assessment.run.as_json()}
    return json.dumps(finite(ordered), indent=2, ensure_ascii=False, allow_nan=False) + "\n"


def parse(text: str) -> Assessment:
    """The assessment of a text made by render(). Raises ValueError with one line for anything else."""
    try:
        v = _numbers(json.loads(text, parse_constant=_no_number))
        if v["schema"] != SCHEMA:
            raise ValueError(f"schema is {v['schema']!r} (allowed: {SCHEMA})")
        return Assessment(
            **{
                **v,
                "decision": Decision(v["decision"]),
                "objectives": tuple(_objective(o) for o in v["objectives"]),
                "gates": tuple(Gate(**_judged(g)) for g in v["gates"]),
                "checks": tuple(_check(c) for c in v["checks"]),
                "operations": tuple(_operation(o) for o in v["operations"]),
                "run": ShownFacts.from_json(v.get("run", {})),
                "steady": Steady(**v["steady"]) if v["steady"] else None,
                "notes": tuple(v["notes"]),
                "strategy": _strategy(v["strategy"]) if v.get("strategy") else None,
                "failures": tuple(map(_failure, v.get("failures", ()))),
                "evidence": tuple(Evidence(**{**e, "status": Status(e["status"])}) for e in v.get("evidence", ())),
            }
        )
    except (KeyError, TypeError, AttributeError, RecursionError) as error:
        raise ValueError(f"not an assessment: {type(error).__name__}: {error}") from None


def _objective(values: dict[str, Any]) -> ObjectiveResult:
    if (kind := values.get("kind") or _kind(values)) not in KINDS:
        raise ValueError(f"objectives: kind: {unknown(str(kind), KINDS)}")
    parts = {"estimate": _estimate(values["estimate"]), "operations": tuple(values.get("operations", ())), "kind": kind}
    return ObjectiveResult(**{**_judged(values), **parts})


def _kind(values: dict[str, Any]) -> KindName:
    """As far as its unit and source tell: version 0.1 wrote none."""
    match values["unit"]:
        case "ops/s":
            return "throughput"
        case "ratio":
            return "success"
        case _:
            return "client_quantile" if values.get("source", "").startswith("client") else "server_quantile"


def _judged(values: dict[str, Any]) -> dict[str, Any]:
    return {**values, "severity": Severity(values["severity"]), "status": Status(values["status"])}


def _check(values: dict[str, Any]) -> Check:
    opens = tuple((str(key), str(direction)) for key, direction in values.get("opens", ()))
    return Check(**{**values, "status": Status(values["status"]), "opens": opens})


def _failure(values: dict[str, Any]) -> FailureReason:
    failure = FailureReason(**values)
    for number in (failure.count, failure.first_ns, failure.last_ns):
        if not isinstance(number, int) or not 0 <= number < 1 << 62:
            raise ValueError(f"failures: {brief(number)} (allowed: a count, or a time in ns)")
    return failure


def _operation(values: dict[str, Any]) -> OperationSummary:
    latencies = {kind: {q: Estimate(**e) for q, e in values[kind].items()} for kind in ("response", "service")}
    single = {key: _estimate(values[key]) for key in ("rate", "success")}
    return OperationSummary(**{**values, **latencies, **single})


def _strategy(values: dict[str, Any]) -> Strategy:
    parts = {"steps": Step, "triggers": Trigger, "commands": Command, "monitoring": Watch}
    lists = {key: tuple(part(**p) for p in values[key]) for key, part in parts.items()}
    return Strategy(**{**values, **lists, "approvals": tuple(values["approvals"])})


def _estimate(values: dict[str, Any] | None) -> Estimate | None:
    return Estimate(**values) if values else None


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
