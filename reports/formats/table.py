"""The rows of every format's tables; units are converted here and nowhere else."""

from __future__ import annotations

import math
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TypeVar

from reports.formats import many
from sla.judgement.moving import REACHES
from sla.judgement.objectives import half_towards
from sla.judgement.status import NO_LONGER_RUN, OVER_BASELINE
from sla.values.assessment import Assessment, Check, ObjectiveResult, Status
from sla.values.bootstrap import Bootstrap
from sla.values.estimate import Estimate
from sla.values.kinds import ClientLatency, ServerLatency
from sla.values.remedies import PLAIN, Remedy
from sla.values.window import GENERATOR

OBJECTIVE_COLUMNS = ("Metric", "Severity", "Target", "Estimate", "95 % interval", "Baseline", "Status", "Why")
NARROW_COLUMNS = ("Metric", "Target", "Estimate [95 % interval]", "Status", "Why")
T = TypeVar("T")
LONGEST_S = 86_400  # a day: nobody plans a longer run
USUAL_LEVEL = 0.95  # of intervals, in titles that name it


@dataclass(frozen=True)
class Row:
    """Texts of a table's cells; `status` gives the row its colour, "" none."""

    cells: tuple[str, ...]
    status: str


def objectives_title(assessment: Assessment) -> str:
    """The title, with the clock that the latencies are by, where a reader would take it for the client's of the next table."""
    server, client = (sum(o.kind == kind.name for o in assessment.objectives) for kind in (ServerLatency, ClientLatency))
    which = f"{server} of {server + client} latencies" if client else "latencies"
    return f"Objectives ({which} by the server's own histograms)" if server else "Objectives"


def operations_word(assessment: Assessment) -> str:
    """Likewise, at the head of a column of operations."""
    return "by the client" if objectives_title(assessment) != "Objectives" else "operation"


def at_level(text: str, assessment: Assessment) -> str:
    """A title with the level of the assessment's intervals for the usual one: a run that was looked at has another."""
    estimates = [e for e in (*(o.estimate for o in assessment.objectives), *(o.rate for o in assessment.operations)) if e]
    level = estimates[0].level if estimates else USUAL_LEVEL
    return text.replace(f"{100 * USUAL_LEVEL:g} %", f"{100 * level:g} %")


def objective_columns(assessment: Assessment, columns: tuple[str, ...] = OBJECTIVE_COLUMNS) -> tuple[str, ...]:
    """OBJECTIVE_COLUMNS, or other ones, with its level."""
    return tuple(at_level(column, assessment) for column in columns)


def narrow_rows(assessment: Assessment) -> list[Row]:
    """objective_rows() for NARROW_COLUMNS, which hold all the same."""
    rows = []
    for row in objective_rows(assessment):
        title, severity, limit, point, within, baseline, status, why = row.cells
        limit += f"; baseline {baseline}" if baseline != "-" else ""
        estimate = point if within == "-" else f"{point} [{within}]"
        rows.append(Row((f"{title}, {severity}", limit, estimate, status, why), row.status))
    return rows


def objective_rows(assessment: Assessment) -> list[Row]:
    """One row an objective, for OBJECTIVE_COLUMNS."""
    return [objective_row(o) for o in assessment.objectives]


def objective_row(o: ObjectiveResult) -> Row:
    """One objective, for OBJECTIVE_COLUMNS."""
    status = o.status.value + (" (accepted)" if o.accepted else "")
    why = o.reason
    if o.seconds_needed is not None:
        why += f"; {PLAIN[longer(o)].format(seconds=o.seconds_needed)}"
    elif endless(o) or (o.status is Status.INCONCLUSIVE and o.reason.endswith(REACHES)):
        why += "; how much longer a run must be can't be estimated from this one"
    cells = (
        o.title,
        o.severity.value,
        target(o),
        quantity(o.estimate.point, o.unit) if o.estimate else "no data",
        interval(o.estimate, o.unit, kept_below(o)),
        quantity(o.baseline, o.unit) if o.baseline is not None else "-",
        status,
        why,
    )
    return Row(cells, o.status.value)


def longer(o: ObjectiveResult) -> Remedy:
    """What `seconds_needed` more would do."""
    if o.seconds_needed is not None and o.seconds_needed > LONGEST_S:
        return Remedy.MOVE_THE_TARGET
    return Remedy.LONGER_RUN_TO_BOUND if endless(o) else Remedy.LONGER_RUN


def endless(o: ObjectiveResult) -> bool:
    """Whether it is undecided as its interval has no end towards the target: how fast that comes down is not known."""
    if o.status is not Status.INCONCLUSIVE or o.estimate is None or o.target is None or o.reason.startswith(NO_LONGER_RUN):
        return False
    return math.isinf(half_towards(o.estimate, o.target))


def kept_below(o: ObjectiveResult) -> float | None:
    """The target, in the unit of `o`, of an objective whose interval reaches beyond it, or has no end, and that was shown to
    keep it all the same: by the share over it, or by every fifth of the run. None for any other: its interval says it.
    """
    keeps = o.comparison == "<" and (o.status is Status.PASS or o.reason == OVER_BASELINE)
    return o.target if keeps and o.estimate and o.target is not None and o.estimate.high > o.target else None


def of_objective(o: ObjectiveResult) -> str:
    """Its estimate as with_interval(), with the upper limit that was shown."""
    return with_interval(o.estimate, o.unit, kept_below(o))


def target(o: ObjectiveResult) -> str:
    """ "< 200 us", "< 456 us (10 x baseline)", and "< 10 x baseline" where there was no baseline; ">= a share of the plan"
    where no plan is known.
    """
    relative = f"{o.times_baseline:g} x baseline" if o.times_baseline else ""
    if o.at_least:
        relative += f", at least {quantity(o.at_least, o.unit)}"
    if o.target is None:
        return f"{o.comparison} {relative or 'a share of the plan'}"
    return f"{o.comparison} {quantity(o.target, o.unit)}" + (f" ({relative})" if relative else "")


def check_rows(assessment: Assessment) -> list[Row]:
    """One row a check of the run: title, status, reason. Of very many, those that did not pass and some others."""
    shown, more = many.checks(assessment.checks, lambda c: c.status.value)
    rows = [check_row(c, assessment) for c in shown]
    return [*rows, Row((f"{more:,} more", Status.PASS.value, many.WHERE), Status.PASS.value)] if more else rows


def check_row(check: Check, assessment: Assessment) -> Row:
    """A check with what to do about it, and which verdicts it invalidates where it failed."""
    why = "; ".join(x for x in (_with_advice(check), opens(check, assessment)) if x)
    return Row((check.title, check.status.value, why), check.status.value)


def opens(check: Check, assessment: Assessment) -> str:
    """In words, which verdicts a failed check invalidates; "" for others."""
    if check.status is not Status.FAIL or not assessment.objectives:
        return ""
    titles = {o.key: o.title for o in assessment.objectives}
    sentences = []
    for direction, words in (("both", ""), ("PASS", "a PASS of "), ("FAIL", "a FAIL of ")):
        named = [titles.get(key, key) for key, d in check.opens if d == direction]
        if named:
            sentences.append(words + ("every objective" if len(named) == len(titles) else ", ".join(named)))
    return f"invalidates: {'; '.join(sentences)}" if sentences else "affects no objective"


def generator_line(assessment: Assessment) -> str:
    """The generator's own share in what was measured, where no check of it failed (that one has a row); "" without."""
    passed = [c for c in assessment.checks if c.key in ("schedule_lag", "generator_cpu") and c.status is Status.PASS]
    return "; ".join(_with_advice(c) for c in passed)


def bootstrap_line(assessment: Assessment) -> str:
    """That resamples agree with the intervals shown, where they do (else the check has a row); "" without."""
    return next((c.reason for c in assessment.checks if c.key == "bootstrap" and c.status is Status.PASS), "")


def _with_advice(check: Check) -> str:
    return f"{check.reason}; advice: {check.advice}" if check.advice else check.reason


LATENCY_COLUMNS = ("Operation", "Latency", "p50", "p90", "p95", "p99", "p99.9")
FAILURE_COLUMNS = ("Operation", "Category", "Count", "First seen", "Last seen", "Reason")
FAILED_COLUMNS = ("Operation", "Share", "Latency", "Timed", "p50", "p99", "Longest")
OPERATIONS_TITLE = "Operations, as the client saw them"
LATENCIES_TITLE = "Latencies with 95 % intervals"
FAILED_TITLE = "How long failed requests took, with 95 % intervals"
FAILURES_TITLE = "Failures in the whole run (UTC)"
OPERATION_COLUMNS = ("Operation", "Ok rate", "Success", "Successful", "Failed")


def operation_rows(assessment: Assessment) -> list[Row]:
    """One row an operation, for OPERATION_COLUMNS."""
    rows = []
    for o in many.operations(assessment):
        failed = ", ".join(f"{category} {count:,}" for category, count in o.failed.items()) or "0"
        rate = _estimated(o.rate, o.unjudged.ok_per_s, "ops/s")
        success = _estimated(o.success, o.unjudged.success, "ratio")
        rows.append(Row((printable(o.operation), rate, success, f"{o.ok:,}", failed), ""))
    return rows


def failure_rows(assessment: Assessment) -> list[Row]:
    """One row a reason, for FAILURE_COLUMNS; times are UTC, to be looked up in a server's log."""
    rows = []
    for f in assessment.failures:
        times = [f"{datetime.fromtimestamp(ns // 10**9, UTC):%H:%M:%S}" for ns in (f.first_ns, f.last_ns)]
        cells = (printable(f.operation), printable(f.category), f"{f.count:,}", *times, printable(f.reason))
        rows.append(Row(cells, ""))
    return rows


def _of_each_clock(response: T, service: T) -> tuple[tuple[str, T], ...]:
    """Rows of an operation by kind of latency: one where they are the same, as in a closed model, where a request is due when
    it is sent.
    """
    return (("both", response),) if response == service else (("response", response), ("service", service))


def latency_rows(assessment: Assessment) -> list[Row]:
    """One row an operation and kind of latency, for LATENCY_COLUMNS."""
    rows = []
    for o in many.operations(assessment):
        for kind, estimates in _of_each_clock(o.response, o.service):
            if estimates:
                cells = [with_interval(estimates.get(q), "ns") for q in LATENCY_COLUMNS[2:]]
                rows.append(Row((printable(o.operation), kind, *cells), ""))
        if took := o.unjudged.response:
            rows.append(
                Row(
                    (printable(o.operation), "response", *(_estimated(None, took.get(q), "ns") for q in LATENCY_COLUMNS[2:])),
                    "",
                )
            )
    return rows


def failed_rows(assessment: Assessment) -> list[Row]:
    """One row an operation and kind of latency of which requests failed, for FAILED_COLUMNS."""
    rows = []
    for o in many.operations(assessment):
        of_service = sum(count for category, count in o.failed.items() if category != GENERATOR)
        for kind, took in _of_each_clock(o.failed_response, o.failed_service):
            if took is None or o.failed_share is None:
                continue
            longest = "-" if not took.timed else "over 60 s" if math.isinf(took.longest_ns) else quantity(took.longest_ns, "ns")
            quantiles = [with_interval(took.quantiles.get(q), "ns") for q in FAILED_COLUMNS[4:6]]
            share = with_interval(o.failed_share, "ratio")
            timed = f"{took.timed:,} of {of_service:,}"
            rows.append(Row((printable(o.operation), share, kind, timed, *quantiles, longest), ""))
    return rows


def _estimated(estimate: Estimate | None, measured: float | None, unit: str) -> str:
    """As with_interval(); of what was measured over a run of which no part was judged the figure, which says so."""
    return with_interval(estimate, unit) if measured is None else f"{quantity(measured, unit)} (not judged)"


def with_interval(estimate: Estimate | None, unit: str, below: float | None = None) -> str:
    """ "46.4 us [45.9 us to 47.0 us]", or "-"."""
    return "-" if estimate is None else f"{quantity(estimate.point, unit)} [{interval(estimate, unit, below)}]"


def interval(estimate: Estimate | Bootstrap | None, unit: str, below: float | None = None) -> str:
    """ "45.9 us to 47.0 us", or "-"; "45.9 us to < 200 us" of what kept_below() is `below`."""
    return "-" if estimate is None else " to ".join(ends(estimate, unit, below))


def ends(estimate: Estimate | Bootstrap, unit: str, below: float | None = None) -> tuple[str, str]:
    """The two ends of an interval."""
    high = quantity(estimate.high, unit) if below is None else f"< {quantity(below, unit)}"
    return quantity(estimate.low, unit), high


def quantity(value: float, unit: str) -> str:
    """A number with the unit it reads best in."""
    if math.isinf(value):
        return "unbounded"
    if unit == "ns":
        for factor, name in ((1e9, "s"), (1e6, "ms"), (1e3, "us")):
            if value >= factor:
                return f"{_digits(value / factor)} {name}"
        return f"{_digits(value)} ns"
    if unit == "ratio":
        return f"{100 * value:.3f} %"
    return f"{value:,.1f} {unit}"


def printable(name: str) -> str:
    """A name from the outside without control characters, which a terminal would obey."""
    return "".join(c if c.isprintable() else "?" for c in name)


def _digits(value: float) -> str:
    """Three significant digits, without an exponent."""
    if value == 0:
        return "0"
    value = float(f"{value:.3g}")  # 9.996 is 10.0, not 10.00
    return f"{value:.{max(2 - math.floor(math.log10(abs(value))), 0)}f}"
