"""A client's latency of a hundred operations a second, counted by hand: its evidence, and what lag and losses leave of it."""

import dataclasses

import numpy as np
import pytest

from sla.estimators.at_target import at_target
from sla.estimators.quantiles import MergedWindows
from sla.judgement.generator.lateness import lateness
from sla.judgement.kinds.choose import estimator_of
from sla.values.agreement import Limit, Objective
from sla.values.assessment import Severity, Steady
from sla.values.histogram import EMPTY, from_values
from sla.values.kinds import ClientLatency
from sla.values.machine import MachineSecond
from sla.values.measurements import Measurements, PlannedSegment, RunFacts
from sla.values.window import Health, Window
from tests.unit.sla.synthetic import LOCAL

S, MS = 10**9, 10**6
FIRST, LENGTH_S = 1000, 20
STEADY = Steady(FIRST, FIRST + LENGTH_S, 0.0, 0.0, "")


def of(*parts):
    """`parts`: (ms, how often)."""
    return from_values(np.concatenate([np.full(n, int(ms * MS)) for ms, n in parts]).astype(np.int64))


def run(response, service=None, lag_ms=0.05, outside=None, **window):
    """The same in each of 20 seconds; `outside`: fields of a window after them."""
    one = Window(0, "a", 100, started=100, ok=100, response=response, service=service or response, **window)
    windows = [dataclasses.replace(one, second=FIRST + i) for i in range(LENGTH_S)]
    if outside:
        windows.append(dataclasses.replace(one, second=FIRST + LENGTH_S, **outside))
    health = [Health(FIRST + i, "w", of((lag_ms, 100))) for i in range(-1, LENGTH_S)]
    facts = RunFacts(FIRST * S, (FIRST + LENGTH_S) * S, plan=(PlannedSegment(LENGTH_S, 100, 100),))
    return Measurements(tuple(windows), tuple(health), (), facts)


def test_what_may_be_over_the_target_is_known_there_too():
    measured = run(of((1, 94), (9, 6)))
    merged = MergedWindows.of([of((1, 94), (9, 6))] * LENGTH_S)
    at = estimator().from_run(measured, STEADY, None)
    assert at(0.95).beyond == at_target(merged, 0.9, 5 * MS, 0.95) is not None


def test_who_looks_often_has_a_tail_followed_to_a_tenth_of_all():
    """The slowest 2 % come evenly, next to them 7.5 % in one second of four: in a run that is looked at they tell too."""
    even, more = of((1, 900), (9, 20)), of((1, 624), (3, 276), (9, 20))
    measured = run(even)
    windows = [dataclasses.replace(w, response=even if w.second % 4 else more, service=even) for w in measured.windows]
    measured = dataclasses.replace(measured, windows=tuple(windows))
    looked = dataclasses.replace(measured, facts=dataclasses.replace(measured.facts, looked=True))
    n_eff, fewer = (estimator(0.99).from_run(m, STEADY, None)(0.95).estimate.n_eff for m in (measured, looked))
    assert n_eff > 3 * fewer


def estimator(q=0.9, latency="response", target_ms=5.0):
    o = Objective("o", "O", Severity.CRITICAL, ClientLatency(q, latency), ("a",), Limit("<", target_ms * MS), None, "")
    return estimator_of(o, LOCAL.agreement)


def measured(it, on_time=False, **options):
    return estimator(**options).from_run(it, STEADY, None if on_time else lateness(it, STEADY))(0.95)


EVEN = of((1, 50), (2, 50))


def test_its_evidence_is_the_tail_of_the_effective_samples_and_so_long_it_needs():
    """11.4 beyond a p90 at 100/s: 1.14 s, where every second is like the others."""
    latency = measured(run(EVEN), on_time=True)
    assert latency.seconds_needed == pytest.approx(1.14)
    assert latency.estimate.n == 2000
    # 200 less what eleven cosines of twenty seconds leave open
    assert latency.tail_evidence == pytest.approx(200 * (1.95996 / 2.20099) ** 2, rel=1e-4)
    assert latency.tail_evidence == pytest.approx(latency.estimate.n_eff / 10)
    assert measured(run(EVEN), on_time=True, q=0.5).seconds_needed == pytest.approx(0.228)


def test_what_nobody_timed_counts_in_the_judged_part_alone():
    later = {"untimed": 1000, "response": EMPTY, "service": EMPTY}
    assert measured(run(EVEN, outside=later)).at_most == measured(run(EVEN)).at_most
    assert measured(run(EVEN, untimed=20)).at_most.high == np.inf  # a sixth of all: the p90 of all may be slow


def close(estimate):
    return [round(x / MS, 1) for x in (estimate.low, estimate.point, estimate.high)]


def test_of_a_service_time_the_lag_is_taken_off_and_added_and_the_response_time_is_the_most():
    slow = run(of((15, 100)), of((10, 100)), lag_ms=5)
    latency = measured(slow, latency="service")
    assert (close(latency.at_least), close(latency.estimate), close(latency.at_most)) == ([5.0] * 3, [10.0] * 3, [15.0] * 3)
    less = measured(run(of((12, 100)), of((10, 100)), lag_ms=5), latency="service")
    assert close(less.at_most) == [12.0] * 3
    more = measured(run(of((30, 100)), of((10, 100)), lag_ms=5), latency="service")
    assert close(more.at_most) == [15.0] * 3


def test_of_a_response_time_the_lag_is_taken_off_and_nothing_is_added():
    latency = measured(run(of((15, 100)), of((10, 100)), lag_ms=5))
    assert (close(latency.at_least), close(latency.estimate), close(latency.at_most)) == ([10.0] * 3, [15.0] * 3, [15.0] * 3)


@pytest.mark.parametrize(
    ("doubt", "fails"),
    [
        (0, True),
        (600, True),  # the p87 of those that were measured: 13 % were slow for certain
        (2000, False),  # the p80, which was quick
        (18_000, False),  # the p0: nobody knows anything
        (50_000, False),
    ],
)
def test_so_many_more_quick_ones_make_it_a_lower_quantile_of_those_that_were_measured(doubt, fails):
    """15 % of 2,000 took 10 ms, asked for a p90 of 5."""
    slow = run(of((1, 85), (10, 15)))
    assert estimator().fails_despite(doubt, slow, STEADY, 0.95) is fails


def test_as_many_as_were_measured_leave_nothing_of_a_median():
    slow = run(of((10, 100)))
    assert estimator(0.5).fails_despite(1000, slow, STEADY, 0.95)
    assert not estimator(0.5).fails_despite(2000, slow, STEADY, 0.95)


SPREAD = of((1, 45), (2, 10), (3, 45))


def test_operations_that_nobody_timed_were_all_fast_or_all_slow():
    """With a fifth more the median is the p40 of those that were timed, or their p60."""
    latency = measured(run(SPREAD, untimed=20), on_time=True, q=0.5)
    assert (close(latency.at_least)[1], close(latency.estimate)[1], close(latency.at_most)[1]) == (1.0, 2.0, 3.0)
    message = "the latency of 400 successful operations is unknown: were they all"
    assert (latency.less, latency.more) == (f"{message} fast", f"{message} slow")


def test_as_many_that_nobody_timed_as_were_timed_leave_a_median_open_on_both_sides():
    latency = measured(run(SPREAD, untimed=100), on_time=True, q=0.5)
    assert (latency.at_least.low, latency.at_most.high) == (0.0, np.inf)
    assert (close(latency.at_least)[1], latency.at_most.point) == (2.0, np.inf)


def test_of_lag_and_untimed_operations_what_leaves_more_open_is_said():
    late = "the generator was late by up to"
    by_lag = measured(run(of((15, 100)), lag_ms=5, untimed=20), q=0.5)
    assert by_lag.less.startswith(late)
    assert by_lag.more.startswith(late)  # equal latencies: a higher quantile is no more
    assert close(by_lag.at_least) == [10.0] * 3
    assert measured(run(of((15, 100)), lag_ms=20, untimed=100), q=0.5).less.startswith(late)  # both leave nothing
    assert measured(run(SPREAD, untimed=20), q=0.5).less.startswith("the latency of ")


def mostly_on_time(late_share):
    """A lag of 50 us, of 60 us for one in a hundred, and of 50 ms for so many."""
    return of((0.05, 99 - late_share), (0.06, 1), (50, late_share))


def with_lag(it, lag):
    return dataclasses.replace(it, health=tuple(dataclasses.replace(h, lag=lag) for h in it.health))


def test_of_few_late_arrivals_a_lower_quantile_less_the_usual_lag_is_left():
    """Two in a hundred were 60 us late or more and may have hurt ten operations each: a p70 is left of the p90, or less."""
    slow = with_lag(run(of((1, 80), (15, 20))), mostly_on_time(1))
    latency = measured(slow)
    assert close(latency.estimate)[1] == 15.0
    assert latency.at_least.point == pytest.approx(0.95 * MS, rel=0.005)
    even = measured(with_lag(run(of((15, 100))), mostly_on_time(1)))
    assert even.at_least.low == pytest.approx(14.95 * MS, rel=0.002)


def test_arrivals_that_were_all_late_by_the_same_leave_a_bound_beside_one_that_was_later():
    """They share a bucket: only what lies in higher ones was later."""
    slow = with_lag(run(of((15, 100))), from_values(np.array([50_000] * 99 + [50_000_000])))
    assert measured(slow).at_least.low == pytest.approx(14.95 * MS, rel=0.002)


def test_of_many_late_arrivals_nothing_is_left():
    latency = measured(with_lag(run(of((15, 100))), mostly_on_time(20)), q=0.5)
    assert (latency.at_least.low, latency.at_least.point) == (0.0, 0.0)


def test_where_all_were_timed_nothing_is_said_of_it():
    latency = measured(run(SPREAD), on_time=True)
    assert (latency.at_least, latency.at_most, latency.less, latency.more) == (None, None, "", "")


def test_what_is_quicker_than_the_usual_lag_took_no_time_without_it():
    assert measured(with_lag(run(of((0.01, 100))), mostly_on_time(1))).at_least.low == 0.0


def closed_run(response, waited_s=0.01):
    """Without a plan; two users, on a worker that waits for a core for so long in each second."""
    it = run(response, in_flight_ns=S)
    health = (dataclasses.replace(h, machine=MachineSecond(h.second, "w", waited_s=waited_s)) for h in it.health)
    return dataclasses.replace(it, health=tuple(health), facts=dataclasses.replace(it.facts, plan=(), slots=2))


def test_waits_for_a_core_leave_the_best_of_lower_quantiles_less_what_so_few_waited_longer():
    """2 * 0.01 * 20 s / 2000 operations: 0.2 ms each in the mean. At most 3 % waited longer than 6.67 ms, 10 % than 2 ms and
    30 % than 0.67 ms: a p87 of 20 ms leaves 13.3, a p80 of 20 leaves 18, a p60 of 5 leaves 4.3. A quarter of what lies under
    the p90 waited longer than 0.89 ms: the p67.5 of 20 leaves 19.1.
    """
    latency = measured(closed_run(of((1, 50), (5, 15), (20, 35))), on_time=True)
    assert close(latency.at_least)[1] == 19.1
    assert latency.less == "workers waited up to 1.0 % of the time for a core: without that"
    assert (latency.at_most, latency.more) == (None, "")


def test_of_a_median_only_a_part_of_its_tail_can_have_waited():
    """15 % waited longer than 1.33 ms at most; that 50 % waited longer than 0.4 says nothing of any quantile."""
    assert close(measured(closed_run(of((1, 30), (5, 30), (9, 40))), on_time=True, q=0.5).at_least)[1] == 3.7


def test_where_no_worker_waited_nothing_is_taken_off():
    latency = measured(closed_run(EVEN, waited_s=0.0), on_time=True)
    assert (latency.at_least, latency.less) == (None, "")


def test_an_operation_that_nobody_sent_has_no_latency():
    it = dataclasses.replace(run(EVEN), windows=())
    assert (measured(it).estimate, measured(it).source) == (None, "client, a response time")
    assert not estimator().fails_despite(5, it, STEADY, 0.95)
