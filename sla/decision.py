"""The decision matrix: gates and checks -> decision, rollout and exit code."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from sla.agreement import Agreement
from sla.assessment import Check, Decision, Gate, ObjectiveResult, Severity, Status
from sla.rollout import APPROVALS, SLOWER, STANDARD, VERY_SLOW, Strategy, monitoring_plan, rollback_commands
from sla.triggers import triggers

STRATEGY = {
    Decision.GO: STANDARD,
    Decision.GO_WITH_CAUTION: SLOWER,
    Decision.CONDITIONAL_GO: VERY_SLOW,
    Decision.NO_GO: Strategy("none", advice="remediate, validate again"),
    Decision.INCONCLUSIVE: Strategy("none", advice="measure longer, or supply what is missing"),
    Decision.INVALID: Strategy("none", advice="repeat the run under conditions that can be trusted"),
}
ROLLOUT = {decision: str(strategy) for decision, strategy in STRATEGY.items()}
_EXIT = {Decision.NO_GO: 3, Decision.INCONCLUSIVE: 4, Decision.INVALID: 5}
_CAUTIOUS = (Decision.GO_WITH_CAUTION, Decision.CONDITIONAL_GO)


@dataclass(frozen=True)
class Verdict:
    decision: Decision
    summary: str


def decide(gates: Sequence[Gate], checks: Sequence[Check], interrupted: bool = False) -> Verdict:
    """INVALID before anything, then NO-GO for a failed critical gate, INCONCLUSIVE for an open one, then A to C. An
    `interrupted` run can fail but not pass: who may stop when it looks good, stops when it looks good.
    """
    broken = [c for c in checks if c.status is Status.FAIL]
    if broken:
        return Verdict(Decision.INVALID, "the run can't be trusted: " + "; ".join(c.reason for c in broken))
    failed = [g for g in gates if g.severity is Severity.CRITICAL and g.status is Status.FAIL]
    if failed:
        return Verdict(Decision.NO_GO, "critical: " + "; ".join(f"{g.title}: {g.reason}" for g in failed))
    if not gates:
        return Verdict(Decision.INCONCLUSIVE, "no answer: there is no agreement to judge by (--agreement)")
    if interrupted:
        return Verdict(Decision.INCONCLUSIVE, "no answer: the run was stopped before its plan ended, and nothing passes before")
    open_gates = [g for g in gates if g.status in (Status.INCONCLUSIVE, Status.INVALID)]
    if open_gates:
        return Verdict(Decision.INCONCLUSIVE, "no answer: " + "; ".join(f"{g.title}: {g.reason}" for g in open_gates))
    warnings = [g for g in gates if g.counts and g.status in (Status.WARN, Status.FAIL)]
    if not warnings:
        return Verdict(Decision.GO, "every gate passes")
    named = "; ".join(f"{g.title}: {g.reason}" for g in warnings)
    if len(warnings) <= 2:
        return Verdict(Decision.GO_WITH_CAUTION, f"{len(warnings)} warning{'s' if len(warnings) > 1 else ''}: {named}")
    return Verdict(Decision.CONDITIONAL_GO, f"{len(warnings)} warnings: {named}")


def strategy_for(
    decision: Decision, agreement: Agreement, results: Sequence[ObjectiveResult], names: Mapping[str, str]
) -> Strategy:
    """The decision's strategy with its triggers, commands, plan and approvals; `names` as of rollout.rollback_commands. Without
    steps there is nothing to watch, to roll back or to approve.
    """
    strategy = STRATEGY[decision]
    if not strategy.steps:
        return strategy
    return dataclasses.replace(
        strategy,
        triggers=triggers(agreement, results, decision in _CAUTIOUS),
        commands=rollback_commands(names),
        monitoring=monitoring_plan(strategy),
        approvals=APPROVALS,
    )


def exit_code(decision: Decision, fail_on_warn: bool) -> int:
    """0 kept, 3 NO-GO (and the two cautious decisions with `fail_on_warn`), 4 inconclusive, 5 invalid."""
    if fail_on_warn and decision in _CAUTIOUS:
        return 3
    return _EXIT.get(decision, 0)
