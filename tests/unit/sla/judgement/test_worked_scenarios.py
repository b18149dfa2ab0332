"""The three worked scenarios of the agreement, environment testnet, come out exactly as written."""

import pytest

from bizra_load.judging.agreements import read_agreement
from sla.judgement.decision import ROLLOUT, decide, exit_code
from sla.judgement.status import judge
from sla.values.agreement import Limit
from sla.values.assessment import Decision, Gate, Severity, Status
from sla.values.estimate import Estimate

HEALTHY = {
    "finality_p99": 999.0,
    "poi_generate_p99": 13e3,
    "poi_verify_p99": 26e3,
    "poi_throughput": 77_000.0,
    "poi_success_rate": 0.999,
    "load_test_success": 0.999,
}


def decision_for(**figures):
    """Bare figures without sampling error; monitoring, alerts and the node's tests given as passing."""
    read = read_agreement("v2.2.0-rc1")
    gates = []
    for o in read.agreement.objectives:
        figure = {**HEALTHY, **figures}[o.key]
        exact = Estimate(figure, figure, figure, 0.95, 1e9, 1e9)
        verdict = judge(exact, exact, o.target, o.acceptable, read.baseline.values.get(o.baseline_key), o.severity, None)
        accepted = o.key in read.agreement.accepted["testnet"] and verdict.status is Status.WARN
        gates.append(Gate(o.key, o.title, o.severity, verdict.status, not accepted, verdict.reason))
    gates += [Gate(k, t, Severity.CRITICAL, Status.PASS, True, "given") for k, t in read.agreement.evidence.items()]
    return {g.key: (g.status.value, g.counts) for g in gates}, decide(gates, [])


def test_scenario_1_all_pass_with_the_accepted_throughput_is_go():
    statuses, verdict = decision_for()
    assert statuses["finality_p99"] == statuses["poi_generate_p99"] == statuses["poi_verify_p99"] == ("PASS", True)
    assert statuses["poi_throughput"] == ("WARN", False)
    assert statuses["poi_success_rate"] == ("PASS", True)
    assert verdict.decision is Decision.GO
    assert ROLLOUT[verdict.decision].startswith("standard canary 5, 25, 50, 100 %")


def test_scenario_2_over_ten_times_the_baseline_is_go_with_caution():
    statuses, verdict = decision_for(poi_generate_p99=150e3, poi_throughput=85_000.0)
    assert statuses["poi_generate_p99"] == ("WARN", True)
    assert statuses["poi_throughput"] == ("WARN", False)
    assert verdict.decision is Decision.GO_WITH_CAUTION
    assert ROLLOUT[verdict.decision].startswith("slower canary 1, 5, 25, 50, 100 %")


def test_scenario_3_lost_success_is_no_go():
    statuses, verdict = decision_for(poi_success_rate=0.97, poi_generate_p99=250e3)
    assert statuses["poi_success_rate"] == ("FAIL", True)
    assert statuses["poi_generate_p99"] == ("WARN", True)
    assert verdict.decision is Decision.NO_GO
    assert exit_code(verdict.decision, False) == 3


def test_three_warnings_are_a_conditional_go_and_an_open_gate_is_never_go():
    _, verdict = decision_for(poi_generate_p99=250e3, poi_verify_p99=500e3, load_test_success=0.98)
    assert verdict.decision is Decision.CONDITIONAL_GO
    assert [exit_code(verdict.decision, w) for w in (False, True)] == [0, 3]
    open_gate = Gate("x", "X", Severity.WARNING, Status.INCONCLUSIVE, True, "no data")
    assert decide([open_gate], []).decision is Decision.INCONCLUSIVE


@pytest.mark.parametrize(
    ("low", "high", "severity", "status"),
    [
        (1.0, 2.0, Severity.CRITICAL, "PASS"),
        (1.0, 10.0, Severity.CRITICAL, "PASS"),  # a bucket's upper edge at the limit: buckets are inclusive
        (9.0, 11.0, Severity.CRITICAL, "INCONCLUSIVE"),
        (1.0, float("inf"), Severity.CRITICAL, "INCONCLUSIVE"),
        (11.0, 12.0, Severity.CRITICAL, "FAIL"),
        (11.0, 12.0, Severity.WARNING, "WARN"),
        (19.0, 21.0, Severity.WARNING, "WARN"),
        (21.0, 22.0, Severity.WARNING, "FAIL"),
    ],
)
def test_a_verdict_needs_the_whole_interval(low, high, severity, status):
    estimate = Estimate(low, low, high, 0.95, 100, 100)
    verdict = judge(estimate, estimate, Limit("<", 10.0), Limit("<", 20.0), None, severity, 100.0)
    assert verdict.status.value == status


def test_thin_evidence_is_a_warning_or_no_answer_and_no_data_is_never_a_pass():
    estimate = Estimate(1.0, 1.0, 2.0, 0.95, 100, 100)
    for severity, status in ((Severity.WARNING, Status.WARN), (Severity.CRITICAL, Status.INCONCLUSIVE)):
        assert judge(estimate, estimate, Limit("<", 10.0), None, None, severity, 5.0).status is status
    assert judge(None, None, Limit("<", 10.0), None, None, Severity.CRITICAL, None).status is Status.INCONCLUSIVE
