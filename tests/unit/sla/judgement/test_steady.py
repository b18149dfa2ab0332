"""Which seconds are judged, and what is cut before them."""

import dataclasses

import numpy as np
import pytest

from sla.judgement.steady import by_second, constant_part, find_steady, one_histogram_a_second, operations_of, outcomes
from sla.values.assessment import Steady
from sla.values.histogram import EMPTY, from_values
from sla.values.measurements import Measurements, PlannedSegment, RunFacts, UserCount
from sla.values.window import SCHEDULE, Window

START = 1_800_000_000
SECOND_NS = 10**9


def facts(length_s, *plan, after_s=0.0):
    begin_ns = START * SECOND_NS + int(after_s * SECOND_NS)
    return RunFacts(begin_ns, begin_ns + int(length_s * SECOND_NS), plan=tuple(PlannedSegment(*p) for p in plan))


def run(length_s, *plan, latency_ms=lambda second: 1.0, after_s=0.0):
    """Ten operations a second, all of the latency of their second."""
    windows = [
        Window(
            START + s, "generate", planned=10, started=10, ok=10,
            response_sum_ns=int(10 * latency_ms(s) * 1e6), response=from_values(np.full(10, int(latency_ms(s) * 1e6))),
        )
        for s in range(int(length_s + after_s) + 1)
    ]  # fmt: skip
    return Measurements(tuple(windows), (), (), facts(length_s, *plan, after_s=after_s))


@pytest.mark.parametrize(
    ("plan", "expected"),
    [
        ([(5, 0, 10), (20, 10, 10), (10, 30, 30)], (5, 25, 10)),
        ([(10, 30, 30), (20, 10, 10)], (10, 30, 10)),
        ([(20, 10, 10), (20, 30, 30)], (0, 20, 10)),  # the first of two that are as long
        ([(20, 0, 0), (10, 30, 30)], (20, 30, 30)),  # nothing planned is no load
        ([(30, 0, 10), (30, 10, 5)], (0, 0, 0.0)),  # ramps alone: nothing
        ([], (0, 60, 0.0)),
    ],
)
def test_the_longest_part_at_a_constant_rate_is_judged(plan, expected):
    begin, end, rate = constant_part(facts(60, *plan))
    assert (begin - START, end - START, rate) == expected


@pytest.mark.parametrize(
    ("counts", "expected"),
    [
        ([(3, 10)], (3, 60)),
        ([(3, 10), (20, 0), (24, 30)], (24, 60)),  # of two steps the longer
        ([(3, 10), (50, 20)], (3, 50)),
        ([(3, 10), (58, 0)], (3, 58)),
        ([(0, 1), (5, 2), (10, 3), (15, 0)], (0, 60)),  # none of them is long enough: all of it
        ([(-2, 5)], (0, 60)),
        ([], (0, 60)),
    ],
)
def test_without_a_plan_the_longest_time_with_one_number_of_users_is_judged(counts, expected):
    users = tuple(UserCount((START + at) * SECOND_NS, count) for at, count in counts)
    begin, end, rate = constant_part(dataclasses.replace(facts(60), users=users))
    assert (begin - START, end - START, rate) == (*expected, 0.0)


def test_it_is_said_how_long_users_took_to_be_there():
    users = (UserCount((START + 4) * SECOND_NS, 10),)
    plain = run(60)
    steady = find_steady(dataclasses.replace(plain, facts=dataclasses.replace(plain.facts, users=users)))
    assert (steady.ramp_s, steady.reason) == (4, "4 s, until all users were there, was cut, no warm-up found (MSER-5)")


def test_a_plan_that_was_stopped_is_judged_until_then():
    assert constant_part(facts(12.5, (5, 0, 10), (20, 10, 10)))[:2] == (START + 5, START + 12)


@pytest.mark.parametrize(("length_s", "known"), [(5, True), (4.99, False)])
def test_five_whole_seconds_are_needed(length_s, known):
    assert (find_steady(run(length_s)) is not None) is known


def test_a_ramp_is_cut_and_its_length_is_said():
    steady = find_steady(run(25, (5, 0, 10), (20, 10, 10)))
    assert (steady.from_second - START, steady.to_second - START, steady.ramp_s, steady.warm_up_s) == (5, 25, 5, 0)
    assert steady.reason == "5 s of ramp was cut, no warm-up found (MSER-5)"
    without = find_steady(run(20, after_s=0.25))
    assert (without.from_second - START, without.to_second - START) == (1, 20)
    assert without.ramp_s == pytest.approx(0.75, abs=1e-6)
    assert without.reason == "the first second was cut, no warm-up found (MSER-5)"


def test_a_warm_up_is_cut_from_the_constant_part():
    rng = np.random.default_rng(1)
    noise = rng.normal(1.0, 0.02, 61)
    steady = find_steady(run(60, latency_ms=lambda s: noise[s] + (9.0 if s < 10 else 0.0)))
    assert steady.from_second - START == steady.warm_up_s == 10
    assert steady.reason == "the first second and 10 s of warm-up (MSER-5) were cut"
    assert steady.drift == ""


def test_a_response_time_that_keeps_rising_is_a_drift():
    rng = np.random.default_rng(1)
    noise = rng.normal(1.0, 0.02, 61)
    assert find_steady(run(60, latency_ms=lambda s: noise[s] * (1 + s / 60))).drift.startswith(
        "the mean response time changed by +"
    )
    assert find_steady(run(60, latency_ms=lambda s: noise[s] * (1 + s / 1000))).drift == ""


def test_seconds_hold_the_windows_of_their_operations_and_those_without_any_are_empty():
    windows = [Window(s, o, ok=s, failed={"timeout": 1}) for s in (1, 3) for o in ("a", "b", "c")]
    seconds = by_second(windows, ["a", "b"], 1, 4)
    assert [[w.operation for w in s] for s in seconds] == [["a", "b"], [], ["a", "b"]]
    ok, failed = outcomes(seconds)
    assert (ok.tolist(), failed.tolist()) == ([2, 0, 6], [2, 0, 2])
    assert by_second(windows, ["a"], 1, 3)[1] == []  # up to the last one, without it
    assert operations_of([*windows, Window(1, SCHEDULE)]) == ["a", "b", "c"]


def test_one_histogram_a_second_is_that_of_the_latency_asked_for():
    h = from_values(np.array([5]))
    steady = Steady(1, 4, 0.0, 0.0, "")
    run = Measurements((Window(2, "a", response=h, service=EMPTY),), (), (), RunFacts(0, 4 * 10**9))
    assert one_histogram_a_second(run, "a", steady, "response") == [EMPTY, h, EMPTY]
    assert one_histogram_a_second(run, "a", steady, "service") == [EMPTY, EMPTY, EMPTY]
    assert one_histogram_a_second(run, "b", dataclasses.replace(steady, to_second=3), "response") == [EMPTY, EMPTY]


def test_more_operations_of_the_same_response_time_are_no_drift():
    def busier(w):
        times = 1 + (w.second - START) // 10
        return dataclasses.replace(w, planned=10 * times, ok=10 * times, response_sum_ns=w.response_sum_ns * times)

    rng = np.random.default_rng(1)
    noise = rng.normal(1.0, 0.02, 61)
    measured = run(60, latency_ms=lambda s: noise[s])
    assert find_steady(dataclasses.replace(measured, windows=tuple(busier(w) for w in measured.windows))).drift == ""


def test_a_warm_up_that_would_leave_less_than_can_be_judged_is_not_cut():
    slow_at_first = find_steady(run(9, (9, 10, 10), latency_ms=lambda second: 50.0 if second < 4 else 1.0 + second / 1000))
    assert (slow_at_first.to_second - slow_at_first.from_second, "no warm-up found" in slow_at_first.reason) == (9, True)


def test_of_a_plan_of_ramps_alone_nothing_is_judged():
    ramps = dataclasses.replace(facts(60), plan=(PlannedSegment(30, 0, 10), PlannedSegment(30, 10, 0)))
    assert find_steady(dataclasses.replace(run(60), facts=ramps)) is None


@pytest.mark.parametrize(("rise", "message"), [(0.09, ""), (0.095, ""), (0.105, "+10 %"), (0.11, "+11 %"), (-0.11, "-12 %")])
def test_a_change_of_a_tenth_over_the_judged_part_is_said(rise, message):
    steady = find_steady(run(60, latency_ms=lambda s: 1 + rise * s / 59 + 0.002 * (s * 7 % 5 - 2)))
    assert steady.drift == (f"the mean response time changed by {message} of its mean over the judged part" if message else "")


@pytest.mark.parametrize(("plan", "rate"), [([(0.5, 3, 3)], 3), ([(1, 7, 7), (0.5, 3, 3)], 7), ([(20, 0.5, 0.5)], 0.5)])
def test_a_short_or_slow_constant_piece_has_a_rate_too(plan, rate):
    assert constant_part(facts(60, *plan))[2] == rate


@pytest.mark.parametrize(("ramp_s", "reason"), [(0, "the first second"), (1, "1 s of ramp"), (5, "5 s of ramp")])
@pytest.mark.parametrize("after_s", [0.0, 0.4, 0.9])
def test_the_ramp_that_was_cut_is_as_long_as_it_was_planned(ramp_s, reason, after_s):
    """A load begins within a second, of which the rest is cut besides."""
    plan = [(ramp_s, 0, 10)] * bool(ramp_s) + [(40, 10, 10)]
    steady = find_steady(run(40 + ramp_s, *plan, after_s=after_s))
    assert steady.reason.startswith(f"{reason} was cut")
