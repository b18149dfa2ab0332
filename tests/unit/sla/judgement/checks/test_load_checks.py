"""Was the load made as planned? Of the judged part alone, and with arrivals that never had a user."""

import dataclasses

import numpy as np
import pytest

from sla.judgement.checks.run_checks import run_checks
from sla.judgement.evaluate import evaluate
from sla.judgement.steady import find_steady
from sla.values.agreement import Limit, Objective
from sla.values.assessment import Decision, Severity, Status
from sla.values.failure import FailureReason
from sla.values.histogram import bucket_high_ns, from_values
from sla.values.kinds import SuccessRate
from sla.values.machine import TARGET, MachineSecond
from sla.values.window import SCHEDULE, Window
from tests.unit.sla.lagging import with_objectives
from tests.unit.sla.synthetic import LOCAL, START, measurements

SUCCESS = Objective("success", "Success", Severity.CRITICAL, SuccessRate(), ("generate",), Limit(">=", 0.99), None, "")
RAMP_SECOND, JUDGED_SECOND = START + 1, START + 15


def check(run, key):
    return next(c for c in run_checks(run, LOCAL.agreement, find_steady(run)) if c.key == key)


def with_share(run, share):
    """Only a share of the arrivals had a user: nobody planned, sent or missed the others."""

    def fewer(w):
        return dataclasses.replace(w, planned=round(w.planned * share), started=round(w.started * share))

    return dataclasses.replace(run, windows=tuple(fewer(w) for w in run.windows))


@pytest.mark.parametrize(("share", "status"), [(1.0, Status.PASS), (0.96, Status.FAIL), (0.5, Status.FAIL)])
def test_arrivals_whose_user_never_came_to_be_were_not_sent(share, status):
    failed_check = check(with_share(measurements(hold_s=30), share), "unsent")
    assert failed_check.status is status
    assert failed_check.figure == pytest.approx(1 - share, abs=0.001)
    assert ("for lack of the users" in failed_check.reason) is (share < 1)


def test_half_the_planned_load_is_no_go_ahead():
    a = evaluate(with_share(measurements(hold_s=30), 0.5), LOCAL.agreement, LOCAL.baseline)
    assert a.decision is Decision.INVALID, a.summary


def test_fewer_arrivals_than_planned_by_chance_are_not_missed():
    run = measurements(hold_s=30, rate=10)  # 900 arrivals: a Poisson number has a standard deviation of 30
    assert check(with_share(run, 0.9), "unsent").figure == 0
    assert check(with_share(run, 0.5), "unsent").status is Status.FAIL


def test_what_went_with_a_lost_worker_is_not_counted_a_second_time():
    assert check(with_share(measurements(hold_s=30, lost_workers=("w2",)), 0.5), "unsent").figure == 0


@pytest.mark.parametrize(("second", "status"), [(RAMP_SECOND, Status.PASS), (JUDGED_SECOND, Status.FAIL)])
def test_unsent_arrivals_count_in_the_judged_part_and_not_in_the_ramp(second, status):
    run = measurements(hold_s=30)
    unsent = Window(second, SCHEDULE, planned=5000, unsent=5000)
    assert check(dataclasses.replace(run, windows=(*run.windows, unsent)), "unsent").status is status


def without_reports(run, seconds):
    return dataclasses.replace(run, health=tuple(h for h in run.health if h.worker != "w1" or h.second not in seconds))


def test_a_worker_that_stood_still_counts_in_the_judged_part_and_not_in_the_ramp():
    run = measurements(hold_s=30)
    steady = find_steady(run)
    ramp = range(steady.from_second - 5, steady.from_second)
    assert check(without_reports(run, ramp), "stalls").status is Status.PASS
    across = range(steady.from_second - 2, steady.from_second + 2)
    assert check(without_reports(run, across), "stalls").figure == 3  # of the gap of 5 s so much reaches into it
    inside = check(without_reports(run, range(JUDGED_SECOND, JUDGED_SECOND + 5)), "stalls")
    assert (inside.status, inside.figure) == (Status.FAIL, 6)


def test_a_clock_that_was_off_in_the_ramp_only_moves_no_judged_second():
    run = measurements(hold_s=30)

    def off_in(seconds):
        rows = (
            dataclasses.replace(h, label_offset_ns=10**9 if h.second in seconds else 0, clock_error_ns=0) for h in run.health
        )
        return check(dataclasses.replace(run, health=tuple(rows)), "clock_skew")

    assert off_in([RAMP_SECOND]).status is Status.PASS
    assert off_in([JUDGED_SECOND]).status is Status.FAIL


@pytest.mark.parametrize(("second", "reported"), [(START + 1, False), (START + 10, True)])
def test_what_held_up_the_target_counts_in_the_judged_part_and_not_in_the_ramp(second, reported):
    target = [MachineSecond(START + s, TARGET, 2, waited_s=0.9 if START + s == second else 0.0) for s in range(30)]
    run = dataclasses.replace(measurements(hold_s=20), target=tuple(target))
    assert ("the target waited" in check(run, "schedule_lag").reason) == reported


def test_operations_that_failed_outside_the_judged_part_are_said():
    run = measurements(hold_s=30)
    spike = Window(RAMP_SECOND, "generate", planned=500, started=500, failed={"http_5xx": 500})
    failed_check = check(dataclasses.replace(run, windows=(*run.windows, spike)), "outside")
    assert failed_check.status is Status.WARN
    assert "500 of" in failed_check.reason
    assert "http_5xx 500" in failed_check.reason
    assert check(run, "outside").status is Status.PASS


def exhausted(run, share, failing=JUDGED_SECOND):
    """In each second from `failing` this share of the operations failed on the generator instead of being made."""

    def less(w):
        if w.second < failing:
            return w
        own = round(w.started * share)
        keep = (w.finished - own) / w.finished
        h = from_values(bucket_high_ns(w.service.indices).repeat(np.round(w.service.counts * keep).astype(int)))
        failed = {**{c: round(n * keep) for c, n in w.failed.items()}, "generator": own}
        return dataclasses.replace(w, ok=h.total, failed=failed, service=h, response=h)

    reason = FailureReason("generate", "generator", "no port", 1, 0, 0)
    windows = tuple(map(less, run.windows))
    return dataclasses.replace(run, windows=windows, failures=(*run.failures, reason), snapshots=())


@pytest.mark.parametrize(("share", "status"), [(0.005, Status.WARN), (0.02, Status.FAIL), (0.5, Status.FAIL)])
def test_what_failed_on_the_generator_is_no_failure_of_the_service_and_no_load_that_was_made(share, status):
    run = exhausted(measurements(hold_s=30), share)
    failed_check = check(run, "exhausted")
    assert failed_check.status is status
    assert failed_check.reason.endswith("operations failed on the generator itself: no port")
    a = evaluate(run, with_objectives(LOCAL.agreement, SUCCESS), LOCAL.baseline)
    success = next(o for o in a.objectives if o.key == SUCCESS.key)
    assert success.estimate.point == 1.0
    assert success.status is (Status.PASS if status is Status.WARN else Status.INVALID)
    assert {o.success.point for o in a.operations} == {1.0}
    assert all(o.failed["generator"] > 0 for o in a.operations)


def test_a_certain_failure_of_the_service_is_not_hidden_by_a_generator_that_ran_out_of_ports():
    run = exhausted(measurements(hold_s=30, failures={"generate": 0.2, "verify": 0.2}), 0.3)
    a = evaluate(run, with_objectives(LOCAL.agreement, SUCCESS), LOCAL.baseline)
    assert next(o for o in a.objectives if o.key == SUCCESS.key).status is Status.FAIL
    assert a.decision is Decision.NO_GO


def test_the_servers_counters_agree_with_what_was_asked_of_it():
    run = measurements(hold_s=30)
    own = tuple(dataclasses.replace(w, started=w.started + 5, failed={"generator": 5}) for w in run.windows)
    counters = check(dataclasses.replace(run, windows=own), "counters_generate")
    assert counters.status is Status.PASS, counters.reason


@pytest.mark.parametrize(
    ("missing_s", "stalled", "expected"),
    [(0, False, 0.0), (6, False, 0.1), (30, False, 0.5), (0, True, 0.0)],
)
def test_arrivals_due_before_their_user_existed_are_planned_and_not_sent(missing_s, stalled, expected):
    """One of two workers has its 50 of 100 users only `missing_s` into the judged 30 s; a stalled one reports every third."""
    run = measurements(hold_s=30, rate=4)  # so few that chance hides half of them
    first = find_steady(run).from_second
    health = [
        dataclasses.replace(h, slots=0 if h.worker == "w2" and missing_s and h.second < first + missing_s else 50)
        for h in run.health
        if not (stalled and h.worker == "w2" and h.second % 3)
    ]
    facts = dataclasses.replace(run.facts, slots=100)
    windows = tuple(dataclasses.replace(w, planned=0, started=0) for w in run.windows) if expected else run.windows
    known = sum(w.planned for w in windows if w.second >= first)
    failed_check = check(dataclasses.replace(run, health=tuple(health), facts=facts, windows=windows), "unsent")
    planned = 12 * 30 * expected + known
    assert failed_check.figure == pytest.approx(12 * 30 * expected / planned if planned else 0.0)
    assert f"{12 * 30 * expected:.0f} of {planned:.0f} planned" in failed_check.reason
