"""Saved runs compared with each other, or with a file of earlier figures: reads and judges them, then asks sla for changes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from bizra_load.archive import checksums
from bizra_load.archive.store import read_record
from bizra_load.exit_codes import InvalidRunError, UsageError
from bizra_load.judging.agreements import baseline_sha256, read_baseline
from bizra_load.judging.judge import Override, agreement_of, judge_folder
from sla.judgement.checks.check_scope import touches_client
from sla.judgement.comparison import Comparison, Figure, compare, figure_of_file, figures_of_runs
from sla.judgement.generator.lateness import LATE, judged
from sla.judgement.steady import constant_part
from sla.judgement.summaries import less_lag, summaries
from sla.values.assessment import Assessment, OperationSummary, Status
from sla.values.baseline import Baseline
from sla.values.measurements import Measurements


@dataclass(frozen=True)
class _Run:
    """`tolerance`: the share by which what was sent may differ from what was planned."""

    folder: Path
    measurements: Measurements
    assessment: Assessment
    tolerance: float

    def at(self, level: float) -> tuple[OperationSummary, ...]:
        return summaries(self.measurements, self.assessment.steady, level)

    def achieved_per_s(self) -> float:
        """Operations that were sent in a second of the judged part; 0 where there is no such part."""
        steady = self.assessment.steady
        if steady is None:
            return 0.0
        started = sum(w.started for w in self.measurements.windows if steady.holds(w.second))
        return started / (steady.to_second - steady.from_second)

    def less_lag(self, level: float) -> tuple[OperationSummary, ...]:
        lag = judged(self.measurements.health_rows, self.assessment.steady).merged("lag")
        return less_lag(self.at(level), lag)


def compare_runs(folders: Sequence[Path], margin: float) -> Comparison:
    """Run folders: baseline, candidate, baseline, candidate, ... `margin`: the relative change that counts as none (a ratio).

    Raises UsageError where a folder is no run, a run is given twice or nothing can be compared, InvalidRunError where a run
    can't be trusted.
    """
    runs = [_read(folder) for folder in folders]
    _check_that_each_is_another(runs)
    sides = runs[0::2], runs[1::2]
    notes = []
    plans = {tuple((s.from_per_s, s.to_per_s) for s in r.measurements.facts.plan) for r in runs}
    if not (incomparable := _different_rates(runs)) and len(plans) > 1:
        notes.append("the runs had different plans around the part that is compared")
    if len({r.assessment.run.target for r in runs}) > 2:
        notes.append("the runs of one side had different targets")
    without_lag = ([r.less_lag for r in side] for side in sides)
    figures = figures_of_runs([r.at for r in sides[0]], [r.at for r in sides[1]], margin, *without_lag)
    comparison = _compared(figures, len(runs) > 2 and _interleaved(runs), notes, incomparable)
    baseline, candidate = (tuple(checksums.named(run.folder) for run in side) for side in sides)
    return replace(comparison, baseline=baseline, candidate=candidate)


def compare_with_file(baseline: Path, folder: Path, margin: float) -> Comparison:
    """The objectives of a run folder and the plain figures of a baseline file. Raises as compare_runs()."""
    candidate = _read(folder, read_baseline(baseline))
    figures = [
        figure_of_file(o.title, o.unit, o.comparison == ">=", margin, o.baseline, o.estimate)
        for o in candidate.assessment.objectives
        if o.baseline is not None and o.estimate is not None
        # what can't be judged can't be compared
        and o.status is not Status.INVALID and not o.reason.startswith(LATE)
    ]  # fmt: skip
    comparison = _compared(figures, False, ["the baseline is a file of plain figures without intervals of their own"])
    file = {"file": str(baseline), "sha256": baseline_sha256(baseline)}
    return replace(comparison, baseline=(file,), candidate=(checksums.named(folder),))


def _check_that_each_is_another(runs: Sequence[_Run]) -> None:
    """A run that is given again, or a copy of it, would count as one more measurement. Raises UsageError."""
    seen: dict[object, Path] = {}
    for r in runs:
        facts, windows = r.measurements.facts, r.measurements.windows
        what = tuple((w.second, w.operation, w.started, w.finished, w.response_sum_ns) for w in windows)
        first = seen.setdefault((facts.load_started_ns, facts.load_ended_ns, what), r.folder)
        if first is not r.folder:
            of = "is given twice" if first == r.folder else f"is the same run as {first}"
            raise UsageError(f"{r.folder} {of} (allowed: each run once: a repetition measures nothing more)")


def _different_rates(runs: Sequence[_Run]) -> str:
    """Why the runs were not under the same load; "" where they were. Of an import no plan is known: what was achieved is
    compared, with the tolerance that runs have against their plan. What a closed model achieves is no load that it was given,
    but its outcome.
    """
    if len(planned := sorted({rate for r in runs if (rate := constant_part(r.measurements.facts)[2])})) > 1:
        kind, rates = "planned", planned
    elif not any(read_record(r.folder).imported for r in runs):
        return ""
    else:
        kind, rates = "achieved", sorted({r.achieved_per_s() for r in runs})
        if rates[-1] - rates[0] <= min(r.tolerance for r in runs) * rates[0]:
            return ""
    texts = " and ".join(f"{rate:,.6g}" for rate in rates)
    return f"the runs had different {kind} rates, {texts} ops/s: a difference may be the load's"


def _compared(figures: list[Figure], paired: bool, notes: list[str], incomparable: str = "") -> Comparison:
    try:
        return compare(figures, paired, notes=notes, incomparable=incomparable)
    except ValueError as error:
        raise UsageError(f"compare: {error}") from None


def _interleaved(runs: list[_Run]) -> bool:
    """Each baseline run and its candidate follow each other, whichever came first."""
    order = sorted(range(len(runs)), key=lambda i: runs[i].measurements.facts.load_started_ns)
    pairs = [order[i : i + 2] for i in range(0, len(order), 2)]
    return all(a // 2 == b // 2 for a, b in pairs)


def _read(folder: Path, baseline: Baseline | None = None) -> _Run:
    assessment, measurements = judge_folder(folder, Override(baseline=baseline))
    broken = [c.reason for c in assessment.checks if c.status is Status.FAIL and touches_client(c)]
    if broken:
        raise InvalidRunError(f"{folder}: can't be compared: {'; '.join(broken)}")
    return _Run(folder, measurements, assessment, agreement_of(folder).agreement.validity.achieved_share)
