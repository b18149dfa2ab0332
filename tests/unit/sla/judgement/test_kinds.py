"""Each kind of objective: what it reads, where it can't be read, and what holds of it whatever was lost."""

import dataclasses
import math

import pytest

from sla.judgement.generator.lateness import lateness
from sla.judgement.kinds.choose import estimator_of
from sla.judgement.objectives import ObjectiveEstimate, absolute, seconds_for_margin
from sla.judgement.steady import find_steady
from sla.values.agreement import Limit, Objective, OperationMetrics
from sla.values.agreement_parser import agreement_from_mapping
from sla.values.assessment import Severity
from sla.values.estimate import Estimate
from sla.values.histogram import EMPTY
from sla.values.kinds import KINDS, ClientLatency, ServerLatency, SuccessRate, Throughput
from tests.unit.sla.synthetic import LOCAL, START, measurements

EVERY = (ServerLatency(0.99), ClientLatency(0.99), Throughput(), SuccessRate())
LIMITS = {"ns": Limit("<", 1e3), "ops/s": Limit(">=", 1e9), "ratio": Limit(">=", 0.999)}


def estimator(kind, operations=("generate",), agreement=LOCAL.agreement, target=None):
    limit = target or LIMITS[kind.unit]
    return estimator_of(Objective("x", "X", Severity.CRITICAL, kind, operations, limit, None, ""), agreement)


@pytest.mark.parametrize("kind", EVERY)
def test_the_word_of_an_agreement_makes_the_kind_with_its_own_parameters(kind):
    assert KINDS[kind.name].of(0.99, "response") == kind
    measure = {"kind": kind.name, "operations": ["a"], "quantile": 0.99}
    target = {"ns": "< 1 ms", "ops/s": ">= 1 ops/s", "ratio": ">= 99 %"}[kind.unit]
    document = {
        "schema": "bizra-load/agreement/1",
        "name": "x",
        "operations": {"a": {"histogram": "h"}},
        "objectives": {"o": {"title": "O", "severity": "CRITICAL", "measure": measure, "target": target}},
    }
    [o] = agreement_from_mapping(document).objectives
    assert (o.kind, o.unit, o.quantile) == (kind, kind.unit, 0.99 if kind.unit == "ns" else 0.0)


@pytest.mark.parametrize("kind", EVERY)
def test_every_kind_is_estimated_from_a_run_in_its_unit(kind):
    run = measurements(hold_s=20, rate=100, failures={"generate": 0.1})
    steady = find_steady(run)
    measured = estimator(kind).from_run(run, steady, lateness(run, steady))(0.95)
    low, high = {"ns": (1e3, 1e7), "ops/s": (80, 100), "ratio": (0.85, 0.95)}[kind.unit]
    assert low < measured.estimate.low <= measured.estimate.high < high
    assert measured.source.startswith("server" if kind.from_server else "client")


@pytest.mark.parametrize("kind", EVERY)
def test_the_servers_metrics_give_the_same_figures_where_they_have_them(kind):
    run = measurements(hold_s=20, rate=100, failures={"generate": 0.1})
    seen = estimator(kind)
    from_ns, to_ns = START * 10**9, (START + 26) * 10**9
    inside = [s for s in run.snapshots if from_ns <= s.at_ns <= to_ns]
    at = seen.from_metrics(inside, from_ns, to_ns)(0.95)
    assert (at.estimate is None) == bool(seen.missing_in_metrics()) == (kind == ClientLatency(0.99))
    if at.estimate is not None:
        steady = find_steady(run)
        of_run = seen.from_run(run, steady, None)(0.95).estimate
        assert of_run.point == pytest.approx(at.estimate.point, rel=0.05)


@pytest.mark.parametrize(
    ("metrics", "missing"),
    [
        (OperationMetrics("h", "t", "f"), {}),
        (OperationMetrics("h", "t"), {"success": "not every operation has a counter of failures"}),
        (OperationMetrics("h"), dict.fromkeys(("success", "throughput"), "not every operation has a counter")),
    ],
)
def test_what_the_servers_metrics_lack_is_named(metrics, missing):
    agreement = dataclasses.replace(LOCAL.agreement, operations={"generate": metrics})
    shown = {k.name: text for k in EVERY if (text := estimator(k, agreement=agreement).missing_in_metrics())}
    assert shown == {"client_quantile": "only a client sees it", **missing}


@pytest.mark.parametrize("kind", EVERY)
def test_a_failure_stands_despite_lost_operations_only_where_their_number_bounds_it(kind):
    run = measurements(hold_s=20, rate=100, failures={"generate": 0.1})
    steady = find_steady(run)
    finished = sum(w.finished for w in run.windows if w.operation == "generate" and steady.holds(w.second))
    # a client's p99 of 1 us, and a success rate of 99.9 % where 90 % succeeded, are missed by far
    bounded = not kind.from_server and kind.unit != "ops/s"
    assert estimator(kind).fails_despite(0, run, steady, 0.95) is bounded
    assert estimator(kind).fails_despite(1, run, steady, 0.95) is bounded
    assert not estimator(kind).fails_despite(1e6 * finished, run, steady, 0.95)


def test_the_bound_of_a_success_rate_is_where_the_lost_operations_would_lift_it_over_the_target():
    run = measurements(hold_s=20, rate=100, failures={"generate": 0.1})
    steady = find_steady(run)
    rate = estimator(SuccessRate(), target=Limit(">=", 0.95))
    e = rate.from_run(run, steady, lateness(run, steady))(0.95).estimate
    most = e.n * (0.95 - e.high) / (1 - 0.95)  # (high n + doubt) / (n + doubt) = 0.95
    assert rate.fails_despite(0.99 * most, run, steady, 0.95)
    assert not rate.fails_despite(1.01 * most, run, steady, 0.95)


def test_without_data_nothing_fails_and_nothing_is_estimated():
    run = dataclasses.replace(measurements(hold_s=20, rate=100), snapshots=())
    steady = find_steady(run)
    for kind in EVERY:
        never = estimator(kind, ("finality",), LOCAL.agreement)
        empty = dataclasses.replace(run, windows=tuple(w for w in run.windows if w.operation != "finality"))
        assert never.from_run(empty, steady, lateness(empty, steady))(0.95).estimate is None
        assert not never.fails_despite(0, empty, steady, 0.95)


def test_only_a_throughput_is_held_against_the_plan():
    run = measurements(hold_s=20, rate=100)
    share = Objective("x", "X", Severity.WARNING, Throughput(), ("generate",), Limit(">=", 0.9, of_plan=True), None, "")
    assert absolute(share.target, share, run, find_steady(run)).value == pytest.approx(90, rel=0.02)
    unplanned = dataclasses.replace(run, windows=tuple(dataclasses.replace(w, planned=0) for w in run.windows))
    assert math.isnan(absolute(share.target, share, unplanned, find_steady(run)).value)


@pytest.mark.parametrize(
    ("estimate", "needed_s", "more_s"),
    [
        (None, None, None),
        (Estimate(100.0, 90.0, 110.0, 0.95, 1000, 1000), None, None),  # on the limit: no length decides that
        (Estimate(95.0, 85.0, 105.0, 0.95, 1000, 1000), None, 30),  # half the width is wanted: four times the 10 s
        (Estimate(50.0, 45.0, 55.0, 0.95, 1000, 1000), math.inf, None),
        (Estimate(50.0, 45.0, math.inf, 0.95, 1000, 1000), None, None),  # how it narrows is not known
        (Estimate(50.0, 45.0, math.inf, 0.95, 1000, 1000), 25.0, 15),  # the least: what the tail needs
        (Estimate(50.0, 45.0, math.inf, 0.95, 1000, 1000), math.inf, None),
        (Estimate(50.0, 45.0, math.inf, 0.95, 1000, 1000), 5.0, None),
        (Estimate(150.0, -math.inf, 155.0, 0.95, 1000, 1000), 25.0, 15),
        (Estimate(105.0, 95.0, math.inf, 0.95, 1000, 1000), None, 30),  # the other end decides
        (Estimate(50.0, 45.0, 55.0, 0.95, 1000, 1000), 25.0, 15),
    ],
)
def test_how_much_longer_a_run_must_be(estimate, needed_s, more_s):
    measured = ObjectiveEstimate(estimate, "client", None, needed_s)
    assert seconds_for_margin(measured, Limit("<", 100.0), 10.0) == more_s


def test_a_latency_without_a_sample_has_no_estimate():
    run = measurements(hold_s=10)
    nothing = [dataclasses.replace(w, response=EMPTY, service=EMPTY) for w in run.windows]
    run = dataclasses.replace(run, windows=tuple(nothing))
    steady = find_steady(run)
    assert estimator(ClientLatency(0.99)).from_run(run, steady, lateness(run, steady))(0.95).estimate is None


def test_a_throughput_of_which_every_operation_failed_is_nought_and_not_unknown():
    run = measurements(hold_s=20, rate=100, failures={"generate": 1.0})
    steady = find_steady(run)
    assert steady is not None
    e = estimator(Throughput()).from_run(run, steady, None)(0.95).estimate
    assert (e.point, e.low) == (0.0, 0.0)
    assert e.high == pytest.approx(-math.log(0.025) / 20)  # of a Poisson count of 0 in 20 s
    assert estimator(Throughput(), ("never",)).from_run(run, steady, None)(0.95).estimate is None
