"""What an agreement judges, in sentences: one for each promise, by what a miss of it does."""

from __future__ import annotations

import re
import textwrap
from collections.abc import Iterator, Mapping, Sequence
from typing import assert_never

from reports.formats.table import printable, quantity
from sla.values.agreement import MOST_NAMES, Agreement, Limit, Objective, OperationMetrics
from sla.values.assessment import Severity
from sla.values.kinds import INCLUDED, ClientLatency, ErrorRate, ServerLatency, SuccessRate, Throughput
from sla.values.number import complement
from sla.values.shown import first_of

DOES: Mapping[Severity, str] = {
    Severity.CRITICAL: "NO-GO where one of these is missed for certain, INCONCLUSIVE where one is not decided:",
    Severity.WARNING: "A warning where one of these is missed:",
}
_NO_FRACTION = re.compile(r"\.0+(?= )")
STARTS = {"response": "from their intended start", "service": "from their sending"}


def render(agreement: Agreement, baseline: str, width: int = 80) -> str:
    """`baseline`: name of the baseline that multiples are of; "" for none, or none yet."""
    return "\n".join(_wrapped(line, width) for line in _lines(agreement, baseline))


def _lines(a: Agreement, baseline: str) -> Iterator[str]:
    count = len(a.objectives)
    yield f"{printable(a.name)}: {count} objective{'s' if count > 1 else ''} on the product {a.product}"
    for severity, does in DOES.items():
        if mine := [o for o in a.objectives if o.severity is severity]:
            yield ""
            yield does
            yield from (f"  {printable(o.title)}: {sentence(o, a.operations)}" for o in mine)
    if a.evidence:
        yield ""
        yield "Beside the load, evidence must show (--evidence NAME=FILE):"
        yield from (f"  {key}: {printable(title)}" for key, title in a.evidence.items())
    accepted = {name: sorted(keys) for name, keys in a.accepted.items() if keys}
    for name, keys in accepted.items():
        yield f"In {printable(name)} a WARN of these does not count: {printable(', '.join(keys))}"
    if a.baseline:
        yield f"Baseline: {printable(baseline or a.baseline)}"
    if a.not_assessed:
        yield f"Note: {printable(a.not_assessed)}"


def sentence(o: Objective, operations: Mapping[str, OperationMetrics]) -> str:
    """One promise, without its name and a full stop."""
    whose, kind = _whose(o.operations), o.kind
    match kind:
        case ClientLatency():
            which = "all" if kind.failures == INCLUDED else "the successful"
            took = f"take less than {_limit(o, o.target)}, {STARTS[kind.latency]}"
            text = f"{100 * kind.quantile:g} % of {which} {whose} {took}"
        case ServerLatency():
            metrics = operations.get(o.operations[0], OperationMetrics())
            waiting = ", with their waiting there" if metrics.timer == "queueing" else ""
            inside = f"inside the server{waiting} (its histogram {printable(metrics.histogram)})"
            text = f"{100 * kind.quantile:g} % of {whose} take less than {_limit(o, o.target)} {inside}"
        case Throughput():
            tasks = "" if o.operations else " (tasks, where an ordinary locustfile has a planned rate)"
            text = f"{whose} succeed at {_limit(o, o.target)} or more{tasks}"
        case ErrorRate():
            text = f"less than {_limit(o, o.target)} of {whose} fail"
        case SuccessRate():
            text = f"at least {_limit(o, o.target)} of {whose} are successful"
        case _ as unreachable:
            assert_never(unreachable)
    if o.acceptable is None or o.severity is Severity.CRITICAL:
        return text
    return f"{text}; missed, it is WARN up to {_limit(o, o.acceptable)}, FAIL beyond"


def _whose(operations: Sequence[str]) -> str:
    if not operations:
        return "requests of all operations together"
    named = first_of([printable(name) for name in operations], MOST_NAMES, ", ")
    return f"{named} requests" + (" together" if len(operations) > 1 else "")


def _limit(o: Objective, limit: Limit) -> str:
    if limit.of_plan:
        return f"{_percent(limit.value)} of their planned rate"
    if limit.times_baseline and not limit.known:
        least = f", or {_plain(limit.at_least, o.unit)} where that is more" if limit.at_least else ""
        return f"{limit.times_baseline:g} times the baseline's {printable(o.baseline_key)}{least}"
    if o.unit == "ratio":
        return _percent(complement(limit.value) if isinstance(o.kind, ErrorRate) else limit.value)
    return f"{limit.value:,.10g} a second" if o.unit == "ops/s" else _plain(limit.value, o.unit)


def _plain(value: float, unit: str) -> str:
    return _NO_FRACTION.sub("", quantity(value, unit))


def _percent(share: float) -> str:
    return f"{100 * share:.10g} %"


def _wrapped(line: str, width: int) -> str:
    indent = "    " if line.startswith("  ") else ""
    return textwrap.fill(line, width, subsequent_indent=indent, break_long_words=False, break_on_hyphens=False)
