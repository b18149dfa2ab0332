"""A limit that is a share of a plan, where no plan of a constant rate is known: not judged, never an empty PASS or FAIL."""

import dataclasses

import pytest

from reports.documents.advice import recommendations
from reports.formats import table
from sla.judgement.evaluate import evaluate
from sla.judgement.monitored import judge_monitored
from sla.judgement.objectives import NO_PLAN
from sla.judgement.sequential import failing
from sla.values.agreement import Limit
from sla.values.assessment import Decision, Severity, Status
from sla.values.measurements import PlannedSegment
from tests.unit.sla.synthetic import LOCAL, START, measurements

KEY = "poi_throughput"
SHARE, LOWER = Limit(">=", 0.98, of_plan=True), Limit(">=", 0.9, of_plan=True)
REACHED, MISSED = Limit(">=", 100.0), Limit(">=", 1e6)  # 600 a second are made
RUN = measurements(hold_s=20)


def agreement(target, acceptable=None, severity=Severity.CRITICAL):
    [o] = [o for o in LOCAL.agreement.objectives if o.key == KEY]
    changed = dataclasses.replace(o, target=target, acceptable=acceptable, severity=severity)
    return dataclasses.replace(LOCAL.agreement, objectives=(changed,))


def without_plan(kind):
    facts = dataclasses.replace(RUN.facts, plan=())
    planned = [dataclasses.replace(w, planned=w.planned if kind == "dropped iterations" else 0) for w in RUN.windows]
    return dataclasses.replace(RUN, facts=facts, windows=tuple(planned))


@pytest.mark.parametrize("kind", ["closed model", "dropped iterations"])
def test_a_target_without_a_plan_is_not_judged(kind):
    assessment = evaluate(without_plan(kind), agreement(SHARE, LOWER, Severity.WARNING))
    [objective] = assessment.objectives
    assert (objective.status, objective.target, objective.acceptable) == (Status.INCONCLUSIVE, None, None)
    assert objective.reason == f"its target is a share of a plan, and {NO_PLAN}"
    assert objective.estimate.point == pytest.approx(600, rel=0.01)
    assert table.target(objective) == ">= a share of the plan"
    assert any(NO_PLAN in a.action for a in recommendations(assessment))


@pytest.mark.parametrize(
    ("target", "severity", "status"),
    [
        (REACHED, Severity.WARNING, Status.PASS),
        (MISSED, Severity.WARNING, Status.INCONCLUSIVE),
        (MISSED, Severity.CRITICAL, Status.FAIL),  # it has no acceptable range
    ],
)
@pytest.mark.parametrize("real_traffic", [False, True])
def test_an_acceptable_limit_without_a_plan_leaves_open_what_misses_the_target(target, severity, status, real_traffic):
    a = agreement(target, LOWER, severity)
    if real_traffic:
        [objective] = judge_monitored(RUN.snapshots, START * 10**9, (START + 20) * 10**9, a).objectives
    else:
        [objective] = evaluate(without_plan("closed model"), a).objectives
    assert (objective.status, objective.acceptable) == (status, None)
    assert ("its acceptable limit is a share of a plan" in objective.reason) == (status is Status.INCONCLUSIVE)


def test_a_closed_model_is_not_stopped_for_a_share_of_no_plan():
    assert failing(without_plan("closed model"), agreement(SHARE)) == frozenset()
    assert failing(RUN, agreement(Limit(">=", 1.0, of_plan=True))) == frozenset()
    assert failing(without_plan("closed model"), agreement(MISSED)) == {KEY}


def test_a_plan_of_ramps_alone_leaves_everything_open_and_the_check_says_what_it_lacks():
    ramps = dataclasses.replace(RUN, facts=dataclasses.replace(RUN.facts, plan=(PlannedSegment(20, 1, 900),)))
    assessment = evaluate(ramps, agreement(REACHED))
    [objective] = assessment.objectives
    assert (objective.status, assessment.decision) == (Status.INVALID, Decision.INVALID)
    [data] = [c for c in assessment.checks if c.key == "data"]
    assert (data.status, data.reason) == (Status.FAIL, "no steady part of at least 5 s at a constant rate: measure longer")


def test_without_a_steady_part_a_share_is_no_number_of_operations():
    [objective] = evaluate(measurements(hold_s=2), agreement(SHARE)).objectives
    assert objective.reason.startswith("no steady part to judge")
    assert objective.target is None
