"""A first agreement from a recorded run: for each operation the highest percentile that the run can show, at what it showed and
some room. The run is judged by it before it is proposed: what it does not keep is not in it. But every agreement needs an error
rate: where the run keeps none, the usual one stands there with what was measured.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from pathlib import Path

from bizra_load.archive.store import read_run
from bizra_load.exit_codes import KEPT, UsageError
from bizra_load.judging.draft import UNMEASURED, USUAL_ERRORS, USUAL_PLAN, Draft, Proposal, checked
from reports.formats.table import with_interval
from sla.judgement.evaluate import evaluate
from sla.judgement.judge_all import judge_all
from sla.judgement.no_data import failed_with, why_no_data
from sla.judgement.sequential import LEVEL
from sla.judgement.steady import begun_by_second, find_steady, operations_of
from sla.judgement.summaries import summaries
from sla.values.agreement import Agreement, of_load, requests_of
from sla.values.agreement_parser import SCHEMA, agreement_from_mapping
from sla.values.assessment import ObjectiveResult, OperationSummary, Status, Steady
from sla.values.measurements import Measurements
from sla.values.objective_words import percentile_in_words

ROOM = 1.5  # times what one run showed, at most: the next one is on another day
PERCENTILES = ("p99", "p95", "p90", "p50")  # the first that the run can show
STEPS = (1, 1.2, 1.5, 2, 2.5, 3, 4, 5, 6, 8, 10)  # of a figure that reads like a promise


def draft_of_run(folder: Path) -> tuple[Draft, str]:
    """(the draft, why the run is no GO by it, "" where it is one). Raises UsageError."""
    measurements, record = read_run(folder)
    steady = find_steady(measurements)
    if steady is None:
        raise UsageError(f"{folder}: too short to propose anything (allowed: a run of at least 5 s at a constant rate)")
    _refuse_failed(measurements, steady, folder)
    latencies = {o.operation: _latencies(o) for o in summaries(measurements, steady, LEVEL)}
    usual = {words: Proposal(words, "") for words in (USUAL_ERRORS, USUAL_PLAN)}
    kept = _kept([*(p for mine in latencies.values() for p in mine), *usual.values()], measurements, steady)
    proposals, left_out = [], []
    for operation, mine in latencies.items():
        shown = next((p for p in mine if kept[p.words].status is Status.PASS), None)
        proposals += [shown] if shown else []
        left_out += [] if shown else [f"{operation!r}: {_why_left_out(operation, measurements, steady)}"]
    errors = _errors(kept[USUAL_ERRORS])
    proposals += [errors, _throughput(kept[USUAL_PLAN], measurements, steady)]
    judged = _kept(proposals, measurements, steady)
    proposals = [p for p in proposals if p.words and judged[p.words].status is Status.PASS]
    if not proposals:
        raise UsageError(f"{folder}: shows nothing that could be promised (allowed: a longer run, or one with fewer failures)")
    if errors.comment and errors not in proposals:
        proposals.append(Proposal(USUAL_ERRORS, f"{_share(kept[USUAL_ERRORS])}: this run does not keep it"))
    length_s = steady.to_second - steady.from_second
    what = f"Made of the run {folder.name}: what {length_s} s of it showed, times {ROOM:g}, rounded up."
    draft = checked(Draft(folder.resolve().name, what, tuple(proposals), tuple(left_out)))
    assessment = evaluate(measurements, _agreement(draft.words), allowed=frozenset(record.allow or ()))
    return draft, "" if assessment.exit_code == KEPT else assessment.summary


def _latencies(o: OperationSummary) -> list[Proposal]:
    """One for each percentile that has an upper limit and can be said in words."""
    proposals = []
    for name in PERCENTILES:
        estimate = o.response.get(name)
        if estimate is not None and math.isfinite(estimate.high) and estimate.high > 0:
            words = percentile_in_words(o.operation, name, f"< {_time(estimate.high * ROOM)}")
            proposals += [Proposal(words, f"measured: {with_interval(estimate, 'ns')}")] if words else []
    return proposals


def _refuse_failed(measurements: Measurements, steady: Steady, folder: Path) -> None:
    """Raises UsageError where every request failed: what such a run took is nothing to promise."""
    requests = requests_of(operations_of(measurements.windows))
    judged = [w for second in begun_by_second(measurements, requests, steady) for w in second]
    failed = failed_with(judged)
    if failed and not any(w.ok for w in judged):
        why = f"no request was successful, {failed}"
        raise UsageError(f"{folder}: shows nothing that could be promised: {why} (allowed: a run with successful ones)")


def _why_left_out(operation: str, measurements: Measurements, steady: Steady) -> str:
    if not percentile_in_words(operation, *UNMEASURED):
        return "no words name it"
    return why_no_data(measurements, [operation], steady) or "too little was measured of it"


def _errors(measured: ObjectiveResult) -> Proposal:
    """The usual limit where the run keeps it, else one that it may keep, if there is one."""
    if measured.estimate is None:
        return Proposal("", "")
    if measured.status is Status.PASS:
        return Proposal(USUAL_ERRORS, _share(measured))
    percent = _nice(100 * measured.estimate.high * ROOM)
    return Proposal(f"error rate < {percent:g} %" if percent < 100 else "", f"{_share(measured)}: is that as it should be?")


def _share(measured: ObjectiveResult) -> str:
    """The error rate that was measured."""
    assert measured.estimate is not None
    n, share = measured.estimate.n, with_interval(measured.estimate, "ratio")
    return f"measured: {share} of all requests, {measured.estimate.point * n:,.0f} of {n:,.0f} failed"


def _throughput(measured: ObjectiveResult, measurements: Measurements, steady: Steady) -> Proposal:
    """A share of the plan where there is one and it is kept, else a number."""
    if measured.estimate is None:
        return Proposal("", "")
    comment = f"measured: {with_interval(measured.estimate, 'ops/s')}"
    if measured.status is Status.PASS:
        return Proposal(USUAL_PLAN, comment)
    least = measured.estimate.low / ROOM
    below = max((step * 10.0**power for step in STEPS for power in range(-3, 8) if step * 10.0**power <= least), default=0.0)
    return Proposal(f"throughput >= {below:g} ops/s" if below >= 1 else "", comment)


def _agreement(words: Sequence[str]) -> Agreement:
    return agreement_from_mapping({"schema": SCHEMA, "name": "a draft", "objectives": list(words)})


def _kept(proposals: Sequence[Proposal], measurements: Measurements, steady: Steady) -> Mapping[str, ObjectiveResult]:
    """By its words, each objective judged by the run."""
    if not any(p.words for p in proposals):
        return {}
    agreement = of_load(_agreement([p.words for p in proposals if p.words]), operations_of(measurements.windows))
    return {o.key: o for o in judge_all(measurements, agreement, None, steady, LEVEL, drawn=False)}


def _time(ns: float) -> str:
    value, unit = next(
        (ns / factor, unit) for factor, unit in ((1e9, "s"), (1e6, "ms"), (1e3, "us"), (0, "ns")) if ns >= factor
    )
    return f"{_nice(value):g} {unit}"


def _nice(value: float) -> float:
    """The first figure of STEPS that is not less."""
    power = 10.0 ** math.floor(math.log10(value))
    return next(step * power for step in STEPS if step * power >= value * (1 - 1e-9))
