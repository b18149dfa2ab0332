"""Earlier figures to judge by: read, and multiplied into the limits of an agreement that are relative to them."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from sla.agreement import MEASURED, Agreement, Limit, Objective
from sla.section import AgreementError, Section, shown

SCHEMA = "bizra-load/baseline/1"
_ABOUT = ("schema", "measured_at", "machine", "not_measured")
HOW = "measure one (bizra-load baseline node --out FILE.json) and give it (--baseline FILE.json)"


@dataclass(frozen=True)
class Baseline:
    """Earlier figures by objective's baseline key: ns, ops/s or a ratio; `intervals` (low, high) where they were given.

    machine   where it was measured: shown, not judged
    missing   why there are no figures, where they should have been measured
    """

    name: str
    values: Mapping[str, float]
    intervals: Mapping[str, tuple[float, float]] = field(default_factory=dict)
    machine: Mapping[str, object] = field(default_factory=dict)
    missing: str = ""


def baseline_from_mapping(document: object, name: str) -> Baseline:
    """A number for each figure, or {value, low, high} of a measured one. Units come from the keys' endings: _ms, _us, _ns;
    others are taken as they are. Raises AgreementError.
    """
    if not isinstance(document, Mapping):
        raise AgreementError("must be a mapping of metric names to numbers")
    about = Section({k: v for k, v in document.items() if k in _ABOUT}, "", (), _ABOUT)
    if about.text("schema", SCHEMA) != SCHEMA:
        raise AgreementError(f"schema: {shown(document['schema'])} is unknown (allowed: {SCHEMA})")
    about.text("measured_at", "")
    values, intervals = {}, {}
    for key, value in ((str(k), v) for k, v in document.items() if k not in _ABOUT):
        factor = {"_ms": 1e6, "_us": 1e3}.get(key[-3:], 1.0)
        if not isinstance(value, Mapping):
            values[key] = _not_negative(value, key) * factor
            continue
        Section(value, key, ("value", "low", "high"), ("level", "n"))
        point, low, high = (_not_negative(value[k], f"{key}.{k}", k == "high") for k in ("value", "low", "high"))
        if not low <= point <= high:
            raise AgreementError(f"{key}: value must lie between low and high")
        values[key], intervals[key] = point * factor, (low * factor, high * factor)
    return Baseline(name, values, intervals, about.mapping("machine", {}), about.text("not_measured", ""))


def with_baseline(agreement: Agreement, baseline: Baseline | None) -> Agreement:
    """The agreement with its relative limits in ns, where the baseline holds their figure; the others stay unknown."""
    values = baseline.values if baseline else {}
    return replace(agreement, objectives=tuple(_multiplied(o, values.get(o.baseline_key)) for o in agreement.objectives))


def unknown_limit(o: Objective, baseline: Baseline | None) -> str:
    """Why an objective can't be judged, in one line that says what to do; "" where its limits are known."""
    limits = [limit for limit in (o.target, o.acceptable) if limit is not None and not limit.known]
    if not limits:
        return ""
    if baseline is None:
        lacking = "there is no baseline"
    elif baseline.missing:
        lacking = f"the baseline was not measured ({baseline.missing})"
    else:
        lacking = f"the baseline {baseline.name} has no {o.baseline_key}"
    return f"its limit is {limits[0].times_baseline:g} x baseline, and {lacking}: {HOW}"


def is_measured(agreement: Agreement) -> bool:
    """Its baseline is to be measured on the machine, in the minute of the run."""
    return agreement.baseline == MEASURED


def _multiplied(o: Objective, figure: float | None) -> Objective:
    # a figure of 0 is no figure: nothing takes no time at all
    def times(limit: Limit) -> Limit:
        known = limit.times_baseline and figure
        return replace(limit, value=max(limit.times_baseline * figure, limit.at_least)) if known and figure else limit

    return replace(o, target=times(o.target), acceptable=times(o.acceptable) if o.acceptable else None)


def _not_negative(value: object, where: str, unbounded: bool = False) -> float:
    if unbounded and value == "inf":  # JSON has no infinity
        return math.inf
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value) or value < 0:
        raise AgreementError(f"{where}: must be a finite number that is not negative")
    return float(value)
