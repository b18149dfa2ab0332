"""A service that fails until its measuring ends: one outage tells no average, and no longer run takes it back."""

import dataclasses

import numpy as np
import pytest

from sla.judgement.evaluate import evaluate
from sla.judgement.monitored import judge_monitored
from sla.judgement.outages.failing_end import LEAST, FailedShares
from sla.values.agreement import Limit
from sla.values.assessment import Decision, Severity, Status
from sla.values.histogram import EMPTY
from sla.values.measurements import PlannedSegment
from sla.values.window import SCHEDULE, Window
from tests.unit.sla.lagging import with_objectives
from tests.unit.sla.synthetic import HOLD_S, LOCAL, RAMP_S, START, measurements

END = START + RAMP_S + HOLD_S


def broken(run, seconds, share=1.0, operations=("generate", "verify", "finality")):
    """The run, in which this share of the operations failed in these seconds."""

    def window(w):
        if w.second not in seconds or w.operation not in operations:
            return w
        failed = round(share * w.finished)
        kept = w.response if share < 1 else EMPTY
        return dataclasses.replace(w, ok=w.finished - failed, failed={"transport": failed}, response=kept, service=kept)

    return dataclasses.replace(run, windows=tuple(map(window, run.windows)))


def success(run, agreement=LOCAL.agreement):
    a = evaluate(run, agreement, LOCAL.baseline)
    return a, next(o for o in a.objectives if o.key == "poi_success_rate")


@pytest.mark.parametrize(("share", "operations"), [(1.0, ("generate", "verify", "finality")), (0.5, ("generate", "verify"))])
def test_a_service_that_breaks_in_mid_run_and_does_not_recover_is_no_go(share, operations):
    a, o = success(broken(measurements(), range(END - 30, END), share, operations))
    assert (a.decision, o.status) == (Decision.NO_GO, Status.FAIL)
    how_many = "all" if share == 1 else "50 % or more"
    assert o.reason == f"{how_many} of its operations failed throughout the last 30 s: it had not recovered"


def test_an_outage_that_is_over_is_open_as_before():
    a, o = success(broken(measurements(), range(END - 32, END - 2)))
    assert (a.decision, o.status) == (Decision.INCONCLUSIVE, Status.INCONCLUSIVE)


def test_so_few_seconds_at_the_end_say_nothing():
    assert success(broken(measurements(), range(END - LEAST, END)))[1].status is Status.FAIL
    assert success(broken(measurements(), range(END - LEAST + 1, END)))[1].status is Status.INCONCLUSIVE


@pytest.mark.parametrize("share", [1.0, 0.5])
def test_a_service_that_is_dead_when_a_later_stage_ends_is_no_go_though_no_objective_is_about_that_stage(share):
    """Half of the requests may fail in a stage that is made to overload it."""
    run = measurements()
    later = PlannedSegment(20, 899, 899)
    plan = (run.facts.plan[0], dataclasses.replace(run.facts.plan[1], duration_s=HOLD_S - 20), later)
    run = dataclasses.replace(run, facts=dataclasses.replace(run.facts, plan=plan))
    a, o = success(broken(run, range(END - 18, END), share))
    assert (o.status is Status.FAIL) == (share == 1)
    if share == 1:
        assert a.decision is Decision.NO_GO
        assert o.reason == "all of its operations failed throughout the last 18 s of the load: it had not recovered"


def test_an_operation_that_no_success_rate_judges_counts_too():
    a = evaluate(broken(measurements(), range(END - 30, END), operations=("finality",)), LOCAL.agreement, LOCAL.baseline)
    finality = next(o for o in a.objectives if o.key == "finality_p99")
    assert (a.decision, finality.status) == (Decision.NO_GO, Status.FAIL)
    assert finality.reason == "all of its operations failed throughout the last 30 s: it had not recovered"


def test_a_warning_fails_where_it_is_outside_its_acceptable_range():
    def judged(acceptable):
        rate = next(o for o in LOCAL.agreement.objectives if o.key == "poi_success_rate")
        rate = dataclasses.replace(rate, severity=Severity.WARNING, acceptable=Limit(">=", acceptable))
        return success(broken(measurements(), range(END - 30, END), 0.5), with_objectives(LOCAL.agreement, rate))[1].status

    assert judged(0.98) is not Status.FAIL  # half of them may fail in one of 25 runs then, by chance
    assert judged(0.9875) is Status.FAIL


def until_the_end(failed, attempted, limit=0.99, doubt=0.0):
    return FailedShares(np.array(failed, float), np.array(attempted, float), "s").until_the_end(Limit(">=", limit), doubt)


@pytest.mark.parametrize("limit", [0.5, 0.9, 0.97])
def test_what_may_fail_often_may_fail_at_the_end(limit):
    assert until_the_end([9] * 30, [9] * 30, limit) == ""
    assert until_the_end([9] * 30, [9] * 30, 0.98) != ""


def test_the_reason_says_no_more_than_what_was_counted():
    well = [0] * 20
    assert "all of its operations failed throughout the last 6 s" in until_the_end(well + [100] * 6, [100] * 26)
    # the first second of an outage is one in which some still succeeded
    assert "throughout the last 6 s" in until_the_end([*well, 60] + [100] * 6, [100] * 27)
    assert "60 % or more of its operations failed throughout the last 5 s" in until_the_end([*well, 60] + [99] * 4, [100] * 25)
    assert "99.6 % or more" in until_the_end(well + [996] * 6, [1000] * 26)
    assert "0.04 % or more" in until_the_end(well + [4] * 8, [10_000] * 28, 0.999995)


def test_seconds_of_a_slow_load_are_put_together():
    assert "throughout the last 25 s" in until_the_end([0] * 30 + [2] * 25, [2] * 55)
    assert until_the_end([0] * 30 + [2] * 20, [2] * 50) == ""  # 40 requests in 20 s: four times ten of them
    gaps = [2, 0, 3, 1, 4] * 11
    assert "throughout the last 25 s" in until_the_end([0] * 30 + gaps[:25], gaps)


def test_a_few_that_fail_behind_the_load_are_no_service_that_is_down():
    """Rows of an import that end after it: what was slow, and nothing beside it. Or a load that is over, and health checks."""
    assert until_the_end([0] * 60 + [1] * 12, [100] * 60 + [1] * 12) == ""
    assert until_the_end([0] * 50 + [100] * 10 + [0] * 20, [100] * 60 + [0] * 20) == ""  # nobody knows whether it has recovered
    assert until_the_end([0] * 9, [0] * 9) == until_the_end([], []) == ""


def test_it_stands_as_far_as_operations_in_doubt_cannot_undo_it():
    failing = [0] * 30 + [100] * 30
    assert until_the_end(failing, [100] * 60, doubt=140) != ""  # 100 of 240 in one second: 42 %
    assert until_the_end(failing, [100] * 60, doubt=160) == ""
    run = dataclasses.replace(broken(measurements(), range(END - 30, END)), facts=measurements(lost_workers=("w2",)).facts)
    assert success(run)[1].status is Status.INVALID  # nobody knows how much a lost worker saw


def test_in_a_closed_model_errors_are_real_however_busy_the_generator_is():
    run = broken(measurements(), range(END - 30, END))
    busy = tuple(dataclasses.replace(h, cpu_share=0.99) for h in run.health)
    run = dataclasses.replace(run, health=busy, facts=dataclasses.replace(run.facts, plan=()))
    a, o = success(run)
    assert any(c.key == "generator_cpu" and c.status is Status.FAIL for c in a.checks)
    assert (a.decision, o.status) == (Decision.NO_GO, Status.FAIL)


def test_a_service_that_keeps_its_target_ends_so_as_seldom_as_it_says():
    """Outages that last long and are rare, at the target: of the share of time that they take, one run in a hundred ends in
    one. That is the most which Markov's inequality allows for, and outages last long enough here to be seen.
    """
    rng, ended_so, runs = np.random.default_rng(1), 0, 2_000
    for _ in range(runs):
        # 20 s down after 1,980 s up, the run of 60 s anywhere
        at = rng.uniform(0, 2_000)
        down = [(at + s) % 2_000 >= 1_980 for s in range(60)]
        ended_so += until_the_end([100.0 * d for d in down], [100.0] * 60) != ""
    assert 0 < ended_so / runs <= 0.01 + 3 * (0.01 / runs) ** 0.5


def test_traffic_that_comes_and_goes_with_a_few_that_always_fail_keeps_its_target():
    """10,000 operations a scrape or none, and two that fail in each: 99.96 % succeed, asked for 99.9 %."""
    rng, ended_so, runs = np.random.default_rng(1), 0, 500
    for _ in range(runs):
        attempted = 2 + 10_000.0 * (rng.random(60) < 0.5)
        ended_so += until_the_end([2.0] * 60, attempted, 0.999) != ""
    assert ended_so == 0


def test_real_traffic_whose_last_scrapes_show_failures_is_no_go():
    """What a Prometheus holds of a node that refuses everything from some moment on."""
    run = measurements()
    stopped = next(s for s in run.snapshots if s.at_ns >= (END - 30) * 10**9)

    def snapshot(s):
        if s.at_ns <= stopped.at_ns:
            return s
        passed = (s.at_ns - stopped.at_ns) / 1e9
        counters = {name: stopped.counters[name] + (300 * passed if "_fail_" in name else 0) for name in stopped.counters}
        return dataclasses.replace(s, counters=counters, histograms=stopped.histograms)

    snapshots = [snapshot(s) for s in run.snapshots]
    a = judge_monitored(snapshots, START * 10**9, END * 10**9, LOCAL.agreement, LOCAL.baseline)
    rate = next(o for o in a.objectives if o.key == "poi_success_rate")
    assert (a.decision, rate.status) == (Decision.NO_GO, Status.FAIL)
    assert "scrape intervals: it had not recovered" in rate.reason


def hung(run, seconds, reported=True):
    """It responds no more from the first of these seconds on: 66 connections time out, and nothing else is sent."""
    windows = []
    for w in run.windows:
        if w.second not in seconds:
            windows.append(w)
        elif w.second == seconds[0] and w.operation != SCHEDULE:
            over = EMPTY.with_over_range(33)
            failed = {"timeout": 33}
            windows.append(dataclasses.replace(w, started=33, planned=33, ok=0, failed=failed, response=over, service=over))
    windows += [Window(second, SCHEDULE, planned=800, unsent=800) for second in seconds]
    health = [h for h in run.health if reported or h.second not in seconds]
    scrapes = tuple(s for s in run.snapshots if s.at_ns <= seconds[0] * 10**9)  # nor to a Prometheus
    return dataclasses.replace(run, windows=tuple(windows), health=tuple(health), snapshots=scrapes)


def test_a_service_that_hangs_until_the_end_is_no_go_though_hardly_anything_was_sent():
    a, o = success(hung(measurements(), range(END - 20, END)))
    assert (a.decision, o.status) == (Decision.NO_GO, Status.FAIL)
    assert o.reason == (
        "nothing succeeded in the last 20 s: 66 operations failed, and 16,000 were not sent as every connection waited for a "
        "response"
    )
    finality = next(o for o in a.objectives if o.key == "finality_p99")
    assert finality.reason.startswith("nothing succeeded in the last 20 s: 33 operations failed")


def test_where_it_responds_again_or_the_generator_was_away_nothing_is_claimed():
    for run in (
        hung(measurements(), range(END - 20, END - 1)),
        hung(measurements(), range(END - LEAST + 1, END)),
        hung(measurements(), range(END - 20, END), reported=False),
    ):
        assert success(run)[1].status is not Status.FAIL
