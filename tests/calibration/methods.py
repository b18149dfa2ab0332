"""The estimate of dependence beside others of the literature, on the same simulated runs: docs/statistics.md shows the table.

python -m tests.calibration.methods [--runs 300]

Batch means and standardized time series (the area estimator of Schruben 1983, joined with batch means as in SQSTS and FQUEST:
Alexopoulos and others 2014, 2019), in batches that are made longer while their means correlate by von Neumann's
ratio at 20 %. Each takes the place of sla.estimators.dependence.design_effect in the estimate of a quantile, and nothing else.
"""

from __future__ import annotations

import argparse
import math
import os
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from unittest import mock

import numpy as np
from scipy import stats

from sla.estimators import dependence, quantiles
from tests.calibration import simulate, systems

CORRELATED_AT = 0.2
LENGTH_S = 120
SYSTEMS = {  # and the quantile that is looked at
    "M/M/1": (lambda rng: simulate.mm1(rng, 0.8, LENGTH_S), 0.99),
    "cache, 1 %": (lambda rng: systems.cache(rng, LENGTH_S, 0.01), 0.99),
    "cache, 5 %": (lambda rng: systems.cache(rng, LENGTH_S, 0.05), 0.5),
    "independent": (lambda rng: simulate.independent(rng, LENGTH_S), 0.99),
}


def begins(z, batches):
    return np.linspace(0, z.size, batches + 1).astype(int)


def batch_means(z, batches):
    """(variance of the sum of z, degrees of freedom)."""
    sums = np.add.reduceat(z, begins(z, batches)[:-1])
    return batches * sums.var(ddof=1), batches - 1


def area(z, batches):
    """Each batch's standardized time series, squared under the weight 12^(1/2); its mean is the variance of one value."""
    edges, areas = begins(z, batches), []
    for x in np.split(z, edges[1:-1]):
        k = np.arange(1, x.size + 1)
        areas.append((math.sqrt(12) / x.size**1.5 * (k * x.mean() - np.cumsum(x)).sum()) ** 2)
    return np.mean(areas) * z.size, batches


def standardized(z, batches):
    (of_means, m), (of_areas, n) = batch_means(z, batches), area(z, batches)
    return (m * of_means + n * of_areas) / (m + n), m + n


def independent_batches(z, batches):
    means = np.add.reduceat(z, begins(z, batches)[:-1])
    off = ((means - means.mean()) ** 2).sum()
    ratio = 1 - (np.diff(means) ** 2).sum() / (2 * off) if off else 0.0
    return ratio < stats.norm.ppf(1 - CORRELATED_AT) * math.sqrt((batches - 2) / (batches**2 - 1))


def longer(method, counts):
    """The method with the first of these numbers of batches whose means do not correlate, or the last."""
    return lambda z: method(z, next((b for b in counts if independent_batches(z, b)), counts[-1]))


METHODS = {
    "20, 10, 5 batch means": longer(batch_means, (20, 10, 5)),
    "standardized, 20, 10, 5 batches": longer(standardized, (20, 10, 5)),
    "standardized, 10, 5, 3 batches": longer(standardized, (10, 5, 3)),
    "standardized, 5 batches": lambda z: standardized(z, 5),
    "areas alone, 10, 5 batches": longer(area, (10, 5)),
}
OURS = "cosines, as taken"


def as_design_effect(method):
    def effect(influence, independent_variance, *_):
        variance, dof = method(influence)
        return max(variance / independent_variance, 1.0), float(dof)

    return effect


def compared(system, seed):
    """By method, whether the interval covers the truth, and its width over the truth, or over that of independent samples."""
    make, q = SYSTEMS[system]
    stream = make(np.random.default_rng(seed))
    windows, truth, outcome = quantiles.windows_of(stream.finished_at_s, stream.latency_ns), stream.true_ns(q), {}
    unit = truth if system != "independent" else exact_width(np.sort(stream.latency_ns), q)
    for name in (OURS, *METHODS):
        effect = dependence.design_effect if name == OURS else as_design_effect(METHODS[name])
        with mock.patch.object(quantiles, "design_effect", effect):
            [result] = quantiles.quantile_results(windows, (q,))
        e = result.estimate
        outcome[name] = e.low <= truth <= e.high, (e.high - e.low) / unit
    return outcome


def exact_width(values, q):
    n = values.size
    low, high = stats.beta.ppf([0.025, 0.975], [q * n, q * n + 1], [n - q * n + 1, n - q * n])
    return values[int(high * n)] - values[int(low * n)]


def main(argv: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=300)
    runs = parser.parse_args(argv).runs
    with ProcessPoolExecutor(os.cpu_count()) as pool:
        for system in SYSTEMS:
            outcomes = list(pool.map(compared, [system] * runs, range(runs), chunksize=5))
            print(f"{system} ({runs} runs)")
            for name in outcomes[0]:
                covered, widths = zip(*(o[name] for o in outcomes), strict=True)
                print(f"  {name:32} covered {np.mean(covered):6.1%}, median width {np.median(widths):.3f}", flush=True)


if __name__ == "__main__":
    main()
