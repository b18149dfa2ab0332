"""PoI as a product under test: see bizra_load.products."""

from __future__ import annotations

from bizra_load.poi.dashboard_files import dashboards, node_dashboard
from bizra_load.poi.drill_plan import drill_plan
from bizra_load.poi.panels import node_panels
from bizra_load.poi.rule_tests import unit_tests
from bizra_load.poi.rules import JOB, alert_rules
from bizra_load.products import Product
from bizra_load.settings.defaults import DEFAULT_AGREEMENT
from sla.values.monitoring import RequiredMonitoring

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

PRODUCT = Product(
    name="poi",
    job=JOB,
    required=REQUIRED,
    alert_rules=alert_rules,
    rule_tests=unit_tests,
    panels=node_panels,
    dashboards=dashboards,
    dashboard=node_dashboard,
    drill_plan=drill_plan,
    agreement=DEFAULT_AGREEMENT,
    rehearsal_agreement="local",
    scenario="mixed.py",  # every objective needs traffic
    reference_node=True,
    deployment="bizra-node",
    operations=frozenset(("generate", "verify", "finality")),
)
