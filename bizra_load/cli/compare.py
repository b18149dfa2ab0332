"""`bizra-load compare BASELINE CANDIDATE [BASELINE CANDIDATE ...]`: is the candidate better, worse or the same?

Sides alternate: the first, third, ... are baseline runs, the others candidate runs. Runs that were made in that order, one
after the other, are compared in pairs. The baseline may also be one .json file of earlier figures.
Exit code 0 IMPROVED or EQUIVALENT, 3 REGRESSED, 4 INCONCLUSIVE, 5 a run can't be trusted, 6 wrong usage.
"""

from __future__ import annotations

import argparse
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from bizra_load.cli.report import add_output_arguments, put_out
from bizra_load.exit_codes import INCONCLUSIVE, KEPT, NO_GO, InvalidRunError, UsageError
from sla.judgement.comparison import MARGIN, Change, Comparison, Figure, compare, figure_of_file, figures_of_runs
from sla.judgement.lateness import LATE, judged
from sla.judgement.summaries import less_lag, summaries
from sla.judgement.touches import touches_client
from sla.values import histogram
from sla.values.assessment import Assessment, OperationSummary, Status
from sla.values.baseline import Baseline
from sla.values.measurements import Measurements
from sla.values.number import share_in

EXIT = {Change.REGRESSED: NO_GO, Change.INCONCLUSIVE: INCONCLUSIVE}


@dataclass(frozen=True)
class _Run:
    folder: Path
    measurements: Measurements
    assessment: Assessment

    def at(self, level: float) -> tuple[OperationSummary, ...]:
        return summaries(self.measurements, self.assessment.steady, level)

    def less_lag(self, level: float) -> tuple[OperationSummary, ...]:
        lag = histogram.merge(h.lag for h in judged(self.measurements.health, self.assessment.steady))
        return less_lag(self.at(level), lag)


def add_parser(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    parser = subparsers.add_parser("compare", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("sides", nargs="+", type=Path, metavar="RUN", help="run folders: baseline, candidate, baseline, ...")
    parser.add_argument("--margin", default="10%", help="a relative change that counts as none (default: 10%%)")
    add_output_arguments(parser)
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    from reports.results import comparison as report

    margin = _margin(args.margin)
    if len(args.sides) < 2 or len(args.sides) % 2:
        raise UsageError(f"compare: {len(args.sides)} runs (allowed: pairs of BASELINE CANDIDATE)")
    if args.sides[0].suffix == ".json":
        found = _against_file(args.sides, margin)
    else:
        found = _against_runs([_read(folder) for folder in args.sides], margin)
    put_out(
        args,
        partial(report.render, found),
        {"json": partial(report.render_json, found), "md": partial(report.render_markdown, found)},
    )
    return EXIT.get(found.change, KEPT)


def _against_runs(runs: list[_Run], margin: float) -> Comparison:
    sides = runs[0::2], runs[1::2]
    notes = []
    plans = {tuple((s.from_per_s, s.to_per_s) for s in r.measurements.facts.plan) for r in runs}
    if len(plans) > 1:
        notes.append("the runs had different planned rates: latencies depend on the load")
    if len({str(r.assessment.run.get("target")) for r in runs}) > 2:
        notes.append("the runs of one side had different targets")
    without = ([r.less_lag for r in side] for side in sides)
    figures = figures_of_runs([r.at for r in sides[0]], [r.at for r in sides[1]], margin, *without)
    return _compared(figures, len(runs) > 2 and _interleaved(runs), notes)


def _against_file(sides: list[Path], margin: float) -> Comparison:
    from bizra_load.judging.agreements import read_baseline

    if len(sides) != 2:
        raise UsageError("compare: a baseline file is compared with one run")
    candidate = _read(sides[1], read_baseline(sides[0]))
    figures = [
        figure_of_file(o.title, o.unit, o.comparison == ">=", margin, o.baseline, o.estimate)
        for o in candidate.assessment.objectives
        if o.baseline is not None and o.estimate is not None
        # what can't be judged can't be compared
        and o.status is not Status.INVALID and not o.reason.startswith(LATE)
    ]  # fmt: skip
    return _compared(figures, False, ["the baseline is a file of plain figures without intervals of their own"])


def _compared(figures: list[Figure], paired: bool, notes: list[str]) -> Comparison:
    try:
        return compare(figures, paired, notes=notes)
    except ValueError as error:
        raise UsageError(f"compare: {error}") from None


def _interleaved(runs: list[_Run]) -> bool:
    """Each baseline run and its candidate follow each other, whichever came first."""
    order = sorted(range(len(runs)), key=lambda i: runs[i].measurements.facts.load_started_ns)
    pairs = [order[i : i + 2] for i in range(0, len(order), 2)]
    return all(a // 2 == b // 2 for a, b in pairs)


def _read(folder: Path, baseline: Baseline | None = None) -> _Run:
    from bizra_load.judging.judge import Override, judge_folder

    assessment, measurements = judge_folder(folder, Override(baseline=baseline))
    broken = [c.reason for c in assessment.checks if c.status is Status.FAIL and touches_client(c)]
    if broken:
        raise InvalidRunError(f"{folder}: can't be compared: {'; '.join(broken)}")
    return _Run(folder, measurements, assessment)


def _margin(text: str) -> float:
    value = share_in(text)
    if value is None or not 0 < value < 1:
        raise UsageError(f"--margin: {text!r} (allowed: 1% to 99%, for example {MARGIN:.0%})")
    return value
