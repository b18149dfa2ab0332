"""Too few connections: arrivals that wait for a free one make no NO-GO of a service that responds in time, and no GO either."""

import dataclasses
import heapq
import math

import numpy as np
import pytest

from bizra_load.settings.remedies import WORDS
from sla.estimators.laws import lundberg_exponent
from sla.judgement.evaluate import evaluate
from sla.judgement.generator.connections import Connections
from sla.values.agreement import FIGURES_ONLY, Limit, Objective, OperationMetrics
from sla.values.assessment import Decision, Severity, Status
from sla.values.histogram import from_values
from sla.values.kinds import ClientLatency, SuccessRate, Throughput
from sla.values.machine import MachineSecond
from sla.values.measurements import Measurements, PlannedSegment, RunFacts
from sla.values.remedies import PLAIN
from sla.values.window import SCHEDULE, Health, Window
from tests.unit.sla.synthetic import START

LENGTH_S, RAMP_S = 30, 3
OPEN = (Decision.INVALID, Decision.INCONCLUSIVE)


def sent_and_done(due, service_s, of, servers, stalls):
    """Each connection takes its own arrivals (`of`: whose) one after the other; `servers` equal servers (None: as many as are
    needed) take requests in their order, and answer nothing in a stall.
    """
    sent, done = np.full(due.size, math.nan), np.full(due.size, math.nan)
    arrivals = [iter(np.flatnonzero(of == c).tolist()) for c in range(of.max() + 1)]
    free_s = [0.0] * (servers or 0)
    waiting = [(due[i], i, c) for c, mine in enumerate(arrivals) if (i := next(mine, None)) is not None]
    heapq.heapify(waiting)
    while waiting:
        at, i, c = heapq.heappop(waiting)
        if at >= LENGTH_S:
            continue  # the schedule has closed: unsent
        end = (max(at, free_s[0]) if free_s else at) + service_s[i]
        if free_s:
            heapq.heapreplace(free_s, end)
        end = next((stop for start, stop in stalls if start < end < stop), end)
        sent[i], done[i] = at, end
        if (following := next(arrivals[c], None)) is not None:
            heapq.heappush(waiting, (max(due[following], end), following, c))
    return sent, done


def measured(rate, connections, takes, servers=None, stalls=(), poisson=False, slots=None):
    """A run against that service; `takes`: seconds, or a function of (random numbers, how many). No arrival is woken late."""
    rng = np.random.default_rng(1)
    n = rate * LENGTH_S
    due = np.sort(rng.uniform(0, LENGTH_S, n)) if poisson else (np.arange(n) + 0.5) / rate
    service_s = takes(rng, n) if callable(takes) else takes * rng.uniform(1, 1.02, n)
    of = rng.integers(0, connections, n) if poisson else np.arange(n) % connections
    sent, done = sent_and_done(due, service_s, of, servers, stalls)
    took = ~np.isnan(sent)
    due_there, sent, done = due[took], sent[took], done[took]
    windows, health = [], []
    for second in range(int(done.max()) + 1):
        ended = np.floor(done) == second
        response, service = ((1e9 * (done - x)[ended]).astype(np.int64) for x in (due_there, sent))
        in_flight_s = np.clip(np.minimum(done, second + 1) - np.maximum(sent, second), 0, None).sum()
        planned, started = (int((np.floor(x) == second).sum()) for x in (due_there, sent))
        windows.append(
            Window(START + second, "call", planned, 0, started, response.size, in_flight_ns=int(1e9 * in_flight_s),
                   service_sum_ns=int(service.sum()), response_sum_ns=int(response.sum()),
                   response=from_values(response), service=from_values(service))
        )  # fmt: skip
        unsent = int((np.floor(due[~took]) == second).sum())
        windows.append(Window(START + second, SCHEDULE, planned=unsent, unsent=unsent))
        on_time = from_values(np.full(max(started, 1), 50_000))
        health.append(Health(START + second, "w", on_time, 0.2, slots=connections, machine=MachineSecond(START + second, "w")))
    plan = (PlannedSegment(RAMP_S, rate, 1.01 * rate), PlannedSegment(LENGTH_S - RAMP_S, rate, rate))
    facts = RunFacts(
        START * 10**9, (START + LENGTH_S) * 10**9, plan=plan, workers=("w",), slots=connections if slots is None else slots
    )
    ordered = sorted(windows, key=lambda w: (w.operation, w.second))
    return Measurements(tuple(ordered), tuple(health), (), facts)


def judged(run, target_s=0.05, quantile=0.99, latency="response", words=PLAIN, throughput=Severity.CRITICAL):
    critical = Severity.CRITICAL
    kind, of_plan = ClientLatency(quantile, latency), Limit(">=", 0.95, of_plan=True)
    objectives = (
        Objective("latency", "Latency", critical, kind, ("call",), Limit("<", target_s * 1e9), None, ""),
        Objective("throughput", "Throughput", throughput, Throughput(), ("call",), of_plan, None, ""),
        Objective("success", "Success", critical, SuccessRate(), ("call",), Limit(">=", 0.99), None, ""),
    )
    agreement = dataclasses.replace(FIGURES_ONLY, operations={"call": OperationMetrics("x")}, objectives=objectives)
    return evaluate(run, agreement, words=words)


def verdict(a, key="latency"):
    return next(o for o in a.objectives if o.key == key)


@pytest.mark.parametrize("poisson", [False, True], ids=["constant", "poisson"])
@pytest.mark.parametrize("takes_s", [0.03, 0.045])
@pytest.mark.parametrize("connections", [1, 2, 3])
def test_a_healthy_service_behind_too_few_connections_is_neither_no_go_nor_go(connections, takes_s, poisson):
    a = judged(measured(100, connections, takes_s, poisson=poisson))
    assert a.decision in OPEN, a.summary
    assert verdict(a).status is Status.INCONCLUSIVE
    assert verdict(a).seconds_needed is None  # no length of run decides it


def test_the_default_of_50_operations_a_user_is_said_to_be_too_much_for_30_ms_and_what_would_do():
    a = judged(measured(100, 2, 0.03), words=WORDS)
    assert verdict(a).reason == (
        "arrivals waited for one of 2 connections, which were busy 100 % of the time; the service itself took 30.6 ms (p99); "
        "more connections (--ops-per-user 10, or -u 10 where the run had -u): without that wait, "
        "the target is not shown to be missed"
    )
    unsent = next(c for c in a.checks if c.key == "unsent")
    assert unsent.reason.endswith("planned operations were not sent, for lack of a free connection")
    assert unsent.advice == "more connections (--ops-per-user 10, or -u 10 where the run had -u)"


@pytest.mark.parametrize("poisson", [False, True], ids=["constant", "poisson"])
def test_with_the_connections_that_are_advised_the_service_passes(poisson):
    a = judged(measured(100, 10, 0.03, poisson=poisson), 0.1, quantile=0.9)
    assert (a.decision, verdict(a).status) == (Decision.GO, Status.PASS), a.summary


def test_connections_busy_now_and_then_are_waited_for_too_where_arrivals_come_at_random():
    a = judged(measured(100, 5, 0.03, poisson=True), target_s=0.04, quantile=0.9)
    assert next(c for c in a.checks if c.key == "unsent").status is Status.PASS
    assert (verdict(a).status, a.decision) == (Status.INCONCLUSIVE, Decision.INCONCLUSIVE)
    assert "busy 60 % of the time" in verdict(a).reason  # and yet all were sent


def test_a_service_that_is_slow_by_itself_fails_behind_any_number_of_connections():
    for connections in (2, 5, 20):
        a = judged(measured(100, connections, 0.1))
        assert (verdict(a).status, a.decision) == (Status.FAIL, Decision.NO_GO)


def test_a_saturated_service_fails_by_its_service_time():
    a = judged(measured(100, 20, 0.02, servers=1))
    assert (verdict(a).status, a.decision) == (Status.FAIL, Decision.NO_GO)


def test_stalls_fail_by_the_wait_of_those_behind_them_which_service_times_do_not_show():
    run = measured(1000, 20, 0.001, stalls=[(s + 0.3, s + 0.6) for s in range(LENGTH_S)])
    assert verdict(judged(run, quantile=0.9, latency="service")).estimate.high < 0.01e9
    a = judged(run, quantile=0.9)
    assert (verdict(a).status, a.decision) == (Status.FAIL, Decision.NO_GO)


def test_few_slow_responses_that_keep_all_connections_busy_are_no_failure_of_the_others():
    def takes(rng, n):
        return np.where(rng.random(n) < 0.05, 2.0, 0.01)

    assert verdict(judged(measured(100, 8, takes), quantile=0.9)).status is Status.INCONCLUSIVE
    assert verdict(judged(measured(100, 8, takes), quantile=0.99)).status is Status.FAIL  # the slow ones are of it


def test_too_little_throughput_for_want_of_connections_is_open():
    a = judged(measured(100, 2, 0.03), target_s=60)
    assert verdict(a, "throughput").status is Status.INVALID
    assert a.decision is Decision.INVALID


def test_where_the_number_of_connections_is_not_known_a_wait_is_the_targets():
    assert verdict(judged(measured(100, 2, 0.03, slots=0))).status is Status.FAIL


def test_the_advice_goes_beyond_what_there_is():
    few = Connections(2, 100, 0.03, 0.03, 1.0, PLAIN)
    assert (few.too_few, few.advice) == (True, "more connections (users of 11.1 operations/s each, which makes 9 of them)")
    many = Connections(40, 100, 0.03, 0.03, 0.1, PLAIN)
    assert (many.too_few, many.advice) == (False, "more connections (users of 1.25 operations/s each, which makes 80 of them)")


@pytest.mark.parametrize("load", [0.1, 0.3, 0.6])
def test_lundbergs_bound_holds_for_a_queue_of_fixed_service_times(load):
    rng = np.random.default_rng(2)
    gaps, waits, wait = rng.exponential(1 / load, 200_000), [], 0.0
    for gap in gaps.tolist():  # Lindley's recursion, service time 1
        wait = max(wait + 1 - gap, 0.0)
        waits.append(wait)
    assert load * math.expm1(lundberg_exponent(load)) == pytest.approx(lundberg_exponent(load))
    for share in (0.1, 0.01, 0.001):
        bound_s = Connections(1, load, 0.0, 1.0, load, PLAIN).wait_ns(share) / 1e9
        assert np.mean(np.array(waits) > bound_s) <= share
        assert bound_s < 2 * np.quantile(waits, 1 - share) + 2  # and is no idle one


def test_without_service_times_there_is_no_wait_and_beyond_what_fits_no_bound():
    assert Connections(1, 10, 0.0, 0.0, 0.0, PLAIN).wait_ns(0.01) == 0
    assert math.isinf(Connections(1, 10, 0.05, 0.1, 0.5, PLAIN).wait_ns(0.01))
    assert math.isinf(Connections(1, 10, 0.08, 0.01, 0.8, PLAIN).wait_ns(0.01))
