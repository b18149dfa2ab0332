"""Measurements + agreement -> assessment. Pure: numpy and scipy, no I/O, no clock, no Locust."""

from sla.estimate import Estimate
from sla.evaluate import evaluate
from sla.proportions import proportion_estimate
from sla.quantiles import quantile_estimates
from sla.rates import rate_estimate

__all__ = ["Estimate", "evaluate", "proportion_estimate", "quantile_estimates", "rate_estimate"]
