"""Gates and checks -> decision: a certain NO-GO is never hidden, what can't be trusted decides nothing."""

import dataclasses

import pytest

from sla.judgement.decision import MATRIX, decide, exit_code, strategy_for, warnings_that_count
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


def test_figures_without_objectives_are_invalid_when_a_check_failed_and_else_not_judged():
    assert decide([], [BROKEN]).decision is Decision.INVALID
    made = decide([], [])
    assert (made.decision, made.summary) == (Decision.NOT_JUDGED, "no objectives were given: nothing was judged")
    assert exit_code(made.decision, fail_on_warn=True) == exit_code(made.decision, fail_on_warn=False) == 0


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
    strategy = strategy_for(decision, LOCAL.agreement, ())
    rolled_out = decision in (Decision.GO, Decision.GO_WITH_CAUTION, Decision.CONDITIONAL_GO)
    assert [bool(x) for x in (strategy.steps, strategy.monitoring, strategy.approvals)] == [rolled_out] * 3


def test_of_a_failed_check_the_whole_reason_is_told_and_of_the_lag_its_figures_alone():
    lag = dataclasses.replace(BROKEN, key="schedule_lag", reason="woken 9 ms late: the machine was busy")
    other = dataclasses.replace(BROKEN, reason="counters: client 1, server 2")
    made = decide([gate(Status.INVALID)], [lag, other], False, {"o"})
    assert made.summary == "the run can't be trusted: woken 9 ms late; counters: client 1, server 2"


def test_where_no_check_is_known_to_have_opened_a_gate_all_that_failed_are_named():
    other = dataclasses.replace(BROKEN, reason="another matter", opens=(("p", "both"),))
    made = decide([gate(Status.INVALID), gate(Status.PASS, "p")], [other], False, {"o", "p"})
    assert (made.decision, made.summary) == (Decision.INVALID, "the run can't be trusted: another matter")


def test_an_accepted_warning_and_a_critical_failure_are_no_warnings_that_count():
    accepted = dataclasses.replace(GATE, status=Status.WARN, counts=False)
    failed = dataclasses.replace(GATE, status=Status.FAIL, counts=False, severity=Severity.WARNING)
    assert decide([gate(Status.PASS), accepted, failed], []).decision is Decision.GO
    counted = [gate(Status.WARN), gate(Status.FAIL, severity=Severity.WARNING)]
    assert warnings_that_count([*counted, gate(Status.FAIL), accepted, failed, gate(Status.PASS)]) == counted


@pytest.mark.parametrize(
    ("warnings", "summary"),
    [(0, "every gate passes"), (1, "1 warning: O: why"), (2, "2 warnings: O, O: why")],
)
def test_warnings_are_counted_and_named(warnings, summary):
    assert decide([gate(Status.PASS, "p")] + [gate(Status.WARN)] * warnings, []).summary == summary


@pytest.mark.parametrize(
    ("status", "severity", "summary"),
    [
        (Status.FAIL, Severity.CRITICAL, "critical: A, C: late; B: slow"),
        (Status.INCONCLUSIVE, Severity.CRITICAL, "not decided: A, C: late; B: slow"),
        (Status.WARN, Severity.WARNING, "3 warnings: A, C: late; B: slow"),
    ],
)
def test_a_reason_of_several_gates_is_said_once(status, severity, summary):
    of = [("A", "late"), ("B", "slow"), ("C", "late")]
    gates = [dataclasses.replace(gate(status, title, severity), title=title, reason=reason) for title, reason in of]
    assert decide(gates, []).summary == summary


@pytest.mark.parametrize(
    ("row", "text", "holds"),
    [
        (0, "0", [0]),
        (1, "1 or 2", [1, 2]),
        (2, "3 or more", [3, 4, 50]),
        (3, "any", []),  # critical gates decide these
        (4, "any", []),
        (5, "any", []),
    ],
)
def test_each_row_of_the_matrix_says_for_how_many_warnings_it_holds(row, text, holds):
    assert MATRIX[row].warnings_text() == text
    assert [n for n in (0, 1, 2, 3, 4, 50) if MATRIX[row].holds(n)] == holds
