"""An objective that moves as slowly as the run is long: its average over the run is not what it will be after it.

No interval from within the run holds then: a wave of four times its length, of which the run sees a part, is covered in 37 % of
runs. So the latest part must keep the target too, and whatever keeps or misses it must do so even should it move on: all
of a run may lie on the crest of a wave. What gets worse from part to part lies on none.
"""

from __future__ import annotations

import dataclasses
import itertools
import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from sla.estimators.dependence import FEWEST_WINDOWS
from sla.estimators.quantiles import STRONG_EVIDENCE
from sla.judgement.objectives import EstimateAt, ObjectiveEstimate
from sla.judgement.outages.slow_end import SlowEnd
from sla.values.estimate import Estimate

REACHES = "correlation reaches the length of the run"
PARTS = 5  # of the run, one after the other
ENOUGH = 20  # windows, from which parts of them tell of what does not move so slowly
FAR = 4.0  # times as much as in any part: what no interval bounds may be so much at least
RATIOS = 2  # times the ratio of its highest part to its lowest, again, it may grow
MOVES_ON = 8.0  # times as far as its parts lie apart: a quarter of a wave about its turn shows a seventh of what it swings


@dataclass(frozen=True)
class Moving:
    """`parts`: estimates of PARTS parts of the run, and last of its latest part of FEWEST_WINDOWS windows at least, at a
    confidence level. `text` says how far it moved. No estimate lies over `highest`. `tail`: 1 - q of a quantile. lasts: whether
    it does move so slowly; where not, its parts tell of a target far from all of them.

    What moves within a part as well leaves its interval as wide as the run's: so the parts' points are taken, of as many
    samples as a tail needs; that they differ by more than chance is known.
    """

    parts: Callable[[float], Sequence[Estimate | None]]
    text: Callable[[float], str]
    highest: float = math.inf
    tail: float = 1.0
    lasts: bool = True

    def widened(self, measured: ObjectiveEstimate) -> ObjectiveEstimate:
        """What is missed must be missed by the latest part as well, or by each part, and what is kept by the latest one; either
        way also should it move on as it did. What got worse from part to part is missed where each part misses it.
        """
        estimate = measured.estimate
        if estimate is None:
            return measured
        parts = [e for e in self.parts(estimate.level) if e is not None]
        points, latest = [e.point for e in parts], parts[-1].point
        lowest, furthest = min(points), max(points)
        moved = furthest - lowest if math.isfinite(furthest) else 0.0
        at_least, at_most = measured.at_least or estimate, measured.at_most or estimate
        low, high, most = min(at_least.low, latest), max(at_least.high, latest), max(at_most.high, latest)
        enough = all(e.n * self.tail >= STRONG_EVIDENCE for e in parts)
        if enough:  # no average lies beyond all parts of it
            low, high = max(low, lowest), min(high, furthest)
            most = furthest if math.isinf(at_most.high) and math.isfinite(at_most.point) else most
        on, steps = MOVES_ON * moved, list(itertools.pairwise(points[:-1]))
        climbs = enough and bool(steps) and all(after > before for before, after in steps)
        falls = enough and bool(steps) and all(after < before for before, after in steps)
        low, high = lowest if climbs else low - on, furthest if falls else high + on
        most = min(most + on, self.highest)
        how = f"it moved by {self.text(moved)} from one fifth of the run to another"
        why, wider = f"{REACHES} ({how})", low < at_least.low or high > at_least.high
        return dataclasses.replace(
            measured,
            at_least=_with_limits(at_least, max(low, 0.0), min(high, self.highest)),
            at_most=_with_limits(at_most, max(min(at_most.low, latest) - on, 0.0), most),
            less=f"{why}: by its latest part, and should it move back" if wider else measured.less,
            more=f"{why}: should it move on",
            reaches=True,
            beyond=None,
            failing_end=dataclasses.replace(end, moves=True) if isinstance(end := measured.failing_end, SlowEnd) else end,
            known_high=most if enough else math.inf,
            how_it_moved=how,
        )

    def bounded(self, measured: ObjectiveEstimate) -> ObjectiveEstimate:
        """An upper limit for what correlates too much for any interval to have one: as if it moved on from part to part, by a
        difference and by a ratio, which is how what grows with itself moves (a queue, a share of misses).
        """
        most = measured.at_most or measured.estimate
        if most is None or math.isfinite(most.high):
            return measured
        points = [e.point for e in self.parts(most.level) if e is not None]
        lowest, furthest = min(points), max(points)
        times = max(FAR, (furthest / lowest) ** RATIOS) if lowest > 0 else math.inf
        moved = self.widened(measured)
        high = max(moved.known_high, times * furthest)
        return dataclasses.replace(measured, known_high=high, how_it_moved=moved.how_it_moved)


def _with_limits(estimate: Estimate, low: float, high: float) -> Estimate:
    """The estimate with other limits around its point."""
    return dataclasses.replace(estimate, low=min(low, estimate.point), high=max(high, estimate.point))


def wide_as_it_moves(moving: Moving | None, at: EstimateAt) -> EstimateAt:
    """The estimates with those bounds; as they are where nothing moves."""
    if moving is None:
        return at
    as_it_moves = moving.widened if moving.lasts else moving.bounded
    return lambda level: as_it_moves(at(level))


def slices(windows: int) -> list[slice]:
    """PARTS parts of so many windows, and the latest part."""
    edges = np.linspace(0, windows, PARTS + 1).astype(int).tolist()
    latest = slice(min(edges[-2], max(windows - FEWEST_WINDOWS, 0)), windows)
    return [*(slice(a, b) for a, b in itertools.pairwise(edges)), latest]
