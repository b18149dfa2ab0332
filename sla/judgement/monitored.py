"""The agreement judged by the server's own metrics alone, over a window of time: real traffic, no load test.

The estimators and the judgement are those of a run; a window's blocks are the scrape intervals. Success is carried out over
attempts: `total` counts what was carried out, `failed` what was not (attempts are the sum).
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache

from sla.estimators.duplicates import Targets, without_duplicates
from sla.estimators.plausible import implausible
from sla.estimators.series import by_target
from sla.judgement.checks.counters import COVERED, coverage, partly_scraped, restarts, scrape_interval_s
from sla.judgement.checks.resamples import bootstrap_gates
from sla.judgement.decision import ROLLOUT, decide, exit_code
from sla.judgement.down_nodes import down_node_gates
from sla.judgement.family import PreparedObjective, gate_of, judge_family, unjudged
from sla.judgement.hidden_nodes import hidden_node_gates
from sla.judgement.kinds.base import ObjectiveEstimator
from sla.judgement.kinds.choose import estimator_of
from sla.judgement.objectives import NO_PLAN, EstimateAt, unknown_share, without_plan
from sla.judgement.resampling import with_bootstraps
from sla.values.agreement import Agreement, Limit, of_load
from sla.values.assessment import Decision, Gate, ObjectiveResult, Severity, Status
from sla.values.baseline import Baseline, figures, unknown_acceptable, unknown_limit, with_baseline
from sla.values.estimate import Estimate
from sla.values.remedies import PLAIN, Remedy, RemedyWords
from sla.values.snapshot import Snapshot

LEVEL = 0.95  # of every interval that decides


@dataclass(frozen=True)
class ScrapedSpan:
    """What was read: [from_ns, to_ns] in Unix ns, how many scrapes of how many targets, the usual seconds between them,
    the share of the window they cover, and how many restarts they show.
    """

    from_ns: int
    to_ns: int
    scrapes: int
    instances: int
    interval_s: float
    coverage: float
    restarts: int

    @property
    def length_s(self) -> float:
        """Seconds between both ends."""
        return (self.to_ns - self.from_ns) / 1e9


@dataclass(frozen=True)
class MetricsAssessment:
    """The assessment. `deviations`: by objective, the estimate over its baseline minus 1 (a ratio with its interval)."""

    decision: Decision
    exit_code: int
    summary: str
    rollout: str
    agreement: str
    environment: str
    baseline: str
    window: ScrapedSpan
    objectives: tuple[ObjectiveResult, ...]
    deviations: Mapping[str, Estimate]
    gates: tuple[Gate, ...]
    notes: tuple[str, ...] = ()


def judge_monitored(
    snapshots: Sequence[Snapshot],
    from_ns: int,
    to_ns: int,
    agreement: Agreement,
    baseline: Baseline | None = None,
    environment: str | None = None,
    planned: Mapping[str, tuple[Limit, Limit | None]] | None = None,
    fail_on_warn: bool = False,
    level: float = LEVEL,
    words: RemedyWords = PLAIN,
) -> MetricsAssessment:
    """`snapshots` by time. `planned`: (target, acceptable) in ops/s of the objectives whose limits are a share of a plan, which
    can't be judged without; None where there is no load test. `environment` must be one of agreement.accepted (None: its
    default), else KeyError. `words`: how to say what can be done.
    """
    agreement = with_baseline(of_load(agreement, tuple(agreement.operations)), baseline)
    chosen = environment or agreement.default_environment
    every_scrape = snapshots
    targets = without_duplicates([s for s in snapshots if not s.is_failed_scrape])
    snapshots, window = _scraped(targets.snapshots, from_ns, to_ns, agreement)
    estimators = [estimator_of(o, agreement) for o in agreement.objectives]
    visible = [e for e in estimators if not e.missing_in_metrics()]
    results = _results(visible, snapshots, window, baseline, planned, level, words)
    objectives = tuple(
        dataclasses.replace(o, accepted=o.key in agreement.accepted[chosen] and o.status is Status.WARN) for o in results
    )
    gates = [*(gate_of(o) for o in objectives), _coverage_gate(window)]
    gates += _doubts(targets, snapshots, agreement, words)
    gates += bootstrap_gates(objectives)
    gates += hidden_node_gates(agreement, objectives, snapshots, window.from_ns, window.to_ns, level)
    gates += down_node_gates(every_scrape, agreement.server_metrics, window.from_ns, window.to_ns)
    if not objectives:
        gates.append(_doubt("objectives", "Objectives", "the server's metrics show none of the agreement's"))
    verdict = decide(gates, (), words=words)
    return MetricsAssessment(
        verdict.decision,
        exit_code(verdict.decision, fail_on_warn, verdict.at_best),
        verdict.summary,
        ROLLOUT[verdict.decision],
        agreement.name,
        chosen,
        baseline.name if baseline else "",
        window,
        objectives,
        {o.key: d for o in objectives if (d := deviation(o.estimate, o.baseline)) is not None},
        tuple(gates),
        (*_notes(agreement, estimators, snapshots, window), *map(str, targets.duplicates)),
    )


def _scraped(
    snapshots: Sequence[Snapshot], from_ns: int, to_ns: int, agreement: Agreement
) -> tuple[list[Snapshot], ScrapedSpan]:
    """The snapshots between two times that hold any of the agreement's metrics, and how they cover that time."""
    totals = sorted({m.total for m in agreement.operations.values() if m.total})
    working = {m.histogram for m in agreement.operations.values()} | set(totals)
    # Prometheus holds the process metrics of others too, and a node can lose its own series while it is scraped
    inside = [s for s in snapshots if from_ns <= s.at_ns <= to_ns and s.has_any(agreement.server_metrics)]
    seen = [s for s in inside if s.has_any(working)]  # failures may be counted elsewhere, such as by a gateway
    return inside, ScrapedSpan(
        from_ns, to_ns, len(seen), len(by_target(seen)), scrape_interval_s(seen),
        coverage(seen, from_ns / 1e9, to_ns / 1e9), restarts(inside, totals),
    )  # fmt: skip


def deviation(estimate: Estimate | None, baseline: float | None) -> Estimate | None:
    """Relative change against a plain figure, with the estimate's own interval."""
    if estimate is None or not baseline:
        return None
    e = estimate.scaled(1 / baseline)
    return Estimate(e.point - 1, e.low - 1, e.high - 1, e.level, e.n, e.n_eff)


def _results(
    estimators: Sequence[ObjectiveEstimator],
    snapshots: Sequence[Snapshot],
    window: ScrapedSpan,
    baseline: Baseline | None,
    planned: Mapping[str, tuple[Limit, Limit | None]] | None,
    level: float,
    words: RemedyWords,
) -> list[ObjectiveResult]:
    """In the order of `estimators`."""
    values = figures(estimators[0].agreement, baseline) if estimators else {}
    prepared, without_limit, estimates = [], {}, dict[str, EstimateAt]()
    why = NO_PLAN if planned is not None else f"there is no load test: {words[Remedy.NAME_LOAD_TEST]}"
    for estimator in estimators:
        o, at = estimator.objective, cache(estimator.from_metrics(snapshots, window.from_ns, window.to_ns))
        estimates[o.key] = at
        target, acceptable = (planned or {}).get(o.key, (o.target, o.acceptable))
        reason, open_below = unknown_share(o, target, acceptable, why)
        if reason := reason or unknown_limit(o, baseline, words):
            without_limit[o.key] = unjudged(o, values, at(level).estimate, reason)
            continue
        acceptable = without_plan(acceptable) if acceptable else None
        open_below = unknown_acceptable(o, baseline, words) or open_below
        prepared.append(PreparedObjective(o, target, acceptable, at, open_below))
    judged = {r.key: r for r in judge_family(prepared, values, window.length_s, level)}
    results = [(judged | without_limit)[e.objective.key] for e in estimators]
    return with_bootstraps(results, {key: at(level) for key, at in estimates.items()}, seed=0)


def _doubt(key: str, title: str, reason: str) -> Gate:
    return Gate(key, title, Severity.CRITICAL, Status.INCONCLUSIVE, True, reason)


def _doubts(targets: Targets, snapshots: Sequence[Snapshot], agreement: Agreement, words: RemedyWords) -> list[Gate]:
    """What the counters may be of, other than each node's own and of this window."""
    doubts = []
    if targets.undecided:
        reason = f"{targets.undecided[0]}; {words[Remedy.PART_TARGETS]}"
        doubts.append(_doubt("targets", "No node counted twice", reason))
    counted = {n for m in agreement.operations.values() for n in (m.total, m.failed, m.histogram) if n}
    if why := implausible(snapshots, sorted(counted)):
        doubts.append(_doubt("counters", "Counters that only grow", f"{why}; {words[Remedy.SCRAPE_EACH]}"))
    return doubts


def _coverage_gate(window: ScrapedSpan) -> Gate:
    title = "Data over the whole window"
    if not window.scrapes:
        return Gate("coverage", title, Severity.CRITICAL, Status.INCONCLUSIVE, True, "Prometheus holds no scrape of the node")
    text = f"scrapes cover {100 * window.coverage:.0f} % of it"
    if window.coverage < COVERED:
        text += f", {100 * COVERED:.0f} % are needed: the node or its scraping was down, or the window is longer than the data"
        return Gate("coverage", title, Severity.CRITICAL, Status.INCONCLUSIVE, True, text)
    return Gate("coverage", title, Severity.CRITICAL, Status.PASS, True, text)


def _notes(
    agreement: Agreement, estimators: Sequence[ObjectiveEstimator], snapshots: Sequence[Snapshot], window: ScrapedSpan
) -> list[str]:
    visible = [e for e in estimators if not e.missing_in_metrics()]
    notes = [
        f"{e.objective.title}: not judged from the server's metrics, {reason}"
        for e in estimators
        if (reason := e.missing_in_metrics())
    ]
    if window.restarts:
        times = "once" if window.restarts == 1 else f"{window.restarts} times"
        notes.append(
            f"the node was restarted {times} (its counters went back, or its start time moved): they count again from 0, that "
            "interval is left out of the latencies, and what happened between the last scrape and the restart is lost"
        )
    notes += partly_scraped(snapshots, window.from_ns / 1e9, window.to_ns / 1e9)
    notes += dict.fromkeys(e.metrics_caveat for e in visible if e.metrics_caveat)  # once for all objectives of a kind
    notes += [note for e in visible for note in e.metrics_notes(snapshots)]
    if agreement.evidence:
        notes.append(f"the metrics alone: a release also needs evidence of {', '.join(agreement.evidence.values())}")
    return notes
