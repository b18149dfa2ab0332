"""Measurements + agreement -> assessment. Pure: numpy and scipy, no I/O, no clock, no Locust.

The public names are imported when they are first used: scipy takes longer to load than most commands take to run.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from sla.estimators.proportions import proportion_estimate
    from sla.estimators.quantiles import quantile_estimates
    from sla.estimators.rates import rate_estimate
    from sla.judgement.evaluate import evaluate
    from sla.values.estimate import Estimate

__all__ = ["Estimate", "evaluate", "proportion_estimate", "quantile_estimates", "rate_estimate"]

_HOMES = {
    "Estimate": "sla.values.estimate",
    "evaluate": "sla.judgement.evaluate",
    "proportion_estimate": "sla.estimators.proportions",
    "quantile_estimates": "sla.estimators.quantiles",
    "rate_estimate": "sla.estimators.rates",
}


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(importlib.import_module(_HOMES[name]), name)


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})  # for help() and for completion in a notebook
