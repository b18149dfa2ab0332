"""How much less a dependent sample is worth: design effect of window sums and the effective sample size.

Sources: equal-weighted cosine estimate of the variance (Lazarus, Lewis, Stock and Watson 2018; Mueller 2004), whose law is
Student's t with as many degrees of freedom as there are cosines; the t factor of Korn and Graubard (1990).
Limit: what is slower than about a quarter of the run can't be seen from within it; lasts() says where it looks like that.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from sla.estimators.laws import f_p_value, normal_quantile, t_quantile

FloatArray = NDArray[np.float64]

FEWEST_WINDOWS = 5  # of fewer, whatever they are, no spread is known
COSINES = 1.5  # times m^(2/3) of them at first: as many as leave short correlation without bias (docs/statistics.md)
FEWEST_COSINES = 3  # with fewer, Student's t bounds next to nothing
FEW = 9  # windows: with three cosines left of them, a run of some seconds decides nothing
HALVED_AT = 0.4  # p-value: a halving for nothing costs width, one that is missed costs coverage
HALVED_OF_MANY = 1.75  # over the root of their number, where that is less: of many cosines an F test misses less
CLEAR_AT, NEXT_AT = 0.03, 0.8  # after a halving with a p-value as clear as that the next one needs less
SEEN_BEYOND, SEEN_AT = (0.1, 0.05), 0.01  # what is slow is looked for in these shares of the slowest too, at a p-value
REACHING_DOF = 2.0  # where it clearly goes on to the slowest cosines: power still rises towards what is slower than the run
SLOW_COSINES, SLOW_AT = 2, 0.001  # the two slowest, against all others: half a wave and a whole one in the length of the run
BATCHES = 20  # of windows, where a tail's exceedances are looked for


@dataclass(frozen=True)
class Spread:
    """Variance of the sum of a series, and the degrees of freedom with which it is known: REACHING_DOF where the series goes on
    correlating to the slowest cosines.
    """

    variance_of_sum: float
    dof: float


class Alike(NamedTuple):
    """How many of the slowest cosines hold about the same power; clear: those beyond them clearly hold less."""

    cosines: int
    clear: bool


def spread(series: FloatArray, halved_at: float | None = None, at_most: Alike | None = None) -> Spread:
    """Spread of a series of shape (m,), one value a window, in time order. Each of the slowest cosines of the series gives an
    estimate of the variance of its sum; taken is the mean of as many as hold about the same power (alike()), or of as many as
    do in another series of the same windows, where that is fewer (`at_most`). With m < 2 the variance is unknown: infinite,
    dof 0.
    """
    m = int(series.size)
    if m < 2:
        return Spread(math.inf, 0.0)
    power = cosine_power(series, cosines_of(m))
    count, clear = _alike(power, halved_at)
    if at_most is not None and at_most.cosines < count:
        count, clear = at_most
    reaches = clear and count < 2 * FEWEST_COSINES and power.size >= 4 * FEWEST_COSINES  # after two halvings at least
    return Spread(float(power[:count].mean()), min(REACHING_DOF, count) if reaches else float(count))


def alike(several: Iterable[FloatArray], halved_at: float) -> Alike | None:
    """The fewest of several series of the same windows, each of shape (m,); None without any. What correlates in one of them
    may do so in the others too, where it shows less.
    """
    each = (_alike(cosine_power(series, cosines_of(int(series.size))), halved_at) for series in several)
    return min(each, default=None, key=lambda one: one.cosines)


def _alike(power: FloatArray, halved_at: float | None) -> Alike:
    """The slower half holds more of correlation that lasts long (an F test at `halved_at`, or as HALVED_AT says), and is taken
    alone then.
    """
    count, clear = power.size, False
    at = min(HALVED_AT, HALVED_OF_MANY / math.sqrt(count)) if halved_at is None else halved_at
    while count >= 2 * FEWEST_COSINES:
        p_value = _slower_is_more(power[:count], count // 2)
        if p_value >= (NEXT_AT if clear else at):
            break
        count, clear = count // 2, clear or p_value < CLEAR_AT
    return Alike(count, clear)


def lasts(series: FloatArray) -> bool:
    """Whether a series of shape (m,) moves as slowly as the run is long (a trend, a wave, correlation that does not end within
    it): then its mean over the run says little of the mean over a longer one, and no interval from within the run does.
    """
    count = cosines_of(int(series.size))
    if count < 2 * FEWEST_COSINES:
        return False
    return _slower_is_more(cosine_power(series, count), SLOW_COSINES) < SLOW_AT


def cosines_of(m: int) -> int:
    """How many cosines of a series of m values are looked at: of FEW, no more than are taken as they are."""
    most = m - 1 if m > FEW else min(m - 1, 2 * FEWEST_COSINES - 1)
    return max(min(round(COSINES * math.pow(m, 2 / 3)), most), 1)


def cosine_power(series: FloatArray, count: int) -> FloatArray:
    """2 (sum over t of x_t cos(pi j (t + 1/2) / m))^2 for j = 1 to count, shape (count,): each has the mean m omega^2, where
    m omega^2 is the variance of the sum. By the FFT of the series and its mirror image (the discrete cosine transform).
    """
    centred = series - series.mean()
    both = np.fft.rfft(np.concatenate((centred, centred[::-1])))[1 : count + 1]
    power: FloatArray = (both.real**2 + both.imag**2) / 2
    return power


def _slower_is_more(power: FloatArray, slower: int) -> float:
    """p-value that the first `slower` cosines hold no more than the others, each."""
    low, high = float(power[:slower].mean()), float(power[slower:].mean())
    if not high > 0:
        return 1.0 if not low > 0 else 0.0
    return f_p_value(low / high, slower, power.size - slower)


@lru_cache
def batch_begins(m: int) -> NDArray[np.int64]:
    """Where each of BATCHES batches of m windows begins, or of m where there are fewer."""
    return np.linspace(0, m, min(BATCHES, m) + 1).astype(np.int64)[:-1]


def batches_with(exceedances: FloatArray) -> float:
    """Share of the batches that hold an exceedance, of those in each window, shape (m,)."""
    return float((np.add.reduceat(exceedances, batch_begins(exceedances.size)) > 0).mean())


def too_few(sizes: FloatArray) -> bool:
    """Whether windows with so many samples, shape (m,), are fewer than FEWEST_WINDOWS, or worth clearly fewer of one size (Kish
    1965): one that holds most of all samples is its own average, and shows nothing of how windows differ.
    """
    filled, squares = int((sizes > 0).sum()), float(sizes @ sizes)
    return filled < FEWEST_WINDOWS or float(sizes.sum()) ** 2 < (FEWEST_WINDOWS - 1) * squares


def design_effect(
    influence: FloatArray,
    independent_variance: float,
    halved_at: float | None = None,
    at_most: Alike | None = None,
    sizes: FloatArray | None = None,
) -> tuple[float, float]:
    """(deff, dof) of a series of window influences against the variance their sum would have were all samples independent;
    deff is not under 1; `halved_at` and `at_most` as in spread(). Of too few windows, by their `sizes` too (too_few(); None:
    alike), it is infinite: they may depend on each other in any way. What spreads so little that its few degrees of freedom
    can't make up for it counts as independent, with those of all cosines: a constant or periodic series is no slow correlation,
    whichever of its cosines hold a little.
    """
    if influence.size < FEWEST_WINDOWS or (sizes is not None and too_few(sizes)):
        return math.inf, 1.0
    of_all = float(cosines_of(int(influence.size)))
    if not independent_variance > 0:
        return 1.0, of_all
    of_sum = spread(influence, halved_at, at_most)
    deff = of_sum.variance_of_sum / independent_variance
    if deff * t_quantile(0.975, of_sum.dof) ** 2 < t_quantile(0.975, of_all) ** 2:
        return 1.0, of_all
    return max(deff, 1.0), of_sum.dof


def effective_size(n: float, deff: float, dof: float, level: float) -> float:
    """n / deff, lowered further because deff itself is estimated with `dof` degrees of freedom."""
    tail = (1 - level) / 2
    return n / deff * (normal_quantile(tail) / t_quantile(tail, dof)) ** 2
