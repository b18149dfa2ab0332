"""The agreement: what is promised, how it is measured, what counts. From a mapping, validated at construction.

Every error is one line: the key, what is wrong, what is allowed; the edge that read the file adds its name.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from sla.values.assessment import Severity
from sla.values.monitoring import RequiredMonitoring
from sla.values.number import ALLOWED, GROUPED, PLAIN, number_in
from sla.values.section import AgreementError, Section, shown, unknown

SCHEMA = "bizra-load/agreement/1"
KINDS = ("server_quantile", "client_quantile", "throughput", "success")
TIMERS = ("inside", "queueing")
# unit -> (factor to ns, ops/s or ratio; the canonical unit)
_UNITS = {
    "ns": (1.0, "ns"),
    "us": (1e3, "ns"),
    "ms": (1e6, "ns"),
    "s": (1e9, "ns"),
    "ops/s": (1.0, "ops/s"),
    "%": (0.01, "ratio"),
    "% of plan": (0.01, "of plan"),
}
MEASURED = "measured"  # as an agreement's baseline: what is measured on the machine in the minute of the run
_LIMIT = re.compile(rf"(<|>=)\s*({GROUPED})\s*([^\d\s,._].*)")
_TIMES_BASELINE = re.compile(rf"<\s*({GROUPED})\s*x\s+baseline(?:\s*,\s*at least\s+({GROUPED})\s*(ns|us|ms|s))?")
_QUANTITY = re.compile(rf"({PLAIN})\s*(%|[A-Za-z]+)")
MAX_TIMES = 1e6  # a larger multiple of a baseline is a slip, and its product with a figure must stay finite
_KIND_UNIT = {"server_quantile": "ns", "client_quantile": "ns", "throughput": "ops/s", "success": "ratio"}


NO_AGREEMENT = "no agreement"
DEFAULT_PRODUCT = "poi"  # of an agreement that names none


@dataclass(frozen=True)
class Limit:
    """`comparison` is "<" or ">="; `value` in ns, ops/s or a ratio; `of_plan`: a share of the planned rate.

    times_baseline   the limit is this multiple of the objective's baseline (0: it is not), and not under `at_least` (ns);
                     `value` is NaN, with which every comparison is false, until baseline.with_baseline() has multiplied
    """

    comparison: str
    value: float
    of_plan: bool = False
    times_baseline: float = 0.0
    at_least: float = 0.0

    @property
    def known(self) -> bool:
        return not math.isnan(self.value)


@dataclass(frozen=True)
class OperationMetrics:
    """Names of the server's metrics of one operation; "" where the server has none.

    timer   what its histogram times: "inside" the operation alone, or its waiting in the server too ("queueing")
    """

    histogram: str = ""
    total: str = ""
    failed: str = ""
    timer: str = "inside"


@dataclass(frozen=True)
class Objective:
    key: str
    title: str
    severity: Severity
    kind: str
    operations: tuple[str, ...]
    target: Limit
    acceptable: Limit | None
    baseline_key: str
    quantile: float = 0.0
    latency: str = "service"  # of a client_quantile: response or service

    @property
    def unit(self) -> str:
        return _KIND_UNIT[self.kind]


@dataclass(frozen=True)
class ValidityLimits:
    """When a run is not to be trusted. Shares are ratios."""

    unsent_share: float = 0.01
    lag_p99_ns: float = 5e8  # half a window; a smaller lag opens single objectives (sla.judgement.lateness)
    cpu_share: float = 0.9
    achieved_share: float = 0.005
    clock_skew_ns: float = 250e6


@dataclass(frozen=True)
class ProcessLimits:
    """What the node's process may use, and how long a scrape of it may take: for alerts and the monitoring gate."""

    memory_bytes: float = 2 * 2**30
    cpu_cores: float = 3.6
    scrape_s: float = 4.0


@dataclass(frozen=True)
class Agreement:
    """`product` names what is tested; `monitoring` is what that product requires, which whoever reads the agreement adds."""

    name: str
    objectives: tuple[Objective, ...]
    operations: Mapping[str, OperationMetrics]
    evidence: Mapping[str, str]  # gates that are given from outside: key -> title
    accepted: Mapping[str, frozenset[str]]  # environment -> objectives whose WARN is accepted
    default_environment: str
    baseline: str
    not_assessed: str = ""
    validity: ValidityLimits = field(default_factory=ValidityLimits)
    process: ProcessLimits = field(default_factory=ProcessLimits)
    product: str = DEFAULT_PRODUCT
    monitoring: RequiredMonitoring = field(default_factory=RequiredMonitoring)


# Figures without a verdict, for data that nothing was promised about.
FIGURES_ONLY = Agreement(
    NO_AGREEMENT, (), {}, {}, {"default": frozenset()}, "default", "", "no agreement was given: figures only"
)


def agreement_from_mapping(document: object) -> Agreement:
    """Raises AgreementError."""
    top = Section(document, "", ("schema", "name", "objectives", "operations"), _TOP_OPTIONAL)
    if top.text("schema") != SCHEMA:
        raise AgreementError(f"schema: {top.text('schema')!r} is unknown (allowed: {SCHEMA})")
    operations = {name: _operation(value, f"operations.{name}") for name, value in top.mapping("operations").items()}
    objectives = tuple(_objective(str(key), value, operations) for key, value in top.mapping("objectives").items())
    if not objectives:
        raise AgreementError("objectives: at least one is needed")
    keys = {o.key for o in objectives}
    accepted: dict[str, frozenset[str]] = {}
    for environment, value in top.mapping("environments", {"default": {}}).items():
        names = Section(value, f"environments.{environment}", (), ("accepted",)).list("accepted")
        for name in names:
            if name not in keys:
                raise AgreementError(f"environments.{environment}.accepted: {unknown(str(name), keys)}")
        accepted[str(environment)] = frozenset(names)
    return Agreement(
        name=top.text("name"),
        objectives=objectives,
        operations=operations,
        evidence={str(k): str(v) for k, v in top.mapping("evidence", {}).items()},
        accepted=accepted,
        default_environment=next(iter(accepted)),
        baseline=top.text("baseline", ""),
        not_assessed=top.text("not_assessed", ""),
        validity=_validity(top.mapping("validity", {})),
        process=_process(top.mapping("process", {})),
        product=top.text("product", DEFAULT_PRODUCT),
    )


_TOP_OPTIONAL = ("environments", "evidence", "baseline", "not_assessed", "validity", "process", "product")


def parse_limit(text: object, where: str, unit: str) -> Limit:
    """Limit of "< 200 us", "< 10 x baseline", "< 10 x baseline, at least 100 us", ">= 99 %", ">= 95 % of plan". Raises
    AgreementError.
    """
    if unit == "ns" and isinstance(text, str) and (multiple := _TIMES_BASELINE.fullmatch(text.strip())):
        times, least = _amount(multiple[1]), _amount(multiple[2] or "0", _UNITS[multiple[3] or "ns"][0])
        if not (0 < times <= MAX_TIMES and math.isfinite(least)):
            allowed = f'such as "< 10 x baseline", up to {MAX_TIMES:,.0f} x'
            raise AgreementError(f"{where}: {shown(text)} can't be kept (allowed: {allowed})")
        return Limit("<", math.nan, times_baseline=times, at_least=least)
    match = _LIMIT.fullmatch(text.strip()) if isinstance(text, str) else None
    allowed = {
        "ns": '"< 200 us" or "< 10 x baseline, at least 100 us"',
        "ops/s": '">= 1000 ops/s" or ">= 95 % of plan"',
        "ratio": '">= 99 %"',
    }[unit] + f"; numbers: {ALLOWED}, commas only between thousands"
    found = _UNITS.get(match[3].strip()) if match else None
    if match is None or found is None or found[1] not in ((unit, "of plan") if unit == "ops/s" else (unit,)):
        raise AgreementError(f"{where}: {shown(text)} is not a limit of this kind (allowed: {allowed})")
    value = _amount(match[2], found[0])
    comparison = match[1]
    if (comparison == "<") != (unit == "ns"):
        raise AgreementError(f"{where}: {shown(text)} points the wrong way (allowed: {allowed})")
    if not math.isfinite(value) or value <= 0 or (found[1] in ("ratio", "of plan") and value > 1):
        raise AgreementError(f"{where}: {shown(text)} can't be kept (allowed: {allowed})")
    return Limit(comparison, value, found[1] == "of plan")


def _amount(text: str, factor: float = 1.0) -> float:
    """A number of GROUPED's form in the canonical unit; NaN where no finite float is as large, there or here."""
    number = number_in(text, thousands=True)
    return number * factor if number is not None and math.isfinite(number * factor) else math.nan


def _quantity(text: str, where: str, factors: Mapping[str, float], allowed: str) -> float:
    """The canonical amount of "5 ms" by the factors of its units. Raises AgreementError."""
    found = _QUANTITY.fullmatch(text)
    amount = _amount(found[1], factors[found[2]]) if found and found[2] in factors else math.nan
    if math.isnan(amount):
        raise AgreementError(f"{where}: {shown(text)} (allowed: such as {allowed}; {ALLOWED})")
    return amount


def _objective(key: str, value: object, operations: Mapping[str, OperationMetrics]) -> Objective:
    where = f"objectives.{key}"
    section = Section(value, where, ("title", "severity", "measure", "target"), ("acceptable", "baseline"))
    measure = Section(section.mapping("measure"), f"{where}.measure", ("kind", "operations"), ("quantile", "latency"))
    kind, severity = measure.text("kind"), section.text("severity")
    if kind not in KINDS:
        raise AgreementError(f"{where}.measure.kind: {unknown(kind, KINDS)}")
    if severity not in {s.value for s in Severity}:
        raise AgreementError(f"{where}.severity: {unknown(severity, [s.value for s in Severity])}")
    names = tuple(str(n) for n in measure.list("operations"))
    for name in names:
        if name not in operations:
            raise AgreementError(f"{where}.measure.operations: {unknown(name, operations)}")
    if kind == "server_quantile" and names and not operations[names[0]].histogram:
        raise AgreementError(f"operations.{names[0]}.histogram: is missing, and objectives.{key} is read from it")
    if not names or (kind.endswith("quantile") and len(names) != 1):
        raise AgreementError(f"{where}.measure.operations: needs {'one' if kind.endswith('quantile') else 'at least one'}")
    quantile = measure.number("quantile", 0.0)
    if kind.endswith("quantile") and not 0 < quantile < 1:
        raise AgreementError(f"{where}.measure.quantile: must be between 0 and 1, for example 0.99")
    latency = measure.text("latency", "service")
    if latency not in ("response", "service"):
        raise AgreementError(f"{where}.measure.latency: {unknown(latency, ('response', 'service'))}")
    unit = _KIND_UNIT[kind]
    acceptable = section.text("acceptable", "")
    target = parse_limit(section.text("target"), f"{where}.target", unit)
    accepted = parse_limit(acceptable, f"{where}.acceptable", unit) if acceptable else None
    for name, limit in (("target", target), ("acceptable", accepted)):
        if limit is not None and limit.times_baseline and not section.text("baseline", ""):
            raise AgreementError(
                f"{where}.{name}: a multiple of the baseline needs {where}.baseline, such as poi_generate_p99_us"
            )
    return Objective(
        key=key,
        title=section.text("title"),
        severity=Severity(severity),
        kind=kind,
        operations=names,
        target=target,
        acceptable=accepted,
        baseline_key=section.text("baseline", ""),
        quantile=quantile,
        latency=latency,
    )


def _operation(value: object, where: str) -> OperationMetrics:
    section = Section(value, where, (), ("histogram", "total", "failed", "timer"))
    timer = section.text("timer", "inside")
    if timer not in TIMERS:
        raise AgreementError(f"{where}.timer: {unknown(timer, TIMERS)}")
    return OperationMetrics(section.text("histogram", ""), section.text("total", ""), section.text("failed", ""), timer)


def _validity(values: Mapping[str, Any]) -> ValidityLimits:
    section = Section(values, "validity", (), ("unsent", "lag_p99", "cpu", "achieved", "clock_skew"))
    defaults = ValidityLimits()
    chosen = {}
    for key, name, unit in (
        ("unsent", "unsent_share", "ratio"),
        ("lag_p99", "lag_p99_ns", "ns"),
        ("cpu", "cpu_share", "ratio"),
        ("achieved", "achieved_share", "ratio"),
        ("clock_skew", "clock_skew_ns", "ns"),
    ):
        text = section.text(key, "")
        if text:
            factors = {u: factor for u, (factor, canonical) in _UNITS.items() if canonical == unit}
            chosen[name] = _quantity(text, f"validity.{key}", factors, "5 ms" if unit == "ns" else "1 %")
    return ValidityLimits(**{**defaults.__dict__, **chosen})


def _process(values: Mapping[str, Any]) -> ProcessLimits:
    section = Section(values, "process", (), ("memory", "cpu", "scrape"))
    chosen = {}
    for key, name, factors, allowed in (
        ("memory", "memory_bytes", {"MiB": 2.0**20, "GiB": 2.0**30}, "2 GiB"),
        ("cpu", "cpu_cores", {"cores": 1.0}, "3.6 cores"),
        ("scrape", "scrape_s", {"s": 1.0, "ms": 1e-3}, "4 s"),
    ):
        text = section.text(key, "")
        if text:
            chosen[name] = _quantity(text, f"process.{key}", factors, allowed)
            if chosen[name] <= 0:
                raise AgreementError(f"process.{key}: {shown(text)} (allowed: more than 0, such as {allowed})")
    return ProcessLimits(**{**ProcessLimits().__dict__, **chosen})
