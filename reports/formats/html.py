"""The assessment as one HTML file that loads nothing: style and charts are inside, every name is escaped."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from reports.formats import charts, many, table
from sla.values.assessment import Assessment
from sla.values.window import Window

_SHOWN = ("started", "target", "workers", "seed", "arrivals")
_ENVIRONMENT = Environment(
    loader=FileSystemLoader(Path(__file__).parents[1] / "templates"),
    autoescape=True,
    finalize=lambda value: table.printable(value) if isinstance(value, str) else value,
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)


def render(assessment: Assessment, windows: Sequence[Window] = (), next_step: str = "") -> str:
    """A whole page. `windows` of the same run give the charts over time; without them there are none. `next_step`: what to do
    now; "" leaves it out.
    """
    a = assessment
    tables = [
        (table.objectives_title(a), table.objective_columns(a), table.objective_rows(a)),
        (many.titled(table.OPERATIONS_TITLE, a), table.OPERATION_COLUMNS, table.operation_rows(a)),
        (table.at_level(table.LATENCIES_TITLE, a), table.LATENCY_COLUMNS, table.latency_rows(a)),
        (table.at_level(table.FAILED_TITLE, a), table.FAILED_COLUMNS, table.failed_rows(a)),
        (table.FAILURES_TITLE, table.FAILURE_COLUMNS, table.failure_rows(a)),
        ("Checks of the run itself", ("Check", "Status", "Why"), table.check_rows(a)),
    ]
    facts = [
        ("Rollout", a.rollout),
        ("Exit code", str(a.exit_code)),
        ("Agreement", f"{a.agreement}, environment {a.environment}"),
    ]
    facts += [("Next", next_step)] if next_step else []
    facts += [("Baseline", a.baseline or "none")]
    facts += [(title, table.printable(text)) for title, text in a.run.of_run + a.run.titled(*_SHOWN)]
    if a.steady:
        facts.append(("Judged", f"{a.steady.to_second - a.steady.from_second} s; {a.steady.reason}"))
    page: str = _ENVIRONMENT.get_template("report.html").render(
        decision=a.decision.value,
        summary=a.summary,
        facts=facts,
        bars=charts.bars(a.objectives),
        charts=charts.charts(windows),
        uncharted=charts.uncharted(windows),
        tables=[(title, columns, rows) for title, columns, rows in tables if rows],
        notes=[table.printable(note) for note in a.notes],
        size=(charts.WIDTH, charts.HEIGHT, charts.LEFT, charts.BOTTOM),
    )
    return page
