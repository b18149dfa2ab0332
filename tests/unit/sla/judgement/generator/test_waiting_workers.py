"""A closed model whose workers wait for a core: what fails must fail without the waits."""

import dataclasses
import math
from bisect import bisect_left
from functools import cache

import numpy as np
import pytest

from sla.judgement.evaluate import evaluate
from sla.judgement.generator.waiting_workers import Waits, waiting_workers
from sla.judgement.kinds.choose import estimator_of
from sla.judgement.steady import find_steady
from sla.values.agreement import Limit, Objective
from sla.values.assessment import Severity, Status
from sla.values.histogram import EMPTY, from_values
from sla.values.kinds import ClientLatency, Throughput
from sla.values.machine import TARGET, MachineSecond
from sla.values.measurements import Measurements, RunFacts, UserCount
from sla.values.window import Health, Window
from tests.unit.sla.lagging import client, with_objectives
from tests.unit.sla.synthetic import LOCAL, measurements

START, LENGTH_S, USERS = 1_800_000_000, 40, 8
WAIT_S = 0.1


@cache
def closed_run(waits_a_second, seed=1):
    """(the run, what each operation would have taken without waits, ns): users without think time, on one worker that waits for
    a core so many times a second and reads what came meanwhile when it is back.
    """
    rng = np.random.default_rng(seed)
    starts = np.sort(rng.uniform(0, LENGTH_S, round(waits_a_second * LENGTH_S)))
    ends = np.maximum.accumulate(starts + WAIT_S)
    alone, begun, ended = [], [], []
    wait_starts, wait_ends = starts.tolist(), ends.tolist()
    for _ in range(USERS):
        now = 0.0
        alone_s = iter(rng.lognormal(np.log(0.004), 0.5, 500 * LENGTH_S).tolist())  # twice as many as come to be needed
        while now < LENGTH_S:
            took = next(alone_s)
            done = now + took
            i = bisect_left(wait_starts, done) - 1
            read = max(wait_ends[i], done) if i >= 0 else done
            alone.append(took * 1e9)
            begun.append(now)
            ended.append(read)
            now = read
    return measured(np.array(begun), np.array(ended), starts, ends), np.array(alone)


def measured(begun, ended, starts, ends):
    """What a recorder makes of it."""
    took_ns = ((ended - begun) * 1e9).astype(np.int64)
    windows, health = [], []
    for second in range(LENGTH_S):
        here = (ended >= second) & (ended < second + 1)
        in_flight = np.clip(np.minimum(ended, second + 1) - np.maximum(begun, second), 0, None).sum()
        latencies, sum_ns = from_values(took_ns[here]), int(took_ns[here].sum())
        window = Window(START + second, "generate", response=latencies, service=latencies, response_sum_ns=sum_ns)
        begun_here = int(((begun >= second) & (begun < second + 1)).sum())
        counts = {"started": begun_here, "ok": int(here.sum()), "service_sum_ns": sum_ns, "in_flight_ns": int(in_flight * 1e9)}
        windows.append(dataclasses.replace(window, **counts))
        waited_s = float(np.clip(np.minimum(ends, second + 1) - np.maximum(starts, second), 0, None).sum())
        machine = MachineSecond(START + second, "w", 2, cpu_s=0.1, waited_s=waited_s)
        health.append(Health(START + second, "w", EMPTY, 0.1, machine=machine))
    facts = RunFacts(START * 10**9, (START + LENGTH_S) * 10**9, workers=("w",), slots=USERS)
    return Measurements(tuple(windows), tuple(health), (), facts)


def in_step_run(wait_s=0.05):
    """Users that all begin when a second does, and whose responses the worker reads after a wait: what waits is what is under
    way, and the mean number under way is small.
    """
    rng = np.random.default_rng(1)
    alone_s = rng.lognormal(np.log(0.004), 0.5, (LENGTH_S, USERS))
    begun = np.repeat(np.arange(LENGTH_S, dtype=float), USERS)
    starts = np.arange(LENGTH_S) + 0.0001
    ended = np.maximum(begun + alone_s.ravel(), np.repeat(starts + wait_s, USERS))
    return measured(begun, ended, starts, starts + wait_s), alone_s.ravel() * 1e9


def without_slots(run):
    """The run of users that are not ours: nobody counts how many are under way."""
    windows = tuple(dataclasses.replace(w, in_flight_ns=0) for w in run.windows)
    return dataclasses.replace(run, windows=windows, facts=dataclasses.replace(run.facts, slots=0))


def of_counted_users(run, users=USERS):
    """Of users that are not ours, whose number is known."""
    run = without_slots(run)
    return dataclasses.replace(run, facts=dataclasses.replace(run.facts, users=(UserCount(START * 10**9, users),)))


def latency_at(q, run):
    objective = dataclasses.replace(client(), kind=ClientLatency(q, "response"))
    return estimator_of(objective, LOCAL.agreement).from_run(run, find_steady(run), None)(0.95)


@pytest.mark.parametrize("q", [0.1, 0.5, 0.9, 0.99])
def test_what_comes_in_step_is_delayed_by_whole_waits_however_few_are_under_way_on_average(q):
    run, alone = in_step_run()
    for each in (run, without_slots(run), of_counted_users(run)):
        latency = latency_at(q, each)
        assert latency.at_least.low <= np.quantile(alone, q) < 40e6 < latency.estimate.low


def test_what_no_wait_is_long_enough_for_stands_though_there_were_some():
    """1.15 % take a second, and the worker waited for a millisecond in each: that makes no second of 5 ms."""
    run, _ = closed_run(0)
    rare = from_values(np.concatenate((np.full(1977, 5_000_000), np.full(23, 1_000_000_000))))
    windows = [dataclasses.replace(w, response=rare, service=rare, ok=2000) for w in run.windows]
    health = [dataclasses.replace(h, machine=dataclasses.replace(h.machine, waited_s=0.001)) for h in run.health]
    run = dataclasses.replace(run, windows=tuple(windows), health=tuple(health))
    for each in (run, without_slots(run), of_counted_users(run)):
        assert latency_at(0.99, each).at_least.low > 900e6


def test_of_others_users_it_is_known_how_many_requests_are_under_way_while_their_number_is():
    run, _ = closed_run(0.1)  # four waits in 40 s
    ours, counted = latency_at(0.5, run), latency_at(0.5, of_counted_users(run))
    assert counted.at_least == ours.at_least
    assert 0.7 * ours.estimate.low < counted.at_least.low < ours.estimate.low
    several_at_once = of_counted_users(run, USERS // 2)  # on average: they make requests in greenlets of their own
    changing = of_counted_users(run)
    users = (*changing.facts.users, UserCount((START + 9) * 10**9, 0))
    changing = dataclasses.replace(changing, facts=dataclasses.replace(changing.facts, users=users))
    for unknown in (several_at_once, changing, of_counted_users(run, 0), without_slots(run)):
        assert math.isinf(waiting_workers(unknown, ("generate",), find_steady(run)).mean_ns)


@pytest.mark.parametrize("users_of", [lambda run: run, without_slots, of_counted_users])
@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize("waits_a_second", [0.1, 1, 4])
def test_the_lower_bound_is_under_what_it_would_have_been_without_the_waits(waits_a_second, seed, users_of):
    run, alone = closed_run(waits_a_second, seed)
    for q in (0.5, 0.9, 0.99):
        latency = latency_at(q, users_of(run))
        assert latency.at_least.low <= np.quantile(alone, q) <= latency.estimate.high


@pytest.mark.parametrize(
    ("waits_a_second", "target_ms", "status", "reason"),
    [
        (0, 8, Status.FAIL, "the whole interval misses the target"),  # the p99 is 13 ms
        (0.1, 5, Status.FAIL, "the whole interval misses the target"),  # four waits in 40 s can't have done that
        (2, 30, Status.INCONCLUSIVE, "without that, the target might be kept"),  # 13 ms, and over 30 ms by the waits alone
        (2, 8, Status.INCONCLUSIVE, "the target is not shown to be missed"),  # it is, without them too, but that is not known
    ],
)
def test_a_missed_target_stands_where_the_waits_can_not_have_made_it(waits_a_second, target_ms, status, reason):
    run, _ = closed_run(waits_a_second)
    agreement = with_objectives(dataclasses.replace(LOCAL.agreement, objectives=()), client(target_ns=target_ms * 1e6))
    assessment = evaluate(run, agreement, LOCAL.baseline)
    [objective], [cpu] = assessment.objectives, [c for c in assessment.checks if c.key == "generator_cpu"]
    assert ("waited up to 2" in cpu.reason, bool(cpu.advice)) == (
        (True, True) if waits_a_second == 2 else (False, waits_a_second > 0)
    )
    assert objective.status is status, objective
    assert objective.reason.endswith(reason)
    assert objective.reason.startswith("workers waited up to 2") == (status is Status.INCONCLUSIVE)


def test_waits_are_of_the_worker_that_waited_longest_and_only_where_they_are_known():
    run, _ = closed_run(1)
    steady = find_steady(run)
    alone = waiting_workers(run, ["generate"], steady)
    second = [
        dataclasses.replace(h, worker="v", machine=dataclasses.replace(h.machine, process="v", waited_s=h.machine.waited_s / 2))
        for h in run.health
    ]
    assert waiting_workers(dataclasses.replace(run, health=(*run.health, *second)), ["generate"], steady) == alone
    assert waiting_workers(run, ["verify"], steady) is None
    unknown = [dataclasses.replace(h, machine=dataclasses.replace(h.machine, waited_s=-1.0)) for h in run.health]
    assert waiting_workers(dataclasses.replace(run, health=tuple(unknown)), ["generate"], steady) is None
    partly = waiting_workers(dataclasses.replace(run, health=(*unknown[:20], *run.health[20:])), ["generate"], steady)
    assert [partly.by_second[START + s] for s in range(20)] == [1e9] * 20  # it may have waited all the time


def test_an_operation_is_delayed_by_the_accounts_of_its_seconds_and_those_beside_them():
    waits = Waits("workers", 0.5, {10: 1.0, 11: 2.0, 12: 4.0, 13: 8.0, 14: 16.0, 20: 32.0})
    assert waits.during(12, 13, 5e6) == 1 + 2 + 4 + 8  # it began in 11 or 12; the accounts of 10 and 13 may be of these
    assert waits.during(12, 13, 1.5e9) == 1 + 2 + 4 + 8
    assert waits.during(13, 14, 1.5e9) == 1 + 2 + 4 + 8 + 16
    assert waits.during(14, 15, 5e6) == waits.during(14, 15, 1e9) == 4 + 8 + 16
    assert waits.during(12, 13, math.inf) == 63


@pytest.mark.parametrize(("waited_s", "target", "status"), [
    (0.0, 0.9, Status.PASS), (0.0, 1.2, Status.FAIL), (0.1, 1.2, Status.FAIL), (0.5, 1.2, Status.INCONCLUSIVE),
    (0.5, 2.5, Status.FAIL), (1.0, 2.5, Status.INCONCLUSIVE), (1.0, 0.9, Status.PASS),
])  # fmt: skip
def test_a_throughput_is_missed_where_waiting_users_could_not_have_made_up_for_it(waited_s, target, status):
    """Without half of the time they can have done twice as much, and no more."""
    run, _ = closed_run(0)
    health = [dataclasses.replace(h, machine=dataclasses.replace(h.machine, waited_s=waited_s)) for h in run.health]
    windows = [dataclasses.replace(w, ok=1000) for w in run.windows]
    run = dataclasses.replace(run, windows=tuple(windows), health=tuple(health))
    kind = Objective("rate", "Rate", Severity.CRITICAL, Throughput(), ("generate",), Limit(">=", 1000.0 * target), None, "")
    agreement = with_objectives(dataclasses.replace(LOCAL.agreement, objectives=()), kind)
    [objective] = evaluate(run, agreement, LOCAL.baseline).objectives
    assert objective.status is status, objective.reason
    assert objective.reason.startswith("workers waited up to") == (status is Status.INCONCLUSIVE)


def test_what_nobody_timed_may_have_been_fast_beside_the_waits():
    run, _ = closed_run(1)
    half = [dataclasses.replace(w, untimed=w.ok, ok=2 * w.ok) for w in run.windows]
    timed, untimed = latency_at(0.9, run), latency_at(0.9, dataclasses.replace(run, windows=tuple(half)))
    assert untimed.at_least.low <= latency_at(0.8, run).at_least.high  # of twice as many the 90th is the 80th of those timed
    assert untimed.at_least.low < timed.at_least.low


@pytest.mark.parametrize(
    ("waited_s", "target_ns", "status"),
    [(0.0, 5e3, Status.FAIL), (0.0001, 5e3, Status.FAIL), (0.5, 5e3, Status.INCONCLUSIVE), (0.5, 1e9, Status.PASS)],
)
@pytest.mark.parametrize("planned", [True, False])
def test_a_servers_timer_is_missed_without_what_its_own_machine_made_it_wait(waited_s, target_ns, status, planned):
    run = measurements(hold_s=30)
    target = tuple(MachineSecond(w.second, TARGET, 2, waited_s=waited_s) for w in run.windows_of("generate"))
    facts = run.facts if planned else dataclasses.replace(run.facts, plan=(), slots=4)
    run = dataclasses.replace(run, target=target, facts=facts)
    [objective] = [o for o in LOCAL.agreement.objectives if o.key == "poi_generate_p99"]
    objective = dataclasses.replace(objective, severity=Severity.CRITICAL, target=Limit("<", target_ns), acceptable=None)
    agreement = with_objectives(dataclasses.replace(LOCAL.agreement, objectives=()), objective)
    [verdict] = evaluate(run, agreement, LOCAL.baseline).objectives
    if planned and status is Status.INCONCLUSIVE:  # where arrivals are planned lateness is measured, and there was none
        status = Status.FAIL
    assert verdict.status is status, verdict.reason
    assert verdict.reason.startswith("the target waited up to 50.0 % of the time for a core: without that") == (
        status is Status.INCONCLUSIVE
    )
