"""A warning that the environment accepts is shown and does not count; only a warning can be accepted."""

import dataclasses

import pytest

from sla.judgement.decision import decide, exit_code
from sla.judgement.evaluate import evaluate
from sla.judgement.monitored import judge_monitored
from sla.values.agreement import Limit
from sla.values.assessment import Decision, Gate, Severity, Status
from tests.unit.sla.synthetic import LOCAL, START, measurements

KEYS = ("poi_throughput", "poi_success_rate")
# the synthetic load reaches all of the plan, and so misses this target within its acceptable range
ABOVE, BELOW = Limit(">=", 1.05, of_plan=True), Limit(">=", 0.9, of_plan=True)


def agreement(accepted):
    objectives = tuple(
        dataclasses.replace(o, target=ABOVE, acceptable=BELOW) if o.key == "poi_throughput" else o
        for o in LOCAL.agreement.objectives
    )
    known = {"strict": frozenset(), "lenient": frozenset(accepted)}
    return dataclasses.replace(LOCAL.agreement, objectives=objectives, accepted=known, default_environment="strict")


@pytest.fixture(scope="module")
def run():
    return measurements(hold_s=30)


def by_key(assessment):
    return {o.key: o for o in assessment.objectives}


def test_a_warning_counts_but_in_an_environment_that_accepts_it(run):
    strict = evaluate(run, agreement(KEYS), LOCAL.baseline)
    lenient = evaluate(run, agreement(KEYS), LOCAL.baseline, environment="lenient")
    assert by_key(strict)["poi_throughput"].status is by_key(lenient)["poi_throughput"].status is Status.WARN
    assert (strict.decision, lenient.decision) == (Decision.GO_WITH_CAUTION, Decision.GO)
    assert not any(o.accepted for o in strict.objectives)
    assert [o.key for o in lenient.objectives if o.accepted] == ["poi_throughput"]
    [accepted] = [g for g in lenient.gates if not g.counts]
    [counted] = [g for g in strict.gates if g.key == "poi_throughput"]
    assert (accepted.key, accepted.reason) == ("poi_throughput", f"{counted.reason}, accepted")


def test_another_objective_that_is_accepted_changes_nothing(run):
    lenient = evaluate(run, agreement(["poi_success_rate"]), LOCAL.baseline, environment="lenient")
    assert lenient.decision is Decision.GO_WITH_CAUTION
    assert not any(o.accepted for o in lenient.objectives)


def test_no_environment_accepts_a_critical_objective_that_is_missed():
    failing = measurements(hold_s=30, failures={"generate": 0.03, "verify": 0.03})
    everything = [o.key for o in LOCAL.agreement.objectives]
    lenient = evaluate(failing, agreement(everything), LOCAL.baseline, environment="lenient")
    missed = by_key(lenient)["poi_success_rate"]
    assert (missed.severity, missed.status, missed.accepted) == (Severity.CRITICAL, Status.FAIL, False)
    assert lenient.decision is Decision.NO_GO


def test_the_metrics_alone_are_judged_by_the_same_rule(run):
    def judged(environment):
        plan = {"poi_throughput": (Limit(">=", 630.0), Limit(">=", 500.0))}
        spans = START * 10**9, (START + 35) * 10**9
        return judge_monitored(run.snapshots, *spans, agreement(KEYS), LOCAL.baseline, environment, plan)

    strict, lenient = judged("strict"), judged("lenient")
    assert (strict.decision, lenient.decision) == (Decision.GO_WITH_CAUTION, Decision.GO)
    assert not any(o.accepted for o in strict.objectives)
    assert [o.key for o in lenient.objectives if o.accepted] == ["poi_throughput"]


def gates(*statuses, counts=True):
    return [Gate(str(i), str(i), Severity.WARNING, s, counts, "why") for i, s in enumerate(statuses)]


@pytest.mark.parametrize(
    ("counted", "decision"),
    [
        ([], Decision.GO),
        ([Status.WARN], Decision.GO_WITH_CAUTION),
        ([Status.WARN, Status.FAIL], Decision.GO_WITH_CAUTION),
        ([Status.WARN, Status.FAIL, Status.WARN], Decision.CONDITIONAL_GO),
    ],
)
def test_up_to_two_warnings_are_caution_and_those_accepted_are_none(counted, decision):
    accepted = gates(Status.PASS, Status.WARN, Status.WARN, Status.WARN, counts=False)
    made = decide([*accepted, *gates(*counted)], ())
    assert made.decision is decision
    if counted:
        assert made.summary.startswith(f"{len(counted)} warning{'s' if len(counted) > 1 else ''}: ")


@pytest.mark.parametrize(
    ("decision", "code", "strict"),
    [
        (Decision.GO, 0, 0),
        (Decision.GO_WITH_CAUTION, 0, 3),
        (Decision.CONDITIONAL_GO, 0, 3),
        (Decision.NO_GO, 3, 3),
        (Decision.INCONCLUSIVE, 4, 4),
        (Decision.INVALID, 5, 5),
    ],
)
def test_only_the_cautious_decisions_depend_on_fail_on_warn(decision, code, strict):
    assert (exit_code(decision, False), exit_code(decision, True)) == (code, strict)
