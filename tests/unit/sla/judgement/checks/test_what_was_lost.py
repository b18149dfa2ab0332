"""What went with lost workers and restarts, and what the counters of the server say about it."""

import dataclasses
import math

import pytest

from bizra_load.settings.remedies import WORDS
from sla.estimators.increments import bucket_increments
from sla.estimators.server_side import CounterIncrease, counter_increase, reconcile
from sla.judgement.checks.losses import counted
from sla.judgement.evaluate import SEEN, evaluate
from sla.values.agreement import OperationMetrics
from sla.values.measurements import Loss
from sla.values.snapshot import BucketCounts, Snapshot
from tests.unit.sla.synthetic import LOCAL, START, measurements

GENERATE = LOCAL.agreement.operations["generate"]


def check_of(measured, key, agreement=LOCAL.agreement):
    return next(c for c in evaluate(measured, agreement, LOCAL.baseline, words=WORDS).checks if c.key == key)


def without_counters(agreement):
    """The same agreement of a server that counts nothing."""
    bare = {name: dataclasses.replace(m, total="", failed="") for name, m in agreement.operations.items()}
    return dataclasses.replace(agreement, operations=bare)


@pytest.fixture(scope="module")
def run():
    return measurements(rate=20, hold_s=20)


def with_facts(run, **facts):
    return dataclasses.replace(run, facts=dataclasses.replace(run.facts, **facts))


@pytest.mark.parametrize(
    ("loss", "reason"),
    [
        (Loss("w2", 7, 40), "workers lost: w2 after report 7"),
        (Loss("w2", -1, 40), "workers lost: w2 before its first report"),
        (Loss("w2", 7, 0), "workers lost: w2 left early (after report 7); everything that it measured is here"),
    ],
)
def test_a_lost_worker_is_named_with_its_last_report(run, loss, reason):
    lost = check_of(with_facts(run, lost_workers=("w2",), losses=(loss,)), "workers")
    assert (lost.status.value, lost.reason) == ("FAIL", reason)


def test_how_much_went_with_a_worker_is_what_the_server_counted_and_else_what_was_planned(run):
    bounded = with_facts(run, lost_workers=("w2",), losses=(Loss("w2", 7, 40),))
    short = dataclasses.replace(bounded, windows=bounded.windows[:-2])  # two seconds of one operation in no report
    counted_by_server = check_of(short, "workers_operations")
    assert counted_by_server.figure == sum(w.finished for w in bounded.windows[-2:]) == 40
    assert "40 operations are in the server's counters and in no report" in counted_by_server.reason
    planned = check_of(bounded, "workers_operations", without_counters(LOCAL.agreement))
    assert (planned.figure, planned.reason) == (40, "at most 40 operations were sent and not reported")
    nothing_planned = with_facts(run, lost_workers=("w2",), losses=(Loss("w2", 7),))
    unbounded = check_of(nothing_planned, "workers_operations", without_counters(LOCAL.agreement))
    assert (unbounded.figure, unbounded.reason) == (None, "how many operations were sent and not reported is not known")
    assert unbounded.status.value == "FAIL"


def test_what_the_server_forgot_in_a_restart_is_at_most_what_the_client_saw_around_it(run):
    generated = [w for w in run.windows if w.operation == "generate"]
    at = 10  # the snapshot after which the counters begin again
    kept = run.snapshots[at].counters
    after = [dataclasses.replace(s, counters={k: v - kept[k] for k, v in s.counters.items()}) for s in run.snapshots[at + 1 :]]
    restarted = dataclasses.replace(run, snapshots=(*run.snapshots[: at + 1], *after))
    check = counted(GENERATE, generated, restarted)
    assert check.increase.resets == 1
    low_s, high_s = (run.snapshots[n].at_ns // 10**9 for n in (at, at + 1))
    around = sum(w.finished for w in generated if low_s - 1 <= w.second <= high_s)
    assert check.forgotten == around == 60
    assert 0 < check.reconciliation.client - check.increase.value <= check.forgotten


def test_a_server_without_the_counter_or_read_once_is_compared_with_nothing(run):
    generated = [w for w in run.windows if w.operation == "generate"]
    assert counted(OperationMetrics(total="nonesuch_total"), generated, run) == "the server has no nonesuch_total"
    once = dataclasses.replace(run, snapshots=run.snapshots[:1])
    assert counted(GENERATE, generated, once) == "fewer than two scrapes"
    assert counter_increase(once.snapshots, [GENERATE.total], START * 10**9, (START + 20) * 10**9) is None


def increase(value, idle, from_s=100, to_s=110):
    return CounterIncrease(
        value, from_s * 10**9, to_s * 10**9, idle, 0, (from_s * 10**9, to_s * 10**9), (from_s * 10**9, to_s * 10**9)
    )


def test_between_idle_scrapes_the_counts_are_equal_but_for_operations_of_unknown_fate():
    by_second = dict.fromkeys(range(101, 109), 10)
    assert reconcile(by_second, 0, 0.0, increase(80, True)).holds
    assert reconcile(by_second, 0, 0.0, increase(80, True)).exact
    assert not reconcile(by_second, 0, 0.0, increase(81, True)).holds
    assert not reconcile(by_second, 0, 0.0, increase(79, True)).holds
    unsure = reconcile(by_second, 1, 0.0, increase(81, True))
    assert (unsure.holds, unsure.exact) == (True, False)
    assert not reconcile(by_second, 1, 0.0, increase(82, True)).holds


def test_under_load_the_counts_bound_each_other_with_the_seconds_at_either_end():
    by_second = dict.fromkeys(range(90, 120), 10)
    # 10 seconds lie wholly between the scrapes, 12 touch them or border on them
    assert reconcile(by_second, 0, 5.0, increase(100, False)).holds
    assert reconcile(by_second, 0, 5.0, increase(95, False)).holds
    assert not reconcile(by_second, 0, 5.0, increase(94, False)).holds
    assert reconcile(by_second, 0, 5.0, increase(125, False)).holds
    assert not reconcile(by_second, 0, 5.0, increase(126, False)).holds
    assert reconcile(by_second, 1, 5.0, increase(126, False)).holds


def test_buckets_are_added_at_the_edges_that_all_have_and_one_scrape_is_none():
    def scrape(second, instance, edges, *cumulative):
        return Snapshot(second * 10**9, 1, (("instance", instance),), histograms={"h": BucketCounts(edges, cumulative)})

    fine, coarse, inf = (0.1, 0.2, float("inf")), (0.1, 0.4, float("inf")), 20 * 10**9
    one = [scrape(1, "a", fine, 0, 0, 0), scrape(2, "a", fine, 1, 2, 3)]
    assert bucket_increments(one, "h", 0, inf).counts.sum() == 3
    other = [scrape(1, "b", coarse, 0, 0, 0), scrape(2, "b", coarse, 1, 1, 1)]
    both = bucket_increments(one + other, "h", 0, inf)
    assert both.edges_s.tolist() == [0.1, math.inf]
    assert both.counts.tolist() == [[1 + 1, 2 + 0]]
    assert bucket_increments(one[:1], "h", 0, inf) is None


def test_what_happened_to_a_run_is_in_its_notes(run):
    notes = evaluate(with_facts(run, interrupted=True), LOCAL.agreement, LOCAL.baseline).notes
    assert "the run was stopped before its plan ended" in notes
    stopped = with_facts(run, interrupted=True, stopped_for=("poi_success_rate",))
    [note] = [n for n in evaluate(stopped, LOCAL.agreement, LOCAL.baseline).notes if n.startswith("stopped early")]
    assert note == f"stopped early: PoI success rate missed the target for certain, in a look at the run under way{SEEN}"
    partly = dataclasses.replace(LOCAL.agreement, not_assessed="the weather is not assessed")
    assert "the weather is not assessed" in evaluate(run, partly, LOCAL.baseline).notes


def test_server_metrics_that_nobody_gave_or_could_read_are_a_failed_check_with_advice(run):
    unread = with_facts(dataclasses.replace(run, snapshots=()), scrapes_failed=5)
    failed = check_of(unread, "server_data")
    assert failed.status.value == "FAIL"
    assert failed.reason.startswith("the server's own metrics could not be read (5 readings failed)")
    nobody = check_of(dataclasses.replace(run, snapshots=()), "server_data")
    assert nobody.reason.startswith("no address of the server's own metrics was given")
    assert nobody.advice == "give --metrics-url URL, or --prometheus-url URL"


def failing_at_the_server(run, count, hold_back=0):
    """The server counts `count` of its successful verifications as failed ones, from the middle of the load on."""
    metrics, changed = LOCAL.agreement.operations["verify"], []
    middle_ns = (START + 15) * 10**9
    for s in run.snapshots:
        moved = count if s.at_ns >= middle_ns else 0
        counters = s.counters | {
            metrics.total: s.counters[metrics.total] - moved,
            metrics.failed: s.counters[metrics.failed] + moved,
        }
        changed.append(dataclasses.replace(s, counters=counters))
    return dataclasses.replace(run, snapshots=tuple(changed[: len(changed) - hold_back]))


def test_failures_of_the_server_that_no_client_has_seen_are_a_failed_check(run):
    """A gateway makes a 200 of each 500: the sum of both counters is the client's all the same."""
    assert check_of(run, "counters_verify").status.value == "PASS"
    hidden = check_of(failing_at_the_server(run, 30), "counters_verify")
    assert hidden.status.value == "FAIL"
    assert hidden.reason.endswith(
        "; 30 that the server counts as failed were successful here: does a gateway respond in its place?"
    )
    assert check_of(failing_at_the_server(run, 30, hold_back=4), "counters_verify").status.value == "FAIL"  # no scrape after it


def test_failures_that_the_client_has_seen_too_hide_nothing():
    failing = measurements(rate=20, hold_s=20, failures={"verify": 0.2})
    assert check_of(failing, "counters_verify").status.value == "PASS"
    assert check_of(failing_at_the_server(failing, 40), "counters_verify").status.value == "FAIL"


def test_a_node_that_is_scraped_later_than_another_loses_none_of_its_last_interval():
    """Two healthy nodes: as many responses in their histograms as in their counters."""

    def target(name, phase_s):
        counts = [(t + phase_s, max(min(t + phase_s, 40) - 10, 0) * 10.0) for t in range(0, 60, 5)]
        return [
            Snapshot(
                round(at_s * 1e9),
                0,
                (("instance", name),),
                {"x_total": n},
                {},
                {"x_seconds": BucketCounts((0.001, math.inf), (n, n))},
            )
            for at_s, n in counts
        ]

    scrapes = sorted([*target("a", 0.5), *target("b", 4.5)], key=lambda s: s.at_ns)
    increase = counter_increase(scrapes, ["x_total"], 10 * 10**9, 40 * 10**9)
    assert (increase.value, increase.idle) == (600, True)
    assert bucket_increments(scrapes, "x_seconds", *increase.at_most_ns).total == 600
    assert bucket_increments(scrapes, "x_seconds", increase.from_ns, increase.to_ns).total == 590
