"""Latencies of operations whose failures no success rate judges."""

import dataclasses

import pytest

from sla.judgement.evaluate import evaluate
from sla.judgement.outages.unjudged_failures import with_failures
from sla.values.agreement import Limit, Objective
from sla.values.assessment import Decision, Severity, Status, Steady
from sla.values.kinds import SuccessRate
from sla.values.measurements import Measurements, RunFacts
from sla.values.window import Window
from tests.unit.sla.lagging import with_objectives
from tests.unit.sla.synthetic import LOCAL, measurements, result_of

RATE = Objective("ok", "Finality ok", Severity.CRITICAL, SuccessRate(), ("finality",), Limit(">=", 0.3), None, "")


def judged(run, agreement=LOCAL.agreement):
    a = evaluate(run, agreement, LOCAL.baseline)
    return a, next(o for o in a.objectives if o.key == "finality_p99")


@pytest.mark.parametrize("share", [0.5, 1.0])
def test_a_quick_latency_of_an_operation_that_fails_half_of_the_time_is_no_go(share):
    a, finality = judged(measurements(failures={"finality": share}))
    assert (a.decision, finality.status) == (Decision.NO_GO, Status.FAIL)
    assert "finality operations failed: more than the 1 % that p99 leaves out" in finality.reason


def test_about_as_many_failures_as_the_quantile_leaves_out_are_open_and_fewer_are_none():
    a, finality = judged(measurements(failures={"finality": 0.01}))
    assert (a.decision, finality.status) == (Decision.INCONCLUSIVE, Status.INCONCLUSIVE)
    assert "finality operations failed: perhaps more than the 1 % that p99" in finality.reason
    a, finality = judged(measurements(failures={"finality": 0.003}))
    assert (a.decision, finality.status) == (Decision.GO, Status.PASS)


def test_where_a_success_rate_judges_them_the_latency_is_that_of_the_successful_ones():
    _, finality = judged(
        measurements(failures={"finality": 0.5}), with_objectives(LOCAL.agreement, *LOCAL.agreement.objectives, RATE)
    )
    assert finality.status is Status.PASS


def test_an_imported_file_without_failures_says_nothing_of_them():
    run = measurements(failures={"finality": 0.5})
    run = dataclasses.replace(run, facts=dataclasses.replace(run.facts, failures_known=False))
    assert judged(run)[1].status is Status.PASS


def test_a_latency_of_an_operation_without_a_failure_is_as_it_was_however_few_were_asked():
    """Of 50 successes the share of failures may be as much as 7 %: of a p99 that would leave a doubt."""
    windows = tuple(Window(s, "finality", started=10, ok=10) for s in range(5))
    run = Measurements(windows, (), (), RunFacts(0, 5 * 10**9))
    o = next(o for o in LOCAL.agreement.objectives if o.key == "finality_p99")
    passed = result_of(o, Status.PASS, "kept")
    assert with_failures([passed], run, LOCAL.agreement, Steady(0, 5, 0.0, 0.0, ""), None, 0.95) == [passed]
