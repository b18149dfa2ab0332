"""The JSON Schema of agreements, for editors that complete and check YAML: made of what the parser is made of.

It says less than the parser: not that a name refers to something, nor how large a number may be.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sla.values.agreement_parser import AGES, GATE, PROCESS, RESERVED_GATES, SCHEMA, TIMERS, VALIDITY
from sla.values.assessment import Severity
from sla.values.kinds import EXCLUDED, INCLUDED, KINDS, ClientLatency, ErrorRate, ObjectiveKind, Unit
from sla.values.limit_parser import factors_to
from sla.values.number import GROUPED, PLAIN
from sla.values.objective_words import EXAMPLES, LONGEST, METRICS
from sla.values.window import LATENCIES

Json = dict[str, Any]
DIALECT = "https://json-schema.org/draft/2020-12/schema"
_TIME = "(?:ns|us|ms|s)"
_BLANK = r"\s*"
_PER_CENT = r"\s*%"
_LIMITS: Mapping[Unit, str] = {
    "ns": rf"<{_BLANK}{GROUPED}{_BLANK}{_TIME}",
    "ops/s": rf">={_BLANK}{GROUPED}{_BLANK}(?:ops/s|% of plan)",
    "ratio": rf">={_BLANK}{GROUPED}{_PER_CENT}",
}
_ERRORS = rf"<{_BLANK}{GROUPED}{_PER_CENT}"
_TIMES_BASELINE = rf"<{_BLANK}{GROUPED}{_BLANK}x\s+baseline(?:{_BLANK},{_BLANK}at least\s+{GROUPED}{_BLANK}{_TIME})?"
_TEXT: Json = {"type": "string"}
_FAILURES: Json = {"enum": [EXCLUDED, INCLUDED], "description": "whether failed requests are among a client's latencies"}


def agreement_schema() -> Json:
    """As a value of JSON."""
    return {
        "$schema": DIALECT,
        "title": "An agreement of bizra-load",
        **_object(
            {
                "schema": {"const": SCHEMA},
                "name": _TEXT,
                "objectives": _objectives(),
                "operations": {"type": "object", "additionalProperties": _operation()},
                "environments": {
                    "type": "object",
                    "additionalProperties": _object({"accepted": {"type": "array", "items": _TEXT}}),
                },
                "evidence": {
                    "type": "object",
                    "propertyNames": {"pattern": f"^{GATE}$", "not": {"enum": list(RESERVED_GATES)}},
                    "description": "gates that no load shows: name -> title",
                },
                "evidence_age": _quantity(AGES, "how long before the run what closes a gate may have been made: 30 days"),
                "baseline": _TEXT | {"description": "`measured`, a packaged name, or a .json file beside the agreement"},
                "failures": _FAILURES,
                "product": _TEXT | {"description": "what is tested: `service` is any service"},
                "not_assessed": _TEXT | {"description": "a note that every assessment repeats"},
                "validity": _object({key: _quantity(factors_to(unit), "", "") for key, (_, unit) in VALIDITY.items()}),
                "process": _object({key: _quantity(factors, example, "") for key, (_, factors, example) in PROCESS.items()}),
            },
            ("schema", "name", "objectives"),
        ),
    }


def _object(properties: Json, required: tuple[str, ...] = ()) -> Json:
    needed: Json = {"required": list(required)} if required else {}
    return {"type": "object", "additionalProperties": False, "properties": properties} | needed


def _pattern(*alternatives: str) -> Json:
    return {"type": "string", "pattern": rf"^\s*(?:{'|'.join(alternatives)})\s*$"}


def _quantity(factors: Mapping[str, float], description: str, *others: str) -> Json:
    """`others` than an amount with its unit: "" stands for the default."""
    return _pattern(rf"{PLAIN}{_BLANK}(?:{'|'.join(factors)})", *others) | ({"description": description} if description else {})


def _operation() -> Json:
    return _object(
        {
            "histogram": _TEXT | {"description": "the server's histogram of how long it takes, in seconds"},
            "total": _TEXT | {"description": "the server's counter of what it carried out"},
            "failed": _TEXT | {"description": "the server's counter of what failed"},
            "timer": {"enum": list(TIMERS), "description": "what the histogram times"},
        }
    )


def _objectives() -> Json:
    words = _words()
    return {
        "description": f'what is promised, in words such as "{EXAMPLES[0]}", or as mappings',
        "oneOf": [
            {"type": "array", "minItems": 1, "items": words},
            {"type": "object", "minProperties": 1, "additionalProperties": {"oneOf": [words, _mapping()]}},
        ],
    }


def _words() -> Json:
    severities = "|".join("".join(f"[{c.upper()}{c.lower()}]" for c in severity.value) for severity in Severity)
    end = rf"(?:{_BLANK},{_BLANK}(?:{severities}))?"
    rates = [rf"{name}{_BLANK}{_limit(type(kind))}" for name, kind in METRICS.items()]
    latency = rf"p(?!0*(?:\.0*)?\s*<)(?:[0-9]{{1,2}}(?:\.[0-9]+)?|\.[0-9]+){_BLANK}{_LIMITS['ns']}"
    return _pattern(*(rf"(?:.*\s)?{promise}{end}" for promise in (latency, *rates))) | {
        "examples": list(EXAMPLES),
        "maxLength": LONGEST,
    }


def _limit(kind: type[ObjectiveKind]) -> str:
    return _ERRORS if kind is ErrorRate else _LIMITS[kind.unit]


def _mapping() -> Json:
    measure = _object(
        {
            "kind": {"enum": list(KINDS)},
            "operations": {"type": "array", "items": _TEXT, "minItems": 1, "uniqueItems": True},
            "quantile": {"type": "number"},
            "latency": {"enum": list(LATENCIES), "default": "response"},
            "failures": _FAILURES,
        },
        ("kind", "operations"),
    )
    properties = {
        "title": _TEXT,
        "severity": {"enum": [severity.value for severity in Severity]},
        "measure": measure,
        "target": _TEXT,
        "acceptable": _TEXT | {"description": "of a WARNING: missing the target is WARN up to here, FAIL beyond"},
        "baseline": _TEXT | {"description": "key of its figure in the baseline"},
    }
    return _object(properties, ("title", "severity", "measure", "target")) | {"allOf": [_of_kind(k) for k in KINDS.values()]}


def _of_kind(kind: type[ObjectiveKind]) -> Json:
    """What holds of objectives of that kind alone."""
    measure: Json = {"properties": {}}
    if kind.unit == "ns":
        measure = {"required": ["quantile"], "properties": {"quantile": {"exclusiveMinimum": 0, "exclusiveMaximum": 1}}}
    if kind.of_one_operation:
        measure["properties"]["operations"] = {"maxItems": 1}
    if kind is not ClientLatency:
        measure["properties"]["failures"] = False
    limits = [_limit(kind), *([_TIMES_BASELINE] if kind.unit == "ns" else [])]
    return {
        "if": {"properties": {"measure": {"properties": {"kind": {"const": kind.name}}, "required": ["kind"]}}},
        "then": {"properties": {"measure": measure, "target": _pattern(*limits), "acceptable": _pattern(*limits, "")}},
    }
