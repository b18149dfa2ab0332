"""Where the steady state begins (MSER-5: White 1997) and whether it drifts (prewhitened slope test: Cochrane, Orcutt 1949)."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from scipy import stats

from sla.dependence import FloatArray, ar1

BATCH = 5
BIAS = 0.01  # what a warm-up left in may bias the figures by
CLEARLY = 0.001
DRIFT_LEVEL = 0.99


def warm_up_windows(series: Mapping[str, FloatArray]) -> int:
    """Windows to cut from the front: the latest cut that any series asks for, at most half of the run.

    Each series has shape (m,), one value a second.
    """
    return max((_mser5(values) for values in series.values()), default=0)


def _mser5(values: FloatArray) -> int:
    """MSER picks some point of a steady series too, and cuts behind any early spike. A warm-up is a lasting difference: the
    part before the cut must differ from the rest in its median, by more than the bias that may be left, and clearly.
    """
    count = values.size // BATCH
    if count < 4:
        return 0
    means = values[: count * BATCH].reshape(count, BATCH).mean(axis=1)
    scores = [float(means[d:].var()) / (count - d) for d in range(count // 2 + 1)]
    cut = int(np.argmin(scores)) * BATCH
    if not cut:
        return 0
    before, rest = values[:cut], values[cut:]
    difference = abs(float(np.median(before)) - float(np.median(rest)))
    if difference <= BIAS * abs(float(np.median(rest))):
        return 0
    clear = float(stats.mannwhitneyu(before, rest).pvalue) < CLEARLY
    return cut if clear else 0


def drift(values: FloatArray) -> float | None:
    """Relative change over the whole series when its slope is significant at DRIFT_LEVEL, else None; shape (m,)."""
    m = values.size
    if m < 20 or not values.mean():
        return None
    time = np.arange(m, dtype=np.float64)
    slope, intercept = np.polyfit(time, values, 1)
    phi = ar1(values - (slope * time + intercept))
    fit = stats.linregress(time[1:] - phi * time[:-1], values[1:] - phi * values[:-1])
    if fit.pvalue >= 1 - DRIFT_LEVEL:
        return None
    return float(fit.slope) * m / float(values.mean())
