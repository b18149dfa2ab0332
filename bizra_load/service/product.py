"""Any service as a product under test: what an agreement of ordinary objectives is on. See bizra_load.products."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NoReturn

from bizra_load.monitoring.rules import AlertRule
from bizra_load.products import ANY_SERVICE, Product
from sla.values.agreement import Agreement
from sla.values.monitoring import RequiredMonitoring
from sla.values.section import AgreementError


def _none(what: str) -> NoReturn:
    raise AgreementError(f"product: {ANY_SERVICE} has no {what} (allowed: a product that brings its own, see CONTRIBUTING.md)")


def alert_rules(_: Agreement, __: str) -> NoReturn:
    _none("alert rules")


def rule_tests(_: Agreement, __: Sequence[AlertRule], ___: str, ____: str, _____: str) -> dict[str, Any]:
    _none("alert rules")


def panels(_: Agreement) -> NoReturn:
    _none("dashboard panels")


def dashboard(_: Agreement, __: str, ___: str) -> NoReturn:
    _none("dashboard")


PRODUCT = Product(
    name=ANY_SERVICE,
    job=ANY_SERVICE,
    required=RequiredMonitoring(),
    alert_rules=alert_rules,
    rule_tests=rule_tests,
    panels=panels,
    dashboards=lambda _name, _baseline: {},
    dashboard=dashboard,
)
