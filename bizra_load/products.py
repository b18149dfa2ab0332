"""What the rest of bizra_load knows of a product under test: one `Product` in `bizra_load/<name>/product.py`, found by name.

A new product (its own user class and options, agreement, alert rules, panels) is one new folder beside poi/; nothing else names
it.
"""

from __future__ import annotations

import importlib
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bizra_load.exit_codes import UsageError
from bizra_load.monitoring.drills import DrillConditions, DrillPlan
from bizra_load.monitoring.panels import Panel
from bizra_load.monitoring.rules import AlertRule
from sla.values.agreement import DEFAULT_PRODUCT, Agreement
from sla.values.monitoring import RequiredMonitoring
from sla.values.section import AgreementError, unknown


@dataclass(frozen=True)
class Product:
    """Every function raises AgreementError for an agreement that lacks what it needs.

    default_agreement  the name of a packaged agreement
    job                what a Prometheus calls the scraping of its nodes
    alert_rules        the rules of an agreement
    rule_tests         (agreement, its rules, the rule file's name, where runbooks are) -> content for `promtool test rules`
    panels             the panels of an agreement
    dashboards         (agreement's name, baseline's name or "") -> file name -> JSON; raises UsageError
    dashboard          the name of the one that is imported, without .json
    drill_plan         what an alert drill provokes, and how; None: it has no drill
    """

    name: str
    default_agreement: str
    job: str
    required: RequiredMonitoring
    alert_rules: Callable[[Agreement], tuple[AlertRule, ...]]
    rule_tests: Callable[[Agreement, Sequence[AlertRule], str, str], dict[str, Any]]
    panels: Callable[[Agreement], tuple[Panel, ...]]
    dashboards: Callable[[str, str], Mapping[str, str]]
    dashboard: str
    drill_plan: Callable[[Agreement, DrillConditions], DrillPlan] | None = None


def names() -> tuple[str, ...]:
    """All products that are installed, in the order of their names."""
    found = {path.parent.name for place in sys.modules["bizra_load"].__path__ for path in Path(place).glob("*/product.py")}
    return tuple(sorted(found))


def product(name: str = DEFAULT_PRODUCT) -> Product:
    """The product of that name. Raises AgreementError with the names that are allowed."""
    known = names()
    if name not in known:
        raise AgreementError(f"product: {unknown(name, known)}")
    loaded: Product = importlib.import_module(f"bizra_load.{name}.product").PRODUCT
    return loaded


def product_of(agreement: Agreement) -> Product:
    """The product that an agreement names. Raises AgreementError."""
    return product(agreement.product)


def panels_of(agreement: Agreement, name: str) -> tuple[Panel, ...]:
    """The panels of an agreement that is called `name` on the command line. Raises UsageError."""
    try:
        return product_of(agreement).panels(agreement)
    except AgreementError as error:
        raise UsageError(f"{name}: {error}") from None
