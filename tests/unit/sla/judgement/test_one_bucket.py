"""A target within the very bucket that holds the server's quantile: no longer run decides it, and none is advised."""

import dataclasses

import numpy as np
import pytest

from reports.documents.advice import recommendations
from reports.formats.table import endless, objective_row
from sla.judgement.evaluate import evaluate
from sla.judgement.status import NEVER_SHOWN, ONE_BUCKET, ONE_STEP
from sla.values.agreement import Limit, Objective
from sla.values.assessment import Severity, Status
from sla.values.histogram import bucket_edges_ns, bucket_of, from_values
from sla.values.kinds import ClientLatency, ServerLatency, SuccessRate
from sla.values.measurements import Measurements, RunFacts
from tests.unit.sla.judgement.test_moving import RATE, run_of
from tests.unit.sla.judgement.test_moving import judged as moving_judged
from tests.unit.sla.lagging import client, with_objectives
from tests.unit.sla.synthetic import LOCAL, measurements


def judged(run, target_us, severity=Severity.WARNING):
    """The p90 of generate, about 23 us in a bucket from 20 us to 26 us, against this target."""
    limit = Limit("<", target_us * 1e3)
    mine = Objective("mine", "Mine p90", severity, ServerLatency(0.9), ("generate",), limit, None, "")
    a = evaluate(run, with_objectives(LOCAL.agreement, mine), LOCAL.baseline)
    return a, next(o for o in a.objectives if o.key == "mine")


@pytest.fixture(scope="module")
def run():
    return measurements(hold_s=30)


@pytest.mark.parametrize("severity", [Severity.WARNING, Severity.CRITICAL])
def test_no_length_is_named_and_an_edge_at_the_target_is_advised(run, severity):
    a, o = judged(run, 24, severity)
    assert (o.status, o.reason) == (Status.INCONCLUSIVE, f"{ONE_BUCKET}: 20 us to 26 us")
    assert (o.seconds_needed, endless(o)) == (None, False)
    assert objective_row(o).cells[-1] == o.reason
    advice = next(x for x in recommendations(a) if "Mine p90" in x.figure)
    assert "give it an edge at the target" in advice.action


@pytest.mark.parametrize(("target_us", "status"), [(26, Status.PASS), (20, Status.FAIL), (50, Status.PASS), (13, Status.FAIL)])
def test_a_target_on_an_edge_or_in_another_bucket_is_decided(run, target_us, status):
    assert judged(run, target_us)[1].status is status


@pytest.mark.parametrize(("target_ns", "status"), [(0.2e6, Status.INCONCLUSIVE), (2e6, Status.PASS)])
def test_latencies_in_steps_are_told_from_a_target_a_step_away_alone(run, target_ns, status):
    """A median of about 0.17 ms, of latencies that JMeter would have written as 0 ms."""
    facts = RunFacts(run.facts.load_started_ns, run.facts.load_ended_ns, workers=("imported",), tick_ns=1_000_000)
    run = Measurements(run.windows, (), (), facts)
    a = evaluate(run, with_objectives(LOCAL.agreement, client(target_ns=target_ns)), LOCAL.baseline)
    o = next(o for o in a.objectives if o.key == "mine")
    assert (o.status, o.estimate.low, endless(o), o.seconds_needed) == (status, 0.0, False, None)
    assert o.reason.startswith(ONE_STEP) is (status is Status.INCONCLUSIVE)
    advised = [x.action for x in recommendations(a) if o.title in x.figure]
    assert ("no longer run can separate them: record latencies in a finer unit" in advised) is (status is Status.INCONCLUSIVE)


def test_beyond_the_last_edge_nothing_is_known(run):
    slow = measurements(hold_s=30, server_us={"generate": 30_000.0})
    _, o = judged(slow, 40_000)
    assert (o.status, o.reason) == (Status.INCONCLUSIVE, f"{ONE_BUCKET}: over its last edge, 10 ms")
    assert (o.seconds_needed, endless(o)) == (None, False)


def test_a_quantile_in_another_bucket_is_told_how_much_longer_a_run_must_be():
    """Few samples: the interval reaches over the target, the quantile's own bucket does not."""
    _, o = judged(measurements(hold_s=30, rate=1), 30)
    assert (o.status, o.reason) == (Status.INCONCLUSIVE, "too few effective samples to bound it from above")
    assert o.seconds_needed


def test_a_step_whose_edges_read_the_same_is_named_once():
    low, high = bucket_edges_ns(bucket_of(1e6))
    constant = from_values(np.full(RATE, round((low + high) / 2)))
    even = run_of()
    windows = tuple(dataclasses.replace(w, response=constant) for w in even.windows)
    o = moving_judged(ClientLatency(0.5, "response"), Limit("<", high - 1), dataclasses.replace(even, windows=windows))
    assert (o.status, o.reason) == (Status.INCONCLUSIVE, f"{ONE_STEP}, at 1 ms")


def test_that_nothing_ever_fails_is_shown_by_no_run():
    o = moving_judged(SuccessRate(), Limit(">=", 1.0), run_of())
    assert (o.status, o.reason, o.seconds_needed) == (Status.INCONCLUSIVE, NEVER_SHOWN, None)
    assert moving_judged(SuccessRate(), Limit(">=", 0.999), run_of()).status is Status.PASS
    assert moving_judged(SuccessRate(), Limit(">=", 1.0), run_of(failing=np.full(60, 0.05))).status is Status.FAIL
