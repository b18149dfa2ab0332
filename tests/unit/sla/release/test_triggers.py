"""Rollback triggers as texts: which objective has one, what it asks Prometheus, and from which figure on."""

import dataclasses
import math

import pytest

from sla.judgement.decision import strategy_for
from sla.release.triggers import triggers
from sla.values.agreement import FIGURES_ONLY, Limit, Objective, OperationMetrics
from sla.values.assessment import Decision, Evidence, ObjectiveResult, Severity, Status
from sla.values.estimate import Estimate
from sla.values.kinds import ClientLatency, ServerLatency, SuccessRate, Throughput
from sla.values.monitoring import RequiredMonitoring

OPERATIONS = {
    "make": OperationMetrics("make_seconds", "make_total", "make_failed"),
    "check": OperationMetrics("check_seconds", "check_total", ""),  # it never fails
    "look": OperationMetrics(),
}
REPLICAS = "prometheus, prometheus_replica, receive_replica, replica, __replica__"


def rate(counter, nodes="", at=""):
    return f"max without ({REPLICAS}) (rate({counter}{nodes}[5m]{at})) >= 0"


def buckets(histogram, nodes="", edges=""):
    every = f'{nodes}, le="+Inf"' if nodes else 'le="+Inf"'
    nodes = ", ".join(filter(None, (nodes, edges)))
    most = f"topk without (le, {REPLICAS}) (1, rate({histogram}_bucket{{{every}}}[5m]) >= 0)"
    return f"(rate({histogram}_bucket{f'{{{nodes}}}' if nodes else ''}[5m]) and ignoring (le) {most}) >= 0"


def objective(kind, value=1e6, severity=Severity.CRITICAL, operations=("make",)):
    return Objective("o", "O", severity, kind, operations, Limit("<", value), None, "")


def of(o=None, estimate=None, cautious=False, rules=("A", "B"), **names):
    """The triggers by key; those of one objective with its estimate of the run, None without any."""
    agreement = dataclasses.replace(
        FIGURES_ONLY, objectives=(o,) if o else (), operations=OPERATIONS, monitoring=RequiredMonitoring(rules)
    )
    measured = ()
    if o and estimate:
        measured = (
            ObjectiveResult("o", "O", o.severity, o.unit, "<", 1.0, None, None, estimate, Status.PASS, "", kind=o.kind.name),
        )
    return {t.key: t for t in triggers(agreement, measured, cautious, names)}


def shown(trigger):
    return trigger.title, trigger.expression, trigger.for_s, trigger.threshold, trigger.unit


@pytest.mark.parametrize(
    ("rules", "names", "matchers"),
    [
        (("A", "B"), {}, 'alertname=~"A|B"'),
        ((), {}, 'severity="critical"'),
        (("A",), {"namespace": "prod"}, 'alertname=~"A", namespace=~"prod|"'),
        ((), {"namespace": "prod"}, 'severity="critical", namespace=~"prod|"'),
        (("A",), {"job": "node"}, 'alertname=~"A", job="node"'),
        (("A",), {"job": 'a"b\\c\nü'}, 'alertname=~"A", job="a\\"b\\\\c\\nü"'),
        ((), {"job": "node", "namespace": "prod"}, 'severity="critical", job="node", namespace=~"prod|"'),
    ],
)
def test_a_critical_alert_is_one_of_the_required_rules_of_the_services_own_job_and_namespace(rules, names, matchers):
    [alert] = of(rules=rules, **names).values()
    assert shown(alert) == (
        "a critical alert of this service has fired for more than 5 minutes",
        f'count(ALERTS{{alertstate="firing", {matchers}}}) > 0',
        300,
        0,
        "alerts",
    )


@pytest.mark.parametrize(("namespace", "nodes"), [("", ""), ("prod", 'namespace=~"prod|"')])
def test_a_servers_latency_rolls_back_a_fifth_over_its_target(namespace, nodes):
    by = "by (le, instance, job, cluster, pod)"
    quantile = f"histogram_quantile(0.99, sum {by} ({buckets('make_seconds', nodes)}))"
    edges, every = (buckets("make_seconds", nodes, f'le{sign}"+Inf"') for sign in ("!=", "="))
    fifth = f"histogram_quantile(0.01, sum {by} ({edges}) or 100 * (sum {by} ({every}) - 0.0166333 > 0))"
    result = shown(of(objective(ServerLatency(0.99), 1e6), namespace=namespace)["o"])
    expression = f"{quantile} > 0.0012 and {fifth} > 0.0012"
    assert result == ("O is more than 20 % over its target", expression, 60, 1.2e6, "ns")


FAILED = f"sum by (instance, job, cluster, pod) ({rate('make_failed')})"
ATTEMPTS = (
    f'sum by (instance, job, cluster, pod) (label_replace({rate("make_failed")}, "summand", "0", "", "") or '
    f'label_replace({rate("make_total")}, "summand", "1", "", ""))'
)
SHARE = f"1 - ({FAILED} or 0 * {ATTEMPTS}) / {ATTEMPTS}"


@pytest.mark.parametrize("operations", [("make",), ("make", "check"), ("look", "make")])
def test_a_success_rate_is_that_of_the_operations_that_count_their_failures(operations):
    result = shown(of(objective(SuccessRate(), 0.99, operations=operations))["o"])
    assert result == ("O is under 99 %", f"{SHARE} < 0.99 and 300 * {FAILED} >= 5", 60, 0.99, "ratio")


@pytest.mark.parametrize(
    "o",
    [
        objective(SuccessRate(), 0.99, operations=("check", "look")),  # none counts its failures
        objective(SuccessRate(), 0.99, Severity.WARNING),
        objective(ServerLatency(0.99), math.nan),  # a multiple of a baseline, and there is none
        objective(SuccessRate(), math.nan),
        objective(ClientLatency(0.99, "response")),
        objective(Throughput(), 100),
    ],
)
def test_what_the_servers_metrics_do_not_show_and_what_is_a_warning_rolls_nothing_back(o):
    assert set(of(o)) == {"critical_alert"}


INTERVAL = Estimate(0.5e6, 0.4e6, 0.6e6, 0.95, 100, 100)
OF_SUCCESS = Estimate(0.95, 0.9, 0.97, 0.95, 100, 100)


def warning(kind, value=1e6, operations=("make",)):
    return objective(kind, value, Severity.WARNING, operations)


def test_a_warning_that_got_a_tenth_worse_than_the_far_end_of_its_interval_rolls_a_cautious_rollout_back():
    """1.1 x 0.6 ms = 0.66 ms; 0.9 x 0.9 = 0.81."""
    title = "O is more than 10 % worse than the interval of this run"
    latency = of(warning(ServerLatency(0.99)), INTERVAL, cautious=True)["o_degraded"]
    assert shown(latency)[0] == title
    assert latency.expression.endswith(" > 0.00066")
    assert (latency.for_s, latency.threshold, latency.unit) == (300, pytest.approx(0.66e6), "ns")
    success = of(warning(SuccessRate(), 0.99), OF_SUCCESS, cautious=True)["o_degraded"]
    assert shown(success) == (title, f"{SHARE} < 0.81 and 300 * {FAILED} >= 5", 300, pytest.approx(0.81), "ratio")


def test_less_traffic_than_the_day_before_rolls_a_cautious_rollout_back():
    def total(at):
        both = (
            f'label_replace({rate(name, at=at)}, "summand", "{i}", "", "")'
            for i, name in enumerate(("make_total", "check_total"))
        )
        return f"sum by (job) ({' or '.join(both)})"

    result = shown(of(warning(Throughput(), 100, ("make", "check")), cautious=True)["o_degraded"])
    assert result == (
        "O is more than 10 % under that of the day before",
        f"{total('')} < 0.9 * {total(' offset 1d')}",
        300,
        None,
        "ops/s",
    )


@pytest.mark.parametrize(
    ("o", "estimate", "cautious"),
    [
        (warning(ServerLatency(0.99)), INTERVAL, False),
        (objective(ServerLatency(0.99)), INTERVAL, True),  # a critical one has its target
        (warning(ServerLatency(0.99)), None, True),
        (warning(ServerLatency(0.99)), dataclasses.replace(INTERVAL, high=math.inf), True),  # too few samples
        (warning(SuccessRate(), 0.99), None, True),
        (warning(SuccessRate(), 0.99, ("check",)), OF_SUCCESS, True),
        (warning(ClientLatency(0.99, "response")), INTERVAL, True),
        (warning(Throughput(), 100, ("look",)), None, True),
        (warning(Throughput(), 100, ("make", "look")), None, True),  # of one no rate is known
    ],
)
def test_a_figure_without_a_comparison_can_not_get_worse(o, estimate, cautious):
    assert "o_degraded" not in of(o, estimate, cautious)


@pytest.mark.parametrize(
    ("decision", "watched"), [(Decision.GO, False), (Decision.GO_WITH_CAUTION, True), (Decision.CONDITIONAL_GO, True)]
)
def test_the_two_cautious_decisions_watch_the_warnings_and_all_watch_the_namespace_that_is_known(decision, watched):
    agreement = dataclasses.replace(
        FIGURES_ONLY, objectives=(warning(Throughput(), 100),), operations=OPERATIONS, monitoring=RequiredMonitoring(("A",))
    )
    known = Evidence("deployment", Status.PASS, "", facts={"namespace": "prod"})
    all_triggers = strategy_for(decision, agreement, (), [known]).triggers
    assert ("o_degraded" in {t.key for t in all_triggers}) is watched
    assert all('namespace=~"prod|"' in t.expression for t in all_triggers)
