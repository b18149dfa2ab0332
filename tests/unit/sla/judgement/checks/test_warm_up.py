"""What is cut as warm-up is no place to hide failures in, nor most of what was done; a plain warm-up opens nothing."""

import dataclasses

import numpy as np
import pytest

from sla.judgement.checks.check_scope import PASS
from sla.judgement.checks.warm_up import FAILURES, LATENCIES, SAMPLES
from sla.judgement.evaluate import evaluate
from sla.judgement.steady import find_steady
from sla.values.agreement import Limit, Objective
from sla.values.assessment import Decision, Severity, Status
from sla.values.histogram import from_values
from sla.values.kinds import SuccessRate
from tests.unit.sla.lagging import client, with_objectives
from tests.unit.sla.synthetic import HOLD_S, LOCAL, measurements
from tests.unit.sla.warming import BEGIN, slow_start

MINE = client(target_ns=10e6)
FINALITY = Objective("ok", "Finality ok", Severity.CRITICAL, SuccessRate(), ("finality",), Limit(">=", 0.9), None, "")


def judged(run, **options):
    return evaluate(run, with_objectives(LOCAL.agreement, MINE, FINALITY), LOCAL.baseline, **options)


def checks(a):
    return {c.key: c for c in a.checks if c.key in (FAILURES, SAMPLES, LATENCIES)}


def statuses(a):
    return {o.key: o.status for o in a.objectives}


def test_failures_in_what_was_cut_open_the_success_rates_that_miss_their_target_with_them():
    run = slow_start(measurements(), failed=60)
    assert find_steady(run).warm_up_s == 20
    a = judged(run)
    by_key = checks(a)
    assert (by_key[FAILURES].status, by_key[FAILURES].opens) == (Status.FAIL, (("poi_success_rate", PASS),))
    assert "misses its target: 2,400 of 36,000 operations failed" in by_key[FAILURES].reason
    assert by_key[FAILURES].figure == pytest.approx(1 - 2400 / 36000)
    assert by_key[SAMPLES].status is Status.PASS
    assert (a.decision, statuses(a)["poi_success_rate"]) == (Decision.INVALID, Status.INVALID)
    assert (statuses(a)["ok"], statuses(a)["mine"]) == (Status.PASS, Status.PASS)  # 93.3 % keeps 90 %
    assert judged(run, allowed=frozenset({"warm-up"})).decision is Decision.GO


@pytest.mark.parametrize(("hold_s", "seconds"), [(30, 10), (30, 15), (HOLD_S, 20), (HOLD_S, 30)])
@pytest.mark.parametrize("failed", [0, 1])
def test_a_warm_up_without_failures_or_with_few_stays_a_go_and_is_said(hold_s, seconds, failed):
    run = slow_start(measurements(hold_s=hold_s), seconds, failed)
    assert find_steady(run).warm_up_s == seconds
    a = judged(run)
    assert a.decision is Decision.GO
    assert {c.status for c in checks(a).values()} == {Status.PASS}
    [note] = [n for n in a.notes if "cut as warm-up" in n]
    assert f"the {seconds} s cut as warm-up (MSER-5) had a p99 of " in note
    assert f" and {3 * seconds * failed:,} failures in {900 * seconds:,} operations; the judged part a p99 of " in note


def test_most_of_the_operations_are_no_warm_up():
    run = slow_start(measurements(), 30, times=2)
    a = judged(run)
    check = checks(a)[SAMPLES]
    assert (check.status, check.figure) == (Status.FAIL, pytest.approx(2 / 3))
    assert {key for key, direction in check.opens if direction == PASS} >= {"mine", "ok", "poi_success_rate", "finality_p99"}
    assert "poi_throughput" not in dict(check.opens)
    assert (a.decision, statuses(a)["mine"]) == (Decision.INVALID, Status.INVALID)
    allowed = checks(judged(run, allowed=frozenset({"warm-up"})))[SAMPLES]
    assert (allowed.status, allowed.opens) == (Status.WARN, ())


def test_an_even_split_is_not_called_most_by_chance():
    run = slow_start(measurements(), 30)
    windows = tuple(dataclasses.replace(w, ok=w.ok + 1) if w.second < BEGIN + 30 else w for w in run.windows)
    assert checks(judged(dataclasses.replace(run, windows=windows)))[SAMPLES].status is Status.PASS


def test_where_no_failures_are_known_or_nothing_was_cut_there_is_no_such_check():
    run = measurements()
    assert not checks(judged(run))
    assert not [n for n in judged(run).notes if "warm-up" in n]
    unknown = slow_start(dataclasses.replace(run, facts=dataclasses.replace(run.facts, failures_known=False)))
    assert set(checks(judged(unknown))) == {SAMPLES, LATENCIES}


def test_a_latency_that_misses_its_target_all_along_is_no_matter_of_the_warm_up():
    missed = client(target_ns=1e5, severity=Severity.WARNING, acceptable=Limit("<", 1e7))
    run = slow_start(measurements())
    a = evaluate(run, with_objectives(LOCAL.agreement, missed), LOCAL.baseline)
    assert (a.decision, statuses(a)["mine"]) == (Decision.GO_WITH_CAUTION, Status.WARN)


@pytest.mark.parametrize(("seconds", "opened"), [(10, False), (15, False), (20, True), (30, True)])
def test_a_long_beginning_that_misses_a_latency_leaves_it_open_and_a_short_one_is_a_warm_up(seconds, opened):
    run = slow_start(measurements(), seconds)
    windows = tuple(
        dataclasses.replace(w, response=from_values(np.full(w.response.total, 50_000_000)))
        if BEGIN <= w.second < BEGIN + seconds and w.response.total
        else w
        for w in run.windows
    )
    run = dataclasses.replace(run, windows=windows)
    assert find_steady(run).warm_up_s == seconds
    a = judged(run)
    by_key = checks(a)
    assert statuses(a)["mine"] is (Status.INVALID if opened else Status.PASS)
    assert a.decision is (Decision.INVALID if opened else Decision.GO)
    assert (LATENCIES in by_key) is opened
    if opened:
        assert by_key[LATENCIES].opens == (("mine", PASS),)
        text = f"{100 * seconds / HOLD_S:.0f} % of the seconds, {MINE.title} misses the target"
        assert text in by_key[LATENCIES].reason
        assert judged(run, allowed=frozenset({"warm-up"})).decision is Decision.GO
