"""The load of ten seconds at ten operations a second, counted by hand, against its plan."""

import dataclasses

import numpy as np
import pytest

from sla.judgement.checks.load_checks import late_operations, load_checks
from sla.values.assessment import Status, Steady
from sla.values.failure import FailureReason
from sla.values.histogram import EMPTY, from_values
from sla.values.machine import TARGET, MachineSecond
from sla.values.measurements import Measurements, PlannedSegment, RunFacts
from sla.values.window import SCHEDULE, Health, Window
from tests.unit.sla.synthetic import LOCAL

S = 10**9
STEADY = Steady(105, 115, 5.0, 0.0, "")
PLAN = (PlannedSegment(5, 0, 10), PlannedSegment(10, 10, 10))
ON_TIME = from_values(np.full(100, 50_000))
MINE = Window(0, "a", planned=10, started=10, ok=10)


def run(change=None, more=(), health=None, target=(), failures=(), **facts):
    """`change`: second -> fields of its window; `more`: windows beside those."""
    windows = [dataclasses.replace(MINE, second=s, **(change or {}).get(s, {})) for s in range(100, 115)]
    rows = [Health(s, "w", ON_TIME, 0.1) for s in range(100, 115)] if health is None else health
    facts = RunFacts(100 * S, 115 * S, **{"plan": PLAN, "workers": ("w",), **facts})
    return Measurements((*windows, *more), tuple(rows), (), facts, tuple(target), tuple(failures))


def checks(measured, steady=STEADY):
    return {c.key: c for c in load_checks(measured, LOCAL.agreement, steady)}


def missing(count):
    """So many of the 100 planned arrivals were never assigned to a user."""
    return {105 + i: {"planned": 10 - min(max(count - 10 * i, 0), 10)} for i in range(10)}


@pytest.mark.parametrize(("count", "without_user"), [(50, 0), (51, 0), (52, 52)])
def test_arrivals_are_missing_where_it_is_more_than_five_standard_deviations_and_one(count, without_user):
    check = checks(run(missing(count)))["unsent"]
    assert check.reason.startswith(f"{without_user} of {100 - count + without_user} planned operations were not sent")
    assert ("for lack of the users" in check.reason) is bool(without_user)


def users(measured):
    """How many of 40 planned arrivals had no user, when a worker has 10 of the 20 users."""
    plan = (PlannedSegment(5, 0, 4), PlannedSegment(10, 4, 4))
    facts = dataclasses.replace(measured.facts, slots=20, plan=plan)
    nothing = tuple(dataclasses.replace(w, planned=0) for w in measured.windows)
    reason = checks(dataclasses.replace(measured, facts=facts, windows=nothing)).get("unsent")
    return int(reason.reason.split()[0]) if reason else 0


@pytest.mark.parametrize(
    ("slots", "without"),
    [
        ({105: 20}, 0),
        ({105: 10}, 20),
        ({103: 20}, 0),  # it stood still from before the judged part on
        ({103: 10, 104: 20}, 0),
        ({103: 20, 104: 10}, 20),
        ({103: 10, 105: 20}, 0),
        ({104: 20, 110: 10}, 10),
        ({107: 20}, 8),  # it came two seconds late
        ({}, 40),
        ({114: 30}, 36),  # more than all is no help to the other seconds
    ],
)
def test_users_are_those_of_a_workers_last_report_and_none_before_its_first(slots, without):
    assert users(run(health=[Health(s, "w", ON_TIME, slots=n) for s, n in slots.items()])) == without


def test_users_of_several_workers_are_added():
    rows = [Health(105, "a", slots=10), Health(105, "b", slots=5), Health(110, "b", slots=10)]
    assert users(run(health=rows)) == 5  # a quarter of 20 arrivals


GENERATOR = {"ok": 9, "failed": {"generator": 1}}


def test_what_failed_on_the_generator_counts_in_the_judged_part_alone():
    assert "exhausted" not in checks(run({104: GENERATOR}))
    check = checks(run({104: GENERATOR, 105: GENERATOR}))["exhausted"]
    assert (check.status, check.figure, check.limit) == (Status.WARN, 0.01, 0.01)
    assert check.reason == "1 of 100 operations failed on the generator itself"
    assert checks(run({105: GENERATOR, 106: GENERATOR}))["exhausted"].status is Status.FAIL
    assert checks(run({104: GENERATOR}), None)["exhausted"].figure == 1 / 150  # without a judged part all of it


def test_the_reason_is_one_of_those_on_the_generator():
    reasons = [FailureReason("a", "timeout", "too slow", 9, 0, 0), FailureReason("a", "generator", "no port", 1, 0, 0)]
    assert checks(run({105: GENERATOR}, failures=reasons))["exhausted"].reason.endswith(" on the generator itself: no port")


def unsent(count, **facts):
    return run({105: {"planned": 10 - count, "started": 10 - count}}, [Window(105, SCHEDULE, count, count)], **facts)


def test_one_in_a_hundred_may_stay_unsent():
    assert (checks(unsent(1))["unsent"].status, checks(unsent(2))["unsent"].status) == (Status.PASS, Status.FAIL)
    assert checks(unsent(2))["unsent"].reason == "2 of 100 planned operations were not sent"


@pytest.mark.parametrize(("service_s", "too_few"), [(0.06, False), (0.08, True)])
def test_arrivals_that_were_not_sent_may_have_wanted_a_free_connection(service_s, too_few):
    """One connection that 10 operations a second keep busy for 60 or 80 % of the time; up to 70 % are enough."""
    h = from_values(np.full(10, int(service_s * S)))
    busy = {s: {"service": h, "service_sum_ns": int(10 * service_s * S)} for s in range(106, 115)}
    measured = unsent(2, slots=1)
    windows = tuple(dataclasses.replace(w, **busy.get(w.second, {})) for w in measured.windows)
    rows = tuple(dataclasses.replace(h, slots=1) for h in measured.health)
    check = checks(dataclasses.replace(measured, windows=windows, health=rows))["unsent"]
    assert check.reason.endswith(", for lack of a free connection") is too_few
    assert ("connections" in check.advice.partition(":")[0]) is too_few


def test_where_nothing_was_planned_nothing_is_unsent_and_the_plan_is_not_held_against_it():
    nothing = {s: {"planned": 0} for s in range(100, 115)}
    assert {"unsent", "outside", "achieved", "achieved_seconds"}.isdisjoint(checks(run(nothing, plan=())))
    assert {"achieved", "achieved_seconds"}.isdisjoint(checks(run(plan=(PlannedSegment(15, 0, 10),))))
    assert {"outside", "achieved", "achieved_seconds"}.isdisjoint(checks(run(), None))


def test_a_target_that_waited_outside_the_judged_part_is_not_said_of_it():
    def reported(second):
        return "the target waited" in checks(run(target=[MachineSecond(second, TARGET, waited_s=0.5)]))["schedule_lag"].reason

    assert [reported(second) for second in (104, 105, 114, 115)] == [False, True, True, False]
    outside = run(target=[MachineSecond(104, TARGET, waited_s=0.5)])
    assert "the target waited" in checks(outside, None)["schedule_lag"].reason


UNKNOWN = "the lag of arrivals is unknown: "


def test_where_no_worker_reported_a_lag_nothing_is_known_of_it():
    check = checks(run(health=[]))["schedule_lag"]
    assert (check.status, check.reason) == (Status.FAIL, f"{UNKNOWN}no worker reported it for the judged part")
    assert "schedule_lag" not in checks(run(health=[], plan=()))
    assert "schedule_lag" not in checks(run({s: {"started": 0} for s in range(100, 115)}, health=[]))
    assert "schedule_lag" in checks(run({s: {"started": 0} for s in range(100, 114)}, health=[]))
    no_samples = [Health(s, "w") for s in range(100, 115)]  # every user was busy when its arrival was due
    assert "schedule_lag" not in checks(run(health=no_samples))


def lag_of(*silent, rows=(), **facts):
    """Beside "w"; `rows`: (worker, second) with a report."""
    health = [Health(s, "w", ON_TIME) for s in range(100, 115)] + [Health(s, name, ON_TIME) for name, s in rows]
    return checks(run(health=health, workers=("w", *silent), **facts))["schedule_lag"]


def test_workers_that_were_there_and_reported_nothing_are_named():
    assert lag_of("y", "x").reason == f"{UNKNOWN}x, y never reported it for the judged part"
    assert lag_of("y", "x", lost_workers=("x",)).reason == f"{UNKNOWN}y never reported it for the judged part"
    assert lag_of("x", rows=[("x", 104)]).status is Status.FAIL
    assert lag_of("x", rows=[("x", 105)]).status is Status.PASS
    assert lag_of("x", plan=()).status is Status.PASS


@pytest.mark.parametrize(
    ("seconds", "status"),
    [
        ([115], Status.PASS),  # its first second, the last of the load
        ([116], Status.FAIL),  # after the load nobody comes to take part in it
        ([104, 115], Status.FAIL),
    ],
)
def test_a_worker_that_came_after_the_judged_part_has_nothing_to_report_of_it(seconds, status):
    assert lag_of("x", rows=[("x", s) for s in seconds]).status is status


@pytest.mark.parametrize(("late", "status"), [(1, Status.PASS), (2, Status.FAIL)])
def test_one_arrival_in_a_hundred_may_be_over_the_limit(late, status):
    lag = from_values(np.array([50_000] * (100 - late) + [3 * S] * late))
    health = [Health(105, "w", lag, 0.1)]
    assert checks(run(health=health))["schedule_lag"].status is status


def test_the_generators_cpu_is_that_of_the_judged_seconds():
    rows = [Health(s, "w", ON_TIME, 0.99 if s < 105 else 0.5) for s in range(100, 115)]
    check = checks(run(health=rows))["generator_cpu"]
    assert (check.status, check.figure, check.unit) == (Status.PASS, 0.5, "cores")
    assert check.reason == "workers used 0.50 of a core (95th percentile of their seconds)"
    assert "generator_cpu" not in checks(run(health=[]))


@pytest.mark.parametrize(
    ("outside", "inside", "status"),
    [
        (0, 0, Status.PASS),
        (1, 0, Status.WARN),  # 2 % of the 50
        (4, 4, Status.PASS),  # 8 % where 4 % are usual
        (5, 4, Status.WARN),
    ],
)
def test_failures_outside_the_judged_part_may_be_twice_as_frequent_as_in_it(outside, inside, status):
    def failing(first, count):
        return {first + i: {"ok": 9, "failed": {"http_5xx": 1}} for i in range(count)}

    check = checks(run({**failing(100, outside), **failing(105, inside)}))["outside"]
    assert (check.status, check.figure, check.limit) == (status, outside / 50, max(0.01, inside / 50))
    reported = f"{outside} of 50 operations failed outside the judged part"
    assert check.reason == reported + (f" (http_5xx {outside})" if outside else "")


def test_without_a_second_outside_nothing_failed_there():
    windows = tuple(w for w in run().windows if w.second >= 105)
    check = checks(dataclasses.replace(run(), windows=windows))["outside"]
    assert (check.status, check.figure) == (Status.PASS, 0)


def test_an_arrival_over_a_second_late_may_have_hurt_ten_operations_of_the_judged_part():
    lag = from_values(np.array([int(0.9 * S), int(1.1 * S), 2 * S]))
    rows = [Health(104, "w", lag), Health(105, "w", lag), Health(106, "w", EMPTY)]
    assert late_operations(run(health=rows), STEADY) == 20


@pytest.mark.parametrize(("limit_ns", "status"), [(1000, Status.PASS), (999, Status.FAIL)])
def test_a_lag_that_is_just_at_its_limit_keeps_it(limit_ns, status):
    validity = dataclasses.replace(LOCAL.agreement.validity, lag_p99_ns=limit_ns)
    late = run(health=[Health(105, "w", from_values(np.full(100, 1000)), 0.1)])
    all_checks = load_checks(late, dataclasses.replace(LOCAL.agreement, validity=validity), STEADY)
    assert next(c for c in all_checks if c.key == "schedule_lag").status is status


def test_a_single_operation_that_failed_is_all_of_them():
    one = {"ok": 0, "planned": 1, "started": 1, "failed": {"http_5xx": 1}}
    nothing = {s: {"ok": 0, "planned": 0, "started": 0} for s in range(100, 115)}
    check = checks(run({**nothing, 101: one, 107: one}))["outside"]
    assert (check.figure, check.limit, check.status) == (1.0, 2.0, Status.PASS)  # as usual
