"""PERFORMANCE-REPORT.md: metric by metric, against the baseline, over time, and what follows from it."""

from __future__ import annotations

from collections.abc import Sequence

from reports.documents import advice, template
from reports.documents.rollout import triggers
from reports.formats import many, table
from sla.judgement.comparison import ONE_RUN_NOTE
from sla.judgement.status import NO_DATA
from sla.judgement.trends import EarlierRun, Trend, trends
from sla.values.assessment import Assessment, ObjectiveResult
from sla.values.remedies import PLAIN, RemedyWords

BASELINE_COLUMNS = ("Metric", "Baseline", "Production", "95 % interval", "Deviation", "Interval of the deviation")
TREND_COLUMNS = ("Metric", "Last", "95 % interval", "The run before", "Ratio to it", "Change", "Beyond all earlier intervals")
RUN_COLUMNS = ("Run", "Started", "Decision", "Planned")


def render(assessment: Assessment, run: str, sha256: str, earlier: Sequence[EarlierRun], words: RemedyWords = PLAIN) -> str:
    """`run`: the run folder as seen from the document; `sha256`: of its assessment.json; `earlier`: runs of the same agreement
    and target, oldest first; `words`: how to say what can be done.
    """
    measured_trends = trends(assessment, earlier)
    strategy, failed_rows = assessment.strategy, table.failed_rows(assessment)
    rates = {r.planned_per_s for r in earlier} | {assessment.run.planned_per_s or 0.0}
    return template.render(
        "performance.md.j2",
        a=assessment,
        run=run,
        sha256=sha256,
        metrics=[(o, _in_words(o)) for o in assessment.objectives],
        objectives=template.cells(table.objective_columns(assessment), table.objective_rows(assessment)),
        baseline=template.cells(
            table.objective_columns(assessment, BASELINE_COLUMNS), [_deviation(o) for o in assessment.objectives]
        ),
        operations_title=many.titled(table.OPERATIONS_TITLE, assessment),
        operations=template.cells(table.OPERATION_COLUMNS, table.operation_rows(assessment)),
        latencies=template.cells(table.LATENCY_COLUMNS, table.latency_rows(assessment)),
        failed=template.cells(table.FAILED_COLUMNS, failed_rows) if failed_rows else None,
        observations=advice.observations(assessment),
        recommendations=advice.recommendations(assessment, words),
        earlier=template.cells(RUN_COLUMNS, [_run(r) for r in earlier]) if earlier else None,
        trends=template.cells(table.objective_columns(assessment, TREND_COLUMNS), [_trend(t) for t in measured_trends])
        if measured_trends
        else None,
        rates_differ=len(rates - {0.0}) > 1,
        rate_unknown=0.0 in rates,
        one_run=ONE_RUN_NOTE,
        level=table.at_level("95 %", assessment),
        figures=len(measured_trends),
        triggers=triggers(strategy) if strategy else [],
        named=assessment.run.named_text,
        target=assessment.run.target_text,
    )


def _in_words(o: ObjectiveResult) -> str:
    if o.estimate is None:
        return o.reason if o.reason.startswith(NO_DATA) else f"{NO_DATA} ({o.reason})"
    if o.target is None:
        return f"{table.of_objective(o)} against {table.target(o)}: {o.reason}; {o.source}"
    room = o.target / o.estimate.point if o.comparison == "<" and o.estimate.point else 0.0
    words = f"{table.of_objective(o)} against {table.target(o)}"
    if o.unit == "ratio":
        margin = o.target - o.estimate.point if o.comparison == "<" else o.estimate.point - o.target
        words += f", margin {100 * margin:+.3f} percentage points"
    elif o.comparison == ">=":
        words += f", margin {100 * (o.estimate.point / o.target - 1):+.1f} %"
    elif room:
        words += f", {room:.3g} times under it" if room >= 1 else f", {1 / room:.3g} times over it"
    return f"{words}; n {o.estimate.n:,.0f}, worth {o.estimate.n_eff:,.0f} independent samples; {o.source}"


def _deviation(o: ObjectiveResult) -> table.Row:
    known = o.baseline is not None
    baseline = table.quantity(o.baseline, o.unit) if o.baseline is not None else "none"
    if not o.estimate:
        return table.Row((o.title, baseline, "no data", "-", "-", "-"), "")
    below = table.kept_below(o)
    figures = (o.title, baseline, table.quantity(o.estimate.point, o.unit), table.interval(o.estimate, o.unit, below))
    if not known or not o.baseline:
        return table.Row((*figures, "-", "-"), "")
    point, low, high = (_relative(x, o.baseline, o.unit) for x in (o.estimate.point, o.estimate.low, o.estimate.high))
    high = high if below is None else f"< {_relative(below, o.baseline, o.unit)}"
    return table.Row((*figures, point, f"{low} to {high}"), "")


def _relative(value: float, baseline: float, unit: str) -> str:
    if value == float("inf"):
        return "unbounded"
    if unit == "ratio":
        return f"{100 * (value - baseline):+.3f} points"
    return f"{100 * (value / baseline - 1):+.1f} %"


def _run(r: EarlierRun) -> table.Row:
    return table.Row((r.name, r.started, r.decision, f"{r.planned_per_s:,.1f} ops/s" if r.planned_per_s else "-"), "")


def _trend(t: Trend) -> table.Row:
    before = table.with_interval(t.before[-1][1], t.unit)
    ratio = (
        f"{t.compared.ratio.point:.3f} [{t.compared.ratio.low:.3f} to {t.compared.ratio.high:.3f}]" if t.compared.ratio else "-"
    )
    beyond = f"{t.beyond} than all {len(t.before)}" if t.beyond else f"no ({len(t.before)} runs)"
    figures = (t.title, table.quantity(t.last.point, t.unit), table.interval(t.last, t.unit), before, ratio)
    return table.Row((*figures, t.compared.change.value, beyond), "")
