"""The rollout strategy as Markdown: schedule, triggers, commands."""

from __future__ import annotations

from reports.documents import template
from reports.formats import table
from sla.values.strategy import Strategy


def schedule(s: Strategy) -> template.Markdown:
    """Each step with the hours since the beginning at which it starts."""
    rows, low, high = [], 0.0, 0.0
    for number, step in enumerate(s.steps, start=1):
        begins = f"{low:g} h" if low == high else f"{low:g} to {high:g} h"
        rows.append(
            table.Row(
                (
                    str(number),
                    f"{step.traffic_percent} %",
                    f"{step.hold_min_h:g} to {step.hold_max_h:g} h",
                    begins,
                    s.check,
                ),
                "",
            )
        )
        low, high = low + step.hold_min_h, high + step.hold_max_h
    return template.cells(("Step", "Traffic", "Hold", "Begins after", "Check"), rows)


def triggers(s: Strategy) -> list[tuple[str, str, template.Markdown]]:
    """(title, for how long, expression as code)."""
    return [(t.title, f"{t.for_s:g} s", template.code(t.expression)) for t in s.triggers]


def commands(s: Strategy) -> dict[str, list[tuple[str, template.Markdown]]]:
    """By kind: (title, the command's line for a code block). Names in them were checked to be Kubernetes names."""
    lines: dict[str, list[tuple[str, template.Markdown]]] = {}
    for c in s.commands:
        lines.setdefault(c.kind, []).append((c.title, template.Markdown(" ".join(c.command.split()))))
    return lines
