"""Failures that came in a few bursts: no success rate passes by them, however few they are."""

import dataclasses
import math

import numpy as np
import pytest

from sla.judgement.evaluate import evaluate
from sla.judgement.family import PreparedObjective, judge_family
from sla.judgement.few_bursts import dips, slow_bursts
from sla.judgement.monitored import judge_monitored
from sla.judgement.moving import REACHES
from sla.judgement.objectives import ObjectiveEstimate
from sla.judgement.status import STRADDLES
from sla.values.agreement import Limit
from sla.values.assessment import Decision, Severity, Status
from sla.values.estimate import Estimate
from sla.values.histogram import from_values
from sla.values.kinds import Throughput
from tests.unit.sla.judgement.test_moving import EVEN, judged, run_of
from tests.unit.sla.judgement.test_moving import RATE as PLANNED_RATE
from tests.unit.sla.lagging import client, with_objectives
from tests.unit.sla.synthetic import LOCAL, RAMP_S, START, measurements

LENGTH_S, RATE = 60, 100
TWO_BURSTS = "the 40 errors came in 2 bursts: with fewer than 10 no interval is reliable"
FIRST = START + RAMP_S
LARGEST = ((0.99, 20, True), (0.99, 10, False), (0.9, 200, True), (0.899, 200, False))


def agreement(severity=Severity.CRITICAL, target=0.99):
    objectives = [o for o in LOCAL.agreement.objectives if o.key == "poi_success_rate"]
    limit = Limit(">=", target)
    objectives = tuple(dataclasses.replace(o, severity=severity, target=limit, acceptable=None) for o in objectives)
    return dataclasses.replace(LOCAL.agreement, objectives=objectives)


def run(failed):
    """`failed`: how many of the 100 generate operations of a second of the judged part, by that second."""
    whole, windows, snapshots, so_far = measurements(rate=RATE, hold_s=LENGTH_S), [], [], 0
    metrics = LOCAL.agreement.operations["generate"]
    for w in whole.windows:
        n = failed.get(w.second - FIRST, 0) if w.operation == "generate" else 0
        windows.append(dataclasses.replace(w, ok=w.ok - n, failed={"http_5xx": n}) if n else w)
    for s in whole.snapshots:
        so_far += failed.get(s.at_ns // 10**9 - 1 - FIRST, 0)
        counters = s.counters | {metrics.total: s.counters[metrics.total] - so_far, metrics.failed: float(so_far)}
        snapshots.append(dataclasses.replace(s, counters=counters))
    return dataclasses.replace(whole, windows=tuple(windows), snapshots=tuple(snapshots))


def success(failed, **given):
    return next(o for o in evaluate(run(failed), agreement(**given)).objectives if o.key == "poi_success_rate")


@pytest.mark.parametrize("severity", Severity)
def test_errors_in_two_bursts_leave_it_open_with_the_time_in_which_ten_such_bursts_would_come(severity):
    """0.33 % of 12,000 failed, and the whole interval keeps 98 %. Two in 60 s are ten in 300 s."""
    o = success({10: 20, 40: 20}, severity=severity, target=0.98)
    assert (o.status, o.estimate.low > 0.98) == (Status.INCONCLUSIVE, True)
    assert o.reason == TWO_BURSTS
    assert o.seconds_needed == 240


def test_a_target_that_more_and_larger_bursts_would_keep_is_kept():
    """Two were seen in 60 s, so there are 6.9 at most, each of 40 at most: 2.3 %."""
    assert success({10: 20, 40: 20}, target=0.9765).status is Status.PASS
    assert success({10: 20, 40: 20}, target=0.9775).status is Status.INCONCLUSIVE


@pytest.mark.parametrize(("bursts", "status"), [(9, Status.INCONCLUSIVE), (10, Status.PASS)])
def test_ten_bursts_are_enough(bursts, status):
    assert success({6 * i: 20 for i in range(bursts)}, target=0.96).status is status


def test_one_outage_is_one_burst_however_long_it_is():
    o = success(dict.fromkeys(range(10, 22), 1), target=0.998)
    assert (o.status, o.reason.split("; ")[:2]) == (Status.INCONCLUSIVE, [STRADDLES, REACHES])


def test_single_errors_here_and_there_are_no_bursts():
    assert success({10: 1, 40: 1}).status is Status.PASS
    assert success({}).status is Status.PASS


def test_what_straddles_the_target_says_so_and_needs_ten_bursts_at_least():
    """2.5 % failed in three seconds: ten of them take 200 s, and the interval alone may need less."""
    o = success({10: 100, 30: 100, 50: 100}, target=0.97)
    assert (o.status, o.reason.split("; ")[0]) == (Status.INCONCLUSIVE, STRADDLES)
    assert o.reason.endswith("the 300 errors came in 3 bursts: with fewer than 10 no interval is reliable")
    assert o.seconds_needed >= 140


def test_few_bursts_do_not_undo_a_fail():
    o = success(dict.fromkeys((3, 12, 20, 21, 22, 31, 40, 49, 57), 100), target=0.999)
    assert (o.status, o.reason) == (Status.FAIL, "the whole interval misses the target")


def test_the_servers_own_counters_are_judged_by_the_same_rule():
    measured = run({10: 20, 40: 20})
    spans = FIRST * 10**9, (FIRST + LENGTH_S) * 10**9
    [o] = [o for o in judge_monitored(measured.snapshots, *spans, agreement(target=0.98)).objectives if o.estimate]
    assert (o.status, o.seconds_needed) == (Status.INCONCLUSIVE, 240)
    assert o.reason == TWO_BURSTS


def test_as_a_warning_it_is_one_at_worst():
    made = evaluate(run({10: 20, 40: 20}), agreement(Severity.WARNING, 0.98))
    gates = [dataclasses.replace(g, status=Status.PASS) for g in made.gates if g.severity is Severity.CRITICAL]
    assert (made.decision, len(gates)) == (Decision.GO_WITH_CAUTION, 0)
    assert made.summary.startswith("at worst (GO if it keeps its target): 1 open: PoI success rate: the 40 ")


def test_latencies_of_operations_without_a_success_rate_are_open_for_the_same_reason():
    """More than the 1 % that a p99 leaves out may have failed: nobody can say by two bursts."""
    latency = next(o for o in LOCAL.agreement.objectives if o.key == "poi_generate_p90")
    judged_alone = dataclasses.replace(LOCAL.agreement, objectives=(latency,))
    o = next(o for o in evaluate(run({10: 50, 40: 50}), judged_alone, LOCAL.baseline).objectives)
    assert (o.status, o.seconds_needed) == (Status.INCONCLUSIVE, 240)
    assert o.reason.endswith("; the 100 errors came in 2 bursts: with fewer than 10 no interval is reliable")


def test_a_latency_whose_slow_responses_came_in_few_bursts_says_so():
    """0.67 % of 30,000 take 10 ms, where 1 % may take over 5 ms: of one burst there may be 5.5, which are 3.7 %."""
    run = measurements(rate=RATE, hold_s=300)
    slow = from_values(np.full(RATE, 10_000_000))
    windows = tuple(
        dataclasses.replace(w, response=slow) if w.operation == "generate" and w.second - FIRST in (100, 101) else w
        for w in run.windows
    )
    mine = with_objectives(LOCAL.agreement, client("generate_response_p99", 5e6))
    alone = dataclasses.replace(mine, objectives=mine.objectives[-1:])
    [o] = evaluate(dataclasses.replace(run, windows=windows), alone, LOCAL.baseline).objectives
    one = "the 200 responses over the target came in 1 burst: with fewer than 10 no interval is reliable"
    assert (o.status, o.reason.endswith(one)) == (Status.INCONCLUSIVE, True)


@pytest.mark.parametrize(("q", "largest", "open_"), LARGEST)
def test_a_tail_is_kept_by_as_many_bursts_as_there_may_be(q, largest, open_):
    """One of 60 seconds holds so many of 6,000 responses: there may be 5.4, each with as many."""
    sizes, kept = np.full(60, 100.0), np.full(60, 100.0)
    sizes[7] = kept[7] = 1000.0
    kept[7] -= largest
    text, needed_s = slow_bursts(kept, sizes, q, 60, 0.95)
    assert (text != "", needed_s) == (open_, 600 if open_ else 0)


def test_nothing_passes_by_few_bursts():
    passing = ObjectiveEstimate(Estimate(1e6, 0.9e6, 1.1e6, 0.95, 1000, 1000), "client", 100.0, 30.0, few_bursts="in one burst")
    o = client("p99", 5e6)
    [judged] = judge_family([PreparedObjective(o, o.target, None, lambda _: passing)], {}, 60, 0.95)
    assert (judged.status, judged.reason) == (Status.INCONCLUSIVE, "in one burst")


def test_a_throughput_that_fell_in_few_bursts_does_not_pass_by_its_average():
    """Nothing for 3 s of 60: 95 % of the rate on average; there may be five times as many, or none."""
    done = EVEN.copy()
    done[20:23] = 0.0
    run = run_of(done=done, planned=False)
    o = judged(Throughput(), Limit(">=", 0.8 * PLANNED_RATE), run)
    assert o.status is Status.INCONCLUSIVE
    assert "throughput fell in 1 burst of the run: with fewer than 10 no interval is reliable" in o.reason
    assert judged(Throughput(), Limit(">=", 0.5 * PLANNED_RATE), run).status is Status.PASS
    done[23:26] = 2.0  # made up for
    assert judged(Throughput(), Limit(">=", 0.8 * PLANNED_RATE), run_of(done=done, planned=False)).status is Status.PASS


def test_of_an_unknown_target_nothing_is_said():
    done = np.full(60, 100.0)
    done[20:23] = 0
    assert dips(done, np.ones(60), math.nan, 0.95) == ("", 0.0)
    text, needed_s = dips(done, np.ones(60), 94.0, 0.95)
    assert text.startswith("throughput fell in 1 burst ")
    assert needed_s == 600
