"""What was cut as warm-up at its limits: ten seconds of it and ten that are judged, counted by hand."""

import dataclasses
import math

import numpy as np
import pytest

from sla.judgement.checks.check_scope import PASS
from sla.judgement.checks.warm_up import FAILURES, LATENCIES, SAMPLES, warm_up_checks, warm_up_notes
from sla.values.agreement import Limit, Objective
from sla.values.assessment import Severity, Status, Steady
from sla.values.histogram import EMPTY, from_values
from sla.values.kinds import ClientLatency, SuccessRate, Throughput
from sla.values.measurements import Measurements, RunFacts
from sla.values.window import Window
from tests.unit.sla.synthetic import LOCAL

S = 10**9
BEGIN = 100
PART = "the 10 s cut as warm-up (MSER-5)"


def objective(key, kind, target, operations=("a",)):
    limit = Limit(">=" if kind.unit != "ns" else "<", target)
    return Objective(key, key.upper(), Severity.CRITICAL, kind, operations, limit, None, "")


def success(key="ok", target=0.95, operations=("a",)):
    return objective(key, SuccessRate(), target, operations)


def latency(key="slow", target=2000.0):
    return objective(key, ClientLatency(0.9, "response"), target)


def taking(ns, count=50):
    return from_values(np.full(count, ns))


def run(warm, judged, warm_s=10, more=(), **facts):
    """`warm`, `judged`: fields of each second's window of "a"."""
    windows = [Window(BEGIN + s, "a", **(warm if s < warm_s else judged)) for s in range(warm_s + 10)]
    beside = [Window(BEGIN - 1, "a", failed={"timeout": 1000}), Window(BEGIN + warm_s + 10, "a", started=1000, ok=1000)]
    return Measurements((*windows, *beside, *more), (), (), RunFacts(90 * S, 300 * S, **facts))


def steady(warm_s=10, judged_s=10):
    return Steady(BEGIN + warm_s, BEGIN + warm_s + judged_s, 0.0, float(warm_s), "")


def checks(measured, *objectives, part=None):
    agreement = dataclasses.replace(LOCAL.agreement, objectives=objectives)
    return {c.key: c for c in warm_up_checks(measured, agreement, part or steady())}


FINE = {"ok": 50}


def test_where_nothing_was_cut_there_is_nothing_to_check_or_to_say():
    nothing = Steady(BEGIN, BEGIN + 20, 0.0, 0.0, "")
    assert checks(run(FINE, FINE), success(), latency(), part=nothing) == {}
    assert warm_up_notes(run(FINE, FINE), nothing) == []
    assert warm_up_checks(run(FINE, FINE), LOCAL.agreement, None) == []


@pytest.mark.parametrize(("more", "status", "word"), [(0, Status.PASS, "keeps"), (1, Status.FAIL, "misses")])
def test_a_success_rate_may_be_just_at_its_target_with_the_warm_up(more, status, word):
    extra = Window(BEGIN, "a", failed={"http_5xx": more})
    check = checks(run({"ok": 45, "failed": {"http_5xx": 5}}, FINE, more=[extra]), success())[FAILURES]
    assert (check.status, check.limit, check.unit) == (status, 0.95, "ratio")
    assert check.figure == pytest.approx(950 / (1000 + more))
    assert check.reason == f"with {PART} OK {word} its target: {50 + more} of {1000 + more:,} operations failed"
    assert check.opens == ((("ok", PASS),) if more else ())
    assert bool(check.advice) is bool(more)


def test_of_several_success_rates_the_lowest_is_shown_and_all_that_miss_are_opened():
    others = [Window(BEGIN, "b", ok=60, failed={"timeout": 40}), Window(BEGIN, "c", ok=99, failed={"timeout": 1})]
    measured = run({"ok": 40, "failed": {"timeout": 10}}, FINE, more=others)
    mine = [success("x", 0.95), success("y", 0.95, ("b",)), success("z", 0.95, ("c",))]
    check = checks(measured, *mine)[FAILURES]
    assert (check.figure, check.reason.split(" its target")[0]) == (0.6, f"with {PART} Y misses")
    assert [key for key, _ in check.opens] == ["x", "y"]
    kept = checks(measured, success("x", 0.5), success("y", 0.5, ("b",)), success("z", 0.5, ("c",)))[FAILURES]
    assert (kept.status, kept.figure, kept.reason.split(" its target")[0]) == (Status.PASS, 0.6, f"with {PART} Y keeps")


def test_what_failed_on_the_generator_is_no_operation_of_the_service():
    check = checks(run({"ok": 40, "failed": {"generator": 10}}, FINE), success())[FAILURES]
    assert (check.status, check.figure, check.reason.split(": ")[1]) == (Status.PASS, 1.0, "0 of 900 operations failed")


def test_an_operation_that_never_was_misses_nothing():
    by_key = checks(run(FINE, FINE), success("x", 0.95, ("b",)))
    assert (by_key[FAILURES].status, by_key[FAILURES].figure) == (Status.PASS, 1.0)
    assert (by_key[SAMPLES].status, by_key[SAMPLES].figure) == (Status.PASS, 0.0)


def test_success_is_checked_where_failures_are_known_and_a_target_is():
    assert FAILURES not in checks(run(FINE, FINE, failures_known=False), success())
    assert FAILURES not in checks(run(FINE, FINE), latency(), success("x", math.nan))
    assert FAILURES in checks(run(FINE, FINE), success("x", math.nan), success())


@pytest.mark.parametrize(("warm", "status"), [(5250, Status.PASS), (5251, Status.FAIL)])
def test_over_half_of_the_operations_may_be_cut_by_chance_and_no_more(warm, status):
    """Of 10,000: a half and five times 50."""
    more = [Window(BEGIN, "a", ok=warm), Window(BEGIN + 10, "a", ok=10_000 - warm)]
    check = checks(run({}, {}, more=more), success())[SAMPLES]
    assert (check.status, check.figure, check.limit) == (status, warm / 10_000, 0.5)
    assert check.reason == f"52.5 % of the 10,000 operations of OK lie in {PART}"
    assert check.opens == ((("ok", PASS),) if status is Status.FAIL else ())


def test_the_objective_of_which_most_was_cut_is_shown_and_a_throughput_is_none():
    others = [Window(BEGIN, "b", ok=300), Window(BEGIN + 10, "b", ok=100), Window(BEGIN, "c", ok=400)]
    measured = run(FINE, FINE, more=others)
    mine = [success("x"), success("y", 0.9, ("b",)), objective("t", Throughput(), 1.0, ("c",))]
    check = checks(measured, *mine)[SAMPLES]
    assert check.reason.startswith("75.0 % of the 400 operations of Y ")
    assert [key for key, _ in check.opens] == ["y"]
    fine = checks(measured, success("x"), success("z", 0.9, ("none",)))[SAMPLES]
    assert fine.reason.startswith("50.0 % of the 1,000 operations of X ")
    assert SAMPLES not in checks(measured, mine[-1])


SLOW = {"ok": 50, "response": taking(2000)}
QUICK = {"ok": 50, "response": taking(1000)}


@pytest.mark.parametrize(
    ("target", "status", "which"),
    [
        (2000.0, Status.FAIL, "SLOW misses"),  # with the warm-up it is 2,000 ns, which is not less
        (2001.0, Status.PASS, "no other latency misses"),
        (1000.0, Status.PASS, "no other latency misses"),  # missed by the judged part itself
        (1001.0, Status.FAIL, "SLOW misses"),
    ],
)
def test_a_latency_that_keeps_its_target_may_miss_it_with_a_long_warm_up(target, status, which):
    check = checks(run(SLOW, QUICK), latency(target=target))[LATENCIES]
    assert (check.status, check.figure, check.limit) == (status, 0.5, 0.25)
    assert check.reason == f"with {PART}, 50 % of the seconds, {which} the target"
    assert check.opens == ((("slow", PASS),) if status is Status.FAIL else ())


def test_several_latencies_that_miss_it_are_named():
    other, unknown = latency("other", 1500.0), latency("unknown", math.nan)
    check = checks(run(SLOW, QUICK), latency(), other, unknown, success())[LATENCIES]
    assert check.reason.endswith(", SLOW, OTHER miss the target")
    assert LATENCIES not in checks(run(SLOW, QUICK), unknown, success())


@pytest.mark.parametrize(("warm_s", "judged_s", "checked"), [(5, 15, False), (6, 14, True)])
def test_a_quarter_of_the_seconds_is_no_long_warm_up(warm_s, judged_s, checked):
    by_key = checks(run(SLOW, QUICK, warm_s), latency(), part=steady(warm_s, judged_s))
    assert (LATENCIES in by_key) is checked


def test_what_was_left_out_is_said_beside_what_was_judged():
    warm = {"ok": 40, "failed": {"timeout": 8, "generator": 2}, "response": taking(3_000_000)}
    [note] = warm_up_notes(run(warm, QUICK), steady())
    assert note == (
        f"{PART} had a p99 of 3 ms and 80 failures in 500 operations; the judged part a p99 of 1 us and 0 failures in "
        "500 operations"
    )
    [note] = warm_up_notes(run({"failed": {"timeout": 8}, "response": EMPTY}, QUICK), steady())
    assert note.startswith(f"{PART} had no latency and 80 failures in 80 operations; ")


def test_of_objectives_that_keep_enough_the_largest_share_is_shown_and_not_the_largest_number():
    others = [Window(BEGIN, "b", ok=51), Window(BEGIN + 10, "b", ok=49)]
    check = checks(run(FINE, FINE, more=others), success("x"), success("y", 0.9, ("b",)))[SAMPLES]
    assert (check.status, check.reason.split(" operations")[0]) == (Status.PASS, "51.0 % of the 100")
    single = checks(run({}, {}, more=[Window(BEGIN, "a", ok=1)]), success())[SAMPLES]
    assert (single.status, single.figure) == (Status.PASS, 1.0)
