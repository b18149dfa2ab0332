"""The optional library that dashboards are made with, and the one dashboard that no product has a part in."""

from __future__ import annotations

import importlib
from types import ModuleType

from bizra_load.exit_codes import UsageError
from bizra_load.monitoring.panels import generator_panels

GENERATOR = "grafana-load-generator.json"


def library() -> ModuleType:
    """bizra_load.monitoring.dashboards. Raises UsageError where its library is not installed."""
    try:
        return importlib.import_module("bizra_load.monitoring.dashboards")
    except ImportError:
        how = "pip install 'bizra-load[grafana]'; in a checkout: make setup-dev"
        raise UsageError(f"grafana-foundation-sdk is missing (install it: {how})") from None


def generator_dashboard() -> dict[str, str]:
    """File name -> JSON of the load generator's own dashboard. Raises as library()."""
    return {GENERATOR: library().generator_dashboard(generator_panels())}
