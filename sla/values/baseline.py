"""Earlier figures to judge by: read, and multiplied into the limits of an agreement that are relative to them."""

from __future__ import annotations

import difflib
import math
import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from sla.values.agreement import MEASURED, Agreement, Limit, Objective
from sla.values.assessment import Severity
from sla.values.number import finite
from sla.values.remedies import PLAIN, Remedy, RemedyWords
from sla.values.section import AgreementError, Section, brief, wrong_schema

SCHEMA = "bizra-load/baseline/1"
_ABOUT = ("schema", "measured_at", "machine", "not_measured")
# of a file that does not say what it is, and may be one of secrets, nothing is repeated
_NO_FIGURE = f"must be a finite number that is not negative, or value, low and high (with schema: {SCHEMA} its key is named)"
LARGEST = 1e18  # in ns some 30 years; what is larger is a slip, and its product with a multiple must stay finite


@dataclass(frozen=True)
class Baseline:
    """Earlier figures by objective's baseline key: ns, ops/s or a ratio; `intervals` (low, high) where they are known.

    machine   where it was measured: not judged; a note where it is another than the run's (other_machine)
    missing   why there are no figures, where they should have been measured
    """

    name: str
    values: Mapping[str, float]
    intervals: Mapping[str, tuple[float, float]] = field(default_factory=dict)
    machine: Mapping[str, object] = field(default_factory=dict)
    missing: str = ""


def baseline_from_mapping(document: object, name: str) -> Baseline:
    """A number for each figure, or {value, low, high} of a measured one. Units come from the keys' endings: _ms, _us, _ns;
    others are taken as they are. Either figures or the reason why there are none. Raises AgreementError.
    """
    if not isinstance(document, Mapping):
        raise AgreementError("must be a mapping of metric names to numbers")
    about = Section.read({k: v for k, v in document.items() if k in _ABOUT}, "", (), _ABOUT)
    if "schema" in document and (wrong := wrong_schema(document, SCHEMA)):
        raise AgreementError(wrong)
    about.text("measured_at", "")
    values: dict[str, float] = {}
    intervals: dict[str, tuple[float, float]] = {}
    for number, (key, value) in enumerate(((str(k), v) for k, v in document.items() if k not in _ABOUT), start=1):
        try:
            _take(key, value, values, intervals)
        except AgreementError:
            if "schema" in document:
                raise
            raise AgreementError(f"figure {number}: {_NO_FIGURE}") from None
    missing = about.text("not_measured", "")
    if missing and values:
        raise AgreementError(f"not_measured: stands beside figures, such as {next(iter(values))} (allowed: one of the two)")
    return Baseline(name, values, intervals, about.mapping("machine", {}), missing)


def _take(key: str, value: object, values: dict[str, float], intervals: dict[str, tuple[float, float]]) -> None:
    factor = {"_ms": 1e6, "_us": 1e3}.get(key[-3:], 1.0)
    if isinstance(value, Mapping):
        values[key], low, high = _with_interval(value, key, factor)
        intervals[key] = (low, high)
    else:
        values[key] = _figure(value, key, factor)


def figures(agreement: Agreement, baseline: Baseline | None) -> dict[str, float]:
    """The baseline's figures by the objectives' baseline keys; without those that it lacks. Where it has no figure of a lower
    percentile but one of the p99, which is never less, that one stands in: it was made for an agreement that asked for no more.
    """
    values = baseline.values if baseline else {}
    figures = {o.baseline_key: values.get(o.baseline_key, values.get(_of_p99(o.baseline_key))) for o in agreement.objectives}
    return {key: value for key, value in figures.items() if key and value is not None}


def _of_p99(key: str) -> str:
    return re.sub(r"_p(?:50|75|90|95)(?=_)", "_p99", key)


def with_baseline(agreement: Agreement, baseline: Baseline | None) -> Agreement:
    """The agreement with its relative limits in ns, where the baseline holds their figure; the others stay unknown."""
    values = figures(agreement, baseline)
    return replace(agreement, objectives=tuple(_multiplied(o, values.get(o.baseline_key)) for o in agreement.objectives))


def unknown_limit(o: Objective, baseline: Baseline | None, words: RemedyWords = PLAIN) -> str:
    """Why an objective can't be judged and what to do, in one line; "" where its target is known."""
    return "" if o.target.known else _lacking("limit", o.target, o, baseline, words)


def unknown_acceptable(o: Objective, baseline: Baseline | None, words: RemedyWords = PLAIN) -> str:
    """The same for the acceptable range: a warning's alone, a critical objective has none."""
    if o.acceptable is None or o.acceptable.known or o.severity is Severity.CRITICAL:
        return ""
    return _lacking("acceptable limit", o.acceptable, o, baseline, words)


def _lacking(name: str, limit: Limit, o: Objective, baseline: Baseline | None, words: RemedyWords) -> str:
    if baseline is None:
        lacking = "there is no baseline"
    elif baseline.missing:
        lacking = f"the baseline was not measured ({baseline.missing})"
    elif o.baseline_key in baseline.values:
        lacking = f"{o.baseline_key} is 0 in the baseline {baseline.name}, so that no multiple of it is a limit"
    else:
        lacking = f"the baseline {baseline.name} has no {o.baseline_key}"
    return f"its {name} is {limit.times_baseline:g} x baseline, and {lacking}: {words[Remedy.MEASURE_BASELINE]}"


def misspelt_figure(agreement: Agreement, baseline: Baseline | None) -> str:
    """ "objectives.KEY.baseline: 'x' is not in ..., did you mean 'y'?" where an objective names a figure that the baseline has
    only under nearly the same name; "" otherwise. Numbers in names must agree: a p50 is no misspelt p99.
    """
    for o, key in _lacking_figures(agreement, baseline):
        assert baseline is not None
        alike = [k for k in baseline.values if re.findall(r"\d+", k) == re.findall(r"\d+", key)]
        if close := difflib.get_close_matches(key, alike, 1, 0.85):
            return f"objectives.{o.key}.baseline: {key!r} is not in {baseline.name}, did you mean {close[0]!r}?"
    return ""


def lacking_latencies(agreement: Agreement, baseline: Baseline | None) -> list[str]:
    """Notes on latencies that are not held against ten times their baseline figure, since there is none or another's."""
    if baseline is None:
        return []
    notes = [
        f"the baseline {baseline.name} has no {key}: {o.title} is not held against ten times it"
        for o, key in _lacking_figures(agreement, baseline)
        if o.unit == "ns" and o.target.known
    ]
    others = sorted(figures(agreement, baseline).keys() - baseline.values.keys())
    return notes + [f"the baseline {baseline.name} has no {key}: {_of_p99(key)} stands in for it" for key in others]


def _lacking_figures(agreement: Agreement, baseline: Baseline | None) -> list[tuple[Objective, str]]:
    if baseline is None or not baseline.values:
        return []
    known = figures(agreement, baseline)
    return [(o, o.baseline_key) for o in agreement.objectives if o.baseline_key and o.baseline_key not in known]


def other_machine(baseline: Baseline | None, cpu: object, cores: object) -> str:
    """A note on a baseline that was measured on another CPU model or number of cores than these; "" where they are the same,
    or unknown.
    """
    measured = baseline.machine if baseline else {}
    pairs = [(measured.get("cpu"), cpu), (measured.get("cores"), cores)]
    if baseline is None or not any(there and here and there != here for there, here in pairs):
        return ""
    (there_cpu, here_cpu), (there_cores, here_cores) = pairs
    there = f"{_word(there_cpu)}, {_word(there_cores)} cores"
    here = f"{_word(here_cpu)}, {_word(here_cores)} cores"
    return f"the baseline {baseline.name} was measured on another machine ({there}) than the load was made on ({here})"


def _word(value: object) -> str:
    """A value from a file for a note: short, whatever it is."""
    return value[:100] if isinstance(value, str) else brief(value) if value else "unknown"


def is_measured(agreement: Agreement) -> bool:
    """Its baseline is to be measured on the machine, in the minute of the run."""
    return agreement.baseline == MEASURED


def _multiplied(o: Objective, figure: float | None) -> Objective:
    # a figure of 0 is no figure: nothing takes no time at all
    def times(limit: Limit) -> Limit:
        known = limit.times_baseline and figure
        return replace(limit, value=max(limit.times_baseline * figure, limit.at_least)) if known and figure else limit

    return replace(o, target=times(o.target), acceptable=times(o.acceptable) if o.acceptable else None)


def _with_interval(value: Mapping[str, object], key: str, factor: float) -> tuple[float, float, float]:
    """(value, low, high), times `factor`."""
    section = Section.read(value, key, ("value", "low", "high"), ("level", "n"))
    if not 0 < section.number("level", 0.95) < 1:
        raise AgreementError(f"{key}.level: must be between 0 and 1, for example 0.95")
    n = value.get("n", 1)
    if isinstance(n, bool) or not isinstance(n, int) or not 0 < n <= LARGEST:
        raise AgreementError(f"{key}.n: must be a whole number of timings, from 1 on, not {brief(n)}")
    point, low = (_figure(value[k], f"{key}.{k}", factor) for k in ("value", "low"))
    # JSON has no infinity
    high = math.inf if value["high"] == "inf" else _figure(value["high"], f"{key}.high", factor)
    if not low <= point <= high:
        raise AgreementError(f"{key}: value must lie between low and high")
    return point, low, high


def _figure(value: object, where: str, factor: float) -> float:
    number = finite(value)
    if number is None or not 0 <= number * factor <= LARGEST:
        raise AgreementError(
            f"{where}: must be a finite number that is not negative and at most {LARGEST / factor:g}, not {brief(value)}"
        )
    return number * factor
