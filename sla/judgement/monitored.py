"""The agreement judged by the server's own metrics alone, over a window of time: real traffic, no load test.

The estimators and the judgement are those of a run; a window's blocks are the scrape intervals. Success is carried out over
attempts: `total` counts what was carried out, `failed` what was not (attempts are the sum).
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from sla.estimators.dependence import FloatArray
from sla.estimators.proportions import few_bursts, proportion_estimate
from sla.estimators.quantiles import seconds_needed
from sla.estimators.rates import rate_estimate
from sla.estimators.server_side import bucket_increments, by_instance, server_quantile
from sla.judgement.counters import common_times_s, coverage, increments, restarts, scrape_interval_s
from sla.judgement.decision import ROLLOUT, decide, exit_code
from sla.judgement.family import PreparedObjective, gate_of, judge_family, unjudged
from sla.judgement.objectives import ObjectiveEstimate
from sla.values.agreement import Agreement, Limit, Objective
from sla.values.assessment import Decision, Gate, ObjectiveResult, Severity, Status
from sla.values.baseline import Baseline, unknown_acceptable, unknown_limit, with_baseline
from sla.values.estimate import Estimate
from sla.values.snapshot import Snapshot

COVERED = 0.9  # of the window, or nothing passes: who was not scraped may have been down
LEVEL = 0.95


@dataclass(frozen=True)
class ScrapedSpan:
    """What was looked at: [from_ns, to_ns] in Unix ns, how many scrapes of how many instances, the usual seconds between them,
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
        return (self.to_ns - self.from_ns) / 1e9


@dataclass(frozen=True)
class MetricsAssessment:
    """The answer. `deviations`: by objective, the estimate over its baseline minus 1 (a ratio with its interval)."""

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
) -> MetricsAssessment:
    """`snapshots` by time. `planned`: (target, acceptable) in ops/s of the objectives whose limits are a share of a plan, which
    can't be judged without. `environment` must be one of agreement.accepted (None: its default), else KeyError.
    """
    agreement = with_baseline(agreement, baseline)
    chosen = environment or agreement.default_environment
    totals = sorted({m.total for m in agreement.operations.values() if m.total})
    names = {m.histogram for m in agreement.operations.values()} | set(totals)
    # Prometheus holds the process metrics of others too, and a node can lose its own series while it is scraped
    inside = [
        s for s in snapshots if from_ns <= s.at_ns <= to_ns and not names.isdisjoint(s.counters.keys() | s.histograms.keys())
    ]
    window = ScrapedSpan(
        from_ns, to_ns, len(inside), len(by_instance(inside)), scrape_interval_s(inside),
        coverage(inside, from_ns / 1e9, to_ns / 1e9), restarts(inside, totals),
    )  # fmt: skip
    seen = [o for o in agreement.objectives if not unseen(o, agreement)]
    results = _results(seen, agreement, inside, window, baseline, planned or {}, level)
    objectives = tuple(
        dataclasses.replace(o, accepted=o.key in agreement.accepted[chosen] and o.status is Status.WARN) for o in results
    )
    gates = [*(gate_of(o) for o in objectives), _coverage_gate(window)]
    if not objectives:
        reason = "the server's metrics show none of the agreement's"
        gates.append(Gate("objectives", "Objectives", Severity.CRITICAL, Status.INCONCLUSIVE, True, reason))
    verdict = decide(gates, ())
    return MetricsAssessment(
        verdict.decision,
        exit_code(verdict.decision, fail_on_warn),
        verdict.summary,
        ROLLOUT[verdict.decision],
        agreement.name,
        chosen,
        baseline.name if baseline else "",
        window,
        objectives,
        {o.key: d for o in objectives if (d := deviation(o.estimate, o.baseline)) is not None},
        tuple(gates),
        tuple(_notes(agreement, inside, window, seen)),
    )


def unseen(o: Objective, agreement: Agreement) -> str:
    """Why the server's own metrics say nothing about this objective; "" when they do."""
    if o.kind == "client_quantile":
        return "only a client sees it"
    metrics = [agreement.operations[name] for name in o.operations]
    if o.kind in ("throughput", "success") and not all(m.total for m in metrics):
        return "not every operation has a counter"
    if o.kind == "success" and not all(m.failed for m in metrics):
        return "not every operation has a counter of failures"
    return ""


def deviation(estimate: Estimate | None, baseline: float | None) -> Estimate | None:
    """Relative change against a plain figure, with the estimate's own interval."""
    if estimate is None or not baseline:
        return None
    e = estimate.scaled(1 / baseline)
    return Estimate(e.point - 1, e.low - 1, e.high - 1, e.level, e.n, e.n_eff)


def _results(
    seen: Sequence[Objective],
    agreement: Agreement,
    snapshots: Sequence[Snapshot],
    window: ScrapedSpan,
    baseline: Baseline | None,
    planned: Mapping[str, tuple[Limit, Limit | None]],
    level: float,
) -> list[ObjectiveResult]:
    """In the agreement's order."""
    values = baseline.values if baseline else {}
    prepared, without_limit = [], {}
    for o in seen:
        at = _measure(o, agreement, snapshots, window)
        if o.target.of_plan and o.key not in planned:
            reason = "its target is a share of a plan: name the load test (--run), or an agreement with ops/s"
            without_limit[o.key] = unjudged(o, values, at(level).estimate, reason)
        elif reason := unknown_limit(o, baseline):
            without_limit[o.key] = unjudged(o, values, at(level).estimate, reason)
        else:
            target, acceptable = planned.get(o.key, (o.target, o.acceptable))
            prepared.append(PreparedObjective(o, target, acceptable, at, unknown_acceptable(o, baseline)))
    judged = {r.key: r for r in judge_family(prepared, values, window.length_s, level)}
    return [(judged | without_limit)[o.key] for o in seen]


def _measure(
    o: Objective, agreement: Agreement, snapshots: Sequence[Snapshot], window: ScrapedSpan
) -> Callable[[float], ObjectiveEstimate]:
    metrics = [agreement.operations[name] for name in o.operations]
    if o.kind == "server_quantile":
        name = metrics[0].histogram
        buckets = bucket_increments(snapshots, name, window.from_ns, window.to_ns)

        def quantile(level: float) -> ObjectiveEstimate:
            found = server_quantile(buckets, o.quantile, level, o.target.value) if buckets else None
            if found is None:
                return ObjectiveEstimate(None, f"server, {name}")
            needed = seconds_needed(found.deff, found.estimate.n / window.length_s, o.quantile)
            return ObjectiveEstimate(found.estimate, f"server, {name}", found.evidence, needed)

        return quantile
    totals, failures = [m.total for m in metrics], [m.failed for m in metrics]
    if o.kind == "throughput":
        times = common_times_s(snapshots)
        done = increments(snapshots, totals, times)
        source = f"server, {' + '.join(totals)}"
        if done is None or not done.any():
            return lambda _: ObjectiveEstimate(None, source)
        width_s = float(times[-1] - times[0]) / done.size
        return lambda level: ObjectiveEstimate(rate_estimate(done, width_s, level), source)
    source = f"server, {' + '.join(totals)} against {' + '.join(failures)}"
    counts = _outcomes(o, agreement, snapshots)
    if counts is None:
        return lambda _: ObjectiveEstimate(None, source)
    return lambda level: ObjectiveEstimate(proportion_estimate(*counts, level), source)


def _outcomes(o: Objective, agreement: Agreement, snapshots: Sequence[Snapshot]) -> tuple[FloatArray, FloatArray] | None:
    """(carried out, attempted) of each scrape interval."""
    metrics, times = [agreement.operations[name] for name in o.operations], common_times_s(snapshots)
    done = increments(snapshots, [m.total for m in metrics], times)
    failed = increments(snapshots, [m.failed for m in metrics], times)
    return None if done is None or failed is None else (done, done + failed)


def _coverage_gate(window: ScrapedSpan) -> Gate:
    title = "Data over the whole window"
    if not window.scrapes:
        return Gate("coverage", title, Severity.CRITICAL, Status.INCONCLUSIVE, True, "Prometheus holds no scrape of the node")
    text = f"scrapes cover {window.coverage:.0%} of it"
    if window.coverage < COVERED:
        text += f", {COVERED:.0%} are needed: the node or its scraping was down, or the window is longer than the data"
        return Gate("coverage", title, Severity.CRITICAL, Status.INCONCLUSIVE, True, text)
    return Gate("coverage", title, Severity.CRITICAL, Status.PASS, True, text)


def _notes(agreement: Agreement, snapshots: Sequence[Snapshot], window: ScrapedSpan, seen: Sequence[Objective]) -> list[str]:
    notes = []
    for o in agreement.objectives:
        if reason := unseen(o, agreement):
            notes.append(f"{o.title}: not judged from the server's metrics, {reason}")
    if window.restarts:
        times = "once" if window.restarts == 1 else f"{window.restarts} times"
        notes.append(
            f"the node's counters went back {times} (a restart): they count again from 0, that interval is left out of the "
            "latencies, and what happened between the last scrape and the restart is lost"
        )
    if any(o.kind == "throughput" for o in seen):
        notes.append("throughput is what was asked of the node in this window, which need not be what it can do")
    for o in seen:
        counts = _outcomes(o, agreement, snapshots) if o.kind == "success" else None
        if counts is not None and (blocks := few_bursts(*counts)) is not None:
            errors = (counts[1] - counts[0]).sum()
            text = f"all {errors:,.0f} errors came in {blocks} scrape intervals: of so few bursts no interval says much"
            notes.append(f"{o.title}: {text}")
    if agreement.evidence:
        notes.append(f"the metrics alone: a release also needs evidence of {', '.join(agreement.evidence.values())}")
    return notes
