"""Several verdicts on one release become one: the worst of them, and a step that could not be done is no pass."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum

from sla.values.assessment import Decision

# A proven failure comes first: that another part can't be trusted does not undo it.
WORST_FIRST = (
    Decision.NO_GO,
    Decision.INVALID,
    Decision.INCONCLUSIVE,
    Decision.NOT_JUDGED,
    Decision.CONDITIONAL_GO,
    Decision.GO_WITH_CAUTION,
    Decision.GO,
)


class Outcome(str, Enum):
    """What became of a step."""

    DONE = "DONE"
    SKIPPED = "SKIPPED"
    FAILED = "FAILED"


@dataclass(frozen=True)
class StepResult:
    """One step of a validation. `decision`: its verdict on the release, None where it has none; `needed`: no pass
    without it; `exit_code`: of its own verdict, 0 where it has none.
    """

    key: str
    title: str
    outcome: Outcome
    text: str
    decision: Decision | None = None
    needed: bool = True
    exit_code: int = 0


def combined(steps: Sequence[StepResult]) -> tuple[Decision, str]:
    """(the decision, why): the worst of the steps' own, at best INCONCLUSIVE where a needed step failed or was skipped."""
    reasons = [(s.decision, f"{s.title}: {s.text}") for s in steps if s.decision is not None]
    if not reasons:
        reasons = [(Decision.INVALID, "nothing was measured")]
    for s in steps:
        if s.decision is None and s.needed and s.outcome is not Outcome.DONE:
            reasons.append((Decision.INCONCLUSIVE, f"{s.title} {s.outcome.value.lower()}: {s.text}"))
    worst = min((decision for decision, _ in reasons), key=WORST_FIRST.index)
    if worst is Decision.GO:
        return worst, "every step passes"
    return worst, "; ".join(why for decision, why in reasons if decision is worst)
