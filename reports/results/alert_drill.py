"""The result of an alert drill: as a table for people, as JSON for the gate "alerts active"."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass

from reports.formats.table import Row
from reports.formats.text import draw, terminal
from sla.release.drill_evidence import DRILL_SCHEMA


@dataclass(frozen=True)
class DrilledRule:
    """`expression`: of the rule as the agreement has it, not as it was sped up.

    Seconds from the fault to pending, firing, arrived in Alertmanager; from its end to resolved. None: did not happen (or,
    for pending, a rule that fires at once; for notified, no Alertmanager).
    """

    alert: str
    group: str
    severity: str
    expression: str
    fault: str
    pending_s: float | None
    firing_s: float | None
    notified_s: float | None
    resolved_s: float | None
    reason: str  # why it did not pass; "" when it did

    @property
    def passed(self) -> bool:
        return not self.reason


@dataclass(frozen=True)
class Drill:
    """`shortened` says what differs from the rules as they are deployed; agreement_sha256: of the agreement's text; checked_at:
    UTC, when the drill began.
    """

    agreement: str
    agreement_sha256: str
    checked_at: str
    rules_loaded: int
    alertmanager: bool
    shortened: Mapping[str, str]
    rules: tuple[DrilledRule, ...]

    @property
    def passed(self) -> bool:
        return bool(self.rules) and all(r.passed for r in self.rules)


def render_json(drill: Drill) -> str:
    """JSON text of SCHEMA."""
    rules = [asdict(r) | {"passed": r.passed} for r in drill.rules]
    made_by = {"agreement": drill.agreement, "agreement_sha256": drill.agreement_sha256, "checked_at": drill.checked_at}
    head = {"schema": DRILL_SCHEMA, **made_by, "rules_loaded": drill.rules_loaded}
    rest = {"alertmanager": drill.alertmanager, "shortened": dict(drill.shortened), "rules": rules, "passed": drill.passed}
    return json.dumps(head | rest, indent=2) + "\n"


def render(drill: Drill, width: int = 120, colour: bool = False) -> str:
    """A table, with ANSI colours where asked for."""
    console, out = terminal(width, colour)
    columns = ("Alert", "Severity", "Fault", "Pending", "Firing", "Notified", "Resolved", "Result")
    draw(console, "Alert drill", columns, [_row(r) for r in drill.rules], len(columns) - 1)
    for what, how in drill.shortened.items():
        console.print(f"Shortened: {what}: {how}", markup=False)
    passed = sum(r.passed for r in drill.rules)
    console.print(f"{passed} of {len(drill.rules)} rules fired and resolved; {drill.rules_loaded} rules loaded")
    return out.getvalue().rstrip("\n")


def _row(r: DrilledRule) -> Row:
    times = ("-" if s is None else f"{s:.1f} s" for s in (r.pending_s, r.firing_s, r.notified_s, r.resolved_s))
    return Row((r.alert, r.severity, r.fault, *times, r.reason or "PASS"), "PASS" if r.passed else "FAIL")
