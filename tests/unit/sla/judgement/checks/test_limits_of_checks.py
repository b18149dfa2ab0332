"""The checks of a run at their limits: which figure is compared, with what, and what exactly on the limit means."""

import dataclasses
import functools

import numpy as np
import pytest

from sla.estimators.proportions import few_bursts
from sla.judgement.checks.run_checks import run_checks
from sla.judgement.evaluate import evaluate
from sla.judgement.steady import constant_part, find_steady
from sla.values.assessment import Decision, Status
from sla.values.histogram import from_values
from sla.values.measurements import Loss, PlannedSegment, RunFacts
from sla.values.window import Window
from tests.unit.sla.synthetic import LOCAL, RAMP_S, START, measurements

SECOND_NS = 10**9
run = functools.cache(measurements)


def check(measured, key):
    return next(c for c in run_checks(measured, LOCAL.agreement, find_steady(measured)) if c.key == key)


def with_rows(measured, change):
    """The run with each row of health changed: `change` gets its number among those of the judged part, or -1."""
    steady = find_steady(measured)
    rows, number = [], 0
    for h in measured.health:
        judged = steady.holds(h.second)
        rows.append(dataclasses.replace(h, **change(number if judged else -1)))
        number += judged
    return dataclasses.replace(measured, health=tuple(rows))


@pytest.mark.parametrize(("per_thousand", "status"), [(5, Status.PASS), (15, Status.FAIL), (400, Status.FAIL)])
def test_the_lag_is_judged_by_its_p99(per_thousand, status):
    lag = from_values(np.array([600_000_000] * per_thousand + [50_000] * (1000 - per_thousand)))
    assert check(with_rows(run(hold_s=20, rate=20), lambda _: {"lag": lag}), "schedule_lag").status is status


@pytest.mark.parametrize(
    ("busy", "share", "status"),
    [(9, 0.95, Status.PASS), (10, 0.95, Status.PASS), (11, 0.95, Status.FAIL), (100, 0.9, Status.PASS)],
)
def test_a_tenth_of_the_seconds_of_the_workers_may_be_over_the_limit_of_cpu(busy, share, status):
    measured = run(hold_s=50, rate=20)  # two workers
    hot = with_rows(measured, lambda i: {"cpu_share": share if i < busy else 0.3})
    steady = find_steady(measured)
    assert sum(steady.holds(h.second) for h in measured.health) == 100
    assert check(hot, "generator_cpu").status is status


def test_the_use_of_a_core_that_is_shown_is_the_95th_percentile():
    hot = with_rows(run(hold_s=50, rate=20), lambda i: {"cpu_share": max(i, 0) / 100})
    assert check(hot, "generator_cpu").figure == pytest.approx(0.95, abs=0.01)


def test_a_second_that_the_constant_part_fills_only_in_part_is_not_judged():
    begin_ns, end_ns = START * SECOND_NS + 300_000_000, (START + 20) * SECOND_NS + 700_000_000
    assert constant_part(RunFacts(begin_ns, end_ns)) == (START + 1, START + 20, 0.0)
    plan = (PlannedSegment(2.5, 0, 10), PlannedSegment(15.4, 10, 10), PlannedSegment(1, 10, 0))
    assert constant_part(RunFacts(begin_ns, end_ns, plan=plan)) == (START + 3, START + 18, 10)
    whole = (PlannedSegment(2.7, 0, 10), PlannedSegment(15, 10, 10))
    assert constant_part(RunFacts(begin_ns, end_ns, plan=whole)) == (START + 3, START + 18, 10)


def test_a_run_that_was_stopped_before_its_plan_ended_never_passes():
    whole = evaluate(run(), LOCAL.agreement, LOCAL.baseline)
    stopped = evaluate(run(interrupted=True), LOCAL.agreement, LOCAL.baseline)
    assert (whole.decision, whole.exit_code) == (Decision.GO, 0)
    assert (stopped.decision, stopped.exit_code) == (Decision.INCONCLUSIVE, 4)
    assert "the run was stopped before its plan ended" in stopped.notes


@pytest.mark.parametrize(("error_ms", "status"), [(100, Status.PASS), (50, Status.PASS), (49, Status.FAIL)])
def test_a_clock_is_off_by_what_half_the_round_trip_leaves_of_its_difference(error_ms, status):
    off = {"label_offset_ns": -300_000_000, "clock_error_ns": error_ms * 1_000_000}
    skew = check(with_rows(run(hold_s=20, rate=20), lambda _: off), "clock_skew")
    assert skew.status is status
    assert skew.figure == (300 - error_ms) * 1e6


def test_the_worst_clock_is_the_one_that_is_surely_off_the_most():
    unsure = {"label_offset_ns": 400_000_000, "clock_error_ns": 390_000_000}
    sure = {"label_offset_ns": 260_000_000, "clock_error_ns": 0}
    measured = with_rows(run(hold_s=20, rate=20), lambda i: sure if i == 3 else unsure)
    assert check(measured, "clock_skew").figure == 260e6


@pytest.mark.parametrize(("error_ms", "shown"), [(499, True), (500, False)])
def test_a_system_clock_is_shown_where_it_is_surely_more_than_a_second_off(error_ms, shown):
    off = {"wall_offset_ns": -1_500_000_000, "clock_error_ns": error_ms * 1_000_000}
    measured = with_rows(run(hold_s=20, rate=20), lambda _: off)
    checks = run_checks(measured, LOCAL.agreement, find_steady(measured))
    assert any(c.key == "system_clock" and c.status is Status.WARN for c in checks) is shown


@pytest.mark.parametrize(("missing", "status"), [(2, Status.PASS), (3, Status.FAIL)])
def test_a_worker_may_be_silent_for_three_seconds(missing, status):
    measured = run(hold_s=20, rate=20)
    silent = range(START + 12, START + 12 + missing)
    rows = tuple(h for h in measured.health if h.worker != "w1" or h.second not in silent)
    stalls = check(dataclasses.replace(measured, health=rows), "stalls")
    assert (stalls.status, stalls.figure) == (status, missing + 1)


def extra(measured, **fields):
    return dataclasses.replace(measured, windows=(*measured.windows, Window(START + 12, "more", **fields)))


@pytest.mark.parametrize(("unsent", "status"), [(12, Status.PASS), (13, Status.FAIL)])
def test_one_in_a_hundred_arrivals_may_stay_unsent(unsent, status):
    measured = run(hold_s=20, rate=20)  # 1,200 arrivals in the judged part
    moved = [
        dataclasses.replace(w, started=w.started - unsent, unsent=unsent) if (w.second, w.operation) == when else w
        for when in [(START + 12, "generate")]
        for w in measured.windows
    ]
    unsent_check = check(dataclasses.replace(measured, windows=tuple(moved)), "unsent")
    assert unsent_check.figure == pytest.approx(unsent / 1200)
    assert unsent_check.status is status


@pytest.mark.parametrize(("more", "status"), [(6, Status.PASS), (7, Status.WARN), (-6, Status.PASS), (-7, Status.WARN)])
def test_arrivals_may_be_half_a_percent_off_the_plan_either_way(more, status):
    achieved = check(extra(run(hold_s=20, rate=20), planned=more, started=more), "achieved")
    assert achieved.figure == pytest.approx(more / 1200)
    assert achieved.status is status


def test_arrivals_that_a_pause_moved_over_an_edge_of_the_judged_part_are_not_missing():
    measured = run(hold_s=20, rate=20)
    last = find_steady(measured).to_second - 1
    late = [Window(last, "more", started=-40), Window(last + 1, "more", started=40)]  # sent, but in the second after
    achieved = check(dataclasses.replace(measured, windows=(*measured.windows, *late)), "achieved")
    assert (achieved.figure, achieved.status) == (0, Status.PASS)


def test_arrivals_that_were_sent_and_never_ended_are_not_missing():
    """As where a user's own check raises an error: when they were due is recorded with their end."""
    achieved = check(extra(run(hold_s=20, rate=20), planned=-40), "achieved")
    assert (achieved.figure, achieved.status) == (0, Status.PASS)


@pytest.mark.parametrize(
    ("seconds", "sent", "short", "status"), [(2, 53, 2, Status.PASS), (3, 53, 3, Status.FAIL), (3, 54, 0, Status.PASS)]
)
def test_one_second_in_twenty_may_send_over_a_tenth_of_its_arrivals_a_second_late(seconds, sent, short, status):
    """40 s at 60 a second: so many seconds send nothing, the next one `sent`, and the one after all that is missing."""
    measured = run(hold_s=40, rate=20)
    windows = list(measured.windows)
    for begin in range(START + 12, START + 12 + 5 * seconds, 5):
        more = {begin: -60, begin + 1: sent - 60, begin + 2: 120 - sent}
        windows += [Window(second, "generate", started=n) for second, n in more.items()]
    achieved = check(dataclasses.replace(measured, windows=tuple(windows)), "achieved_seconds")
    assert achieved.figure == short / 40
    assert achieved.status is status


@pytest.mark.parametrize(("failed", "status"), [(3, Status.PASS), (4, Status.WARN)])
def test_outside_the_judged_part_one_in_a_hundred_may_fail(failed, status):
    measured = run(hold_s=20, rate=20)  # 300 operations in the ramp
    window = Window(START + 1, "generate", failed={"timeout": failed}, ok=-failed)
    outside = check(dataclasses.replace(measured, windows=(*measured.windows, window)), "outside")
    assert outside.figure == failed / 300
    assert outside.status is status


def test_the_ramp_is_cut_from_what_is_judged():
    assert find_steady(run(hold_s=20, rate=20)).from_second >= START + RAMP_S


@pytest.mark.parametrize(("failed", "bursts"), [((50,), 1), ((30, 30), 1), ((30, 0, 30), 2), ((), None), ((1,), None)])
def test_errors_in_one_window_are_a_burst_and_a_single_one_is_none(failed, bursts):
    few = few_bursts([100 - n for n in failed] + [100] * (10 - len(failed)), [100] * 10)
    assert (few and few.count) == bursts


def test_a_worker_that_never_said_how_late_it_was_was_not_punctual():
    """The other's lag is not its own. One that was lost is another check's, one that came later had no arrivals."""

    def lag_of(change, **facts):
        good = measurements(rate=10, hold_s=20)
        rows = [h for old in good.health if (h := change(old)) is not None]
        altered = dataclasses.replace(good, health=tuple(rows), facts=dataclasses.replace(good.facts, **facts))
        assessment = evaluate(altered, LOCAL.agreement, LOCAL.baseline)
        return next(c for c in assessment.checks if c.key == "schedule_lag")

    def without_w2(h):
        return None if h.worker == "w2" else h

    assert lag_of(lambda h: h).status is Status.PASS
    silent = lag_of(without_w2)
    assert (silent.status, silent.reason) == (
        Status.FAIL,
        "the lag of arrivals is unknown: w2 never reported it for the judged part",
    )
    assert lag_of(without_w2, lost_workers=("w2",), losses=(Loss("w2", 3),)).status is Status.PASS
    for shift_s, status in ((20, Status.PASS), (1000, Status.FAIL)):  # into the last second of the load, and far behind it
        moved = lag_of(lambda h: dataclasses.replace(h, second=h.second + shift_s) if h.worker == "w2" else h)  # noqa: B023
        assert moved.status is status
