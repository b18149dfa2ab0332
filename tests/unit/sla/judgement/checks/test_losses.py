"""What went wrong around a run, with figures: who was lost with how much, what the server counted, who stood still."""

import dataclasses
import functools
import math

import pytest

from sla.judgement.checks import losses
from sla.judgement.checks.losses import counted, lost_workers, most_lost
from sla.values.agreement import OperationMetrics
from sla.values.assessment import Status, Steady
from sla.values.health_rows import HealthRows
from sla.values.measurements import Loss, Measurements, RunFacts
from sla.values.snapshot import Snapshot
from sla.values.window import Health, Window
from tests.unit.sla.synthetic import LOCAL, START, measurements

SECOND_NS = 10**9
METRICS = OperationMetrics("", "done", "failed")
run = functools.cache(measurements)


def stalls(rows, steady):
    return losses.stalls(HealthRows.of(rows), steady)


def of(measured):
    return {c.key: c for c in lost_workers(measured, LOCAL.agreement)}


def test_each_lost_worker_is_named_with_what_is_known_of_it():
    losses = (Loss("w1", 4, 0), Loss("w2", -1, 30), Loss("w3", 7, 12))
    checks = of(Measurements((), (), (), RunFacts(0, 1, lost_workers=("w1", "w2", "w3", "w4"), losses=losses)))
    assert checks["workers"].reason == (
        "workers lost: w1 left early (after report 4); everything that it measured is here; w2 before its first report; "
        "w3 after report 7; w4"
    )
    assert (checks["workers"].status, checks["workers"].figure) == (Status.FAIL, 4)
    assert (checks["workers_operations"].figure, checks["workers_operations"].reason) == (
        None,
        "how many operations were sent and not reported is not known",
    )


def test_what_was_lost_is_bounded_by_the_plan_where_it_was_planned():
    bounded = RunFacts(0, 1, lost_workers=("w1", "w2"), losses=(Loss("w1", 4, 12), Loss("w2", 1, 30)))
    assert most_lost(bounded) == 42
    check = of(Measurements((), (), (), bounded))["workers_operations"]
    assert (check.status, check.figure) == (Status.FAIL, 42)
    assert check.reason == "at most 42 operations were sent and not reported"
    assert most_lost(dataclasses.replace(bounded, losses=bounded.losses[:1])) == math.inf
    assert most_lost(RunFacts(0, 1, lost_workers=("w1",), losses=(Loss("w1", 4),))) == math.inf
    nothing = Measurements((), (), (), RunFacts(0, 1, lost_workers=("w1",), losses=(Loss("w1", 4, 0),)))
    assert set(of(nothing)) == {"workers"}
    assert of(Measurements((), (), (), RunFacts(0, 1)))["workers"].status is Status.PASS


LOST = {"lost_workers": ("w2",), "losses": (Loss("w2", 3, 5000),)}


def test_where_the_server_counted_it_the_number_of_lost_operations_is_exact():
    check = of(run(counter_factor=1.02, **LOST))["workers_operations"]
    assert (check.status, check.figure) == (Status.FAIL, 3 * 390)  # 6 in each of 65 s, of three operations
    assert check.reason == "1170 operations are in the server's counters and in no report"
    none = of(run(**LOST))["workers_operations"]
    assert (none.status, none.figure) == (Status.PASS, 0)
    less = of(run(counter_factor=0.98, **LOST))["workers_operations"]
    assert less.figure == 0  # never less than nothing


def test_operations_of_unknown_fate_are_said_beside_the_number():
    measured = run(counter_factor=1.02, **LOST)
    first, *others = measured.windows
    windows = (dataclasses.replace(first, ok=first.ok - 4, failed={"timeout": 4}), *others)
    check = of(dataclasses.replace(measured, windows=windows))["workers_operations"]
    assert check.reason == "1174 operations are in the server's counters and in no report (give or take 4 of unknown fate)"


def test_counters_that_were_not_idle_say_nothing_exact():
    measured = run(counter_factor=1.02, **LOST)
    for snapshots in (measured.snapshots[1:], measured.snapshots[:-2], ()):
        check = of(dataclasses.replace(measured, snapshots=snapshots))["workers_operations"]
        assert check.figure in (5000, None)
    assert of(dataclasses.replace(measured, snapshots=measured.snapshots[1:]))["workers_operations"].figure == 5000


def by_counters(windows, metrics=METRICS, server=(100, 0), drained_s=0):
    """A load of seconds 10 to 20, and the server's counters (done, failed) after it."""
    names = [n for n in (metrics.total, metrics.failed) if n]
    after = dict(zip(("done", "failed"), map(float, server), strict=True))
    snapshots = (
        Snapshot(9 * SECOND_NS, 0, (), dict.fromkeys(names, 0.0)),
        Snapshot(22 * SECOND_NS, 0, (), {n: after[n] for n in names}),
        Snapshot(30 * SECOND_NS, 0, (), {n: after[n] + 1 for n in names}),
    )
    facts = RunFacts(10 * SECOND_NS, 20 * SECOND_NS, drained_s * SECOND_NS)
    return counted(metrics, windows, Measurements(tuple(windows), (), snapshots, facts))


@pytest.mark.parametrize(
    ("category", "with_counter", "without"),
    [
        ("transport", 7, 7),
        ("timeout", 7, 7),
        ("http_4xx", 7, 7),
        ("http_5xx", 0, 7),  # the node's own failures are in its counter of failures, where it has one
        ("content", 0, 0),  # it responded, with something wrong
    ],
)
def test_what_the_server_may_have_counted_or_not_is_uncertain(category, with_counter, without):
    windows = [Window(12, "a", started=100, ok=93, failed={category: 7})]
    check = by_counters(windows)
    assert (check.uncertain, check.unfinished, check.reconciliation.client) == (with_counter, 0, 100 - with_counter)
    assert by_counters(windows, OperationMetrics("", "done", "")).uncertain == without


def test_operations_that_were_cut_off_are_uncertain_too():
    check = by_counters([Window(12, "a", started=60, ok=50), Window(13, "a", started=50, ok=55)])
    assert (check.unfinished, check.uncertain, check.reconciliation.client) == (5, 5, 105)
    assert by_counters([Window(12, "a", started=50, ok=55)]).unfinished == 0


def test_counters_are_read_after_the_last_operation_has_ended():
    windows = [Window(12, "a", started=100, ok=100)]
    assert by_counters(windows).increase.value == 100
    assert by_counters(windows, drained_s=25).increase.value == 102  # of both counters


def test_nothing_to_compare_is_said():
    facts = RunFacts(10 * SECOND_NS, 20 * SECOND_NS)
    window = Window(12, "a", started=1, ok=1)
    one = (Snapshot(15 * SECOND_NS, 0, (), {"done": 1.0}),)
    assert counted(METRICS, [window], Measurements((window,), (), one, facts)) == "fewer than two scrapes"
    none = (Snapshot(15 * SECOND_NS, 0, (), {"else": 1.0}),) * 2
    assert counted(METRICS, [window], Measurements((window,), (), none, facts)) == "the server has no done"


def test_a_counter_of_failures_that_comes_with_the_first_of_them_is_compared():
    windows = [Window(12, "a", started=10, ok=7, failed={"http_5xx": 3})]
    snapshots = (Snapshot(9 * SECOND_NS, 0, (), {"done": 0.0}), Snapshot(22 * SECOND_NS, 0, (), {"done": 7.0, "failed": 3.0}))
    facts = RunFacts(10 * SECOND_NS, 20 * SECOND_NS)
    of_both = counted(METRICS, windows, Measurements(tuple(windows), (), snapshots, facts))
    assert (of_both.increase.value, of_both.reconciliation.client, of_both.reconciliation.holds) == (10, 10, True)


@pytest.mark.parametrize(("in_flight", "low"), [(7, 93), (0, 100)])
def test_a_server_that_was_not_read_while_idle_may_have_counted_what_was_in_flight(in_flight, low):
    """The most that was in flight in any second: 7 on average of 12 s."""
    windows = [Window(12, "a", started=90, ok=90, in_flight_ns=in_flight * SECOND_NS), Window(13, "a", started=9, ok=9)]
    snapshots = [Snapshot(s * SECOND_NS, 0, (), {"done": float(n), "failed": 0.0}) for s, n in ((11, 0), (15, 100))]
    check = counted(METRICS, windows, Measurements(tuple(windows), (), tuple(snapshots), RunFacts(10**10, 2 * 10**10)))
    assert not check.increase.idle
    assert (check.reconciliation.client, check.reconciliation.low) == (99, low)


def restarted(*scrapes, load_s=(10.0, 20.0)):
    """What is forgotten of 10 operations in each second of the load; `scrapes`: (second, counter)."""
    windows = [Window(s, "a", started=10, ok=10) for s in range(int(load_s[0]), int(load_s[1]))]
    snapshots = tuple(Snapshot(int(s * SECOND_NS), 0, (), {"done": float(n), "failed": 0.0}) for s, n in scrapes)
    facts = RunFacts(int(load_s[0] * SECOND_NS), int(load_s[1] * SECOND_NS))
    return counted(METRICS, windows, Measurements(tuple(windows), (), snapshots, facts))


def test_a_restart_forgets_at_most_what_ended_in_the_seconds_around_the_two_scrapes():
    check = restarted((9, 0), (14, 40), (16, 5), (22, 50))
    assert (check.increase.resets, check.forgotten) == (1, 40)  # of 13 to 16 s
    check = restarted((9, 0), (11, 20), (12, 2), (17, 50), (18, 3), (22, 30))
    assert (check.increase.resets, check.forgotten) == (2, 30 + 30)  # of 10 to 12 s and of 16 to 18 s


def test_in_seconds_without_a_load_nothing_was_forgotten():
    check = restarted((9, 0), (18, 80), (22, 5), (30, 20))
    assert (check.increase.resets, check.forgotten) == (1, 30)  # of 17 to 19 s


def test_a_restart_before_the_load_forgets_nothing_of_it():
    before = restarted((8, 500), (10.2, 0), (22, 100), load_s=(10.5, 20.5))
    assert (before.increase.resets, before.forgotten) == (0, 0)
    assert restarted((9, 0), (22, 100)).forgotten == 0


def gaps(*seconds, steady=None, warm_up_s=0, worker="w"):
    checks = stalls(
        [Health(START + s, worker) for s in seconds], steady and Steady(START + steady[0], START + steady[1], 0, warm_up_s, "")
    )
    return [(c.status, c.figure) for c in checks]


@pytest.mark.parametrize(
    ("steady", "figure"),
    [
        (None, 8),
        ((0, 20), 8),
        ((10, 20), 3),  # from the second before the judged part on: 12 - 9
        ((12, 20), 1),
        ((0, 6), 2),
        ((0, 4), 1),
    ],
)
def test_a_gap_counts_as_far_as_it_reaches_into_the_judged_part(steady, figure):
    assert gaps(3, 4, 12, 13, steady=steady) == [(Status.FAIL if figure > 3 else Status.PASS, figure)]


def test_a_stall_is_no_warm_up_of_the_service():
    """A worker stood still from the first second on; the judged part begins where it catches up."""
    assert gaps(0, 10, 11, steady=(10, 21)) == [(Status.PASS, 1)]
    assert gaps(0, 10, 11, steady=(10, 21), warm_up_s=10) == [(Status.FAIL, 10)]


def test_reports_are_compared_by_worker_and_one_report_alone_shows_no_gap():
    assert gaps(3) == gaps() == []
    rows = [Health(START + s, w) for s, w in ((0, "a"), (5, "b"), (1, "a"), (6, "b"))]
    [check] = stalls(rows, None)
    assert (check.figure, check.reason) == (1, "the longest gap between reports of a worker is 1 s")
    [check] = stalls([*rows, Health(START + 11, "b")], None)
    assert check.reason == "the longest gap between reports of a worker is 5 s: b stood still"
