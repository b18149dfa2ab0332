"""Limits of a share from its effective sample size: exact for independent outcomes, wider for those that come in clusters.

Clopper and Pearson (1934). A sum of clusters is skewed to the side of what is rare, and where by chance few of them came, the
design effect is estimated too low as well: limits symmetric in the estimate miss almost always on one side. The Edgeworth
expansion of Student's t (Johnson 1978; Hall 1992, section 3.10) moves both limits the same way, by (1 + 2 z^2) / 6 times the
skewness: 2.2 effective outcomes where clusters have exponential sizes, of which Clopper and Pearson have 1.4 by themselves.
Moved is only the limit that this makes wider: what takes long turns is not skewed, and its other limit would be too narrow.
"""

from __future__ import annotations

from sla.estimators.laws import beta_quantile

CLUSTERED = 1.0  # effective outcomes that a limit moves by where deff is large: 0.7 at least, 2 for heavy-tailed clusters
Law = tuple[float, float]  # a and b of a Beta law


def share_limits(share: float, n_eff: float, level: float, deff: float = 1.0) -> tuple[float, float]:
    """Limits of a share of which n_eff effective outcomes (they need not be whole) were seen, with their design effect."""
    tail = (1 - level) / 2
    low, high = share_laws(share, n_eff, deff)
    return beta_quantile(tail, *low) if low else 0.0, beta_quantile(1 - tail, *high) if high else 1.0


def share_laws(share: float, n_eff: float, deff: float = 1.0) -> tuple[Law | None, Law | None]:
    """What the lower and the upper limit of a share are quantiles of; None where there is none but 0, or but 1."""
    k = share * n_eff
    shift = CLUSTERED * (1 - 1 / deff) * (1 - 2 * share)
    at_low, at_high = k + min(shift, 0.0), n_eff - k - max(shift, 0.0)
    low = (at_low, n_eff + 1 - at_low) if at_low > 0 else None
    high = (n_eff + 1 - at_high, at_high) if at_high > 0 else None
    return low, high


def order_statistic_limits(q: float, n_eff: float, level: float, deff: float = 1.0) -> tuple[float, float | None]:
    """Probabilities between which the order statistic lies that the q-quantile is, for 0 < q < 1. The lower one is 0, and the
    upper one None, when there is no bound: all samples may lie above it, or under it.
    """
    tail = (1 - level) / 2
    low, high = order_statistic_laws(q, n_eff, level, deff)
    return beta_quantile(tail, *low) if low else 0.0, beta_quantile(1 - tail, *high) if high else None


def order_statistic_laws(q: float, n_eff: float, level: float, deff: float = 1.0) -> tuple[Law | None, Law | None]:
    """What order_statistic_limits() are quantiles of: the laws of two neighbouring order statistics. None: no bound."""
    tail, k = (1 - level) / 2, q * n_eff
    shift = CLUSTERED * (1 - 1 / deff) * (2 * q - 1)  # more beyond a value than was seen is the same as a higher quantile
    at_low, at_high = k + min(shift, 0.0), n_eff - k - max(shift, 0.0)
    no_low = (1 - q) ** n_eff > tail or at_low <= 0
    no_high = q**n_eff > tail or at_high <= 0
    low = None if no_low else (at_low, n_eff + 1 - at_low)
    high = None if no_high else (n_eff + 1 - at_high, at_high)
    return low, high
