"""Measurements + agreement -> assessment. Deterministic; no exception for any valid input: what can't be
decided is INCONCLUSIVE or INVALID, with a reason.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Collection, Mapping, Sequence
from functools import partial

from sla.estimators.duplicates import without_duplicates
from sla.judgement.agreed_names import as_agreed
from sla.judgement.checks.counters import of_the_service, partly_scraped
from sla.judgement.checks.opened_verdicts import opened, with_opens
from sla.judgement.checks.resamples import bootstrap_checks
from sla.judgement.checks.run_checks import run_checks
from sla.judgement.checks.silence import silence_notes
from sla.judgement.checks.warm_up import warm_up_notes
from sla.judgement.decision import STOPPED, decide, exit_code, strategy_for
from sla.judgement.down_nodes import down_node_gates
from sla.judgement.family import gate_of
from sla.judgement.hidden_nodes import hidden_node_gates
from sla.judgement.judge_all import judge_all
from sla.judgement.outages.excluded_failures import Judge, excluded_failures_notes
from sla.judgement.sequential import LEVEL, LOOKED_LEVEL, look_level
from sla.judgement.steady import find_steady, operations_of
from sla.judgement.summaries import summaries
from sla.values.agreement import Agreement
from sla.values.assessment import Assessment, Evidence, Gate, ObjectiveResult, Severity, Status, Steady
from sla.values.baseline import Baseline, with_baseline
from sla.values.failure import most_frequent
from sla.values.measurements import Measurements, RunFacts
from sla.values.operation_groups import keys_without_value
from sla.values.remedies import PLAIN, RemedyWords
from sla.values.snapshot import Snapshot

SEEN = ", which is judged by what that look saw"
FAMILY_NOTE = (
    "Several objectives: a GO needs each critical objective to pass at its own level (intersection-union test, no correction "
    "needed); claims of FAIL hold a family-wise error of {alpha:.0f} % (Holm's step-down over {count} objectives)."
)


def evaluate(
    measurements: Measurements,
    agreement: Agreement,
    baseline: Baseline | None = None,
    environment: str | None = None,
    evidence: Mapping[str, Evidence] | None = None,
    fail_on_warn: bool = False,
    level: float | None = None,
    allowed: frozenset[str] = frozenset(),
    words: RemedyWords = PLAIN,
) -> Assessment:
    """`evidence` from outside, by key; a gate without any is INCONCLUSIVE.

    `environment` must be one of agreement.accepted (None: its default), else KeyError. `allowed` names checks of the run whose
    failure is a warning (sla.judgement.checks.allowable.ALLOWABLE); `words`: how to say what can be done.
    """
    facts = measurements.facts
    named, agreement = as_agreed(measurements, agreement)
    agreement = with_baseline(agreement, baseline)
    level = level or (LOOKED_LEVEL if facts.looked else LEVEL)
    measurements, of_targets, every_scrape = _of_the_service(named, agreement)
    chosen, steady = environment or agreement.default_environment, find_steady(measurements)
    judge = partial(judge_all, measurements, baseline=baseline, steady=steady, level=level, words=words)
    judged = judge(agreement)
    all_checks = [*run_checks(measurements, agreement, steady, allowed, words), *bootstrap_checks(judged)]
    checks = tuple(with_opens(all_checks, judged, agreement, measurements, steady, level))
    objectives = tuple(_accepted(o, agreement.accepted[chosen]) for o in opened(judged, checks))
    provided = evidence or {}
    gates = [*(gate_of(o) for o in objectives), *_evidence_gates(agreement, provided)]
    gates += _node_gates(agreement, objectives, every_scrape, measurements, steady, level)
    verdict = decide(gates, checks, facts.interrupted and not facts.decided, {o.key for o in objectives}, words)
    strategy = strategy_for(verdict.decision, agreement, objectives, provided.values(), words)
    return Assessment(
        decision=verdict.decision,
        rollout=str(strategy),
        exit_code=exit_code(verdict.decision, fail_on_warn, verdict.at_best),
        summary=verdict.summary,
        agreement=agreement.name,
        environment=chosen,
        baseline=baseline.name if baseline else "",
        objectives=objectives,
        gates=tuple(gates),
        checks=checks,
        operations=summaries(measurements, steady, level),
        steady=steady,
        notes=(*_notes(measurements, agreement, steady, level, judged, judge), *of_targets),
        strategy=strategy,
        evidence=tuple(provided[key] for key in sorted(provided)),
        failures=most_frequent(measurements.failures),
    )


def _accepted(o: ObjectiveResult, accepted: Collection[str]) -> ObjectiveResult:
    """What may be missed in this environment."""
    return dataclasses.replace(o, accepted=o.key in accepted and o.status is Status.WARN)


def _of_the_service(measurements: Measurements, agreement: Agreement) -> tuple[Measurements, list[str], Sequence[Snapshot]]:
    """Each target of the service once, what must be known of the others, and all scrapes, also those that failed."""
    targets = without_duplicates([s for s in measurements.snapshots if not s.is_failed_scrape])
    own, others = of_the_service(targets.snapshots, agreement)
    notes = [*map(str, (*targets.duplicates, *targets.undecided)), *others]
    return dataclasses.replace(measurements, snapshots=own), notes, measurements.snapshots


def _node_gates(
    agreement: Agreement,
    objectives: Sequence[ObjectiveResult],
    every_scrape: Sequence[Snapshot],
    measurements: Measurements,
    steady: Steady | None,
    level: float,
) -> list[Gate]:
    if steady is None:
        return []
    from_ns, to_ns = steady.from_second * 10**9, steady.to_second * 10**9
    return [
        *hidden_node_gates(agreement, objectives, measurements.snapshots, from_ns, to_ns, level),
        *down_node_gates(every_scrape, agreement.server_metrics, from_ns, to_ns),
    ]


def _evidence_gates(agreement: Agreement, evidence: Mapping[str, Evidence]) -> list[Gate]:
    """The gates of an agreement that only evidence from outside can close."""
    gates = []
    for key, title in agreement.evidence.items():
        e = evidence.get(key, Evidence(key, Status.INCONCLUSIVE, "no evidence was given"))
        gates.append(Gate(key, title, Severity.CRITICAL, e.status, True, e.reason, e.source))
    return gates


def _end_notes(facts: RunFacts, agreement: Agreement, steady: Steady | None, level: float) -> list[str]:
    """Why a run ended before its plan, and at which level it is judged where it might have."""
    notes = []
    if facts.stopped_for:
        titles = {o.key: o.title for o in agreement.objectives}
        named = ", ".join(titles.get(key, key) for key in facts.stopped_for)
        notes.append(f"stopped early: {named} missed the target for certain, in a look at the run under way{SEEN}")
    elif facts.decided:
        at = 100 * (look_level(steady) if steady else level)
        notes.append(
            f"stopped when decided: every objective was, what is kept at {at:.4g} %, in a look at the run under way{SEEN}"
        )
    elif facts.interrupted:
        notes.append(STOPPED)
    if facts.looked:
        notes.append(f"a run that may end at any of several looks is judged at {100 * level:.0f} %: the last one is one more")
    return notes


def _notes(
    measurements: Measurements, agreement: Agreement, steady: Steady | None, level: float, judged: Sequence[ObjectiveResult],
    judge: Judge,
) -> list[str]:  # fmt: skip
    """What a reader of the assessment must know beside it. `judged`: what `judge` makes of the agreement."""
    notes, facts, count = [], measurements.facts, len(agreement.objectives)
    if count > 1:
        notes.append(FAMILY_NOTE.format(alpha=100 * (1 - level), count=count))
    if agreement.not_assessed:
        notes.append(agreement.not_assessed)
    notes += [
        f"grouped by {key!r}, but no request has it in its context (allowed: a key of Locust's context)"
        for key in keys_without_value(operations_of(measurements.windows))
    ]
    notes += _end_notes(facts, agreement, steady, level)
    if steady is not None:
        notes += excluded_failures_notes(judged, measurements, agreement, steady, level, judge)
        notes += warm_up_notes(measurements, steady) + silence_notes(measurements, steady)
        notes += [f"drift: {steady.drift}"] if steady.drift else []
        notes += partly_scraped(measurements.snapshots, steady.from_second, steady.to_second)
    return notes
