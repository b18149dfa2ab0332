"""Rollback triggers from the agreement: PromQL over the server's own metrics.

Every instance is judged by itself: the errors of a canary with 1 % of the traffic vanish in a sum over all instances.
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import assert_never

from sla.values.agreement import Agreement, Objective
from sla.values.assessment import ObjectiveResult, Severity
from sla.values.kinds import ClientLatency, ErrorRate, ServerLatency, SuccessRate, Throughput
from sla.values.number import complement
from sla.values.promql import REPLICAS, TARGET, added, by, enough, once, quantile_over, successful
from sla.values.strategy import Trigger

ALERT_FOR_S = 300.0  # a trigger must hold before it rolls back
LATENCY_OVER = 1.2  # times the target at which a latency rolls back
DEGRADED_BY = 0.1  # worse than the interval of the run, or less traffic than the day before
RANGE, RANGE_S = "5m", 300.0
_SHORT_FOR_S = 60.0  # a single scrape that failed is no reason to roll back


@dataclass(frozen=True)
class _Service:
    """What is watched. `namespace`: of Kubernetes; `job`: whose alert rules Prometheus has loaded; "" where one is not known.
    Series that Prometheus scraped have a job, but may lack a namespace.
    """

    agreement: Agreement
    namespace: str
    job: str

    @property
    def matcher(self) -> str:
        """What others in the cluster do, under the same names, is no reason to roll this one back."""
        job = [f"job={json.dumps(self.job, ensure_ascii=False)}"] if self.job else []
        return ", ".join([*job, *([f'namespace=~"{self.namespace}|"'] if self.namespace else [])])

    def rate(self, counter: str, at: str = "") -> str:
        """`at`: such as " offset 1d". Replicas of a Prometheus count once: one that comes or goes is no change of traffic."""
        nodes = f"{{{self.matcher}}}" if self.matcher else ""
        return once(f"rate({counter}{nodes}[{RANGE}]{at})", REPLICAS)


def triggers(
    agreement: Agreement, results: Sequence[ObjectiveResult], cautious: bool, names: Mapping[str, str] | None = None
) -> tuple[Trigger, ...]:
    """`cautious`: also a warning metric that got worse by a tenth (for the two decisions with warnings); `names` as of
    rollout.names_in(): of other jobs and namespaces nothing counts. An objective that the server's metrics can't show (a client
    latency, an operation without counters) has no trigger, nor has one whose limit is not known (a multiple of a baseline, and
    there is none).
    """
    known = names or {}
    service = _Service(agreement, known.get("namespace", ""), known.get("job", ""))
    all_triggers = [
        Trigger(
            "critical_alert",
            "a critical alert of this service has fired for more than 5 minutes",
            f'count(ALERTS{{alertstate="firing", {_critical(service)}}}) > 0',
            ALERT_FOR_S,
            0.0,
            "alerts",
        )
    ]
    all_triggers += [t for o in agreement.objectives for t in _missed(o, service)]
    if cautious:
        measured = {r.key: r for r in results}
        warning = [o for o in agreement.objectives if o.severity is Severity.WARNING]
        all_triggers += [t for o in warning for t in _degraded(o, service, measured.get(o.key))]
    return tuple(all_triggers)


def _critical(service: _Service) -> str:
    """Label matchers of this service's critical alerts."""
    names = "|".join(service.agreement.monitoring.critical_rules)
    of_names = f'alertname=~"{names}"' if names else 'severity="critical"'
    return f"{of_names}, {service.matcher}" if service.matcher else of_names


def _missed(o: Objective, service: _Service) -> list[Trigger]:
    """What fires when the objective's target is missed clearly."""
    if not o.target.known:
        return []
    match o.kind:
        case ServerLatency(quantile):
            limit = o.target.value * LATENCY_OVER
            title = f"{o.title} is more than 20 % over its target"
            expression = _quantile_over(o, quantile, f"> {limit / 1e9:.9g}", service)
            return [Trigger(o.key, title, expression, _SHORT_FOR_S, limit, o.unit)]
        case SuccessRate():
            if o.severity is not Severity.CRITICAL or not (expression := _less_success(o, service, f"{o.target.value:.9g}")):
                return []
            title = f"{o.title} is under {100 * o.target.value:g} %"
            if isinstance(o.kind, ErrorRate):
                title = f"{o.title} is over {100 * complement(o.target.value):g} %"
            return [Trigger(o.key, title, expression, _SHORT_FOR_S, o.target.value, o.unit)]
        case ClientLatency() | Throughput():
            return []
        case _ as unreachable:
            assert_never(unreachable)


def _degraded(o: Objective, service: _Service, result: ObjectiveResult | None) -> list[Trigger]:
    """What fires when the figure is worse by a tenth than in the run: `result`; None without one."""
    key, title = f"{o.key}_degraded", f"{o.title} is more than 10 % worse than the interval of this run"
    estimate = result.estimate if result else None
    match o.kind:
        case Throughput():
            return _less_than_the_day_before(o, key, service)
        case ServerLatency(quantile):
            if estimate is None or not math.isfinite(estimate.high):
                return []
            limit = estimate.high * (1 + DEGRADED_BY)  # within its own interval nothing got worse
            expression = _quantile_over(o, quantile, f"> {limit / 1e9:.4g}", service)
            return [Trigger(key, title, expression, ALERT_FOR_S, limit, o.unit)]
        case SuccessRate():
            success = estimate.complement if estimate and isinstance(o.kind, ErrorRate) else estimate
            limit = success.low * (1 - DEGRADED_BY) if success else 0.0
            if estimate is None or not (expression := _less_success(o, service, f"{limit:.4g}")):
                return []
            return [Trigger(key, title, expression, ALERT_FOR_S, limit, o.unit)]
        case ClientLatency():
            return []
        case _ as unreachable:
            assert_never(unreachable)


def _less_than_the_day_before(o: Objective, key: str, service: _Service) -> list[Trigger]:
    """Real traffic has its own rate: only the same hour of the day before shows what is normal."""
    totals = _totals(o, service.agreement)
    if not totals:
        return []
    now, before = (added([service.rate(name, at) for name in totals], by("job")) for at in ("", " offset 1d"))
    title = f"{o.title} is more than 10 % under that of the day before"
    return [Trigger(key, title, f"{now} < {1 - DEGRADED_BY:g} * {before}", ALERT_FOR_S, None, o.unit)]


def _quantile_over(o: Objective, quantile: float, limit: str, service: _Service) -> str:
    name = service.agreement.operations[o.operations[0]].histogram
    return quantile_over(quantile, limit, name, service.matcher, RANGE, RANGE_S, by("le", *TARGET))


def _less_success(o: Objective, service: _Service, limit: str) -> str:
    """Successful operations over all, of those operations that count their failures, under a limit, where enough have failed;
    "" where none counts its failures.
    """
    counted = [m for m in (service.agreement.operations[name] for name in o.operations) if m.total and m.failed]
    if not counted:
        return ""
    failed = [m.failed for m in counted]
    attempts = [*failed, *(m.total for m in counted)]
    of_failed, of_attempts = (added([service.rate(c) for c in counters], by(*TARGET)) for counters in (failed, attempts))
    return f"{successful(of_failed, of_attempts)} < {limit} and {enough(of_failed, RANGE_S)}"


def _totals(o: Objective, agreement: Agreement) -> list[str]:
    names = [agreement.operations[name].total for name in o.operations]
    return names if all(names) else []
