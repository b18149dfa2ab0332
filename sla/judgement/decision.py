"""The decision matrix: gates and checks -> decision, rollout and exit code."""

from __future__ import annotations

import dataclasses
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass

from sla.release.rollout import APPROVALS, SLOWER, STANDARD, VERY_SLOW, monitoring_plan, names_in, rollback_commands
from sla.release.triggers import triggers
from sla.values.agreement import Agreement
from sla.values.assessment import Check, Decision, Evidence, Gate, ObjectiveResult, Severity, Status
from sla.values.remedies import PLAIN, Remedy, RemedyWords
from sla.values.strategy import Strategy


@dataclass(frozen=True)
class MatrixRow:
    """One scenario of the decision matrix, to be read and to be applied.

    critical   the critical gates, in words
    warnings   (fewest, most) warnings that count; None for most: no limit; None as a whole: any number
    """

    scenario: str
    critical: str
    warnings: tuple[int, int | None] | None
    decision: Decision

    def warnings_text(self) -> str:
        """ "0", "1 or 2", "3 or more", "any"."""
        if self.warnings is None:
            return "any"
        fewest, most = self.warnings
        if most is None:
            return f"{fewest} or more"
        return f"{fewest}" if fewest == most else f"{fewest} or {most}"

    def holds(self, warnings: int) -> bool:
        """Whether so many warnings make this row's decision, where every critical gate passes."""
        if self.warnings is None:
            return False
        fewest, most = self.warnings
        return fewest <= warnings and (most is None or warnings <= most)


MATRIX = (
    MatrixRow("A", "all PASS", (0, 0), Decision.GO),
    MatrixRow("B", "all PASS", (1, 2), Decision.GO_WITH_CAUTION),
    MatrixRow("C", "all PASS", (3, None), Decision.CONDITIONAL_GO),
    MatrixRow("D", "any FAIL", None, Decision.NO_GO),
    MatrixRow("-", "no FAIL for certain, and a gate for which the run can't be trusted", None, Decision.INVALID),
    MatrixRow("-", "otherwise, any INCONCLUSIVE; or a warning gate that was not measured", None, Decision.INCONCLUSIVE),
    MatrixRow("-", "none: no objectives were given", None, Decision.NOT_JUDGED),
)
STRATEGY = {
    Decision.GO: STANDARD,
    Decision.GO_WITH_CAUTION: SLOWER,
    Decision.CONDITIONAL_GO: VERY_SLOW,
    Decision.NO_GO: Strategy("none", advice="remediate, validate again"),
    Decision.INCONCLUSIVE: Strategy("none", advice="measure longer, or supply what is missing"),
    Decision.INVALID: Strategy("none", advice="repeat the run under conditions that can be trusted"),
    Decision.NOT_JUDGED: Strategy("none", advice="state objectives, and judge this run by them"),
}
ROLLOUT = {decision: str(strategy) for decision, strategy in STRATEGY.items()}
STOPPED = "the run was stopped before its plan ended"  # in the reason of such a decision
_EXIT = {Decision.NO_GO: 3, Decision.INCONCLUSIVE: 4, Decision.INVALID: 5}
_CAUTIOUS = (Decision.GO_WITH_CAUTION, Decision.CONDITIONAL_GO)


@dataclass(frozen=True)
class DecisionMade:
    """A decision with its reason in one sentence. `at_best`: the one if every open gate passed; None: the same."""

    decision: Decision
    summary: str
    at_best: Decision | None = None


def decide(
    gates: Sequence[Gate],
    checks: Sequence[Check],
    interrupted: bool = False,
    objectives: Collection[str] = (),
    words: RemedyWords = PLAIN,
) -> DecisionMade:
    """NO-GO for a critical gate that failed: a verdict that a check opened is no FAIL any more, so this one is certain,
    whatever else can't be trusted. Then INVALID for a gate that a failed check opened, and for a failed check that leaves
    nothing: it touches every one of the `objectives` (keys; their gates are among `gates`), or there are none. NOT_JUDGED where
    no gate is. INCONCLUSIVE for an open gate that is critical or was not measured, then A to C, where each other open gate is a
    warning at worst. An `interrupted` run can fail but not pass: otherwise it could be stopped the moment its figures are good.
    """
    broken = [c for c in checks if c.status is Status.FAIL]
    failed = [g for g in gates if g.severity is Severity.CRITICAL and g.status is Status.FAIL]
    if failed:
        also = f"; besides, the run's own checks failed: {_reasons(broken)}" if broken else ""
        return DecisionMade(Decision.NO_GO, "critical: " + _by_reason(failed) + also)
    everything = [c for c in broken if {key for key, direction in c.opens if direction == "both"} >= set(objectives)]
    if everything or any(g.status is Status.INVALID for g in gates):
        undone = {g.key for g in gates if g.status is Status.INVALID}
        guilty = [c for c in broken if c in everything or not undone.isdisjoint(key for key, _ in c.opens)]
        return DecisionMade(Decision.INVALID, f"the run can't be trusted: {_reasons(guilty or broken)}")
    if not gates:
        return DecisionMade(Decision.NOT_JUDGED, words[Remedy.GIVE_AGREEMENT])
    warnings = warnings_that_count(gates)
    best, named = _row(len(warnings)), f"{_count(warnings)}: {_by_reason(warnings)}" if warnings else ""
    besides = f"; besides, {named}" if warnings else ""
    if interrupted:
        why = f"not decided: {STOPPED}, so it can't pass{besides}"
        return DecisionMade(Decision.INCONCLUSIVE, why, best)
    open_gates = [g for g in gates if g.status is Status.INCONCLUSIVE]
    if len(open_gates) > len(warnings_at_worst(gates)):
        return DecisionMade(Decision.INCONCLUSIVE, f"not decided: {_by_reason(open_gates)}{besides}", best)
    if open_gates:  # not worse than with a warning for each, whichever way they turn out
        worst = _row(len(warnings) + len(open_gates))
        kept = "if it keeps its target" if len(open_gates) == 1 else "if they keep their targets"
        at_worst = "at worst" if best is worst else f"at worst ({best.value} {kept})"
        return DecisionMade(worst, f"{at_worst}: {len(open_gates)} open: {_by_reason(open_gates)}{besides}", best)
    return DecisionMade(best, named or "every gate passes")


def _row(warnings: int) -> Decision:
    return next(row.decision for row in MATRIX if row.holds(warnings))


def _count(warnings: Sequence[Gate]) -> str:
    return f"{len(warnings)} warning{'s' if len(warnings) > 1 else ''}"


def warnings_at_worst(gates: Sequence[Gate]) -> list[Gate]:
    """The open gates that are warnings at worst, however they turn out: of WARNING severity, and measured. Missing data is
    never a pass.
    """
    return [g for g in gates if g.status is Status.INCONCLUSIVE and g.severity is Severity.WARNING and g.measured]


def warnings_that_count(gates: Sequence[Gate]) -> list[Gate]:
    """The gates that the matrix counts: neither accepted, nor critical ones that failed, which decide by themselves."""
    return [
        g
        for g in gates
        if g.counts and (g.status is Status.WARN or (g.status is Status.FAIL and g.severity is not Severity.CRITICAL))
    ]


def _by_reason(gates: Sequence[Gate]) -> str:
    """Each reason once, after the titles of all gates that have it."""
    titles: dict[str, list[str]] = {}
    for g in gates:
        titles.setdefault(g.reason, []).append(g.title)
    return "; ".join(f"{', '.join(named)}: {reason}" for reason, named in titles.items())


def _reasons(checks: Sequence[Check]) -> str:
    """Their reasons; of the schedule lag the figures alone, since its cause stands in the check's own row."""
    return "; ".join(c.reason.split(": ")[0] if c.key == "schedule_lag" else c.reason for c in checks)


def strategy_for(
    decision: Decision,
    agreement: Agreement,
    results: Sequence[ObjectiveResult],
    evidence: Iterable[Evidence] = (),
    words: RemedyWords = PLAIN,
) -> Strategy:
    """The decision's strategy with its triggers, commands, plan and approvals, for the deployment that the evidence names.
    Without steps there is nothing to watch, to roll back or to approve.
    """
    strategy, names = STRATEGY[decision], names_in(evidence)
    if not strategy.steps:
        return strategy
    return dataclasses.replace(
        strategy,
        triggers=triggers(agreement, results, decision in _CAUTIOUS, names),
        commands=rollback_commands(names, agreement.deployment),
        monitoring=monitoring_plan(strategy, agreement.monitoring, words),
        approvals=APPROVALS,
    )


def exit_code(decision: Decision, fail_on_warn: bool, at_best: Decision | None = None) -> int:
    """0 kept, or nothing to judge by, 3 NO-GO, 4 inconclusive, 5 invalid. With `fail_on_warn` also 3 where the decision is
    cautious even `at_best` (see DecisionMade), by warnings that were shown, and 4 where open gates alone make it so: what is
    not known is neither good nor a failure.
    """
    if fail_on_warn and decision in (*_CAUTIOUS, Decision.INCONCLUSIVE):
        return 3 if (at_best or decision) in _CAUTIOUS else 4
    return _EXIT.get(decision, 0)


def exit_code_of_all(decision: Decision, codes: Iterable[int]) -> int:
    """The exit code of several judgements that have `codes`, and this as their worst decision: of two that are cautious, or
    open, one may have had a warning that was shown.
    """
    own = exit_code(decision, False)
    return own if own in (3, 5) else min((code for code in (own, *codes) if code), default=0)
