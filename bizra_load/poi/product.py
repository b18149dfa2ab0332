"""PoI as a product under test: see bizra_load.products.

Every load imports this module, each of its workers too. What only dashboards and drills need is imported when they are made.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from bizra_load.poi.rules import JOB, alert_rules
from bizra_load.products import Product
from bizra_load.settings.defaults import DEFAULT_AGREEMENT
from sla.values.agreement import Agreement
from sla.values.monitoring import RequiredMonitoring

if TYPE_CHECKING:
    from bizra_load.monitoring.drills import DrillConditions, DrillPlan
    from bizra_load.monitoring.panels import Panel
    from bizra_load.monitoring.rules import AlertRule

REQUIRED = RequiredMonitoring(
    critical_rules=(
        "FinalityCheckP99Violation",
        "FinalityCheckStalled",
        "PoISuccessRateCritical",
        "PoIErrorBudgetBurn",
        "RustMetricsEndpointDown",
        "RustMetricsAbsent",
    ),
    rules=12,
    panels=6,
)


def _rule_tests(agreement: Agreement, rules: Sequence[AlertRule], rule_file: str, runbooks: str, job: str) -> dict[str, Any]:
    from bizra_load.poi.rule_tests import unit_tests

    return unit_tests(agreement, rules, rule_file, runbooks, job)


def _panels(agreement: Agreement) -> tuple[Panel, ...]:
    from bizra_load.poi.panels import node_panels

    return node_panels(agreement)


def _dashboards(agreement_name: str, baseline: str) -> Mapping[str, str]:
    from bizra_load.poi.dashboard_files import dashboards

    return dashboards(agreement_name, baseline)


def _dashboard(agreement: Agreement, environment: str, job: str) -> str:
    from bizra_load.poi.dashboard_files import node_dashboard

    return node_dashboard(agreement, environment, job)


def _drill_plan(agreement: Agreement, conditions: DrillConditions) -> DrillPlan:
    from bizra_load.poi.drill_plan import drill_plan

    return drill_plan(agreement, conditions)


PRODUCT = Product(
    name="poi",
    job=JOB,
    required=REQUIRED,
    alert_rules=alert_rules,
    rule_tests=_rule_tests,
    panels=_panels,
    dashboards=_dashboards,
    dashboard=_dashboard,
    drill_plan=_drill_plan,
    agreement=DEFAULT_AGREEMENT,
    rehearsal_agreement="local",
    scenario="mixed.py",  # every objective needs traffic
    reference_node=True,
    deployment="bizra-node",
    operations=frozenset(("generate", "verify", "finality")),
)
