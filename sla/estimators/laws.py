"""The laws of probability that the estimators read their limits from: beta, normal and t, the rank-sum and the slope test.

scipy.special holds the functions under scipy.stats at a quarter of the time to import. It is imported at the first use, which
is when a run is judged: a worker never needs it, and every start of a process would pay 0.2 s for it.
"""

from __future__ import annotations

import functools
import itertools
import math

import numpy as np
from numpy.typing import NDArray

_Values = NDArray[np.float64]

EXACT_TO = 8  # samples: with no more of them the exact law of the rank sum is cheap, and the normal one is not close
_TINY = 1e-20  # keeps the t of a perfect line finite


def beta_quantile(p: float, a: float, b: float) -> float:
    """x with P(X <= x) = p for X ~ Beta(a, b); NaN unless 0 <= p <= 1 and a, b > 0."""
    from scipy import special

    return float(special.betaincinv(a, b, p))


def beta_probability(x: float, a: float, b: float) -> float:
    """P(X <= x) for X ~ Beta(a, b); NaN unless 0 <= x <= 1 and a, b > 0."""
    from scipy import special

    return float(special.betainc(a, b, x))


def normal_quantile(p: float) -> float:
    """x with P(X <= x) = p for a standard normal X; NaN unless 0 <= p <= 1."""
    from scipy import special

    return float(special.ndtri(p))


def t_quantile(p: float, dof: float) -> float:
    """x with P(X <= x) = p for Student's t with `dof` > 0 degrees of freedom."""
    from scipy import special

    return float(special.stdtrit(dof, p)) if p > 0 else -math.inf  # scipy.special says +inf at 0


def f_p_value(ratio: float, dof: float, other_dof: float) -> float:
    """P(F > ratio) of a ratio of two mean squares, such as two parts of a spectrum."""
    from scipy import special

    return float(special.fdtrc(dof, other_dof, ratio))


def rank_sum_p_value(one: _Values, other: _Values) -> float:
    """Two-sided p-value of the rank-sum test (Mann and Whitney 1947) of two samples, shapes (n,) and (m,), neither empty.

    Exact where a sample has no more than EXACT_TO values and none is tied; else the normal law with the corrections for ties
    and continuity.
    """
    from scipy import special

    n, m = one.size, other.size
    _, which, ties = np.unique(np.concatenate((one, other)), return_inverse=True, return_counts=True)
    ranks = np.cumsum(ties) - (ties - 1) / 2
    u = float(ranks[which[:n]].sum()) - n * (n + 1) / 2
    u = max(u, n * m - u)
    if min(n, m) <= EXACT_TO and ties.max() == 1:
        below = _rank_sum_counts(min(n, m), max(n, m))
        return min(2 * below[int(n * m - u)] / math.comb(n + m, n), 1.0)
    tied = float((ties.astype(np.float64) ** 3 - ties).sum())
    variance = n * m / 12 * ((n + m + 1) - tied / ((n + m) * (n + m - 1)))
    if variance <= 0:
        return 1.0  # all values are the same
    return min(2 * float(special.ndtr(-(u - n * m / 2 - 0.5) / math.sqrt(variance))), 1.0)


@functools.lru_cache(maxsize=16)
def _rank_sum_counts(n: int, m: int) -> list[int]:
    """In how many of the C(n + m, n) orders U is at most k, for k up to n m / 2: cumulative coefficients of the Gaussian
    binomial, the product over i = 1..n of (1 - q^(m + i)) / (1 - q^i). In whole numbers, so nothing is rounded.
    """
    size = n * m // 2 + 1
    counts = [1] + [0] * (size - 1)
    for i in range(1, n + 1):
        for k in range(size - 1, m + i - 1, -1):
            counts[k] -= counts[k - m - i]
        for k in range(i, size):
            counts[k] += counts[k - i]
    return list(itertools.accumulate(counts))


def slope_test(x: _Values, y: _Values) -> tuple[float, float]:
    """(slope, two-sided p-value that it is 0) of the least-squares line through at least three points, both of shape (m,); the
    p-value is 1 where y does not vary.
    """
    from scipy import special

    x_centred, y_centred = x - x.mean(), y - y.mean()
    xx, yy, xy = float(x_centred @ x_centred), float(y_centred @ y_centred), float(x_centred @ y_centred)
    if xx == 0 or yy == 0:
        return 0.0, 1.0
    r = min(max(xy / math.sqrt(xx * yy), -1.0), 1.0)
    dof = x.size - 2
    t = r * math.sqrt(dof / ((1 - r + _TINY) * (1 + r + _TINY)))
    return xy / xx, 2 * float(special.stdtr(dof, -abs(t)))


def lundberg_exponent(load: float) -> float:
    """x > 0 with load (exp(x) - 1) = x, for 0 < load < 1: by Lambert's function (Corless et al. 1996), lower branch."""
    from scipy import special

    return -load - float(special.lambertw(-load * math.exp(-load), -1).real)
