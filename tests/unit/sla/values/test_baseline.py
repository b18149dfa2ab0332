"""Limits that are a multiple of a baseline: known where there is one, open and never a pass where there is none."""

import dataclasses
import json
import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bizra_load.settings.remedies import WORDS
from reports.documents.advice import recommendations
from reports.formats import json_report, table
from sla.judgement.evaluate import evaluate
from sla.judgement.monitored import judge_monitored
from sla.judgement.status import judge
from sla.release.triggers import triggers
from sla.values.agreement import Limit
from sla.values.assessment import Decision, Severity, Status
from sla.values.baseline import (
    Baseline,
    baseline_from_mapping,
    other_machine,
    unknown_limit,
    with_baseline,
)
from sla.values.estimate import Estimate
from sla.values.limit_parser import parse_limit
from sla.values.section import AgreementError
from tests.unit.sla.synthetic import FIGURES, LOCAL, START, measurements

RELATIVE = {"finality_p99", "poi_generate_p99", "poi_verify_p99"}


def result(assessment, key):
    return next(o for o in assessment.objectives if o.key == key)


def limits(baseline):
    return {o.key: o for o in with_baseline(LOCAL.agreement, baseline).objectives}


@pytest.mark.parametrize(
    ("text", "times", "least"),
    [
        ("< 10 x baseline", 10, 0),
        ("<2.5 x  baseline", 2.5, 0),
        ("< 10 x baseline, at least 100 us", 10, 100e3),
        (" < 20 x baseline , at least 1.5 ms ", 20, 1.5e6),
    ],
)
def test_a_multiple_of_the_baseline_is_read(text, times, least):
    limit = parse_limit(text, "here", "ns")
    assert (limit.comparison, limit.times_baseline, limit.at_least, limit.known) == ("<", times, least, False)


@pytest.mark.parametrize("unit", ["ops/s", "ratio"])
def test_only_latencies_have_multiples(unit):
    with pytest.raises(AgreementError, match="not a limit of this kind"):
        parse_limit("< 10 x baseline", "here", unit)


def test_the_limit_is_the_multiple_and_not_under_its_floor():
    by_objective = limits(Baseline("b", {"poi_generate_p99_us": 40e3, "finality_p99_ms": 2e3}))
    assert by_objective["poi_generate_p99"].target.value == 400e3
    assert by_objective["poi_generate_p99"].acceptable.value == 800e3
    assert by_objective["finality_p99"].target.value == 1e6  # 10 x 2 us is less than its floor
    assert limits(Baseline("b", {"finality_p99_ms": 200e3}))["finality_p99"].target.value == 2e6
    assert not by_objective["poi_verify_p99"].target.known
    assert by_objective["poi_throughput"] == next(o for o in LOCAL.agreement.objectives if o.key == "poi_throughput")


@pytest.mark.parametrize("values", [{}, {"poi_generate_p99_us": 0.0}])
def test_no_figure_and_a_figure_of_zero_leave_the_limit_unknown(values):
    assert not limits(Baseline("b", values))["poi_generate_p99"].target.known
    assert not limits(None)["poi_generate_p99"].target.known


@given(st.floats(0, 1e12), st.floats(0, 1e12))
def test_nothing_keeps_and_nothing_breaks_an_unknown_limit(low, width):
    estimate = Estimate(low, low, low + width, 0.95, 1e6, 1e6)
    unknown = Limit("<", math.nan, times_baseline=10)
    assert judge(estimate, estimate, unknown, unknown, None, Severity.CRITICAL, 100.0).status is Status.INCONCLUSIVE


@pytest.mark.parametrize(
    ("baseline", "message"),
    [
        (None, "there is no baseline"),
        (Baseline("mine.json", {}), "the baseline mine.json has no poi_generate_p99_us"),
        (Baseline("measured", {}, missing="no clock"), "the baseline was not measured (no clock)"),
        (Baseline("mine.json", {"poi_generate_p99_us": 0.0}), "poi_generate_p99_us is 0 in the baseline mine.json"),
    ],
)
def test_without_its_figure_an_objective_is_open_and_says_what_to_do(baseline, message):
    a = evaluate(measurements(), LOCAL.agreement, baseline, words=WORDS)
    assert {o.key: o.status for o in a.objectives if o.key in RELATIVE} == dict.fromkeys(RELATIVE, Status.INCONCLUSIVE)
    assert a.decision is Decision.INCONCLUSIVE
    generate = result(a, "poi_generate_p99")
    assert message in generate.reason
    assert "bizra-load baseline node" in generate.reason
    assert "--baseline FILE" in generate.reason
    assert generate.estimate is not None
    assert table.target(generate) == "< 10 x baseline"
    assert result(a, "poi_throughput").status is Status.PASS
    assert json_report.parse(json_report.render(a)) == a
    assert any(x.action == generate.reason for x in recommendations(a))
    assert RELATIVE.isdisjoint(t.key for t in triggers(LOCAL.agreement, a.objectives, cautious=False))


def judged_with(key, target, acceptable, baseline=None):
    """What comes of one objective of the rehearsals' agreement with other limits."""
    objectives = tuple(
        dataclasses.replace(o, target=parse_limit(target, "t", "ns"), acceptable=parse_limit(acceptable, "a", "ns"))
        if o.key == key
        else o
        for o in LOCAL.agreement.objectives
    )
    a = evaluate(measurements(), dataclasses.replace(LOCAL.agreement, objectives=objectives), baseline)
    assert json_report.parse(json_report.render(a)) == a
    return a, result(a, key)


def test_a_critical_objective_that_misses_its_target_is_no_go_whatever_its_acceptable_range_is():
    a, finality = judged_with("finality_p99", "< 0.1 us", "< 20 x baseline")
    assert (finality.status, a.decision) == (Status.FAIL, Decision.NO_GO)
    assert finality.acceptable is None


def test_a_warning_that_keeps_its_absolute_target_needs_no_acceptable_range():
    assert judged_with("poi_generate_p99", "< 1 s", "< 20 x baseline")[1].status is Status.PASS


def test_a_warning_that_misses_its_target_is_open_while_its_acceptable_range_is_unknown():
    generate = judged_with("poi_generate_p99", "< 1 us", "< 20 x baseline")[1]
    assert generate.status is Status.INCONCLUSIVE
    assert generate.reason.startswith("misses the target; its acceptable limit is 20 x baseline, and there is no baseline")
    assert generate.seconds_needed is None
    for times, status in ((20, Status.WARN), (0.01, Status.FAIL)):
        judged_result = judged_with("poi_generate_p99", "< 1 us", f"< {times} x baseline", LOCAL.baseline)[1]
        assert judged_result.status is status


def test_real_traffic_too_is_judged_by_what_is_known():
    objectives = tuple(
        dataclasses.replace(o, target=Limit("<", 100.0)) if o.key in RELATIVE else o for o in LOCAL.agreement.objectives
    )
    agreement = dataclasses.replace(LOCAL.agreement, objectives=objectives)
    asked = (measurements().snapshots, (START - 1) * 10**9, (START + 66) * 10**9, agreement)
    assessment = judge_monitored(*asked, planned={"poi_throughput": (Limit(">=", 500.0), None)})
    assert result(assessment, "finality_p99").status is Status.FAIL
    assert "its acceptable limit is 20 x baseline" in result(assessment, "poi_generate_p99").reason
    assert assessment.decision is Decision.NO_GO


def test_with_it_limit_and_baseline_are_shown_and_the_rollback_trigger_has_its_number():
    a = evaluate(measurements(), LOCAL.agreement, LOCAL.baseline)
    assert table.target(result(a, "poi_generate_p99")) == "< 200 us (10 x baseline)"
    assert table.target(result(a, "finality_p99")) == "< 1.00 ms (10 x baseline, at least 1.00 ms)"
    assert table.objective_row(result(a, "poi_generate_p99")).cells[5] == "20.0 us"
    assert {t.key: t.threshold for t in a.strategy.triggers}["poi_generate_p99"] == pytest.approx(1.2 * 200e3)


def test_a_target_that_is_a_multiple_of_the_baseline_is_not_warned_of_it_again():
    exact = Estimate(150.0, 150.0, 150.0, 0.95, 1e9, 1e9)
    for limit, status in ((Limit("<", 200.0), Status.WARN), (Limit("<", 200.0, times_baseline=20.0), Status.PASS)):
        assert judge(exact, exact, limit, None, 10.0, Severity.WARNING, None).status is status


def test_real_traffic_needs_a_baseline_too():
    asked = (measurements().snapshots, (START - 1) * 10**9, (START + 66) * 10**9, LOCAL.agreement)
    plan = {"poi_throughput": (Limit(">=", 500.0), None)}
    without = judge_monitored(*asked, planned=plan)
    assert without.decision is Decision.INCONCLUSIVE
    assert "there is no baseline" in result(without, "finality_p99").reason
    assert judge_monitored(*asked, LOCAL.baseline, planned=plan).decision is Decision.GO


def test_numbers_and_measured_figures_are_read_and_units_converted_once():
    flat = baseline_from_mapping({"a_p99_ms": 2, "b_us": 3, "rate": 4}, "b")
    assert flat == Baseline("b", {"a_p99_ms": 2e6, "b_us": 3e3, "rate": 4})
    measured = baseline_from_mapping(FIGURES | {"schema": "bizra-load/baseline/1", "measured_at": "2026"}, "b")
    assert measured.values["poi_generate_p99_us"] == 20e3
    assert measured.intervals["poi_generate_p99_us"] == pytest.approx((19.2e3, 21e3))
    assert measured.machine["cores"] == 2
    unbounded = baseline_from_mapping({"a_us": {"value": 1, "low": 1, "high": "inf", "level": 0.95, "n": 9}}, "b")
    assert unbounded.intervals["a_us"] == (1e3, math.inf)


def test_a_figure_may_be_nothing_or_thirty_years_and_of_any_number_of_timings():
    baseline = baseline_from_mapping({"a": 0, "b_ms": 1e12, "c": {"value": 1, "low": 0, "high": 2, "n": 10**18}}, "b")
    assert (baseline.values, baseline.intervals) == ({"a": 0, "b_ms": 1e18, "c": 1}, {"c": (0, 2)})


@pytest.mark.parametrize(
    ("document", "message"),
    [
        ([1, 2], "must be a mapping"),
        ({"a": True}, "a: must be a finite number"),
        ({"a": "fast"}, "a: must be a finite number"),
        ({"a": -1}, "a: must be a finite number"),
        ({"a": {"value": 1}}, "a.low: is missing"),
        ({"a": {"value": 1, "low": 1, "hihg": 2}}, "did you mean 'high'"),
        ({"a": {"value": 3, "low": 1, "high": 2}}, "a: value must lie between low and high"),
        ({"a": {"value": "inf", "low": 1, "high": 2}}, "a.value: must be a finite number"),
        ({"schema": "bizra-load/baseline/2"}, "schema: 'bizra-load/baseline/2' is unknown"),
        ({"machine": 3}, "machine: must be a mapping"),
        ({"not_measured": 3}, "not_measured: must be text"),
        ({"measured_at": 3}, "measured_at: must be text"),
        ({"not_measured": "no clock", "a": 1}, "not_measured: stands beside figures, such as a"),
        ({"a": 10**400}, "a: must be a finite number"),
        ({"a_ms": 1e308}, "a_ms: must be a finite number that is not negative and at most 1e+12, not 1e+308"),
        ({"a_us": {"value": 1, "low": 1, "high": 1e308}}, "a_us.high: must be a finite number"),
        ({"a": {"value": 1, "low": 1, "high": 2, "level": "x"}}, "a.level: must be a number"),
        ({"a": {"value": 1, "low": 1, "high": 2, "level": 95}}, "a.level: must be between 0 and 1"),
        ({"a": {"value": 1, "low": 1, "high": 2, "level": 1.5}}, "a.level: must be between 0 and 1"),
        ({"a": {"value": 1, "low": 1, "high": 2, "level": 1}}, "a.level: must be between 0 and 1"),
        ({"a": {"value": 1, "low": 1, "high": 2, "level": 0}}, "a.level: must be between 0 and 1"),
        ({"a_ms": 1.1e12}, "a_ms: must be a finite number"),
        ({"a": {"value": 1, "low": 1, "high": 2, "n": 0}}, "a.n: must be a whole number"),
        ({"a": {"value": 1, "low": 1, "high": 2, "n": True}}, "a.n: must be a whole number"),
        ({"a": {"value": 1, "low": 1, "high": 2, "n": -4}}, "a.n: must be a whole number"),
        ({"a": {"value": 1, "low": 1, "high": 2, "n": 1.5}}, "a.n: must be a whole number"),
        ({"a": {"value": 1, "low": 1, "high": 2, "n": 10**400}}, "a.n: must be a whole number"),
    ],
)
def test_a_wrong_baseline_is_one_line_with_its_key(document, message):
    if isinstance(document, dict):
        document = {"schema": "bizra-load/baseline/1"} | document
    with pytest.raises(AgreementError) as caught:
        baseline_from_mapping(document, "b")
    assert message in str(caught.value)
    assert "\n" not in str(caught.value)


def test_of_a_file_that_does_not_say_that_it_is_a_baseline_nothing_is_repeated():
    for document in (
        {"good_us": 1, "planted": "fast"},
        {"good_us": 1, "auths": {"planted": 4}},
        {"good_us": 1, "planted": -4711},
    ):
        with pytest.raises(AgreementError, match=r"^figure 2: must be a finite number") as caught:
            baseline_from_mapping(document, "b")
        assert "planted" not in str(caught.value)
        assert "4711" not in str(caught.value)


MACHINE = {"cpu": "a processor", "cores": 2}


@pytest.mark.parametrize(
    ("machine", "cpu", "cores", "message"),
    [
        (MACHINE, "a processor", 2, ""),
        (MACHINE, "another", 2, "(a processor, 2 cores) than the load was made on (another, 2 cores)"),
        (MACHINE, "a processor", 64, "(a processor, 2 cores) than the load was made on (a processor, 64 cores)"),
        (MACHINE, None, 64, "(unknown, 64 cores)"),
        (MACHINE, None, None, ""),
        (MACHINE, "x" * 300, 2, f"made on ({'x' * 100}, 2 cores)"),
        ({}, "a processor", 2, ""),
    ],
)
def test_a_baseline_of_another_machine_is_named_as_such(machine, cpu, cores, message):
    note = other_machine(Baseline("b.json", {}, machine=machine), cpu, cores)
    assert (message in note) if message else note == ""
    assert other_machine(None, cpu, cores) == ""


def test_nothing_is_said_of_an_objective_whose_limits_are_known():
    known = dataclasses.replace(LOCAL.agreement.objectives[0], target=Limit("<", 1e6))
    assert unknown_limit(known, None) == ""
    assert json.dumps(dataclasses.asdict(LOCAL.baseline))
