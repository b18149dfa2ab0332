"""Every check of the run touches what it says something about, in the direction in which it says it, and nothing else."""

import dataclasses

import numpy as np
import pytest

from sla.judgement.checks.allowable import ALLOWABLE
from sla.judgement.checks.check_scope import BOTH, FAIL, PASS, TOUCHES, is_bounded, row_of, touched, touches_client, undone
from sla.judgement.checks.opened_verdicts import opened
from sla.judgement.checks.run_checks import run_checks as all_checks
from sla.judgement.evaluate import evaluate
from sla.judgement.moving import REACHES
from sla.judgement.status import MISSES, OVER_BASELINE, THIN_EVIDENCE
from sla.judgement.steady import find_steady
from sla.values.agreement import Limit, Objective
from sla.values.assessment import Decision, Severity, Status, check
from sla.values.baseline import with_baseline
from sla.values.histogram import from_values
from sla.values.kinds import ClientLatency, ServerLatency, SuccessRate, Throughput
from sla.values.measurements import FailedCheck, Loss
from sla.values.window import Window
from tests.unit.sla.closed_runs import ceasing, in_steps, second, words
from tests.unit.sla.lagging import client, with_objectives
from tests.unit.sla.synthetic import LOCAL, RAMP_S, START, measurements, result_of
from tests.unit.sla.warming import slow_start

C, S, T, R = ClientLatency(0.99), ServerLatency(0.99), Throughput(), SuccessRate()
ALL = (C, S, T, R)
# row -> directions by kind; a row of the product that is missing here, or changed, is found
EXPECTED = {
    "data": dict.fromkeys(ALL, BOTH),
    "successes": {C: BOTH, S: BOTH, T: PASS, R: PASS},
    "workers": {C: BOTH, S: PASS, T: BOTH, R: BOTH},
    "workers_operations": {C: BOTH, S: PASS, T: BOTH, R: BOTH},
    "closed": {C: BOTH, S: PASS, T: BOTH, R: BOTH},
    "reports": {C: BOTH, S: PASS, T: BOTH, R: BOTH},
    "bad_samples": {C: BOTH},
    "failed_checks": {C: PASS, T: PASS, R: PASS},
    "exceptions": {C: PASS, T: PASS, R: PASS},
    "warm_up": {R: PASS},
    "warm_up_samples": {C: PASS, S: PASS, R: PASS},
    "warm_up_latency": {C: PASS, S: PASS},
    "outside_closed": {C: PASS, R: PASS},
    "no_response": dict.fromkeys(ALL, PASS),
    "unsent": {C: PASS, S: PASS, T: BOTH, R: PASS},
    "exhausted": {C: PASS, S: PASS, T: BOTH, R: PASS},
    "achieved_seconds": {T: FAIL, R: FAIL},
    "schedule_lag": {C: BOTH, S: BOTH},
    "generator_cpu": {C: FAIL, T: FAIL},
    "stalls": {C: BOTH, S: BOTH, T: BOTH},
    "clock_skew": {S: BOTH},
    "server_data": {S: BOTH},
    "server_data_gaps": {S: PASS},
    "restarted": {C: BOTH, S: BOTH, T: PASS, R: PASS},
    "counters_": dict.fromkeys(ALL, BOTH),
    "dominance_": {C: BOTH, S: BOTH},
    "littles_law_": {C: BOTH, T: BOTH, R: BOTH},
    "resolution_": {C: BOTH},
    "bootstrap": {C: BOTH, S: BOTH},
    "achieved": {},
    "outside": {},
    "scrapes": {},
    "unsigned": {},
    "system_clock": {},
}
VERDICTS = (Status.PASS, Status.FAIL)


def objective(kind, *operations):
    limit = Limit("<" if kind.unit == "ns" else ">=", 1.0)
    return Objective(kind.name, kind.name, Severity.CRITICAL, kind, operations or ("generate",), limit, None, "")


def failing(key):
    return check(key, key, True, f"{key} is wrong")


def test_the_table_has_a_row_for_every_check_there_is_and_no_other():
    assert set(TOUCHES) == set(EXPECTED)
    run = measurements(hold_s=20, lost_workers=("w2",), unsigned_messages=1, unsent=10_000, missing_messages=1, closed=False)
    exhausted = Window(START + RAMP_S + 1, "generate", started=1, failed={"generator": 1})
    skewed = tuple(dataclasses.replace(h, clock_error_ns=0, wall_offset_ns=10**10, bad_samples=1) for h in run.health)
    facts = dataclasses.replace(run.facts, failed_checks=(FailedCheck("body is right", 3),))
    run = dataclasses.replace(run, facts=facts, health=skewed, windows=(*run.windows, Window(START, "empty"), exhausted))
    known = all_checks(run, LOCAL.agreement, find_steady(run)) + all_checks(measurements(hold_s=1), LOCAL.agreement, None)
    nothing_right = measurements(hold_s=10, failures=dict.fromkeys(("generate", "verify", "finality"), 1.0))
    known += all_checks(nothing_right, LOCAL.agreement, find_steady(nothing_right))
    known += all_checks(dataclasses.replace(run, snapshots=run.snapshots[:-8]), LOCAL.agreement, find_steady(run))
    warming = slow_start(measurements())
    known += all_checks(warming, with_baseline(LOCAL.agreement, LOCAL.baseline), find_steady(warming))
    known += evaluated(measurements(hold_s=20)).checks
    for closed in (ceasing(exceptions=1000), in_steps(lambda at: second(at, 100, 100))):
        known += all_checks(closed, words("a error rate < 1 %"), find_steady(closed))
    assert {row_of(c.key)[0] for c in known} == set(TOUCHES)
    assert {row_of(f"{prefix}x" if prefix.endswith("_") else prefix)[0] for prefix in ALLOWABLE.values()} <= set(TOUCHES)
    with pytest.raises(KeyError):
        row_of("a_new_check")


@pytest.mark.parametrize("kind", ALL)
@pytest.mark.parametrize("status", VERDICTS)
@pytest.mark.parametrize("row", EXPECTED)
def test_a_failed_check_opens_a_verdict_in_its_direction_and_no_other(row, kind, status):
    key = f"{row}generate" if row.endswith("_") else row
    mine = objective(kind)
    expected = EXPECTED[row].get(kind)
    directions = touched(failing(key), [mine], open_model=True)
    assert directions == ({kind.name: expected} if expected else {})
    marked = dataclasses.replace(failing(key), opens=tuple(directions.items()))
    [result] = opened([result_of(mine, status)], [marked])
    is_open = expected in (BOTH, status.value)
    assert result.status is (Status.INVALID if is_open else status)
    if is_open:
        assert result.reason == f"{status.value} does not stand; failed checks: {key}"


@pytest.mark.parametrize("row", [r for r in EXPECTED if r.endswith("_")])
def test_a_check_of_one_operation_touches_objectives_on_that_alone(row):
    here, there, both = objective(C, "generate"), objective(C, "verify"), objective(T, "generate", "verify")
    others = [dataclasses.replace(there, key="there"), dataclasses.replace(both, key="both")]
    directions = touched(failing(f"{row}generate"), [here, *others], open_model=True)
    assert "there" not in directions
    assert directions.get(C.name) == EXPECTED[row].get(C)
    assert directions.get("both") == EXPECTED[row].get(T)


def test_a_busy_generator_leaves_nothing_of_a_closed_model_but_that_errors_are_errors():
    mine = [objective(k) for k in ALL]
    expected = dict.fromkeys((k.name for k in ALL), BOTH) | {R.name: PASS}
    assert touched(failing("generator_cpu"), mine, open_model=False) == expected


@pytest.mark.parametrize(
    ("reason", "directions"),
    [
        (MISSES, (PASS, FAIL, BOTH)),
        (OVER_BASELINE, (PASS, FAIL, BOTH)),
        (THIN_EVIDENCE, (PASS, BOTH)),
        (f"{THIN_EVIDENCE}; {REACHES}", (PASS, BOTH)),
    ],
)
def test_a_warning_claims_what_its_reason_says(reason, directions):
    result = result_of(objective(C), Status.WARN, reason)
    assert [d for d in (PASS, FAIL, BOTH) if undone(result, d)] == list(directions)


def test_what_has_no_data_is_invalid_where_a_check_says_why_and_else_open():
    nothing = result_of(objective(S), Status.INCONCLUSIVE, "no data")
    marked = dataclasses.replace(failing("server_data"), opens=((S.name, BOTH),))
    [result] = opened([nothing], [marked])
    assert (result.status, result.reason) == (Status.INVALID, "no data; failed checks: server_data")
    assert opened([nothing], [dataclasses.replace(marked, opens=((S.name, PASS),))]) == [nothing]


def test_only_checks_of_what_a_client_measured_keep_runs_from_being_compared():
    assert not any(touches_client(failing(k)) for k in ("server_data", "clock_skew", "scrapes"))
    assert all(touches_client(failing(k)) for k in ("workers", "unsent", "generator_cpu", "littles_law_verify"))


def evaluated(run, *objectives, **options):
    return evaluate(run, with_objectives(LOCAL.agreement, *objectives), LOCAL.baseline, **options)


def statuses(a):
    return {o.key: o.status for o in a.objectives}


def test_a_lost_worker_leaves_a_failure_that_holds_with_all_that_it_took_along():
    many_errors = {"failures": {"generate": 0.2, "verify": 0.2}, "lost_workers": ("w2",)}
    known = evaluated(measurements(losses=(Loss("w2", 40, 300),), **many_errors))
    assert (known.decision, known.exit_code) == (Decision.NO_GO, 3)
    assert "workers lost: w2" in known.summary  # the checks are named too
    few = {"failures": {"generate": 0.015, "verify": 0.015}, "lost_workers": ("w2",)}
    assert statuses(evaluated(measurements(losses=(Loss("w2", 40, 0),), **few)))["poi_success_rate"] is Status.FAIL
    taken_along = evaluated(measurements(losses=(Loss("w2", 40, 20_000),), **few))
    assert (taken_along.decision, statuses(taken_along)["poi_success_rate"]) == (Decision.INVALID, Status.INVALID)
    unbounded = evaluated(measurements(**many_errors))
    assert unbounded.decision is Decision.INVALID
    nobody_knows = evaluated(measurements(missing_messages=1, losses=(Loss("w2", 40, 300),), **many_errors))
    assert nobody_knows.decision is Decision.INVALID


def test_a_lost_worker_leaves_a_slow_client_latency_that_few_lost_samples_can_not_have_made_fast():
    mine = client(target_ns=100e3)  # the median is over it
    lost = {"lost_workers": ("w2",), "hold_s": 30}
    assert statuses(evaluated(measurements(losses=(Loss("w2", 9, 300),), **lost), mine))["mine"] is Status.FAIL
    assert statuses(evaluated(measurements(losses=(Loss("w2", 9, 10**7),), **lost), mine))["mine"] is Status.INVALID
    assert statuses(evaluated(measurements(**lost), mine))["mine"] is Status.INVALID


def test_unsent_operations_leave_failures_but_not_that_of_the_throughput():
    a = evaluated(measurements(unsent=5000, failures={"generate": 0.03, "verify": 0.03}))
    assert a.decision is Decision.NO_GO
    assert statuses(a)["finality_p99"] is Status.INVALID
    slow = evaluated(measurements(unsent=5000, server_us={"generate": 3000.0}))
    assert statuses(slow)["poi_generate_p99"] is Status.FAIL
    assert slow.decision is Decision.INVALID
    assert statuses(slow)["poi_throughput"] is Status.INVALID


def test_a_busy_generator_alone_is_no_reason_for_distrust_in_an_open_model():
    run = measurements(hold_s=30)
    busy = dataclasses.replace(run, health=tuple(dataclasses.replace(h, cpu_share=0.99) for h in run.health))
    a = evaluated(busy)
    assert next(c for c in a.checks if c.key == "generator_cpu").status is Status.FAIL
    assert a.decision is Decision.GO
    slow = evaluated(busy, client(target_ns=100e3))
    assert (slow.decision, statuses(slow)["mine"]) == (Decision.INVALID, Status.INVALID)
    assert statuses(evaluated(busy, client(target_ns=10e6)))["mine"] is Status.PASS


def test_a_busy_ramp_is_no_busy_run():
    run = measurements(hold_s=30)
    rows = tuple(dataclasses.replace(h, cpu_share=0.99 if h.second < START + RAMP_S else 0.3) for h in run.health)
    assert next(c for c in evaluated(dataclasses.replace(run, health=rows)).checks if c.key == "generator_cpu").figure == 0.3


def test_a_check_that_touches_no_objective_is_shown_and_decides_nothing():
    agreement = dataclasses.replace(
        LOCAL.agreement, objectives=tuple(o for o in LOCAL.agreement.objectives if "verify" not in o.operations)
    )
    run = measurements(hold_s=30)
    shrunk = tuple(
        dataclasses.replace(w, service_sum_ns=w.service_sum_ns // 2) if w.operation == "verify" else w for w in run.windows
    )
    a = evaluate(dataclasses.replace(run, windows=shrunk), agreement, LOCAL.baseline)
    [failed] = [c for c in a.checks if c.status is Status.FAIL]
    assert (failed.key, failed.opens, a.decision) == ("littles_law_verify", (), Decision.GO)
    whole = evaluated(dataclasses.replace(run, windows=shrunk))
    [failed] = [c for c in whole.checks if c.status is Status.FAIL]
    assert failed.opens == (("poi_throughput", BOTH), ("poi_success_rate", BOTH))
    assert whole.decision is Decision.INVALID


def test_an_allowed_check_opens_nothing():
    a = evaluated(measurements(unsent=5000), allowed=frozenset({"unsent"}))
    unsent = next(c for c in a.checks if c.key == "unsent")
    assert (unsent.status, unsent.opens, a.decision) == (Status.WARN, (), Decision.GO)


def test_where_not_one_operation_succeeded_success_rate_and_throughput_have_failed_and_no_latency_is_known():
    run = measurements(hold_s=20, failures={"generate": 1.0, "verify": 1.0, "finality": 1.0})
    a = evaluated(run)
    assert next(c for c in a.checks if c.key == "successes").status is Status.FAIL
    assert (a.decision, statuses(a)["poi_success_rate"]) == (Decision.NO_GO, Status.FAIL)
    assert statuses(a)["poi_throughput"] is Status.FAIL  # it was 0
    assert statuses(a)["finality_p99"] is Status.INVALID


def bursting(run, late_ns=0):
    """In two of six judged seconds nothing is sent, in the next all of it; `late_ns`: woken so late, else users were busy."""
    factors = {0: 0, 1: 0, 2: 3}
    windows = tuple(dataclasses.replace(w, started=factors.get((w.second - START) % 6, 1) * w.started) for w in run.windows)
    run = dataclasses.replace(run, windows=windows)
    if not late_ns:
        return run
    burst = from_values(np.full(1000, late_ns))
    rows = (dataclasses.replace(h, lag=burst) if (h.second - START) % 6 == 2 else h for h in run.health)
    return dataclasses.replace(run, health=tuple(rows))


def test_arrivals_that_come_in_bursts_open_a_failed_throughput_and_a_failed_success_that_the_bursts_can_explain():
    errors = {"failures": {"generate": 0.2, "verify": 0.2}, "hold_s": 30}
    even = evaluated(measurements(**errors))
    assert (statuses(even)["poi_throughput"], statuses(even)["poi_success_rate"]) == (Status.FAIL, Status.FAIL)
    busy = evaluated(bursting(measurements(**errors)))
    failed = next(c for c in busy.checks if c.key == "achieved_seconds")
    assert (failed.status, failed.reason) == (
        Status.FAIL,
        "in 5 of 30 s more than 10 % of the arrivals were sent over a second late",
    )
    assert statuses(busy)["poi_throughput"] is Status.INVALID
    assert busy.decision is Decision.NO_GO  # nobody was woken late: errors are no burst's
    most = evaluated(bursting(measurements(**errors), 2_000_000_000))
    assert most.decision is Decision.NO_GO  # even with every operation of a burst successful
    few = {"failures": {"generate": 0.02, "verify": 0.02}, "hold_s": 30}
    assert evaluated(bursting(measurements(**few))).decision is Decision.NO_GO
    late = evaluated(bursting(measurements(**few), 2_000_000_000))
    assert (statuses(late)["poi_success_rate"], late.decision) == (Status.INVALID, Decision.INVALID)
    good = evaluated(bursting(measurements(hold_s=30), 0))
    assert good.decision is Decision.GO  # what passes in bursts passes


def test_every_second_may_be_a_second_late():
    run = measurements(hold_s=30)
    shifted = tuple(
        dataclasses.replace(w, started=0 if (w.second - START) % 2 else 2 * w.started) if w.second >= START + RAMP_S else w
        for w in run.windows
    )
    a = evaluated(dataclasses.replace(run, windows=shifted))
    assert next(c for c in a.checks if c.key == "achieved_seconds").figure == 0


def test_how_many_operations_are_in_doubt_is_known_of_what_was_lost_and_of_bursts_alone():
    bounded = {"workers", "workers_operations", "closed", "reports", "achieved_seconds"}
    assert {row for row in EXPECTED if is_bounded(failing(f"{row}x" if row.endswith("_") else row))} == bounded
