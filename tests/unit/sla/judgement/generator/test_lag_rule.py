"""A lag opens single objectives, and only those that a perfect generator could have judged otherwise."""

import dataclasses

import numpy as np
import pytest

from sla.judgement.evaluate import evaluate
from sla.judgement.generator.lateness import (
    LATE,
    SHARED_HOST,
    lateness,
)
from sla.judgement.sequential import failing
from sla.judgement.steady import find_steady
from sla.values.agreement import Limit
from sla.values.assessment import Decision, Severity, Status
from sla.values.histogram import from_values
from sla.values.snapshot import BucketCounts
from tests.unit.sla.lagging import client, late, measurements, with_objectives
from tests.unit.sla.synthetic import LOCAL, START

MS = 1_000_000


def judged(run, *objectives, baseline=None, agreement=LOCAL.agreement, allowed=()):
    return evaluate(run, with_objectives(agreement, *objectives), baseline or LOCAL.baseline, allowed=frozenset(allowed))


def verdict(a, key="mine"):
    return next(o for o in a.objectives if o.key == key)


def slower(run, ns):
    """Every client latency `ns` longer, from the sending on."""
    return responding(run, ns, ns)


def responding(run, response_ns, service_ns=0):
    def longer(h, ns):
        values = np.repeat(h.indices * 0 + 1, h.counts)  # as many samples
        middles = np.repeat([int(v) for v in _middles(h)], h.counts)
        return from_values((middles + ns) * values)

    windows = (
        dataclasses.replace(
            w,
            response=longer(w.response, response_ns),
            service=longer(w.service, service_ns),
            in_flight_ns=w.in_flight_ns + service_ns * w.ok,
            service_sum_ns=w.service_sum_ns + service_ns * w.ok,
        )
        for w in run.windows
    )
    return dataclasses.replace(run, windows=tuple(windows))


def _middles(h):
    from sla.values.histogram import bucket_middle_ns

    return [bucket_middle_ns(int(i)) for i in h.indices]


@pytest.fixture(scope="module")
def run():
    return measurements(hold_s=30)


def test_fifty_percent_errors_are_no_go_however_late_the_generator_was():
    a = judged(late(measurements(hold_s=30, failures={"generate": 0.5, "verify": 0.5}), 10 * MS))
    assert (a.decision, a.exit_code) == (Decision.NO_GO, 3)
    assert verdict(a, "poi_success_rate").status is Status.FAIL
    assert verdict(a, "poi_throughput").status is Status.FAIL


def test_a_lag_of_10_ms_leaves_what_does_not_depend_on_it(run):
    a = judged(late(run, 10 * MS))
    assert (a.decision, a.exit_code) == (Decision.GO, 0), a.summary


def test_a_response_time_that_keeps_its_target_with_the_lag_in_it_passes(run):
    assert verdict(judged(late(responding(run, 10 * MS), 10 * MS), client(target_ns=20e6))).status is Status.PASS


def test_a_response_time_that_misses_its_target_by_no_more_than_the_lag_is_open_and_says_why(run):
    a = judged(late(responding(run, 10 * MS), 10 * MS), client(target_ns=5e6))
    assert (verdict(a).status, a.decision, a.exit_code) == (Status.INCONCLUSIVE, Decision.INCONCLUSIVE, 4)
    assert verdict(a).reason == f"{LATE} 10 ms (p99 10 ms): without that, the target is not shown to be missed"
    assert verdict(a).seconds_needed is None  # no length of run decides that
    assert {o.status for o in a.objectives if o.key != "mine"} == {Status.PASS}


def test_a_response_time_that_misses_its_target_by_more_than_the_lag_fails(run):
    a = judged(late(responding(run, 10 * MS), 2 * MS), client(target_ns=5e6))
    assert (verdict(a).status, a.decision) == (Status.FAIL, Decision.NO_GO)


def test_few_late_arrivals_do_not_hide_a_response_time_that_misses_its_target_without_them(run):
    rare = judged(late(responding(run, 3 * MS), 10 * MS, share=0.001), client(target_ns=1e6))
    assert verdict(rare).status is Status.FAIL
    often = judged(late(responding(run, 3 * MS), 10 * MS, share=0.5), client(target_ns=1e6))
    assert verdict(often).status is Status.INCONCLUSIVE


def test_a_service_time_passes_only_where_the_lag_added_or_the_response_time_keeps_the_target_too(run):
    assert verdict(judged(late(run, 10 * MS), client(target_ns=20e6, latency="service"))).status is Status.PASS
    on_time = judged(late(run, 10 * MS), client(target_ns=1e6, latency="service"))
    assert verdict(on_time).status is Status.PASS  # the response times hold the lag, and are short: late ones were not these
    waited = judged(late(responding(run, 10 * MS), 10 * MS), client(target_ns=5e6, latency="service"))
    assert verdict(waited).status is Status.INCONCLUSIVE
    assert verdict(waited).reason.endswith("with that, the target is not shown to be kept")


def test_a_service_time_fails_only_less_the_lag(run):
    assert verdict(judged(late(slower(run, 10 * MS), 2 * MS), client(target_ns=5e6, latency="service"))).status is Status.FAIL
    a = judged(late(slower(run, 10 * MS), 10 * MS), client(target_ns=5e6, latency="service"))
    assert verdict(a).status is Status.INCONCLUSIVE


def test_the_acceptable_range_and_ten_times_the_baseline_obey_the_same_rule(run):
    mine = client(target_ns=1e6, acceptable=Limit("<", 5e6), severity=Severity.WARNING, baseline_key="b")
    run = late(responding(run, 10 * MS), 6 * MS)
    assert verdict(judged(run, mine)).status is Status.WARN  # the target is missed for sure, the range is not left for sure
    keeps = dataclasses.replace(mine, target=Limit("<", 20e6))
    for baseline_ns, status in ((0.1e6, Status.WARN), (0.9e6, Status.INCONCLUSIVE), (2e6, Status.PASS)):
        baseline = dataclasses.replace(LOCAL.baseline, values={"b": baseline_ns})
        assert verdict(judged(run, keeps, baseline=baseline)).status is status


def test_a_server_that_is_slow_in_every_operation_fails_though_some_arrivals_came_in_bunches():
    slow = measurements(hold_s=30, server_us={"generate": 1000.0})
    a = judged(late(slow, 10 * MS, share=0.05))
    assert verdict(a, "poi_generate_p99").status is Status.FAIL
    assert verdict(judged(late(slow, 10 * MS)), "poi_generate_p99").status is Status.INCONCLUSIVE


def some_slow(run, name, share):
    """The server's histogram with a share of its observations moved beyond 1 ms."""

    def moved(h):
        slow = round(h.count * share)
        return BucketCounts(
            h.edges_s, tuple(c if e > 1e-2 else min(c, h.count - slow) for e, c in zip(h.edges_s, h.cumulative, strict=True))
        )

    snapshots = (dataclasses.replace(s, histograms={**s.histograms, name: moved(s.histograms[name])}) for s in run.snapshots)
    return dataclasses.replace(run, snapshots=tuple(snapshots))


def test_exceedances_that_bunched_arrivals_can_explain_are_open(run):
    def generate(lagging):
        return verdict(judged(lagging, allowed=["dominance"]), "poi_generate_p99")

    slow = some_slow(run, "bizra_poi_generate_seconds", 0.015)
    assert generate(slow).status in (Status.WARN, Status.FAIL)
    assert generate(late(slow, 3 * MS, share=0.02)).status is Status.INCONCLUSIVE
    assert generate(late(slow, 3 * MS, share=0.02)).reason.startswith(LATE)
    # late by less than the gap between arrivals (900 a second) they come no more bunched than independent ones
    assert generate(late(slow, MS, share=0.02)).status in (Status.WARN, Status.FAIL)
    # only the judged part counts, not the ramp
    rows = zip(late(slow, 3 * MS).health, late(slow, 60_000).health, strict=True)
    ramp = dataclasses.replace(slow, health=tuple(x if x.second < START + 2 else y for x, y in rows))
    assert generate(ramp).status in (Status.WARN, Status.FAIL)


def some_quick(run, name, share):
    """The server's histogram with all but a share of its observations moved under 1 us."""

    def moved(h):
        slow = round(h.count * share)
        return BucketCounts(h.edges_s, tuple(max(c, h.count - slow) for c in h.cumulative))

    snapshots = (dataclasses.replace(s, histograms={**s.histograms, name: moved(s.histograms[name])}) for s in run.snapshots)
    return dataclasses.replace(run, snapshots=tuple(snapshots))


def test_a_timer_inside_keeps_its_target_only_if_it_does_without_those_that_came_bunched(run):
    """Right behind another an operation finds warm caches: measured were 1.6 instead of 2.8 us."""

    def generate(lagging):
        return verdict(judged(lagging, allowed=["dominance"]), "poi_generate_p99")

    quick = some_quick(some_slow(run, "bizra_poi_generate_seconds", 0.005), "bizra_poi_generate_seconds", 0.3)
    assert generate(quick).status is Status.PASS
    held = generate(late(quick, 100 * MS, share=0.4))  # 0.5 % are over the limit, of the others over 1 %
    assert held.status is Status.INCONCLUSIVE
    assert "operations in bunches are quicker" in held.reason
    assert generate(late(quick, 100 * MS)).status is Status.PASS  # all are as late: a shift, no bunch
    assert generate(late(run, 100 * MS, share=0.4)).status is Status.PASS  # kept by those one by one, too


def test_errors_that_a_burst_after_a_hold_can_have_caused_are_no_failure():
    refused = measurements(hold_s=30, failures={"generate": 0.05, "verify": 0.05})
    assert verdict(judged(refused), "poi_success_rate").status is Status.FAIL
    held = verdict(judged(late(refused, 200 * MS, share=0.2)), "poi_success_rate")
    assert held.status is Status.INCONCLUSIVE
    assert "may have been refused for that" in held.reason
    assert verdict(judged(late(refused, 50 * MS, share=0.2)), "poi_success_rate").status is Status.FAIL  # no burst
    worse = measurements(hold_s=30, failures={"generate": 0.5, "verify": 0.5})
    assert verdict(judged(late(worse, 200 * MS, share=0.2)), "poi_success_rate").status is Status.FAIL


def without_lags(run, seconds):
    """Nobody knows how late the arrivals of these seconds were."""
    return dataclasses.replace(run, health=tuple(h for h in run.health if h.second not in seconds))


def test_a_lag_that_is_not_known_is_not_small(run):
    hidden = range(START + 5, START + 30, 2)
    slow = late(slower(run, 10 * MS), MS)
    assert verdict(judged(slow, client(target_ns=5e6))).status is Status.FAIL
    assert verdict(judged(without_lags(slow, hidden), client(target_ns=5e6))).status is Status.INCONCLUSIVE
    bad = late(some_slow(run, "bizra_poi_generate_seconds", 0.015), 60_000)
    assert verdict(judged(without_lags(bad, hidden), allowed=["dominance"]), "poi_generate_p99").status is Status.INCONCLUSIVE


def test_without_any_record_of_how_late_arrivals_were_no_latency_is_judged(run):
    a = judged(dataclasses.replace(run, health=()))
    lag = next(c for c in a.checks if c.key == "schedule_lag")
    assert (lag.status, lag.figure) == (Status.FAIL, None)
    assert "is unknown" in lag.reason
    assert verdict(a, "poi_generate_p99").status is Status.INVALID
    assert verdict(a, "poi_throughput").status is Status.PASS


def queueing(agreement):
    operations = {**agreement.operations, "generate": dataclasses.replace(agreement.operations["generate"], timer="queueing")}
    return dataclasses.replace(agreement, operations=operations)


def test_a_timer_that_includes_queueing_passes_only_from_another_host(run):
    agreement = queueing(LOCAL.agreement)
    assert verdict(judged(run, agreement=agreement), "poi_generate_p99").status is Status.PASS
    here = dataclasses.replace(run, facts=dataclasses.replace(run.facts, target_is_local=True))
    o = verdict(judged(here, agreement=agreement), "poi_generate_p99")
    assert o.status is Status.INCONCLUSIVE
    assert o.reason.startswith(SHARED_HOST)
    assert verdict(judged(here), "poi_generate_p99").status is Status.PASS  # a timer inside the operation


def test_a_timer_that_includes_queueing_fails_only_less_the_lag():
    slow, agreement = measurements(hold_s=30, server_us={"generate": 1500.0}), queueing(LOCAL.agreement)
    assert verdict(judged(late(slow, 200_000), agreement=agreement), "poi_generate_p99").status is Status.FAIL
    assert verdict(judged(late(slow, 10 * MS), agreement=agreement), "poi_generate_p99").status is Status.INCONCLUSIVE


def test_a_run_is_not_stopped_early_for_what_its_own_lag_may_have_done(run):
    mine = with_objectives(LOCAL.agreement, client(target_ns=5e6))
    assert failing(late(responding(run, 10 * MS), 2 * MS), mine) == {"mine"}
    assert failing(late(responding(run, 10 * MS), 10 * MS), mine) == frozenset()


def test_without_a_plan_nothing_was_late(run):
    closed = dataclasses.replace(run, facts=dataclasses.replace(run.facts, plan=()))
    assert lateness(closed, find_steady(closed)) is None
