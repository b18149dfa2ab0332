"""A service that ceases to respond at the end of a load: what it was asked for is judged, when it ends and however."""

import dataclasses

import numpy as np
import pytest

from sla.judgement.evaluate import evaluate
from sla.judgement.steady import begun_by_second, by_second, find_steady, one_histogram_a_second
from sla.values.assessment import Status
from sla.values.histogram import EMPTY, from_values
from sla.values.window import SCHEDULE, Window
from tests.unit.sla.lagging import client, with_objectives
from tests.unit.sla.synthetic import HOLD_S, LOCAL, RAMP_S, START, measurements

END = START + RAMP_S + HOLD_S
HANG_S, RATE = 3, 100  # of each operation, each second


def hanging(after):
    """Nothing ends in the last HANG_S seconds of the load; `after` ends when it is over."""

    def change(w):
        if w.operation == SCHEDULE or w.second < END - HANG_S:
            return w
        return dataclasses.replace(w, ok=0, response=EMPTY, service=EMPTY, service_sum_ns=0, response_sum_ns=0)

    run = measurements(rate=RATE)
    return dataclasses.replace(run, windows=(*map(change, run.windows), *after))


def status(run):
    agreement = with_objectives(LOCAL.agreement, client(target_ns=250e6))
    a = evaluate(run, agreement, LOCAL.baseline, allowed=frozenset({"counters", "littles-law", "server-data"}))
    return {o.key: o.status for o in a.objectives}, {o.operation: o for o in a.operations}


def late(operation="generate", second=END + 4, count=HANG_S * RATE, ns=5 * 10**9, **fields):
    h = from_values(np.full(count, ns))
    return dataclasses.replace(Window(second, operation, ok=count, response=h, service=h), **fields)


def test_time_outs_after_the_load_are_failures_of_it():
    timed_out = Window(
        END + 6, "generate", failed={"timeout": HANG_S * RATE}, response=from_values(np.zeros(0, np.int64), HANG_S * RATE)
    )
    found, operations = status(hanging([timed_out]))
    assert found["poi_success_rate"] is not Status.PASS
    assert found["mine"] is not Status.PASS
    assert operations["generate"].failed == {"timeout": HANG_S * RATE}
    assert operations["generate"].ok == (HOLD_S - HANG_S) * RATE


def test_late_responses_are_slow_ones_and_no_throughput():
    found, operations = status(hanging([late()]))
    assert found["mine"] is not Status.PASS
    assert found["poi_success_rate"] is Status.PASS
    assert operations["generate"].ok == HOLD_S * RATE
    assert operations["generate"].response["p99"].point == pytest.approx(5e9, rel=1e-3)
    assert operations["generate"].rate.point == pytest.approx(RATE * (HOLD_S - HANG_S) / HOLD_S)


def test_where_load_goes_on_only_what_surely_began_before_is_judged():
    after = [
        late(second=END + s, count=4, started=4, ns=ns)
        for s, ns in ((0, 999_000_000), (0, 1_002_000_000), (3, 3_900_000_000), (3, 4_010_000_000))
    ]
    run = hanging([*after, Window(END + 9, "verify", started=1)])
    steady = find_steady(run)
    assert steady.to_second == END
    h = one_histogram_a_second(run.windows, "generate", steady, "response")[-1]
    assert h.total == 8
    assert h.min_ns > 1e9
    assert sum(w.ok for w in begun_by_second(run.windows, ["generate"], steady)[-1]) == 0


def test_a_usual_end_changes_nothing():
    run = measurements(rate=RATE)
    end = [late(second=END, count=7, ns=2_000_000, started=7)]  # of the part of a second that is not judged
    steady = find_steady(run)
    for windows in (run.windows, (*run.windows, *end)):
        judged = by_second(windows, ["generate"], steady.from_second, steady.to_second)
        assert begun_by_second(windows, ["generate"], steady) == judged
