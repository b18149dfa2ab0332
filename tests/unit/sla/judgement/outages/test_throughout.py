"""A service that misses its target in its usual seconds: an outage or a stall beside them makes that no better."""

import numpy as np
import pytest

from sla.judgement.outages.failing_end import FailedShares, FailingEnd
from sla.judgement.outages.slow_end import SlowEnd
from sla.judgement.sequential import LASTING, failing
from sla.values.agreement import Limit
from sla.values.assessment import Severity, Status
from sla.values.kinds import ClientLatency, ServerLatency, SuccessRate
from tests.unit.sla.judgement.test_moving import EVEN, LENGTH_S, MS, agreement_of, judged, run_of

TARGET = Limit(">=", 0.99)


def failures(share, seconds=120, each=100.0, outage=0):
    """Independent failures, and all of them in an outage in the middle."""
    attempted = np.full(seconds, each)
    failed = np.random.default_rng(5).binomial(int(each), share, seconds).astype(float)
    failed[60 : 60 + outage] = each
    return FailedShares(failed, attempted, "s")


@pytest.mark.parametrize("outage", [0, 5, 15])
@pytest.mark.parametrize("share", [0.05, 0.1, 0.2])
def test_what_fails_too_often_all_the_time_is_missed_with_an_outage_as_without_one(share, outage):
    reason = failures(share, outage=outage).throughout(TARGET, 0.99)
    worst = f" even without its worst {outage} s" if outage else ""
    assert reason.startswith(f"misses the target{worst}: ")
    assert reason.endswith(" % at least, where 1 % may")


@pytest.mark.parametrize(("share", "outage"), [(0.0, 15), (0.01, 15), (0.01, 0), (0.009, 30)])
def test_an_outage_alone_or_a_share_about_the_target_is_not(share, outage):
    assert failures(share, outage=outage).throughout(TARGET, 0.95) == ""


def test_a_claim_is_made_at_the_level_that_is_asked_for():
    """2 % of 12,000: the standard deviation is 0.13 %, and what they depend on each other by is estimated."""
    shares = failures(0.02)
    share, of_one = float(shares.failed.sum() / shares.attempted.sum()), 0.00128
    claims = [
        [shares.throughout(Limit(">=", 1 - share + by * of_one), level) != "" for level in (0.5, 0.999)] for by in (1.5, 9)
    ]
    assert claims == [[True, False], [True, True]]


def test_operations_of_unknown_fate_may_all_have_been_successful():
    shares = failures(0.05)
    assert shares.throughout(TARGET, 0.95, doubt=12_000) != ""
    assert shares.throughout(TARGET, 0.95, doubt=80_000) == ""
    assert shares.throughout(TARGET, 0.95, doubt=45_500) == ""  # over 1 % seen, and less than 1 % for certain


def test_nothing_attempted_claims_nothing():
    assert FailedShares(np.zeros(9), np.zeros(9), "s").throughout(TARGET, 0.95) == ""


def test_what_moves_as_slowly_as_the_run_is_long_is_not_claimed():
    """From nothing to 10 %: another run may see the other half of a wave."""
    attempted = np.full(120, 1000.0)
    rising = FailedShares(np.round(np.linspace(0, 100, 120)), attempted, "s")
    assert rising.throughout(TARGET, 0.95) == ""


def slow(share, times):
    """What `run_of` makes of a level: an even one with a stall of 8 s, as slow as that everywhere else."""
    level = np.full(LENGTH_S, share) * EVEN
    level[20:28] = times
    return run_of(level)


@pytest.mark.parametrize("kind", [ClientLatency(0.99, "response"), ServerLatency(0.99)])
def test_a_p99_over_its_target_all_the_time_is_missed_whatever_a_stall_does_to_its_interval(kind):
    """About 1 ms, half of it over 1 ms, as far as a stall of 8 s hides it."""
    target = Limit("<", 1.0 * MS)
    assert judged(kind, target, slow(1.0, 1.0)).status is Status.FAIL
    assert judged(kind, target, slow(1.0, 60.0)).status is Status.FAIL


def test_a_success_rate_is_missed_in_a_verdict_and_in_a_look():
    failing_share = np.full(LENGTH_S, 0.1)
    failing_share[20:28] = 1.0
    run = run_of(failing=failing_share)
    o = judged(SuccessRate(), TARGET, run)
    assert (o.status, o.reason.split(":")[0]) == (Status.FAIL, "misses the target even without its worst 8 s")
    assert not o.estimate.high < TARGET.value  # the interval of the average alone leaves it open


@pytest.mark.parametrize(
    ("acceptable", "status", "end"),
    [(0.95, Status.FAIL, ": the acceptable range is left"), (0.5, Status.WARN, "; not shown to leave the acceptable range")],
)
def test_a_warning_fails_where_its_usual_seconds_leave_what_it_may_miss(acceptable, status, end):
    failing_share = np.full(LENGTH_S, 0.1)
    failing_share[20:28] = 1.0
    o = judged(SuccessRate(), TARGET, run_of(failing=failing_share), Severity.WARNING, Limit(">=", acceptable))
    assert o.status is status
    assert o.reason.startswith("misses the target even without its worst 8 s: ")
    assert o.reason.endswith(end)


def test_a_look_finds_it_too():
    failing_share = np.full(LENGTH_S, 0.1)
    failing_share[20:28] = 1.0
    assert failing(run_of(failing=failing_share), agreement_of(SuccessRate(), TARGET)) == {"o"}
    failing_share[:] = 0.001
    failing_share[20:28] = 1.0
    assert failing(run_of(failing=failing_share), agreement_of(SuccessRate(), TARGET)) == frozenset()


@pytest.mark.parametrize(("seconds", "stops"), [(LASTING, True), (LASTING - 1, False)])
def test_a_service_that_has_not_recovered_for_long_stops_a_run(seconds, stops):
    failed = np.zeros(100)
    failed[100 - seconds :] = 50
    shares = FailedShares(failed, np.full(100, 50.0), "s")
    assert bool(FailingEnd(shares).reason(TARGET, LASTING)) is stops
    assert FailingEnd(shares).reason(TARGET) != ""
    slow_end = SlowEnd(lambda _: [(shares.attempted - failed, shares.attempted)], 0.99, "s")
    assert bool(slow_end.reason(Limit("<", 4 * MS), LASTING)) is stops


def test_a_look_at_a_service_that_has_failed_for_long_finds_it_missed():
    dead = np.zeros(LENGTH_S)
    dead[LENGTH_S - LASTING :] = 1.0
    assert failing(run_of(failing=dead), agreement_of(SuccessRate(), TARGET)) == {"o"}


def test_every_way_in_which_a_perfect_generator_may_have_measured_them_must_show_it():
    sizes, over, quick = np.full(30, 100.0), np.full(30, 90.0), np.full(30, 100.0)

    def reason(*within, moves=False):
        return SlowEnd(lambda _: [(w, sizes) for w in within], 0.99, "s", moves=moves).throughout(Limit("<", 4 * MS), 0.95)

    assert reason(over, over).startswith("misses the target: 10 % of its operations took longer than 4 ms, ")
    assert reason(over, quick) == reason(quick, over) == reason() == ""
    assert reason(over, over, moves=True) == ""


def test_shares_that_lie_close_together_are_shown_with_as_many_digits_as_tell_them_apart():
    many = failures(0.0103, each=1_000_000.0)
    assert " % at least, where 1.00 % may" not in many.throughout(TARGET, 0.95)
    shown = many.throughout(Limit(">=", 0.99), 0.95)
    least, may = (float(shown.partition(" failed, ")[2].split(" % ")[0]), float(shown.rsplit(" ", 3)[1]))
    assert least > may == 1.0
    none = FailedShares(np.full(120, 1.0), np.full(120, 1e7), "s")
    assert "e-" not in none.throughout(Limit(">=", 1.0), 0.95)


def test_one_window_is_one():
    attempted, failed = np.full(60, 100.0), np.tile([9.0, 10.0, 11.0], 20)
    failed[30] = 100
    assert " even without its worst 1 scrape interval: " in FailedShares(failed, attempted, "scrape intervals").throughout(
        TARGET, 0.95
    )


@pytest.mark.parametrize(("acceptable", "status"), [(None, Status.FAIL), (0.98, Status.FAIL), (0.95, Status.WARN)])
def test_a_warning_that_is_dead_to_the_end_is_one_at_least(acceptable, status):
    """5 % may fail of what is acceptable: a service that may be down so often may be so at the end."""
    dead = np.where(np.arange(LENGTH_S) >= LENGTH_S - 12, 1.0, 0.0)
    allowed = None if acceptable is None else Limit(">=", acceptable)
    assert judged(SuccessRate(), TARGET, run_of(failing=dead), Severity.WARNING, allowed).status is status
