"""An agreement from a mapping (of YAML), validated as it is read.

Every error is one line: the key, what is wrong, what is allowed; the edge that read the file adds its name.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

from sla.values.agreement import Agreement, Limit, Objective, OperationMetrics, ProcessLimits, ValidityLimits
from sla.values.assessment import Severity
from sla.values.kinds import EXCLUDED, INCLUDED, KINDS, ClientLatency, ErrorRate, ObjectiveKind, Unit
from sla.values.limit_parser import factors_to, parse_limit, parse_quantity
from sla.values.objective_words import EXAMPLES, objective_in
from sla.values.section import AgreementError, Section, brief, unknown, wrong_schema
from sla.values.window import LATENCIES

SCHEMA = "bizra-load/agreement/1"
TIMERS = ("inside", "queueing")
RESERVED_GATES = ("tests", "rules", "evidence")  # of --evidence: short for node_tests, the rules that are loaded, the index
GATE = "[A-Za-z0-9_-]{1,60}"  # also the name of a file, and of --evidence NAME=FILE
_REQUIRED = ("schema", "name", "objectives")
_OPTIONAL = (
    "operations",
    "environments",
    "evidence",
    "baseline",
    "not_assessed",
    "validity",
    "process",
    "product",
    "evidence_age",
    "failures",
)
AGES = {"days": 86_400.0, "h": 3600.0}
# key under `validity` -> (field of ValidityLimits, its unit)
VALIDITY: Mapping[str, tuple[str, Unit]] = {
    "unsent": ("unsent_share", "ratio"),
    "lag_p99": ("lag_p99_ns", "ns"),
    "cpu": ("cpu_share", "ratio"),
    "achieved": ("achieved_share", "ratio"),
    "clock_skew": ("clock_skew_ns", "ns"),
}
# key under `process` -> (field of ProcessLimits, factors of its units, example)
PROCESS: Mapping[str, tuple[str, Mapping[str, float], str]] = {
    "memory": ("memory_bytes", {"MiB": 2.0**20, "GiB": 2.0**30}, "2 GiB"),
    "cpu": ("cpu_cores", {"cores": 1.0}, "3.6 cores"),
    "scrape": ("scrape_s", {"s": 1.0, "ms": 1e-3}, "4 s"),
}


def agreement_from_mapping(document: object) -> Agreement:
    """Raises AgreementError; of a document that does not say that it is an agreement, it repeats nothing."""
    if isinstance(document, Mapping) and (wrong := wrong_schema(document, SCHEMA)):
        raise AgreementError(wrong)
    top = Section.read(document, "", _REQUIRED, _OPTIONAL)
    named = {str(name): _operation(value, f"operations.{name}") for name, value in top.mapping("operations", {}).items()}
    objectives = _objectives(top, named, _failures(top, EXCLUDED))
    named_by_them = {name: OperationMetrics() for o in objectives for name in o.operations}
    accepted = _accepted(top.mapping("environments", {}) or {"default": {}}, {o.key for o in objectives})
    return Agreement(
        name=top.text("name"),
        objectives=objectives,
        operations=named or named_by_them,
        evidence=_evidence(top.mapping("evidence", {})),
        accepted=accepted,
        default_environment=next(iter(accepted)),
        baseline=top.text("baseline", ""),
        not_assessed=top.text("not_assessed", ""),
        validity=_validity(top.mapping("validity", {})),
        process=_process(top.mapping("process", {})),
        product=top.text("product", ""),
        evidence_age_s=_evidence_age(top.text("evidence_age", "30 days")),
    )


def _objectives(top: Section, operations: Mapping[str, OperationMetrics], failures: str) -> tuple[Objective, ...]:
    """Those of a mapping, each another one or words, or of a list of words. They may name operations that nothing else is said
    of, unless the agreement lists its operations.
    """
    value = top.values["objectives"]
    if not isinstance(value, Mapping | list):
        raise AgreementError("objectives: must be a mapping, or a list of words such as " + f'"{EXAMPLES[0]}"')
    objectives: list[Objective] = []
    for number, (key, what) in enumerate(value.items() if isinstance(value, Mapping) else (("", each) for each in value)):
        where = f"objectives.{key}" if key != "" else f"objectives[{number}]"
        if isinstance(what, str):
            objectives.append(_in_words(what, where, str(key), operations, failures))
        elif isinstance(value, Mapping):
            objectives.append(_objective(str(key), what, operations, failures))
        else:
            raise AgreementError(f'{where}: must be words such as "{EXAMPLES[0]}", not {brief(what)}')
    twice = [key for key, count in Counter(o.key for o in objectives).items() if count > 1]
    if twice:
        raise AgreementError(f"objectives: {brief(twice[0])} is there twice (allowed: once)")
    if not objectives:
        raise AgreementError("objectives: at least one is needed")
    return tuple(objectives)


def _in_words(text: str, where: str, key: str, operations: Mapping[str, OperationMetrics], failures: str) -> Objective:
    objective = objective_in(text, where, key, failures)
    for name in objective.operations:
        if operations and name not in operations:
            raise AgreementError(f"{where}: operation {unknown(name, operations)}")
    return objective


def _evidence(gates: Mapping[str, Any]) -> dict[str, str]:
    """Titles by key. A gate by a name that evidence uses otherwise, or that it can't have, could never be closed."""
    for key in map(str, gates):
        if key in RESERVED_GATES or not re.fullmatch(GATE, key):
            allowed = f"letters, digits, _ and -, at most 60; not {', '.join(RESERVED_GATES)}"
            raise AgreementError(f"evidence.{brief(key)}: is no name for a gate (allowed: {allowed})")
    return {str(k): str(v) for k, v in gates.items()}


def _evidence_age(text: str) -> float:
    age_s = parse_quantity(text, "evidence_age", AGES, "30 days")
    if age_s <= 0:
        raise AgreementError(f"evidence_age: {brief(text)} (allowed: more than 0, such as 30 days)")
    return age_s


def _accepted(environments: Mapping[str, Any], objectives: set[str]) -> dict[str, frozenset[str]]:
    """Keys of the objectives whose WARN is accepted, by environment."""
    accepted: dict[str, frozenset[str]] = {}
    for environment, value in environments.items():
        names = Section.read(value, f"environments.{environment}", (), ("accepted",)).list("accepted")
        for name in names:
            if not isinstance(name, str) or name not in objectives:
                raise AgreementError(f"environments.{environment}.accepted: {unknown(str(name), objectives)}")
        accepted[str(environment)] = frozenset(names)
    return accepted


def _objective(key: str, value: object, operations: Mapping[str, OperationMetrics], failures: str) -> Objective:
    where = f"objectives.{key}"
    section = Section.read(value, where, ("title", "severity", "measure", "target"), ("acceptable", "baseline"))
    optional = ("quantile", "latency", "failures")
    measure = Section.read(section.mapping("measure"), f"{where}.measure", ("kind", "operations"), optional)
    kind_type, severity = _kind_type(measure.text("kind"), where), section.text("severity")
    if severity not in {s.value for s in Severity}:
        raise AgreementError(f"{where}.severity: {unknown(severity, [s.value for s in Severity])}")
    names = tuple(str(n) for n in measure.list("operations"))
    _check_operations(kind_type, names, operations, key)
    kind = _kind(kind_type, measure, f"{where}.measure", failures)
    baseline_key = section.text("baseline", "")
    target, acceptable = _limits(section, where, kind, baseline_key)
    title = section.text("title") + (kind.suffix if isinstance(kind, ClientLatency) else "")
    return Objective(key, title, Severity(severity), kind, names, target, acceptable, baseline_key)


def _kind_type(word: str, where: str) -> type[ObjectiveKind]:
    if word not in KINDS:
        raise AgreementError(f"{where}.measure.kind: {unknown(word, KINDS)}")
    return KINDS[word]


def _check_operations(
    kind_type: type[ObjectiveKind], names: Sequence[str], operations: Mapping[str, OperationMetrics], key: str
) -> None:
    where, single = f"objectives.{key}.measure.operations", kind_type.of_one_operation
    for name in names:
        if operations and name not in operations:
            raise AgreementError(f"{where}: {unknown(name, operations)}")
    if kind_type.from_server and names and not operations.get(names[0], OperationMetrics()).histogram:
        raise AgreementError(f"operations.{names[0]}.histogram: is missing, and objectives.{key} is read from it")
    if not names or (single and len(names) != 1):
        raise AgreementError(f"{where}: needs {'one' if single else 'at least one'}")
    if len(set(names)) != len(names):
        raise AgreementError(f"{where}: one is there twice (allowed: each once)")


def _kind(kind_type: type[ObjectiveKind], measure: Section, where: str, failures: str) -> ObjectiveKind:
    """Quantile and latency are checked for every kind: one that a kind does not use is still no place for a slip. `failures`:
    the agreement's word; an objective's own would promise what is not measured where it is of another kind.
    """
    quantile = measure.number("quantile", 0.0)
    if kind_type.unit == "ns" and not 0 < quantile < 1:
        raise AgreementError(f"{where}.quantile: must be between 0 and 1, for example 0.99")
    latency = measure.text("latency", "response")
    if latency not in LATENCIES:
        raise AgreementError(f"{where}.latency: {unknown(latency, LATENCIES)}")
    if kind_type is not ClientLatency and "failures" in measure.values:
        raise AgreementError(f"{where}.failures: is for {ClientLatency.name} alone, and the kind is {kind_type.name}")
    return kind_type.of(quantile, latency, _failures(measure, failures))


def _failures(section: Section, default: str) -> str:
    """Whether failed requests are among a client's latencies."""
    word = section.text("failures", default)
    if word not in (EXCLUDED, INCLUDED):
        raise AgreementError(f"{section.prefix}failures: {unknown(word, (EXCLUDED, INCLUDED))}")
    return word


def _limits(section: Section, where: str, kind: ObjectiveKind, baseline_key: str) -> tuple[Limit, Limit | None]:
    """(target, acceptable) of an objective."""
    acceptable_text, errors = section.text("acceptable", ""), isinstance(kind, ErrorRate)
    target = parse_limit(section.text("target"), f"{where}.target", kind.unit, errors)
    acceptable = parse_limit(acceptable_text, f"{where}.acceptable", kind.unit, errors) if acceptable_text else None
    for name, limit in (("target", target), ("acceptable", acceptable)):
        if limit is not None and limit.times_baseline and not baseline_key:
            raise AgreementError(f"{where}.{name}: a multiple of the baseline needs {where}.baseline, the key of its figure")
    return target, acceptable


def _operation(value: object, where: str) -> OperationMetrics:
    section = Section.read(value, where, (), ("histogram", "total", "failed", "timer"))
    timer = section.text("timer", "inside")
    if timer not in TIMERS:
        raise AgreementError(f"{where}.timer: {unknown(timer, TIMERS)}")
    return OperationMetrics(section.text("histogram", ""), section.text("total", ""), section.text("failed", ""), timer)


def _validity(values: Mapping[str, Any]) -> ValidityLimits:
    section, chosen = Section.read(values, "validity", (), tuple(VALIDITY)), {}
    for key, (name, unit) in VALIDITY.items():
        text = section.text(key, "")
        if text:
            chosen[name] = parse_quantity(text, f"validity.{key}", factors_to(unit), "5 ms" if unit == "ns" else "1 %")
    return ValidityLimits(**chosen)


def _process(values: Mapping[str, Any]) -> ProcessLimits:
    section, chosen = Section.read(values, "process", (), tuple(PROCESS)), {}
    for key, (name, factors, example) in PROCESS.items():
        text = section.text(key, "")
        if text:
            chosen[name] = parse_quantity(text, f"process.{key}", factors, example)
            if chosen[name] <= 0:
                raise AgreementError(f"process.{key}: {brief(text)} (allowed: more than 0, such as {example})")
    return ProcessLimits(**chosen)
