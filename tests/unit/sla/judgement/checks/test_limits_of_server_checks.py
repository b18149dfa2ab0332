"""The checks of what the server counted, at their limits: how much was scraped, of whom, and what a restart forgets."""

import dataclasses

import pytest

from sla.estimators.duplicates import START_TIME
from sla.judgement.checks.counters import of_the_service
from sla.judgement.checks.run_checks import run_checks
from sla.judgement.evaluate import evaluate
from sla.judgement.steady import find_steady
from sla.values.assessment import Status
from sla.values.measurements import Loss
from sla.values.snapshot import Snapshot
from tests.unit.sla.judgement.checks.test_limits_of_checks import SECOND_NS, check, run
from tests.unit.sla.synthetic import LOCAL, START


@pytest.mark.parametrize(("at_most", "status"), [(390, Status.PASS), (389, Status.FAIL)])
def test_what_lost_workers_may_have_sent_the_server_may_have_counted_and_no_more(at_most, status):
    measured = run(counter_factor=1.02, lost_workers=("w2",), losses=(Loss("w2", 3, at_most),))
    counters = check(measured, "counters_generate")
    assert counters.figure == -390  # 6 of 300 in each of 65 s
    assert counters.status is status
    assert ("390 went with lost workers" in counters.reason) is (status is Status.PASS)


@pytest.mark.parametrize(("every_s", "status"), [(9, Status.FAIL), (10, Status.PASS)])
def test_scrapes_must_span_half_of_the_judged_part(every_s, status):
    measured = run(hold_s=20, rate=20)
    steady = find_steady(measured)
    kept = [s for s in measured.snapshots if steady.from_second < s.at_ns / 1e9 <= steady.from_second + 1 + every_s]
    server_data = check(dataclasses.replace(measured, snapshots=tuple(kept)), "server_data")
    assert (server_data.figure, server_data.status) == (every_s / 20, status)


@pytest.mark.parametrize(
    ("kept_s", "gaps"), [((0, 20), []), ((0, 18.5), []), ((0, 16.5), [0.85]), ((3.5, 20), [0.85]), ((1.5, 18.5), [])]
)
def test_what_the_server_did_at_either_end_must_have_been_scraped(kept_s, gaps):
    """But for one usual interval: a node that ceases to be scraped in the last part may have ceased to be fast."""
    measured = run(hold_s=20, rate=20)
    steady = find_steady(measured)
    first_ns, last_ns = ((steady.from_second + s) * 10**9 for s in kept_s)
    kept = tuple(s for s in measured.snapshots if first_ns <= s.at_ns <= last_ns)
    of_run = run_checks(dataclasses.replace(measured, snapshots=kept), LOCAL.agreement, steady)
    gap_checks = [c for c in of_run if c.key == "server_data_gaps"]
    assert [(c.status, c.figure) for c in gap_checks] == [(Status.FAIL, pytest.approx(figure, abs=0.001)) for figure in gaps]


def test_a_target_whose_start_time_moved_was_restarted():
    measured = run(hold_s=20, rate=20)

    def started_at(times):
        moved = [dataclasses.replace(s, gauges={START_TIME: t}) for s, t in zip(measured.snapshots, times, strict=False)]
        return check(dataclasses.replace(measured, snapshots=tuple(moved)), "restarted")

    count = len(measured.snapshots)
    assert started_at([100.0, 100.4] * count).status is Status.PASS  # rounded differently, the same start
    restarted = started_at([100.0] * 10 + [112.0] * count)
    assert (restarted.status, restarted.figure) == (Status.FAIL, 1)


def test_what_a_prometheus_knows_of_processes_that_are_not_the_service_changes_nothing():
    """Without a selector it gives the process metrics of itself too: scraped at other times, once a minute, and restarted."""
    measured = run(hold_s=20, rate=20)
    started = {second: {START_TIME: 100.0 + 50 * (second > START + 9)} for second in range(START - 20, START + 26, 6)}
    target = (("job", "prometheus"),)
    own = [Snapshot(second * 10**9 + 700_000_000, 0, target, {}, at, {}) for second, at in started.items()]
    beside = dataclasses.replace(measured, snapshots=tuple(sorted((*measured.snapshots, *own), key=lambda s: s.at_ns)))
    assessment, alone = (evaluate(m, LOCAL.agreement, LOCAL.baseline) for m in (beside, measured))
    assert assessment.checks == alone.checks
    assert assessment.objectives == alone.objectives
    message = 'targets without any of the agreement\'s metrics were left out (1): job="prometheus"'
    assert [note for note in assessment.notes if note not in alone.notes] == [message]


@pytest.mark.parametrize(("job", "status"), [("node", Status.FAIL), ("other", Status.PASS)])
def test_a_target_of_the_same_job_may_have_restarted_before_its_first_operation(job, status):
    measured = run(hold_s=20, rate=20)
    nodes = [dataclasses.replace(s, target=(("instance", "a"), ("job", "node"))) for s in measured.snapshots]
    beside = [
        Snapshot(s.at_ns, 0, (("instance", "b"), ("job", job)), {}, {START_TIME: 100.0 + 50 * (i > 15)}, {})
        for i, s in enumerate(nodes)
    ]
    both = tuple(sorted((*nodes, *beside), key=lambda s: s.at_ns))
    a = evaluate(dataclasses.replace(measured, snapshots=both), LOCAL.agreement, LOCAL.baseline)
    assert [c.status for c in a.checks if c.key == "restarted"] == [status]


def test_where_no_target_has_any_of_the_metrics_none_is_left_out():
    snapshots = [Snapshot(at * 10**9, 0, (("job", "x"),), {}, {START_TIME: 1.0}, {}) for at in range(3)]
    assert of_the_service(snapshots, LOCAL.agreement) == (tuple(snapshots), [])


@pytest.mark.parametrize(("missing", "status"), [(40, Status.PASS), (41, Status.FAIL)])
def test_a_restart_forgets_at_most_what_was_counted_in_the_seconds_around_it(missing, status):
    """20 a second. The interval of the restart is lost (20), and the client's count in the three seconds around it is 60."""
    measured = run(hold_s=20, rate=20)
    name = LOCAL.agreement.operations["generate"].total
    snapshots = []
    for s in measured.snapshots:
        second = s.at_ns // SECOND_NS - START
        restarted = 20 * 15 if second >= 16 else 0
        less = min(20 * max(second - 19, 0), missing)  # and besides the server did not count these
        counters = {**s.counters, name: s.counters[name] - restarted - less}
        snapshots.append(dataclasses.replace(s, counters=counters))
    counters_check = check(dataclasses.replace(measured, snapshots=tuple(snapshots)), "counters_generate")
    assert counters_check.figure == 20 + missing
    assert "reset 1 times, and with them up to 60 operations" in counters_check.reason
    assert counters_check.status is status
