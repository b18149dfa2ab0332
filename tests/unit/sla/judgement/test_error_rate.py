"""An error rate is judged as the success rate is, and shown as the share that failed."""

import dataclasses
import re

import pytest

from reports.documents import performance
from reports.formats import json_report, table
from sla.judgement.comparison import Change
from sla.judgement.evaluate import evaluate
from sla.judgement.monitored import judge_monitored
from sla.judgement.trends import EarlierRun, trends
from sla.release.checklist import checklist
from sla.release.triggers import triggers
from sla.values.agreement_parser import agreement_from_mapping
from sla.values.assessment import Decision
from sla.values.estimate import Estimate
from tests.unit.sla.synthetic import START, measurements

OPERATIONS = {"generate": {"total": "bizra_poi_generate_total", "failed": "bizra_poi_generate_fail_total"}}


def agreement(*objectives):
    document = {"schema": "bizra-load/agreement/1", "name": "words", "operations": OPERATIONS, "objectives": list(objectives)}
    return agreement_from_mapping(document)


BOTH = agreement("generate error rate < 5 %", "generate success rate >= 95 %")


@pytest.mark.parametrize("failing", [0.0, 0.01, 0.05, 0.2])
def test_it_has_the_verdict_of_the_success_rate_and_its_complement_as_figure(failing):
    errors, success = evaluate(measurements(hold_s=30, failures={"generate": failing}), BOTH).objectives
    assert (errors.status, errors.reason, errors.seconds_needed) == (success.status, success.reason, success.seconds_needed)
    assert (errors.comparison, errors.target, errors.kind) == ("<", 0.05, "errors")
    shown, other = errors.estimate, success.estimate
    assert (shown.point, shown.low, shown.high) == pytest.approx((1 - other.point, 1 - other.high, 1 - other.low), abs=1e-12)
    assert shown.n == other.n


def test_every_format_shows_the_share_that_failed():
    assessment = evaluate(measurements(hold_s=30, failures={"generate": 0.2}), BOTH)
    cells = table.objective_row(assessment.objectives[0]).cells
    assert cells[2] == "< 5.000 %"
    assert 15 < float(cells[3].removesuffix(" %")) < 25
    assert json_report.parse(json_report.render(assessment)).objectives[0] == assessment.objectives[0]


def test_a_warning_has_a_range_that_it_may_miss():
    document = {
        "schema": "bizra-load/agreement/1", "name": "w", "operations": OPERATIONS,
        "objectives": {"e": {"title": "E", "severity": "WARNING", "measure": {"kind": "errors", "operations": ["generate"]},
                             "target": "< 1 %", "acceptable": "< 50 %"}},
    }  # fmt: skip
    [o] = evaluate(measurements(hold_s=60, failures={"generate": 0.1}), agreement_from_mapping(document)).objectives
    assert (o.status.value, o.target, o.acceptable) == ("WARN", 0.01, 0.5)


def test_the_servers_own_counters_show_it_too():
    run = measurements(hold_s=60, failures={"generate": 0.2})
    judged = judge_monitored(run.snapshots, START * 10**9, (START + 65) * 10**9, agreement("generate error rate < 5 %"))
    [o] = judged.objectives
    assert judged.decision is Decision.NO_GO
    assert (o.comparison, o.target, 0.15 < o.estimate.point < 0.25) == ("<", 0.05, True)


def test_a_rollback_trigger_of_it_is_one_of_the_success_rate_with_its_own_words():
    own = agreement("generate error rate < 5 %")
    [_, trigger] = triggers(own, [], cautious=False)
    assert trigger.title == "generate error rate is over 5 %"
    assert "< 0.95" in trigger.expression
    warning = dataclasses.replace(own, objectives=(dataclasses.replace(own.objectives[0], severity="WARNING"),))
    run = evaluate(measurements(hold_s=30, failures={"generate": 0.02}), own)
    assert run.objectives[0].estimate.point < 0.05
    assert warning.objectives[0].severity == "WARNING"


def test_a_trend_of_it_is_one_of_the_success_rate_and_no_errors_are_no_division_by_zero():
    now = evaluate(measurements(hold_s=60, failures={"generate": 0.2}), BOTH)
    before = evaluate(measurements(hold_s=60), BOTH)
    earlier = EarlierRun("a", "", "GO", 0.0, {o.key: o.estimate for o in before.objectives})
    errors, success = trends(now, [earlier])
    assert (errors.compared.change, errors.beyond) == (success.compared.change, "higher")
    assert errors.compared.change is Change.REGRESSED
    assert errors.before[0][1].point == 0.0


def test_the_report_says_how_much_room_is_left_on_the_right_side():
    text = performance.render(evaluate(measurements(hold_s=60, failures={"generate": 0.02}), BOTH), "run", "", [])
    margins = [float(m) for m in re.findall(r"margin ([+-][0-9.]+) percentage", text)]
    assert len(margins) == 2
    assert margins[0] == margins[1] > 2


def test_the_checklist_takes_one_of_the_whole_load_for_how_the_load_test_went():
    own = agreement_from_mapping(
        {"schema": "bizra-load/agreement/1", "name": "w", "objectives": ["a error rate < 1 %", "error rate < 5 %"]}
    )
    sections = {s.title: s.items for s in checklist(evaluate(measurements(hold_s=30), own), own)}
    assert [item.title for item in sections["Testing"]][2:] == ["error rate"]
    assert [item.title for item in sections["Performance"]] == ["a error rate"]


def test_the_complement_of_a_share_has_the_digits_that_were_written():
    e = Estimate(0.95, 0.9, 1.0, 0.95, 100, 80)
    assert (e.complement.point, e.complement.low, e.complement.high) == (0.05, 0.0, 0.1)
    assert e.complement.complement == e
