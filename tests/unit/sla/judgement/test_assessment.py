"""What stands in an assessment beside its verdicts: notes, gates from outside, and what was not judged and why."""

import dataclasses

import pytest

from sla.judgement.evaluate import SEEN, evaluate
from sla.judgement.sequential import LOOKED_LEVEL
from sla.values.agreement import Limit, Objective
from sla.values.assessment import Decision, Evidence, Severity, Status
from sla.values.kinds import SuccessRate, Throughput
from sla.values.measurements import Measurements, RunFacts
from sla.values.window import Window
from tests.unit.sla.synthetic import LOCAL, START, measurements

S = 10**9


def objective(key, kind, target, severity=Severity.CRITICAL, acceptable=None):
    return Objective(key, key.capitalize(), severity, kind, ("generate",), target, acceptable, "")


RATE = objective("rate", Throughput(), Limit(">=", 10.0))
SLOW = objective("slow", Throughput(), Limit(">=", 1e6), Severity.WARNING, Limit(">=", 1.0))
SUCCESS = objective("success", SuccessRate(), Limit(">=", 0.9))
OF_PLAN = objective("share", Throughput(), Limit(">=", 0.5, of_plan=True))
BARE = dataclasses.replace(LOCAL.agreement, objectives=(), evidence={}, not_assessed="")


@pytest.fixture(scope="module")
def run():
    return measurements(rate=20, hold_s=10)


def with_facts(run, **facts):
    return dataclasses.replace(run, facts=dataclasses.replace(run.facts, **facts))


def assessed(run, *objectives, agreement=BARE, **options):
    return evaluate(run, dataclasses.replace(agreement, objectives=objectives), **options)


def by_key(assessment):
    return {o.key: o for o in assessment.objectives}


def test_how_several_objectives_err_together_is_said_with_their_number(run):
    [note] = [n for n in assessed(run, RATE, SUCCESS, OF_PLAN).notes if "Holm" in n]
    assert note.endswith("claims of FAIL hold a family-wise error of 5 % (Holm's step-down over 3 objectives).")
    assert any("error of 20 %" in n for n in assessed(run, RATE, SUCCESS, level=0.8).notes)
    assert not [n for alone in ((), (RATE,)) for n in assessed(run, *alone).notes if "Holm" in n]


def test_what_an_agreement_leaves_out_is_said(run):
    left_out = dataclasses.replace(BARE, not_assessed="nobody has looked at the memory")
    assert "nobody has looked at the memory" in assessed(run, RATE, agreement=left_out).notes
    assert "" not in assessed(run, RATE).notes


def test_why_a_run_ended_early_is_said(run):
    stopped = f"stopped early: {RATE.title}, success missed the target for certain, in a look at the run under way{SEEN}"
    decided = f"stopped when decided: every objective was, what is kept at 99 %, in a look at the run under way{SEEN}"
    interrupted = "the run was stopped before its plan ended"

    def reported(**facts):
        return [n for n in assessed(with_facts(run, **facts), RATE).notes if n in (stopped, decided, interrupted)]

    assert reported(stopped_for=("rate", "success"), interrupted=True) == [stopped]
    assert reported(decided=True, interrupted=True) == [decided]
    assert reported(interrupted=True) == [interrupted]
    assert reported() == []


def test_a_run_that_ended_when_it_was_decided_may_pass_and_one_stopped_by_hand_may_not(run):
    def decision(**facts):
        return assessed(with_facts(run, **facts), RATE).decision

    assert decision(interrupted=True, looked=True, decided=True) is decision()
    assert decision(interrupted=True, looked=True) is Decision.INCONCLUSIVE


def test_a_run_that_was_looked_at_is_judged_at_a_higher_level_and_says_so(run):
    looked = assessed(with_facts(run, looked=True), RATE)
    assert [o.estimate.level for o in looked.objectives] == [LOOKED_LEVEL]
    assert any("is judged at 99 %" in n for n in looked.notes)
    assert [o.estimate.level for o in assessed(run, RATE).objectives] == [0.95]


def test_a_latency_that_drifts_is_said():
    """It rises by a third, evenly, from one second to the next."""
    windows = tuple(
        Window(START + s, "generate", started=50, ok=50, response_sum_ns=50 * (10**6 + 5_000 * s + 400 * (s * 7 % 5)))
        for s in range(60)
    )
    drifting = Measurements(windows, (), (), RunFacts(START * S, (START + 60) * S))
    a = assessed(drifting, RATE)
    assert a.steady.drift.startswith("the mean response time changed by +2")
    assert f"drift: {a.steady.drift}" in a.notes
    even = dataclasses.replace(drifting, windows=tuple(dataclasses.replace(w, response_sum_ns=50 * 10**6) for w in windows))
    assert not [n for n in assessed(even, RATE).notes if n.startswith("drift")]


def test_a_hole_of_a_load_without_a_plan_is_said(run):
    hole = range(START + 8, START + 12)
    closed = with_facts(dataclasses.replace(run, windows=tuple(w for w in run.windows if w.second not in hole)), plan=())
    assert [n for n in assessed(closed, RATE).notes if n.startswith("no operation began or ended for 4 s")]


def test_a_gate_from_outside_is_critical_and_counts(run):
    gated = dataclasses.replace(BARE, evidence={"audit": "Audit", "soak": "Soak"})
    given = {"audit": Evidence("audit", Status.PASS, "signed", "a file"), "other": Evidence("other", Status.PASS, "")}
    a = assessed(run, RATE, agreement=gated, evidence=given)
    audit, soak = a.gates[1:]
    assert (audit.key, audit.title, audit.severity, audit.status, audit.counts) == (
        "audit", "Audit", Severity.CRITICAL, Status.PASS, True,
    )  # fmt: skip
    assert (audit.reason, soak.status, soak.reason) == ("signed", Status.INCONCLUSIVE, "no evidence was given")
    assert a.decision is Decision.INCONCLUSIVE
    assert [e.key for e in a.evidence] == ["audit", "other"]


def test_the_commands_of_a_rollout_name_the_deployment_that_is_known(run):
    facts = {"kind": "Deployment", "name": "poi-node", "namespace": "prod"}
    known = {"deployment": Evidence("deployment", Status.PASS, "", facts=facts)}
    assert "poi-node" in str(assessed(run, RATE, evidence=known).strategy.commands)
    assert "poi-node" not in str(assessed(run, RATE).strategy.commands)


def test_an_assessment_names_its_baseline(run):
    assert evaluate(run, LOCAL.agreement, LOCAL.baseline).baseline == "measured"
    assert assessed(run, RATE).baseline == ""


def test_a_warning_is_no_failure_unless_it_is_asked_for(run):
    a = assessed(run, SLOW)
    assert (by_key(a)["slow"].status, a.decision, a.exit_code) == (Status.WARN, Decision.GO_WITH_CAUTION, 0)
    assert assessed(run, SLOW, fail_on_warn=True).exit_code == 3


def test_without_a_steady_part_nothing_is_judged():
    objectives = by_key(assessed(measurements(rate=20, hold_s=3), RATE, SUCCESS))
    assert {(o.status, o.estimate) for o in objectives.values()} == {(Status.INVALID, None)}
    assert all(o.reason.startswith("no steady part to judge") for o in objectives.values())


def test_without_objectives_a_run_too_short_for_estimates_is_no_broken_one():
    a = evaluate(measurements(rate=20, hold_s=3), BARE, None)
    [data] = [c for c in a.checks if c.key == "data"]
    assert (a.decision, data.status) == (Decision.NOT_JUDGED, Status.WARN)


def test_an_imported_file_without_failures_has_no_success_rate_and_the_other_figures(run):
    objectives = by_key(assessed(with_facts(run, failures_known=False), SUCCESS, RATE))
    assert (objectives["success"].estimate, objectives["success"].reason) == (None, "the imported file holds no failures")
    assert (objectives["success"].status, objectives["rate"].status) == (Status.INCONCLUSIVE, Status.PASS)


def test_a_share_of_a_plan_that_there_is_none_of_is_open(run):
    unplanned = tuple(dataclasses.replace(w, planned=0) for w in run.windows)
    closed = with_facts(dataclasses.replace(run, windows=unplanned), plan=())
    share = by_key(assessed(closed, OF_PLAN))["share"]
    assert share.status is Status.INCONCLUSIVE
    assert share.estimate.point == pytest.approx(20, rel=0.01)
    never = dataclasses.replace(OF_PLAN, operations=("finality",))
    without = dataclasses.replace(closed, windows=tuple(w for w in unplanned if w.operation != "finality"))
    share = by_key(assessed(without, never))["share"]
    assert share.estimate is None
    assert share.reason == "no data: the run has no operation 'finality'; it has 'generate', 'verify'"


def test_a_reason_names_a_few_of_many_operations_and_those_alone_that_are_missing(run):
    """An agreement written for `generate`, and results by address."""
    names = [f"http://{i}.example/{'x' * 60}" for i in range(7)]
    windows = [dataclasses.replace(w, operation=name) for name in names for w in run.windows if w.operation == "generate"]
    [o] = assessed(dataclasses.replace(run, windows=tuple(windows)), RATE).objectives
    shown = ", ".join(f"'{name[:60]}'" for name in names[:5])
    assert o.reason == f"no data: the run has no operation 'generate'; it has {shown} and 2 more"
    [o] = assessed(run, dataclasses.replace(RATE, operations=("generate", "never"))).objectives
    assert "never" not in o.reason


def test_objectives_stand_in_the_agreements_order_whatever_could_be_judged(run):
    unknown = dataclasses.replace(OF_PLAN, key="b")
    order = ("d", "b", "a", "c")
    objectives = [unknown if k == "b" else dataclasses.replace(RATE, key=k) for k in order]
    unplanned = with_facts(run, plan=())
    assert tuple(o.key for o in assessed(unplanned, *objectives).objectives) == order


def test_how_much_longer_is_counted_from_the_judged_part_alone():
    """Ten seconds were judged; a time since 1970 would need as long again."""
    borderline = measurements(rate=60, hold_s=10, failures={"generate": 0.08})
    o = by_key(assessed(borderline, SUCCESS))["success"]
    assert o.status is Status.INCONCLUSIVE
    assert 1 <= o.seconds_needed < 10_000
