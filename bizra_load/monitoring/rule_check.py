"""Are the alert rules of an agreement loaded in a Prometheus, as they were made?"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from bizra_load.io.bounded_http import MALFORMED
from bizra_load.io.redaction import without_userinfo
from bizra_load.io.utc import utc_now
from bizra_load.monitoring.rules import AlertRule
from bizra_load.server_metrics.exposition import ScrapeError
from bizra_load.server_metrics.prometheus_api import PrometheusClient
from reports.results.rules_check import RuleCheck, RulesCheck


def check_rules(
    client: PrometheusClient, rules: Sequence[AlertRule], agreement: str, sha256: str, job: str, of_job: str
) -> RulesCheck:
    """`job`: whose rules these are, "" where nobody named it; `of_job`: the same in words. Never raises: what can't be read is
    said in the result.
    """
    asked, at = f"Prometheus at {without_userinfo(client.url)}, {of_job}", utc_now()
    try:
        loaded = _loaded(client)
        checks = tuple(RuleCheck(r.name, r.severity, _reason(client, r, loaded.get(r.name, []))) for r in rules)
    except (ScrapeError, *MALFORMED) as error:
        return RulesCheck(agreement, sha256, job, asked, at, str(error)[:300] or type(error).__name__, ())
    return RulesCheck(agreement, sha256, job, asked, at, "", checks)


def _loaded(client: PrometheusClient) -> dict[str, list[dict[str, Any]]]:
    """Alerting rules by name; a name may be there several times."""
    rules_by_name: dict[str, list[dict[str, Any]]] = {}
    for group in client.rule_groups():
        for rule in group["rules"]:
            if rule["type"] == "alerting":
                rules_by_name.setdefault(str(rule["name"]), []).append(rule)
    return rules_by_name


def _reason(client: PrometheusClient, rule: AlertRule, loaded: Sequence[dict[str, Any]]) -> str:
    """What is wrong with the rules of that name; "" where one of them is the agreement's and works."""
    if not loaded:
        return "is not loaded"
    wanted = client.formatted(rule.expr)
    same = [r for r in loaded if client.formatted(str(r["query"])) == wanted]
    if not same:
        return "is loaded with another expression"
    held = [r for r in same if abs(float(r["duration"]) - rule.for_s) < 0.001]
    if not held:
        return f"waits {float(same[0]['duration']):g} s, not {rule.for_s:g} s"
    working = [r for r in held if r.get("health") in ("ok", "unknown")]  # unknown: not evaluated yet
    return "" if working else f"can't be evaluated: {' '.join(str(held[0].get('lastError')).split())[:200]}"
