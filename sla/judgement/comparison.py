"""A candidate against a baseline: the ratio of a figure with its interval, and a verdict with a margin of equivalence.

One run a side: the interval of the ratio comes from the two intervals within the runs (MOVER on logarithms: Zou and Donner
2008, Statistics in Medicine 27); what differs from run to run is not in it, and the comparison says so. Several runs a side:
Welch's t on the logarithms of the runs' figures; runs that were interleaved (A B A B ...) are compared in pairs, which
takes out what drifts over the session. Rank tests on raw latencies are not offered: under dependence they call
four in five equal pairs different.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from enum import Enum

import numpy as np

from sla.estimators.laws import t_quantile
from sla.judgement.family import holm_level
from sla.judgement.status import only_at
from sla.values.assessment import OperationSummary
from sla.values.estimate import Estimate

MARGIN = 0.10  # within it two runs are called equivalent, unless one's own is given
MAX_EXPONENT = 709.0  # of what fits a float
SUCCESS_MARGIN = 0.01  # a tenth more or less success would be no equivalence to anybody
COMPARED = ("p50", "p95", "p99")
ONE_RUN_NOTE = (
    "one run a side: what differs from run to run is not in the interval (16 to 56 % false alarms were seen); "
    "give several, best interleaved: A B A B ..."
)


class Change(str, Enum):
    """The verdict of a comparison."""

    IMPROVED = "IMPROVED"
    EQUIVALENT = "EQUIVALENT"
    REGRESSED = "REGRESSED"
    INCONCLUSIVE = "INCONCLUSIVE"


@dataclass(frozen=True)
class Compared:
    """One figure. `ratio` is candidate / baseline (None where one side has none); `baseline` and `candidate` are the figures
    (geometric means over runs) in `unit`: ns, ops/s or ratio. margin: the relative change that counts as none.
    """

    title: str
    unit: str
    higher_is_better: bool
    margin: float
    baseline: float | None
    candidate: float | None
    ratio: Estimate | None
    change: Change
    reason: str


@dataclass(frozen=True)
class Comparison:
    """All figures, the verdict over them (the worst) and how it was made.

    baseline, candidate   what was compared: each run's folder, or the file of figures, and the SHA-256 of what it holds, as a
                          document names them
    """

    change: Change
    method: str
    compared: tuple[Compared, ...]
    notes: tuple[str, ...] = ()
    baseline: tuple[Mapping[str, str], ...] = ()
    candidate: tuple[Mapping[str, str], ...] = ()


@dataclass(frozen=True)
class Figure:
    """What is compared: one estimate per run, as a function of the confidence level. The same less the generator's lag, where
    there is any: a change, or none, must show in both.
    """

    title: str
    unit: str
    higher_is_better: bool
    margin: float
    baseline: Sequence[Callable[[float], Estimate | None]]
    candidate: Sequence[Callable[[float], Estimate | None]]
    baseline_less_lag: Sequence[Callable[[float], Estimate | None]] = ()
    candidate_less_lag: Sequence[Callable[[float], Estimate | None]] = ()


def compare(
    figures: Sequence[Figure], paired: bool, level: float = 0.95, notes: Sequence[str] = (), incomparable: str = ""
) -> Comparison:
    """Claims of a change hold a family-wise error of 1 - level (Holm); EQUIVALENT needs no correction (it must hold for all).
    `incomparable`: why no difference between these runs says anything of the candidate; then nothing is claimed.

    `paired`: run i of one side was made next to run i of the other. Raises ValueError when sides or figures are missing, or
    when pairs are incomplete.
    """
    if not figures or not all(f.baseline and f.candidate for f in figures):
        raise ValueError("nothing in common to compare")
    runs = (len(figures[0].baseline), len(figures[0].candidate))
    if paired and runs[0] != runs[1]:
        raise ValueError(f"pairs need as many runs on both sides, not {runs[0]} and {runs[1]}")
    if runs != (1, 1) and min(runs) < 2:
        raise ValueError(f"one run against several can't be compared, not {runs[0]} and {runs[1]}: give one or several on both")
    ratios = [_ratio(f, paired) for f in figures]
    strict = holm_level([_differs(at) for at in ratios], level)
    compared = tuple(_judge(f, at(level), at(strict)) for f, at in zip(figures, ratios, strict=True))
    if incomparable:
        compared = tuple(replace(c, change=Change.INCONCLUSIVE, reason=incomparable) for c in compared)
    method = "one run a side, intervals within the runs (MOVER)"
    if runs != (1, 1):
        method = f"paired t over {runs[0]} pairs of runs" if paired else f"Welch's t over {runs[0]} and {runs[1]} runs"
    worst = next(
        c
        for c in (Change.REGRESSED, Change.INCONCLUSIVE, Change.IMPROVED, Change.EQUIVALENT)
        if any(x.change is c for x in compared)
    )
    all_notes = (*((ONE_RUN_NOTE,) if runs == (1, 1) else ()), *notes)
    return Comparison(
        worst, f"{method}; changes at a family-wise error of {100 * (1 - level):.0f} % (Holm)", compared, all_notes
    )


def figures_of_runs(
    baseline: Sequence[Callable[[float], Sequence[OperationSummary]]],
    candidate: Sequence[Callable[[float], Sequence[OperationSummary]]],
    margin: float = MARGIN,
    baseline_less_lag: Sequence[Callable[[float], Sequence[OperationSummary]]] = (),
    candidate_less_lag: Sequence[Callable[[float], Sequence[OperationSummary]]] = (),
) -> list[Figure]:
    """Response-time quantiles, throughput and success of every operation that all runs have. Each run is a function of the
    confidence level; `less_lag` are the same runs less the generator's lag (summaries.less_lag).
    """
    cached = [[_Cached(run) for run in side] for side in (baseline, candidate, baseline_less_lag, candidate_less_lag)]
    names = sorted(set.intersection(*(set(run.at(0.95)) for side in cached[:2] for run in side)))
    figures = []
    for name in names:
        for title, unit, higher, allowed, pick in _quantities(margin):
            sides = [[_figure(run, name, pick) for run in side] for side in cached]
            figures.append(Figure(f"{name}, {title}", unit, higher, allowed, *sides))
    return figures


def figure_of_file(title: str, unit: str, higher_is_better: bool, margin: float, value: float, run: Estimate) -> Figure:
    """A figure against a plain number, which has no interval of its own."""
    fixed = Estimate(value, value, value, run.level, run.n, run.n)
    return Figure(title, unit, higher_is_better, margin, [lambda _: fixed], [lambda _: run])


def ratio_of(baseline: Estimate, candidate: Estimate) -> Estimate | None:
    """MOVER on logarithms: log ratio = c - b with limits c - b -/+ sqrt((c - c_low)^2 + (b_high - b)^2), and the mirror image.
    None where a side is not a positive finite number.
    """
    if not (0 < baseline.point < math.inf and 0 < candidate.point < math.inf):
        return None
    b, c = _logs(baseline), _logs(candidate)
    point = c[1] - b[1]
    low = point - math.hypot(c[1] - c[0], b[2] - b[1])
    high = point + math.hypot(c[2] - c[1], b[1] - b[0])
    n, n_eff = min(baseline.n, candidate.n), min(baseline.n_eff, candidate.n_eff)
    return Estimate(_exp(point), _exp(low), _exp(high), candidate.level, n, n_eff)


def _exp(x: float) -> float:
    """Two runs a side have one degree of freedom, and limits beyond any number that there is."""
    return math.exp(x) if x < MAX_EXPONENT else math.inf


def ratio_of_runs(baseline: Sequence[float], candidate: Sequence[float], paired: bool, level: float) -> Estimate | None:
    """Ratio of runs with one figure each: Welch's t on logarithms (Welch 1947), or the paired t. None where a figure is not
    positive and finite. Both sequences need two values at least.
    """
    if not all(0 < x < math.inf for x in (*baseline, *candidate)):
        return None
    a, b = np.log(np.asarray(baseline)), np.log(np.asarray(candidate))
    if paired:
        differences = b - a
        half = float(differences.std(ddof=1)) / math.sqrt(differences.size) * t_quantile((1 + level) / 2, differences.size - 1)
    else:
        parts = np.array([a.var(ddof=1) / a.size, b.var(ddof=1) / b.size])
        below = float((parts**2 / (np.array([a.size, b.size]) - 1)).sum())
        dof = float(parts.sum()) ** 2 / below if below > 0 else a.size + b.size - 2.0
        half = math.sqrt(parts.sum()) * t_quantile((1 + level) / 2, dof)
    point = float(b.mean() - a.mean())
    n = min(a.size, b.size)
    return Estimate(_exp(point), _exp(point - half), _exp(point + half), level, n, n)


def _logs(e: Estimate) -> tuple[float, float, float]:
    return (math.log(e.low) if e.low > 0 else -math.inf, math.log(e.point), math.log(e.high))


def _ratio(figure: Figure, paired: bool) -> Callable[[float], Estimate | None]:
    """The interval spans that of the figures as they are and that of the same less the generator's lag."""
    plain = _ratio_of_sides(figure.baseline, figure.candidate, paired)
    if not (figure.baseline_less_lag and figure.candidate_less_lag):
        return plain
    less = _ratio_of_sides(figure.baseline_less_lag, figure.candidate_less_lag, paired)

    def at(level: float) -> Estimate | None:
        e, other = plain(level), less(level)
        if e is None:
            return None
        if other is None:  # nothing is left without the lag
            return Estimate(e.point, 0.0, math.inf, level, e.n, e.n_eff)
        moved = e.scaled(other.point / e.point)  # as sure as the figures that were measured
        return Estimate(e.point, min(e.low, moved.low), max(e.high, moved.high), level, e.n, e.n_eff)

    return at


def _ratio_of_sides(
    baseline: Sequence[Callable[[float], Estimate | None]],
    candidate: Sequence[Callable[[float], Estimate | None]],
    paired: bool,
) -> Callable[[float], Estimate | None]:
    def at(level: float) -> Estimate | None:
        sides = [[run(level) for run in side] for side in (baseline, candidate)]
        known = [[e for e in side if e is not None] for side in sides]
        if known != sides:
            return None
        if len(known[0]) == len(known[1]) == 1:
            return ratio_of(known[0][0], known[1][0])
        return ratio_of_runs([e.point for e in known[0]], [e.point for e in known[1]], paired, level)

    return at


def _differs(at: Callable[[float], Estimate | None]) -> Callable[[float], bool]:
    def claimed(level: float) -> bool:
        ratio = at(level)
        return ratio is not None and (ratio.low > 1 or ratio.high < 1)

    return claimed


def _judge(figure: Figure, ratio: Estimate | None, strict: Estimate | None) -> Compared:
    change, reason = Change.INCONCLUSIVE, "one side has no such figure"
    if ratio is not None and strict is not None:
        change, reason = _verdict(ratio, strict, figure.margin, figure.higher_is_better)
    return Compared(
        figure.title, figure.unit, figure.higher_is_better, figure.margin,
        _middle(figure.baseline), _middle(figure.candidate), ratio, change, reason,
    )  # fmt: skip


def _verdict(ratio: Estimate, strict: Estimate, margin: float, higher_is_better: bool) -> tuple[Change, str]:
    if 1 / (1 + margin) <= ratio.low and ratio.high <= 1 + margin:
        return Change.EQUIVALENT, f"the whole interval lies within {100 * margin:.0f} %"
    if strict.low > 1 or strict.high < 1:
        better = (strict.low > 1) == higher_is_better
        change = Change.IMPROVED if better else Change.REGRESSED
        return change, f"the whole interval is {'better' if better else 'worse'}"
    if ratio.low > 1 or ratio.high < 1:
        return Change.INCONCLUSIVE, f"differs {only_at(ratio.level, strict.level)}"
    return Change.INCONCLUSIVE, f"neither a change nor equivalence within {100 * margin:.0f} % is shown"


def _middle(side: Sequence[Callable[[float], Estimate | None]]) -> float | None:
    """The geometric mean of a side's runs: 0 with a run of 0, infinite with one that is. None where it is not known."""
    points = [e.point for e in (run(0.95) for run in side) if e is not None]
    if len(points) < len(side):
        return None
    with np.errstate(divide="ignore", invalid="ignore"):
        middle = float(np.exp(np.log(points).mean()))
    return None if math.isnan(middle) else middle


def _quantities(margin: float) -> list[tuple[str, str, bool, float, Callable[[OperationSummary], Estimate | None]]]:
    quantities: list[tuple[str, str, bool, float, Callable[[OperationSummary], Estimate | None]]] = [
        (f"response {q}", "ns", False, margin, lambda s, q=q: s.response.get(q))  # type: ignore[misc]
        for q in COMPARED
    ]
    quantities.append(("throughput", "ops/s", True, margin, lambda s: s.rate))
    quantities.append(("success", "ratio", True, min(margin, SUCCESS_MARGIN), lambda s: s.success))
    return quantities


class _Cached:
    """A run's summaries by level: Holm asks for few levels, each costs a pass over the windows."""

    def __init__(self, run: Callable[[float], Sequence[OperationSummary]]) -> None:
        self._run = run
        self._levels: dict[float, Mapping[str, OperationSummary]] = {}

    def at(self, level: float) -> Mapping[str, OperationSummary]:
        if level not in self._levels:
            self._levels[level] = {s.operation: s for s in self._run(level)}
        return self._levels[level]


def _figure(run: _Cached, name: str, pick: Callable[[OperationSummary], Estimate | None]) -> Callable[[float], Estimate | None]:
    return lambda level: pick(run.at(level)[name])
