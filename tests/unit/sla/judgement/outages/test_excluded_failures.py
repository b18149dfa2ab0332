"""What is said of failed requests that an agreement leaves out of its latencies."""

import dataclasses

import numpy as np
import pytest

from sla.judgement.evaluate import evaluate
from sla.values.agreement import Limit, Objective, OperationMetrics
from sla.values.assessment import Severity
from sla.values.histogram import EMPTY, from_values
from sla.values.kinds import ClientLatency, SuccessRate
from sla.values.measurements import Measurements, RunFacts
from sla.values.window import Window
from tests.unit.sla.synthetic import LOCAL

S, MS = 10**9, 10**6
LENGTH_S = 100


def of(*parts):
    """`parts`: (ms, how often)."""
    return from_values(np.concatenate([np.full(n, int(ms * MS)) for ms, n in parts]).astype(np.int64))


def run(took, category="http_5xx", successful_ms=1.0, **fields):
    """A closed model: in each of a hundred seconds 2,000 requests, of which some failed."""
    ok = of((successful_ms, 2000 - took.total))
    fields = {"response": ok, "service": ok, "failed_response": took, "failed_service": took, **fields}
    one = Window(0, "verify", started=2000, ok=ok.total, failed={category: took.total}, **fields)
    windows = tuple(dataclasses.replace(one, second=1000 + i) for i in range(LENGTH_S))
    return Measurements(windows, (), (), RunFacts(1000 * S, (1000 + LENGTH_S) * S))


def latency(q=0.99, target_ms=5.0, **kind):
    kind = ClientLatency(q, **{"latency": "response", **kind})
    limit = Limit("<", target_ms * MS)
    return Objective(f"p{100 * q:g}", f"Verify p{100 * q:g}", Severity.CRITICAL, kind, ("verify",), limit, None, "")


def notes(measurements, *objectives):
    success = Objective("ok", "Ok", Severity.CRITICAL, SuccessRate(), ("verify",), Limit(">=", 0.5), None, "")
    operations = {"verify": OperationMetrics()}
    agreement = dataclasses.replace(LOCAL.agreement, objectives=(*objectives, success), operations=operations)
    return [note for note in evaluate(measurements, agreement).notes if "failures: included" in note]


SLOW = of((10_000, 10))  # 0.5 %
SLOW_NOTE = (
    "0.5 % of 'verify' failed after 10 s [10 s to 10 s] (p50), they are not in its response times: `failures: included` "
    "counts them"
)


def test_failures_that_were_slower_than_the_target_are_said_though_they_change_no_verdict():
    assert notes(run(SLOW), latency()) == [SLOW_NOTE]


def test_a_verdict_that_they_would_change_is_named():
    assert notes(run(SLOW), latency(0.999)) == [f"{SLOW_NOTE}; Verify p99.9 would be FAIL, not PASS"]


def test_several_objectives_of_one_latency_share_a_note_and_each_latency_has_its_own():
    both = notes(run(SLOW), latency(0.999), latency(0.99), latency(0.5, latency="service"))
    of_service = SLOW_NOTE.replace("response", "service")
    assert both == [f"{SLOW_NOTE}; Verify p99.9 would be FAIL, not PASS", of_service]


def test_quick_failures_are_said_where_they_would_make_a_latency_better():
    """Half of all failed after 1 ms, the others took 10: the p40 of all is a quick one."""
    assert notes(run(of((1, 1000)), successful_ms=10.0), latency(0.4)) == [
        "50 % of 'verify' failed after 1 ms [1 ms to 1 ms] (p50), they are not in its response times: `failures: included` "
        "counts them; Verify p40 would be PASS, not FAIL"
    ]


@pytest.mark.parametrize(
    ("measurements", "objectives"),
    [
        (run(of((1, 10))), [latency(0.999)]),  # as quick as the others
        (run(SLOW), [latency(0.999, failures="included")]),
        (run(SLOW), []),
        (run(SLOW, failed_response=EMPTY), [latency(0.999)]),  # nobody knows
        (run(SLOW, category="generator", failed_response=EMPTY), [latency(0.999)]),
        (run(SLOW), [latency(0.99, target_ms=20_000)]),  # slower than the target they were not
    ],
)
def test_otherwise_nothing_is_said(measurements, objectives):
    assert notes(measurements, *objectives) == []


def test_time_outs_are_in_every_latency_already():
    took = of((1.0, 1990)).with_over_range(10)
    timed_out = run(SLOW, category="timeout", response=took, failed_response=EMPTY, timeout_response=SLOW)
    assert notes(timed_out, latency(0.99)) == []


def test_without_a_judged_part_nothing_is_said():
    short = run(SLOW)
    assert notes(dataclasses.replace(short, facts=RunFacts(1000 * S, 1002 * S)), latency(0.999)) == []
