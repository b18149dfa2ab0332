"""The metrics validation: a table for the terminal, and metrics-validation-report.json (docs/validation.md)."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Mapping
from datetime import UTC, datetime

from rich.text import Text

from reports.formats import table
from reports.formats.json_report import finite
from reports.formats.text import draw, style_of, terminal
from sla.judgement.monitored import MetricsAssessment
from sla.values.assessment import ObjectiveResult
from sla.values.estimate import Estimate

SCHEMA = "bizra-load/metrics-validation/1"
COLUMNS = ("Metric", "Severity", "Target", "Estimate", "95 % interval", "Baseline", "Against baseline", "Status", "Why")
_FIRST = ("decision", "exit_code", "summary", "rollout", "agreement", "environment", "baseline")


def render(assessment: MetricsAssessment, width: int = 120, colour: bool = False) -> str:
    """Plain text, or with ANSI colours."""
    console, out = terminal(width, colour)
    w = assessment.window
    span = f"{w.length_s:,.0f} s from {_time(w.from_ns)} to {_time(w.to_ns)}"
    rows = [_row(o, assessment.deviations.get(o.key)) for o in assessment.objectives]
    draw(console, f"Metrics of {span}", COLUMNS, rows, 7)
    seen = f"{w.scrapes} scrapes of {w.instances} instance{'s' if w.instances != 1 else ''}, every {w.interval_s:g} s"
    console.print(Text(f"Prometheus: {seen}, which cover {100 * w.coverage:.0f} % of the window"))
    for gate in assessment.gates:
        if gate.key == "bootstrap":
            console.print(Text(gate.reason))
    for note in assessment.notes:
        console.print(Text(f"Note: {note}"))
    console.print(
        Text(
            f"{assessment.decision.value}: {assessment.summary}",
            style=style_of(assessment.decision),
        )
    )
    console.print(Text(f"Exit code {assessment.exit_code}"))
    return out.getvalue().rstrip("\n")


def render_json(assessment: MetricsAssessment, judged: Mapping[str, str], source: Mapping[str, str]) -> str:
    """JSON text. `judged`: which run and the sha256 of what it measured, "" for none, and that of the agreement's text.
    `source` says what was asked (Prometheus' address, selector). Units as in assessment.json.
    """
    values = dataclasses.asdict(assessment)
    deviations = values.pop("deviations")
    metrics = [{**o, "deviation_from_baseline": deviations.get(o["key"])} for o in values.pop("objectives")]
    w = assessment.window
    values["window"] |= {"from": _time(w.from_ns), "to": _time(w.to_ns), "length_s": w.length_s}
    ordered = {
        "schema": SCHEMA,
        **{key: values.pop(key) for key in _FIRST},
        **judged,
        "source": dict(source),
        "metrics": metrics,
        **values,
    }
    return json.dumps(finite(ordered), indent=2, ensure_ascii=False, allow_nan=False) + "\n"


def _row(o: ObjectiveResult, deviation: Estimate | None) -> table.Row:
    """The objective's row with one cell more before its status."""
    row = table.objective_row(o)
    return table.Row((*row.cells[:6], _change(deviation), *row.cells[6:]), row.status)


def _change(d: Estimate | None) -> str:
    return "-" if d is None else f"{_percent(d.point)} [{_percent(d.low)} to {_percent(d.high)}]"


def _percent(ratio: float) -> str:
    return "unbounded" if ratio == float("inf") else f"{100 * ratio:+,.1f} %"


def _time(at_ns: int) -> str:
    return f"{datetime.fromtimestamp(at_ns / 1e9, UTC):%Y-%m-%dT%H:%M:%SZ}"
