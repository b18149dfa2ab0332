"""An objective in words, "checkout p95 < 100 ms, warning", validated as it is read; from the right, since an operation's name
may hold anything: blanks, slashes, commas, the words of a metric.

    [OPERATION] METRIC COMPARISON LIMIT [, SEVERITY]

Without an operation, or with "all", it is on all requests of the load together.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Mapping
from typing import NamedTuple

from sla.values.agreement import Objective
from sla.values.assessment import Severity
from sla.values.kinds import EXCLUDED, ClientLatency, ErrorRate, ObjectiveKind, SuccessRate, Throughput
from sla.values.limit_parser import parse_limit
from sla.values.number import number_in
from sla.values.section import AgreementError, brief, unknown
from sla.values.window import LATENCIES, OTHER

ALL = "all"
LONGEST = 1000  # characters: names are shorter, and what is looked for from the right is found at once
EXAMPLES = ("checkout p95 < 100 ms", "error rate < 1 %", "throughput >= 200 ops/s")
METRICS: Mapping[str, ObjectiveKind] = {"error rate": ErrorRate(), "success rate": SuccessRate(), "throughput": Throughput()}
RESPONSE, SERVICE = LATENCIES
_LATENCY_LIMITS = '"< 100 ms", in ns, us, ms or s'
_SEVERITIES = {severity.value.lower(): severity for severity in Severity}
_SEVERITY = re.compile(r"(.*),\s*([A-Za-z]+)", re.DOTALL)
_LIMIT = re.compile(r"(.*?)\s*([<>]=?)([^<>]*)", re.DOTALL)  # the last comparison
_QUANTILE = re.compile(r"p[0-9.]+")
_DIGITS = 12  # of a quantile: those of p99.9 / 100 that a float adds are none of it


class _Metric(NamedTuple):
    """`name` is how it is called behind an operation."""

    operation: str
    name: str
    kind: ObjectiveKind


def objective_in(text: str, where: str, key: str = "", failures: str = EXCLUDED) -> Objective:
    """The objective that a text is. `key`: its own (default: the text without its severity); `failures`: whether failed
    requests are among its latencies. Its limit is never a multiple of a baseline, which would need a figure's name. Raises
    AgreementError with one line: `where`, what is wrong, what is allowed.
    """
    if not text.isprintable():
        raise AgreementError(f"{where}: {brief(text)} holds a control character (allowed: such as {_quoted()})")
    if len(text) > LONGEST:
        raise AgreementError(f"{where}: {brief(text)} is longer than an objective (allowed: up to {LONGEST:,} characters)")
    promised, severity = _severity(text.strip(), where)
    parts = _LIMIT.fullmatch(promised)
    if parts is None:
        raise AgreementError(f"{where}: {brief(promised)} has no limit (allowed: such as {_quoted()})")
    of, comparison, amount = parts[1], parts[2], parts[3].strip()
    metric = _metric(of, f"{where}: {brief(promised)}", failures)
    errors, such_as = isinstance(metric.kind, ErrorRate), _LATENCY_LIMITS if metric.kind.unit == "ns" else ""
    target = parse_limit(f"{comparison} {amount}", f"{where}: {brief(promised)}", metric.kind.unit, errors, such_as)
    if target.times_baseline:
        limits = f"{_LATENCY_LIMITS}; the mapping form has multiples of a baseline"
        raise AgreementError(f"{where}: {brief(promised)}: needs the name of a baseline's figure (allowed: {limits})")
    title = f"{metric.operation} {metric.name}".lstrip()
    title += metric.kind.suffix if isinstance(metric.kind, ClientLatency) else ""
    operations = (metric.operation,) if metric.operation and metric.operation != ALL else ()
    return Objective(key or promised, title, severity, metric.kind, operations, target, None, "")


def percentile_in_words(operation: str, percentile: str, limit: str) -> str:
    """Words such as "checkout p95 < 100 ms" from which objective_in() reads this operation; "" where none do: `all` is every
    operation, and blanks around a name are lost; nor of OTHER, which is another set of operations in each run.
    """
    if operation == OTHER:
        return ""
    latency = f"{RESPONSE} " if _last_word(operation)[1] in LATENCIES else ""
    words = f"{operation} {latency}{percentile} {limit}"
    try:
        return words if objective_in(words, "").operations == (operation,) else ""
    except AgreementError:
        return ""


def _severity(text: str, where: str) -> tuple[str, Severity]:
    """(what is before it, the severity)."""
    match = _SEVERITY.fullmatch(text)
    if match is None:
        return text, Severity.CRITICAL
    word = match[2].lower()
    if word not in _SEVERITIES:
        raise AgreementError(f"{where}: {brief(text)}: severity {unknown(match[2], _SEVERITIES)}")
    return match[1].rstrip(), _SEVERITIES[word]


def _metric(text: str, where: str, failures: str) -> _Metric:
    """What stands before the comparison. Latencies of all operations are called so; rates without an operation are of all."""
    for name, kind in METRICS.items():
        before, there, _ = f" {text}".rpartition(f" {name}")
        if there and text.endswith(name):
            operation = before.strip()
            return _Metric("" if operation == ALL else operation, name, kind)
    before, last = _last_word(text)
    if not _QUANTILE.fullmatch(last):
        two = f"{_last_word(before)[1]} {last}".lstrip()
        close = [word for word in (last, two) if difflib.get_close_matches(word, METRICS, 1)]
        raise AgreementError(f"{where}: {_unknown_metric(close[0] if close else last)}")
    share = number_in(last[1:])
    if share is None or not 0 < share < 100:
        raise AgreementError(f"{where}: {last!r} is no percentile (allowed: more than p0 and less than p100, such as p99.9)")
    operation, latency = _last_word(before)
    if latency not in LATENCIES:
        operation, latency = before, RESPONSE
    plain = latency == RESPONSE and _last_word(operation)[1] not in LATENCIES  # else its name would read like a latency
    name = last if plain else f"{latency} {last}"
    return _Metric(operation or ALL, name, ClientLatency(round(share / 100, _DIGITS), latency, failures))


def _unknown_metric(word: str) -> str:
    allowed = ("p50", "p95", "p99", "p99.9", *METRICS)
    if not word:
        return f"what is measured is missing (allowed: {', '.join(allowed)} and other percentiles)"
    return unknown(word, allowed).removesuffix(")") + " and other percentiles)"


def _last_word(text: str) -> tuple[str, str]:
    """(what is before it, the last word), both "" where there is none."""
    before, _, last = text.strip().rpartition(" ")
    return before.rstrip(), last


def _quoted() -> str:
    return ", ".join(f'"{example}"' for example in EXAMPLES)
