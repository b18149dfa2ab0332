"""What a lag or a wait leaves of a quantile by the server's histogram, where only one of several lower bounds is any good."""

import dataclasses

import pytest

from sla.values.machine import TARGET, MachineSecond
from tests.unit.sla.judgement.test_server_latency import (
    FIRST,
    LENGTH_S,
    MS,
    SLOW,
    TAIL,
    S,
    edges,
    lag_of,
    measured,
    run,
    scrapes,
)


def with_last_lag(it, lag):
    """The lags of the last second are others."""
    rows = (dataclasses.replace(h, lag=lag) if i == LENGTH_S - 1 else h for i, h in enumerate(it.health))
    return dataclasses.replace(it, health=tuple(rows))


@pytest.mark.parametrize(("waited_s", "least"), [(0.024, (5, 10)), (0.026, (2, 5))])
def test_a_wait_that_a_tenth_may_have_had_is_taken_off_to_the_edge(waited_s, least):
    """2 under way for 24 ms of each second: 0.48 ms for each of 2000, or 4.8 ms for a tenth, which leaves 5.2 of 10. 26 ms
    leave 4.8. That 3 % waited three times as long leaves nothing, and of 30 % that are slow 30 % that waited leave none.
    """
    it = run(TAIL, target=[MachineSecond(FIRST + i, TARGET, waited_s=waited_s) for i in range(LENGTH_S)])
    windows = tuple(dataclasses.replace(w, in_flight_ns=S) for w in it.windows)
    it = dataclasses.replace(it, windows=windows, facts=dataclasses.replace(it.facts, plan=(), slots=2))
    assert edges(measured(it, on_time=True).at_least) == least


@pytest.mark.parametrize("usual_ms", [0.05, 0])
def test_the_largest_lag_of_a_second_is_taken_off_where_few_late_arrivals_may_have_slowed_down_too_many(usual_ms):
    """3 % are slow, asked for a p98. One arrival of 2000 is 8 ms late: ten times its share is more than can be spared; but 10
    ms less 8 are in the bucket from 1 to 2 ms.
    """
    it = run(SLOW, lag_of((usual_ms, 100)), snapshots=scrapes((0, 97, 0, 0, 3, 0, 0))[::2])
    late = with_last_lag(it, lag_of((usual_ms, 99), (8, 1)))
    latency = measured(late, timer="queueing", q=0.98)
    assert (edges(latency.estimate), latency.at_least.low) == ((10, 20), 1 * MS)


def test_the_usual_lag_is_taken_off_where_few_arrivals_are_much_later():
    """One in a hundred is half a second late and may have slowed down ten; all are slow."""
    assert edges(measured(run(SLOW, lag_of((0.05, 99), (500, 1))), timer="queueing").at_least) == (5, 10)


def test_what_was_slow_in_calm_seconds_stays_slow_inside():
    """12.35 % are slow, none of them in the last second, which is late: by their share these 5 % may be of the slow ones."""
    *others, last = scrapes((0, 87, 0, 0, 13, 0, 0))
    before = others[-1].histograms["h"]
    quick = dataclasses.replace(before, cumulative=tuple(n + 100 * (i > 0) for i, n in enumerate(before.cumulative)))
    it = run(SLOW, snapshots=[*others, dataclasses.replace(last, histograms={"h": quick})])
    latency = measured(with_last_lag(it, lag_of((500, 100))))
    assert edges(latency.estimate) == edges(latency.at_least) == (10, 20)
