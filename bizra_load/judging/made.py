"""What must be watched under an agreement, as its product makes it: what evidence from files is compared with."""

from __future__ import annotations

from bizra_load.judging.agreements import AgreementFile
from bizra_load.products import product_of
from sla.values.monitoring import MadeMonitoring, MadeRule
from sla.values.section import AgreementError


def made_monitoring(by: AgreementFile) -> MadeMonitoring:
    """The rules, on the product's own job, and the panels of an agreement with the limits that its baseline gives."""
    product, agreement = product_of(by.agreement), by.judged
    rules: tuple[MadeRule, ...] = ()
    panels: dict[str, tuple[str, ...]] = {}
    no_rules = no_panels = ""
    try:
        rules = tuple(
            MadeRule(r.name, r.group, r.severity, r.expr, r.for_s) for r in product.alert_rules(agreement, product.job)
        )
    except AgreementError as error:
        no_rules = str(error)
    try:
        panels = {p.title: tuple(p.queries.values()) for p in product.panels(agreement)}
    except AgreementError as error:
        no_panels = str(error)
    return MadeMonitoring(rules, no_rules, panels, no_panels)
