"""Where the steady state begins (MSER-5: White 1997) and whether it drifts (prewhitened slope test: Cochrane, Orcutt 1949)."""

from __future__ import annotations

import math
from collections.abc import Mapping

import numpy as np

from sla.estimators.dependence import FloatArray, spread
from sla.estimators.laws import rank_sum_p_value, slope_test, t_quantile

BATCH = 5  # seconds (White's MSER-5)
STANDS_OUT, USUAL = 2.0, 0.95  # times as far off as that share of the rest's seconds
FEWEST_DOF = 3.0  # of the wandering: with two, which a slow rest has, no head of ten times the rest would be cut
BIAS = 0.01  # what a warm-up left in may bias the figures by
CLEARLY, PERHAPS = 0.001, 0.01
LINE = 0.9  # in doubt between a line and two levels it is a line: drift is flagged, a wrong cut would be silent
MAX_PHI = 0.97  # stronger correlation can't be distinguished from a trend within a run
DRIFT_LEVEL = 0.99  # a slope must be as certain as that to be named


def warm_up_windows(series: Mapping[str, FloatArray]) -> int:
    """Windows to cut from the front: the latest cut that any series asks for, at most half of the run.

    Each series has shape (m,), one value a second.
    """
    return max((_mser5(values) for values in series.values()), default=0)


def _mser5(values: FloatArray) -> int:
    """MSER picks some point of a steady series too, and cuts behind any early spike. So what comes before its point must show
    that it is a warm-up: the cut is the end of the last batch that differs from the rest, where the whole head up to there
    differs clearly too; and a straight line must not tell the series better than two levels do: that is drift, which
    a cut would hide.
    """
    count = values.size // BATCH
    if count < 4:
        return 0
    means = values[: count * BATCH].reshape(count, BATCH).mean(axis=1)
    scores = [float(means[d:].var()) / (count - d) for d in range(count // 2 + 1)]
    start = int(np.argmin(scores)) * BATCH
    rest = values[start:]
    for cut in range(start, 0, -BATCH):
        warm = _differs(values[cut - BATCH : cut], rest, PERHAPS) and _differs(values[:cut], rest, CLEARLY)
        if warm and _stands_out(values, rest) and not _wanders_so_far(values[:cut], rest) and not _is_a_line(values, cut):
            return cut
    return 0


def _differs(part: FloatArray, rest: FloatArray, p_value: float) -> bool:
    """In the median, by more than the bias that may be left, and by the rank-sum test (Mann and Whitney 1947)."""
    middle = float(np.median(rest))
    if abs(float(np.median(part)) - middle) <= BIAS * abs(middle):
        return False
    return rank_sum_p_value(part, rest) < p_value


def _stands_out(values: FloatArray, rest: FloatArray) -> bool:
    """Whether the first batch lies STANDS_OUT times as far from the rest's middle as all but a twentieth of the rest do: what a
    run does again later is no warm-up, and to cut the high part of a slow wave would leave the low one.
    """
    middle = float(np.median(rest))
    usual = float(np.quantile(np.abs(rest - middle), USUAL))
    return abs(float(values[:BATCH].mean()) - middle) > STANDS_OUT * usual


def _wanders_so_far(head: FloatArray, rest: FloatArray) -> bool:
    """Whether the head lies no further off than a series with the correlation of the rest may wander in such a time (Student's
    t with the variance of its sum, per second): a slow wave is no warm-up, and to cut its high part would leave the low one.
    """
    of_sum = spread(rest)
    variance = of_sum.variance_of_sum / rest.size * (1 / head.size + 1 / rest.size)
    if not variance > 0:
        return False
    furthest = t_quantile(1 - CLEARLY / 2, max(of_sum.dof, FEWEST_DOF)) * math.sqrt(variance)
    return abs(float(head.mean() - rest.mean())) < furthest


def _is_a_line(values: FloatArray, cut: int) -> bool:
    time = np.arange(values.size, dtype=np.float64)
    line = np.polyval(np.polyfit(time, values, 1), time)
    levels = np.where(time < cut, values[:cut].mean(), values[cut:].mean())
    return LINE * float(((values - line) ** 2).sum()) < float(((values - levels) ** 2).sum())


def ar1(centred: FloatArray) -> float:
    """Lag-one autocorrelation of a centred series, held in [0, MAX_PHI]: negative dependence is not taken credit for."""
    power = float(centred @ centred)
    return min(max(float(centred[1:] @ centred[:-1]) / power, 0.0), MAX_PHI) if power > 0 else 0.0


def drift(values: FloatArray) -> float | None:
    """Relative change over the whole series when its slope is significant at DRIFT_LEVEL, else None; shape (m,)."""
    m = values.size
    if m < 20 or not values.mean():
        return None
    time = np.arange(m, dtype=np.float64)
    slope, intercept = np.polyfit(time, values, 1)
    phi = ar1(values - (slope * time + intercept))
    slope, p_value = slope_test(time[1:] - phi * time[:-1], values[1:] - phi * values[:-1])
    if p_value >= 1 - DRIFT_LEVEL:
        return None
    return slope * m / float(values.mean())
