"""Objectives on the whole load: all requests together, as if they were of one operation."""

import dataclasses

import numpy as np
import pytest

from sla.judgement.evaluate import evaluate
from sla.judgement.preflight import judged_quantiles, too_short
from sla.judgement.sequential import failing, undecided
from sla.values.agreement_parser import agreement_from_mapping
from sla.values.assessment import Status
from sla.values.histogram import EMPTY, from_values
from sla.values.measurements import PlannedSegment
from sla.values.window import SCHEDULE, merge_windows
from tests.unit.sla.synthetic import measurements


def words(*objectives):
    return agreement_from_mapping({"schema": "bizra-load/agreement/1", "name": "words", "objectives": list(objectives)})


def as_one(run):
    """The same requests under one name."""
    renamed = [w if w.operation == SCHEDULE else dataclasses.replace(w, operation="one") for w in run.windows]
    return dataclasses.replace(run, windows=merge_windows(renamed))


def late(run):
    """A generator that was late by 30 ms now and then: lower bounds differ from what was measured."""
    rng = np.random.default_rng(3)
    rows = [dataclasses.replace(h, lag=from_values(np.where(rng.random(400) < 0.02, 30_000_000, 50_000))) for h in run.health]
    return dataclasses.replace(run, health=tuple(rows))


@pytest.mark.parametrize("how", ["punctual", "late", "closed"])
@pytest.mark.parametrize("latency", ["", "service "])
@pytest.mark.parametrize("limit", ["250 us", "3 ms"])
def test_a_percentile_of_all_is_that_of_the_same_requests_under_one_name(how, latency, limit):
    run = measurements(hold_s=30, failures={"generate": 0.004})
    run = late(run) if how == "late" else run
    if how == "closed":
        run = dataclasses.replace(run, facts=dataclasses.replace(run.facts, plan=()))
    [together] = evaluate(run, words(f"all {latency}p99 < {limit}", "error rate < 5 %")).objectives[:1]
    [one] = evaluate(as_one(run), words(f"one {latency}p99 < {limit}", "error rate < 5 %")).objectives[:1]
    assert together.estimate == one.estimate
    assert (together.status, together.target) == (one.status, one.target)
    assert together.reason.replace("all ", "") == one.reason.replace("one ", "")
    assert together.operations == ("finality", "generate", "verify")


def test_one_slow_operation_in_three_is_in_the_percentile_of_all_and_not_in_the_others():
    run = measurements(hold_s=30)
    slow = [
        dataclasses.replace(w, response=from_values(np.full(w.ok, 90_000_000)), service=from_values(np.full(w.ok, 90_000_000)))
        if w.operation == "verify"
        else w
        for w in run.windows
    ]
    judged = evaluate(
        dataclasses.replace(run, windows=tuple(slow)), words("all p95 < 50 ms", "all p50 < 50 ms", "generate p95 < 50 ms")
    )
    assert [o.status for o in judged.objectives] == [Status.FAIL, Status.PASS, Status.PASS]


def test_a_share_of_the_plan_is_of_all_that_is_planned():
    [o] = evaluate(measurements(hold_s=30, rate=100), words("throughput >= 95 % of plan")).objectives
    assert (o.target, o.status) == (pytest.approx(285.0), Status.PASS)


def test_looks_at_a_run_under_way_know_the_whole_load_too():
    run = measurements(hold_s=60, failures={"generate": 0.3})
    agreement = words("error rate < 1 %", "p99 < 1 s", "generate error rate < 1 %, warning")
    assert failing(run, agreement) == {"error rate < 1 %"}
    assert undecided(run, agreement) == frozenset()


def test_without_any_operation_nothing_is_kept():
    run = dataclasses.replace(measurements(hold_s=10), windows=())
    judged = evaluate(run, words("all p99 < 1 s", "error rate < 1 %", "throughput >= 1 ops/s"))
    assert {o.status for o in judged.objectives} <= {Status.INCONCLUSIVE, Status.INVALID}
    assert judged.exit_code in (4, 5)


def test_a_failure_rate_of_the_whole_load_judges_the_failures_that_a_latency_leaves_out():
    run = measurements(hold_s=30, failures={"generate": 0.5})
    alone, beside = (evaluate(run, words(*o)).objectives[0] for o in (["p99 < 1 s"], ["p99 < 1 s", "error rate < 60 %"]))
    assert (alone.status, beside.status) == (Status.FAIL, Status.PASS)
    assert "operations failed: more than the 1 % that p99 leaves out" in alone.reason
    partly = evaluate(run, words("p99 < 1 s", "verify error rate < 60 %")).objectives[0]
    assert partly.status is Status.FAIL  # the error rate of another operation says nothing of these failures


def test_requests_that_nobody_timed_are_counted_over_all_operations():
    run = measurements(hold_s=30)
    untimed = [
        dataclasses.replace(w, response=EMPTY, service=EMPTY, untimed=w.ok) if w.operation == "verify" else w
        for w in run.windows
    ]
    [o] = evaluate(dataclasses.replace(run, windows=tuple(untimed)), words("all p99 < 10 ms")).objectives
    assert o.status is Status.INCONCLUSIVE
    assert "the latency of 9,000 successful operations is unknown: were they all slow" in o.reason


def test_an_operation_that_never_ran_names_those_that_did():
    [o] = evaluate(measurements(hold_s=10), words("chekout p95 < 1 s")).objectives
    assert o.reason == "no data: the run has no operation 'chekout'; it has 'finality', 'generate', 'verify'"


def test_before_the_load_it_is_said_which_percentile_of_all_it_is_too_short_for():
    plan = (PlannedSegment(10, 200.0, 200.0),)
    shares = {"a": 0.9, "b": 0.1}
    judged = judged_quantiles(words("all p99.9 < 1 s", "a p50 < 1 s", "error rate < 1 %"))
    [finding] = too_short(plan, shares, judged)
    assert str(finding).startswith("all operations p99.9 at 200 ops/s: 10 s is too short")
    assert too_short(plan, {}, judged) == []  # of a locustfile that does not say its shares nothing is known


def test_of_tasks_and_their_requests_the_rate_is_that_of_tasks_and_percentiles_are_of_requests():
    """Each request of the load within a task of its own: a plan of tasks, and a time of requests."""
    run = measurements(hold_s=30)
    load = [w for w in run.windows if w.operation != SCHEDULE]
    tasks = [dataclasses.replace(w, operation=f"task {w.operation}", response=EMPTY, service=EMPTY, untimed=w.ok) for w in load]
    requests = [dataclasses.replace(w, planned=0) for w in load]
    rest = [w for w in run.windows if w.operation == SCHEDULE]
    run = dataclasses.replace(run, windows=(*tasks, *requests, *rest))
    rate, errors, p99 = evaluate(run, words("throughput >= 95 % of plan", "error rate < 1 %", "all p99 < 1 s")).objectives
    names = {w.operation for w in load}
    assert set(rate.operations) == {f"task {name}" for name in names}
    assert set(errors.operations) == set(p99.operations) == names
    assert {o.status for o in (rate, errors, p99)} == {Status.PASS}
