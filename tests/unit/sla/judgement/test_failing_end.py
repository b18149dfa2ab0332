"""A service that fails until its measuring ends: one outage tells no average, and no longer run takes it back."""

import dataclasses

import numpy as np
import pytest

from sla.judgement.evaluate import evaluate
from sla.judgement.failing_end import LEAST, FailedShares
from sla.judgement.monitored import judge_monitored
from sla.values.agreement import Limit
from sla.values.assessment import Decision, Severity, Status
from sla.values.histogram import EMPTY
from tests.unit.sla.lagging import with_objectives
from tests.unit.sla.synthetic import HOLD_S, LOCAL, RAMP_S, START, measurements

END = START + RAMP_S + HOLD_S
LIMIT = Limit(">=", 0.99)


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
    how_many = "all" if share == 1 else "50% or more"
    assert o.reason == f"{how_many} of its operations failed in each of the last 30 s: it had not recovered"


def test_an_outage_that_is_over_is_open_as_before():
    a, o = success(broken(measurements(), range(END - 32, END - 2)))
    assert (a.decision, o.status) == (Decision.INCONCLUSIVE, Status.INCONCLUSIVE)


def test_so_few_seconds_at_the_end_say_nothing():
    assert success(broken(measurements(), range(END - LEAST, END)))[1].status is Status.FAIL
    assert success(broken(measurements(), range(END - LEAST + 1, END)))[1].status is Status.INCONCLUSIVE


def test_an_operation_that_no_success_rate_judges_counts_too():
    a = evaluate(broken(measurements(), range(END - 30, END), operations=("finality",)), LOCAL.agreement, LOCAL.baseline)
    finality = next(o for o in a.objectives if o.key == "finality_p99")
    assert (a.decision, finality.status) == (Decision.NO_GO, Status.FAIL)
    assert "finality operations failed: more than the 1 % that p99 leaves out" in finality.reason


def test_a_warning_fails_where_it_is_outside_its_acceptable_range():
    def judged(acceptable):
        rate = next(o for o in LOCAL.agreement.objectives if o.key == "poi_success_rate")
        rate = dataclasses.replace(rate, severity=Severity.WARNING, acceptable=Limit(">=", acceptable))
        return success(broken(measurements(), range(END - 30, END), 0.5), with_objectives(LOCAL.agreement, rate))[1].status

    assert judged(0.98) is not Status.FAIL  # half of them may fail in one of 25 runs then, by chance
    assert judged(0.9875) is Status.FAIL


@pytest.mark.parametrize("limit", [0.5, 0.9, 0.97])
def test_what_may_fail_often_may_fail_at_the_end(limit):
    assert FailedShares([9] * 30, [9] * 30, "s").until_the_end(Limit(">=", limit), 0.95) == ""


def test_windows_without_attempts_say_nothing_and_few_failures_neither():
    def until_the_end(failed, attempted):
        return FailedShares(failed, attempted, "s").until_the_end(LIMIT, 0.95)

    assert "each of the last 5 s" in until_the_end([0, 2, 2, 0, 2, 2, 2, 0], [2, 2, 2, 0, 2, 2, 2, 0])
    assert until_the_end([1] * 9, [1] * 9) == ""
    assert until_the_end([1] * 10, [1] * 10) != ""
    assert until_the_end([0] * 9, [0] * 9) == until_the_end([], []) == ""


def test_a_service_that_keeps_its_target_ends_so_as_seldom_as_it_says():
    """Outages that last long and are rare, at the target: of the share of time that they take, one run in a hundred ends in
    one. That is the most which Markov's inequality allows for, and outages last long enough here to be seen.
    """
    rng, ended_so, runs = np.random.default_rng(1), 0, 2_000
    for _ in range(runs):
        # 20 s down after 1,980 s up, the run of 60 s anywhere
        at = rng.uniform(0, 2_000)
        down = [(at + s) % 2_000 >= 1_980 for s in range(60)]
        ended_so += bool(FailedShares([100.0 * d for d in down], [100.0] * 60, "s").until_the_end(LIMIT, 0.95))
    assert 0 < ended_so / runs <= 0.01 + 3 * (0.01 / runs) ** 0.5


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
