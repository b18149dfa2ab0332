"""The echo service as a product under test: see bizra_load.products."""

from __future__ import annotations

from bizra_load.monitoring.panels import Panel, node_quantile
from bizra_load.monitoring.rules import AlertRule
from bizra_load.products import Product
from sla.values.monitoring import RequiredMonitoring
from sla.values.section import AgreementError

JOB = "echo-service"


def alert_rules(agreement, job):
    if "echo" not in agreement.operations:
        raise AgreementError("operations.echo: is missing, and alerts are made of it")
    total = agreement.operations["echo"].total
    return (
        AlertRule("EchoDown", "echo", "critical", "health", f'up{{job="{job}"}} == 0', 60, "It is down", "Down.", JOB),
        AlertRule("EchoIdle", "echo", "warning", "sla", f"rate({total}[5m]) == 0", 300, "Nobody calls it", "Idle.", JOB),
    )


def rule_tests(agreement, rules, rule_file, runbooks, job):
    return {"rule_files": [rule_file], "tests": []}


def panels(agreement):
    return (Panel("Echo time", "Time inside.", "s", {"p99": node_quantile(0.99, agreement.operations["echo"].histogram)}),)


PRODUCT = Product(
    name="echo",
    job=JOB,
    required=RequiredMonitoring(critical_rules=("EchoDown",), rules=2, panels=1),
    alert_rules=alert_rules,
    rule_tests=rule_tests,
    panels=panels,
    dashboards=lambda name, baseline: {"echo.json": "{}\n"},
    dashboard=lambda agreement, environment, job: "{}\n",
)
