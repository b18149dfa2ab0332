"""Are the alert rules of an agreement loaded in a Prometheus, as they were made?"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from bizra_load.io.bounded_http import MALFORMED
from bizra_load.io.redaction import without_userinfo
from bizra_load.io.utc import utc_now
from bizra_load.monitoring.rule_files import labels_of
from bizra_load.monitoring.rules import AlertRule
from bizra_load.server_metrics.exposition import ScrapeError
from bizra_load.server_metrics.prometheus_api import PrometheusClient
from reports.results.rules_check import RuleCheck, RulesCheck
from sla.values.agreement import Agreement
from sla.values.promql import job_name

MOST_INTERVAL_S = 120.0  # from one evaluation to the next; Prometheus' default is 60
NO_ALERTMANAGER = "it sends alerts to no Alertmanager, so that one that fires notifies nobody by itself"
_OF_TARGET = {"job", "instance", "cluster", "namespace", "pod"}
_EVERY = "group interval"


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
    return RulesCheck(agreement, sha256, job, asked, at, "", checks, _remark(client))


def unmade_rules(client: PrometheusClient, why: str, agreement: str, sha256: str, job: str, of_job: str) -> RulesCheck:
    """The check of an agreement that no rules can be made of: nothing is known of what is loaded."""
    asked = f"Prometheus at {without_userinfo(client.url)}, {of_job}"
    return RulesCheck(
        agreement, sha256, job, asked, utc_now(), f"no alert rules can be made of the agreement ({why[:300]})", ()
    )


def job_of(client: PrometheusClient, agreement: Agreement, selector: str) -> str:
    """The one job that all nodes of a selector are in, by the agreement's counters; "" for several, for none that rules can be
    rendered for, and where Prometheus can't be asked.
    """
    counters = "|".join(sorted({m.total for m in agreement.operations.values() if m.total}))
    chosen = ", ".join([f'__name__=~"{counters}"', *([selector] if selector else [])])
    try:
        jobs = {str(series["metric"].get("job", "")) for series in client.query(f"count by (job) ({{{chosen}}})")}
        return job_name(jobs.pop()) if len(jobs) == 1 else ""
    except (ScrapeError, *MALFORMED):
        return ""


def _remark(client: PrometheusClient) -> str:
    """A remark, and no more: Grafana or a webhook of another kind may read the alerts themselves."""
    try:
        return "" if client.alertmanagers() else NO_ALERTMANAGER
    except (ScrapeError, *MALFORMED):  # others that speak Prometheus' language do not say it
        return ""


def _loaded(client: PrometheusClient) -> dict[str, list[dict[str, Any]]]:
    """Alerting rules by name, each with the seconds from one evaluation of its group to the next; a name may be there several
    times.
    """
    rules_by_name: dict[str, list[dict[str, Any]]] = {}
    for group in client.rule_groups():
        for rule in group["rules"]:
            if rule["type"] == "alerting":
                rules_by_name.setdefault(str(rule["name"]), []).append({**rule, _EVERY: group.get("interval")})
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
    if not working:
        return f"can't be evaluated: {' '.join(str(held[0].get('lastError')).split())[:200]}"
    reasons = [_other_labels(rule, r) or _too_seldom(r) for r in working]
    return "" if "" in reasons else reasons[0]


def _other_labels(rule: AlertRule, loaded: dict[str, Any]) -> str:
    """Routes and rollback triggers choose alerts by their labels. More of them than ours are somebody's own, but for those that
    say where an alert comes from.
    """
    wanted, labels = labels_of(rule), {str(k): str(v) for k, v in dict(loaded.get("labels") or {}).items()}
    wrong = sorted(k for k in {*wanted, *(_OF_TARGET & labels.keys())} if labels.get(k) != wanted.get(k))
    return f"has other labels: {', '.join(f'{k}={labels.get(k, str())!r}'[:100] for k in wrong)}" if wrong else ""


def _too_seldom(loaded: dict[str, Any]) -> str:
    every_s = float(loaded.get(_EVERY) or 0)
    return f"is evaluated every {every_s:g} s (allowed: {MOST_INTERVAL_S:g} s)" if every_s > MOST_INTERVAL_S else ""
