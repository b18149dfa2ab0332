"""Gates and checks -> decision: a certain NO-GO is never hidden, what can't be trusted decides nothing."""

import dataclasses

import pytest

from sla.judgement.decision import decide, strategy_for
from sla.values.assessment import Check, Decision, Gate, Severity, Status
from tests.unit.sla.synthetic import LOCAL

GATE = Gate("o", "O", Severity.CRITICAL, Status.PASS, True, "why")


def gate(status, key="o", severity=Severity.CRITICAL):
    return dataclasses.replace(GATE, key=key, status=status, severity=severity)


BROKEN = Check("x", "X", Status.FAIL, None, None, "", "x broke", (("o", "both"),))
HALF = dataclasses.replace(BROKEN, opens=(("o", "PASS"),))


@pytest.mark.parametrize(
    ("gates", "checks", "interrupted", "decision"),
    [
        ([gate(Status.FAIL)], [HALF], False, Decision.NO_GO),
        ([gate(Status.FAIL, "tests"), gate(Status.INVALID)], [BROKEN], False, Decision.NO_GO),
        ([gate(Status.FAIL), gate(Status.INCONCLUSIVE, "p")], [], True, Decision.NO_GO),
        ([gate(Status.INVALID), gate(Status.INCONCLUSIVE, "p")], [BROKEN], True, Decision.INVALID),
        ([gate(Status.FAIL, severity=Severity.WARNING)], [BROKEN], False, Decision.INVALID),
        ([gate(Status.INCONCLUSIVE)], [BROKEN], False, Decision.INVALID),  # it touches everything there is
        ([gate(Status.INCONCLUSIVE)], [HALF], False, Decision.INCONCLUSIVE),
        ([gate(Status.PASS)], [HALF], True, Decision.INCONCLUSIVE),
        ([gate(Status.PASS)], [dataclasses.replace(BROKEN, opens=())], False, Decision.GO),
        ([gate(Status.WARN)], [], False, Decision.GO_WITH_CAUTION),
    ],
)
def test_the_order_of_decisions(gates, checks, interrupted, decision):
    assert decide(gates, checks, interrupted, {"o"}).decision is decision


def test_figures_without_an_agreement_are_invalid_when_a_check_failed_and_else_no_answer():
    assert decide([], [BROKEN]).decision is Decision.INVALID
    assert decide([], []).decision is Decision.INCONCLUSIVE


def test_a_no_go_names_the_failed_checks_too():
    assert (
        decide([gate(Status.FAIL)], [HALF], False, {"o"}).summary
        == "critical: O: why; besides, the run's own checks failed: x broke"
    )


def test_an_invalid_run_names_the_checks_that_opened_a_gate_and_no_other():
    guilty = dataclasses.replace(HALF, key="schedule_lag", reason="woken 9 ms late: the machine was busy")
    other = dataclasses.replace(HALF, reason="another matter", opens=(("p", "FAIL"),))
    made = decide([gate(Status.INVALID), gate(Status.PASS, "p")], [guilty, other], False, {"o", "p"})
    assert made.decision is Decision.INVALID
    assert made.summary == "the run can't be trusted: woken 9 ms late"  # why stands in the check's own row


@pytest.mark.parametrize("decision", list(Decision))
def test_where_nothing_may_be_rolled_out_there_is_nothing_to_watch_or_to_approve(decision):
    strategy = strategy_for(decision, LOCAL.agreement, (), {})
    rolled_out = decision in (Decision.GO, Decision.GO_WITH_CAUTION, Decision.CONDITIONAL_GO)
    assert [bool(x) for x in (strategy.steps, strategy.monitoring, strategy.approvals)] == [rolled_out] * 3
