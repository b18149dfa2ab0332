"""Checks of the load on ten seconds counted by hand: what is counted of whom, and from which number on it fails."""

import dataclasses

import numpy as np
import pytest

from sla.judgement.checks.load_checks import late_operations, load_checks
from sla.values.assessment import Status, Steady
from sla.values.failure import FailureReason
from sla.values.histogram import from_values
from sla.values.machine import MachineSecond
from sla.values.measurements import Measurements, PlannedSegment, RunFacts
from sla.values.window import Health, Window
from tests.unit.sla.synthetic import LOCAL

S = 10**9
STEADY = Steady(10, 20, 0.0, 0.0, "")
TEN_A_SECOND = (PlannedSegment(10, 10, 10),)
OPEN = {"plan": TEN_A_SECOND}


def windows_of(**fields):
    """Ten operations in each of the ten seconds."""
    usual = {"planned": 10, "started": 10, "ok": 10, **fields}
    return [Window(s, "a", **usual) for s in range(10, 20)]


def run(windows=None, health=(), failures=(), load_ended=20, **facts):
    windows = windows_of() if windows is None else windows
    return Measurements(tuple(windows), tuple(health), (), RunFacts(10 * S, load_ended * S, **facts), failures=tuple(failures))


def checks(measured, agreement=LOCAL.agreement, steady=STEADY):
    return {c.key: c for c in load_checks(measured, agreement, steady)}


@pytest.mark.parametrize(("failed", "status"), [(0, None), (1, Status.WARN), (2, Status.FAIL)])
def test_one_in_a_hundred_operations_may_fail_on_the_generator_itself(failed, status):
    windows = windows_of()
    windows[3] = dataclasses.replace(windows[3], ok=10 - failed, failed={"generator": failed} if failed else {})
    outside = [Window(s, "a", ok=5, failed={"generator": 50}) for s in (9, 20)]
    reasons = [FailureReason("a", category, f"of {category}", 9, 0, 0) for category in ("timeout", "generator", "http_5xx")]
    result = checks(run([*windows, *outside], failures=reasons)).get("exhausted")
    if status is None:
        assert result is None
        return
    assert (result.status, result.figure, result.limit) == (status, failed / 100, 0.01)
    assert result.reason == f"{failed} of 100 operations failed on the generator itself: of generator"
    without = checks(run([*windows, *outside], failures=reasons[:1]))["exhausted"]
    assert without.reason == f"{failed} of 100 operations failed on the generator itself"


@pytest.mark.parametrize(("missing", "unsent"), [(50, 0), (51, 0), (52, 52), (100, 100)])
def test_drawn_arrivals_may_be_five_deviations_fewer_than_planned_and_one_more(missing, unsent):
    """100 are planned, with a deviation of their root, 10: 5 x 10 + 1 = 51."""
    planned = [Window(12, "a", planned=100 - missing, started=100 - missing)]
    result = checks(run(planned, **OPEN))["unsent"]
    total = 100 - missing + unsent
    assert result.reason.startswith(f"{unsent} of {total} planned operations were not sent")
    assert result.figure == unsent / total


def test_without_a_plan_nobody_is_missing():
    assert checks(run())["unsent"].reason == "0 of 100 planned operations were not sent"
    assert "unsent" not in checks(run(windows_of(planned=0)))
    assert checks(run(**OPEN, lost_workers=("w",)))["unsent"].figure == 0


def slots_of(**by_second):
    """Rows of one worker: how many users it had in these seconds."""
    return [Health(int(key.removeprefix("at_")), "w", slots=slots) for key, slots in by_second.items()]


@pytest.mark.parametrize(
    ("health", "without_user"),
    [
        (slots_of(at_10=10), 0),
        (slots_of(at_10=12), 0),  # more than in the plan make up for nothing
        (slots_of(at_8=0, at_9=10), 0),  # what a worker said last holds on
        (slots_of(at_8=10, at_9=5), 50),
        (slots_of(at_14=10), 40),  # before its first word it had none
        (slots_of(at_9=10, at_15=0), 50),
        (slots_of(at_20=10), 100),
        ([*slots_of(at_10=5), Health(10, "v", slots=5)], 0),
        ([], 100),
    ],
)
def test_arrivals_of_users_that_are_not_there_are_planned_and_not_sent(health, without_user):
    """Of ten users each has one of the ten arrivals a second; of those without one nothing is known but the plan."""
    sent = [Window(12, "a", planned=100 - without_user, started=100 - without_user)]
    result = checks(run(sent, health, slots=10, **OPEN))["unsent"]
    assert result.figure == pytest.approx(without_user / 100)
    want = ", for lack of the users that were to send them" if without_user else ""
    assert result.reason.partition(":")[0] == f"{without_user} of 100 planned operations were not sent{want}"


@pytest.mark.parametrize(
    ("health", "stopped"),
    [
        (slots_of(at_9=10, at_15=1), "worker w had 10 users, and 1 from {} s after the start on"),
        (
            [*slots_of(at_9=5, at_12=5, at_13=0), Health(9, "v", slots=5)],
            "worker w had 5 users, and 0 from {} s after the start on",
        ),
        (slots_of(at_9=5), ""),  # these never came
        (slots_of(at_9=5, at_15=4), ""),  # five of six never came
        ([*slots_of(at_9=10), Health(20, "w", slots=0)], None),  # after the judged part
    ],
)
def test_a_worker_whose_users_stopped_during_the_load_is_named(health, stopped):
    result = checks(run(None, health, slots=10, **OPEN))["unsent"]
    if stopped is None:
        assert "for lack of the users" not in result.reason
        return
    after_s = (15 if "had 10" in stopped else 13) - run().facts.load_started_ns // 10**9
    assert result.reason.partition("to send them")[2] == (f": {stopped.format(after_s)}" if stopped else "")
    assert ("runner.quit()" in result.advice) is bool(stopped)


LAG = from_values(np.full(10, 1_000_000))


def test_a_lag_exactly_on_the_limit_is_within_it():
    p99_ns = LAG.quantile_ns(0.99)
    measured = run(health=[Health(12, "w", LAG)], **OPEN)
    for limit_ns, status in ((p99_ns, Status.PASS), (p99_ns - 1, Status.FAIL)):
        validity = dataclasses.replace(LOCAL.agreement.validity, lag_p99_ns=limit_ns)
        result = checks(measured, dataclasses.replace(LOCAL.agreement, validity=validity))["schedule_lag"]
        assert (result.status, result.figure, result.limit) == (status, p99_ns, limit_ns)


def test_what_no_worker_said_of_planned_arrivals_that_were_sent_is_not_known():
    result = checks(run([*windows_of(), Window(12, "b")], **OPEN))["schedule_lag"]
    assert (result.status, result.figure) == (Status.FAIL, None)
    assert result.reason == "the lag of arrivals is unknown: no worker reported it for the judged part"
    assert "schedule_lag" not in checks(run())  # a closed model has no schedule
    assert "schedule_lag" not in checks(run(windows_of(started=0), **OPEN))
    assert "schedule_lag" not in checks(run(health=[Health(12, "w")]))


@pytest.mark.parametrize(
    ("first_s", "status"), [(9, Status.FAIL), (20, Status.PASS), (25, Status.PASS), (26, Status.FAIL), (None, Status.FAIL)]
)
def test_a_worker_that_came_behind_the_judged_part_and_before_the_end_of_the_load_was_not_silent(first_s, status):
    """The load lasts until second 25; the plan's constant part, until second 20."""
    plan = (*TEN_A_SECOND, PlannedSegment(5, 10, 0))
    own = [] if first_s is None else [Health(s, "v", LAG) for s in (first_s, 40)]
    health = [*(Health(s, "w", LAG) for s in range(10, 20)), *own]
    result = checks(run(health=health, load_ended=25, plan=plan, workers=("v", "w")))["schedule_lag"]
    assert result.status is status
    if status is Status.FAIL:
        assert result.reason == "the lag of arrivals is unknown: v never reported it for the judged part"


def test_nobody_is_silent_in_a_closed_model():
    assert checks(run(health=[Health(12, "w", LAG)], workers=("v", "w")))["schedule_lag"].status is Status.PASS


def worked(cpu_share=0.5, waited_s=-1.0):
    machine = MachineSecond(12, "w", 2, waited_s=waited_s)
    return [Health(12, "w", cpu_share=cpu_share, machine=machine)]


USED = "workers used 0.50 of a core (95th percentile of their seconds)"


@pytest.mark.parametrize(
    ("waited_s", "reason", "advice"),
    [
        (-1.0, USED, ""),
        (0.0, USED, ""),
        (0.05, USED, ""),  # half a percent of ten seconds
        (0.06, f"{USED}, and waited up to 1 % of the time for one", "stop what else runs on that machine, or fewer workers"),
        (2.0, f"{USED}, and waited up to 20 % of the time for one", "stop what else runs on that machine, or fewer workers"),
    ],
)
def test_in_a_closed_model_it_is_said_how_long_workers_waited_for_a_core(waited_s, reason, advice):
    result = checks(run(health=worked(waited_s=waited_s), workers=("w", "v")))["generator_cpu"]
    assert (result.status, result.reason, result.advice) == (Status.PASS, reason, advice)


def test_of_one_worker_there_cant_be_fewer():
    result = checks(run(health=worked(waited_s=2.0), workers=("w",)))["generator_cpu"]
    assert result.advice == "stop what else runs on that machine"


def test_a_worker_that_is_too_busy_has_its_own_advice():
    result = checks(run(health=worked(0.95, waited_s=2.0)))["generator_cpu"]
    assert result.status is Status.FAIL
    assert result.advice == "more workers, on more cores, until they use less than 0.90 of one"
    assert checks(run(health=worked(0.9)))["generator_cpu"].status is Status.PASS


@pytest.mark.parametrize(
    ("inside", "outside", "status", "limit"),
    [(0, 1, Status.PASS, 0.01), (0, 2, Status.WARN, 0.01), (3, 6, Status.PASS, 0.06), (3, 7, Status.WARN, 0.06)],
)
def test_outside_the_judged_part_twice_as_many_may_fail_as_in_it(inside, outside, status, limit):
    windows = windows_of()
    windows[3] = dataclasses.replace(windows[3], ok=10 - inside, failed={"timeout": inside})
    there = Window(9, "a", ok=100 - outside, failed={"timeout": outside})
    result = checks(run([*windows, there], **OPEN))["outside"]
    assert (result.status, result.figure, result.limit) == (status, outside / 100, pytest.approx(limit))
    assert result.reason == f"{outside} of 100 operations failed outside the judged part (timeout {outside})"


def test_a_single_operation_on_either_side_of_the_edge_is_a_share_too():
    one = {"ok": 0, "failed": {"timeout": 1}}
    result = checks(run([Window(12, "a", **one), Window(9, "a", **one)], **OPEN))["outside"]
    assert (result.status, result.figure, result.limit) == (Status.PASS, 1.0, 2.0)
    result = checks(run([Window(9, "a", **one)], **OPEN))["outside"]
    assert (result.status, result.figure, result.limit) == (Status.WARN, 1.0, 0.01)
    none = checks(run(**OPEN))["outside"]
    assert (none.status, none.figure) == (Status.PASS, 0.0)
    assert none.reason == "0 of 0 operations failed outside the judged part"


def test_only_a_load_with_a_constant_part_is_compared_with_its_plan():
    compared = {"outside", "achieved", "achieved_seconds"}
    assert compared <= set(checks(run(**OPEN)))
    assert compared.isdisjoint(checks(run()))
    assert compared & set(checks(run(plan=(PlannedSegment(10, 1, 19),)))) == {"outside"}
    assert compared.isdisjoint(checks(run(**OPEN), steady=None))


def test_an_arrival_over_a_second_late_can_have_hurt_ten():
    late = from_values(np.array([900_000_000, 1_100_000_000, 3_000_000_000]))
    health = [Health(12, "w", late), Health(13, "w", late), Health(9, "w", late)]
    assert late_operations(run(health=health), STEADY) == 40
