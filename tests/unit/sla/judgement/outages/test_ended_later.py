"""A service that ceases to respond at the end of a load: what it was asked for is judged, when it ends and however."""

import dataclasses

import numpy as np
import pytest

from sla.judgement.evaluate import evaluate
from sla.judgement.outages.ended_later import ended_later, perhaps_later
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
    statuses, operations = status(hanging([timed_out]))
    assert statuses["poi_success_rate"] is not Status.PASS
    assert statuses["mine"] is not Status.PASS
    assert operations["generate"].failed == {"timeout": HANG_S * RATE}
    assert operations["generate"].ok == (HOLD_S - HANG_S) * RATE


def test_late_responses_are_slow_ones_and_no_throughput():
    statuses, operations = status(hanging([late()]))
    assert statuses["mine"] is not Status.PASS
    assert statuses["poi_success_rate"] is Status.PASS
    assert operations["generate"].ok == HOLD_S * RATE
    assert operations["generate"].response["p99"].point == pytest.approx(5e9, rel=1e-3)
    assert operations["generate"].rate.point == pytest.approx(RATE * (HOLD_S - HANG_S) / HOLD_S)


def test_where_load_goes_on_only_what_surely_began_before_is_judged():
    after = [
        late(second=END + s, count=4, started=4, ns=ns)
        for s, ns in ((0, 999_000_000), (0, 1_002_000_000), (3, 3_900_000_000), (3, 4_010_000_000))
    ]
    run = hanging(after)
    steady = find_steady(run)
    assert steady.to_second == END
    goes_on = dataclasses.replace(run, facts=dataclasses.replace(run.facts, load_ended_ns=(END + 30) * 10**9))
    for part, total in ((goes_on, 8), (run, 12)):  # after the load all that ends began before
        seconds = one_histogram_a_second(part, "generate", steady, "response")[-HANG_S:]
        assert sum(h.total for h in seconds) == total
        assert min(h.min_ns for h in seconds if h.total) > 1e9


def test_a_usual_end_changes_nothing():
    run = measurements(rate=RATE)
    end = [late(second=END, count=7, ns=2_000_000, started=7)]  # of the part of a second that is not judged
    for windows in (run.windows, (*run.windows, *end)):
        run = dataclasses.replace(run, windows=windows)
        steady = find_steady(run)
        judged = by_second(windows, ["generate"], steady.from_second, steady.to_second)
        assert begun_by_second(run, ["generate"], steady) == judged


def ended(*after, **facts):
    """(failures, successful ones) that count in each second of the judged part."""
    run = hanging(after)
    run = dataclasses.replace(run, facts=dataclasses.replace(run.facts, **facts))
    steady = dataclasses.replace(find_steady(measurements(rate=RATE)), to_second=END)
    return [(sum(w.failures for w in s), sum(w.ok for w in s)) for s in begun_by_second(run, ["generate"], steady)]


def timed_out(second, count, started=0, took_s=0.0):
    return Window(second, "generate", started=started, failed={"timeout": count}, service_sum_ns=int(count * took_s * 1e9))


GOES_ON = {"load_ended_ns": (END + 30) * 10**9}
BEFORE = [(0, RATE)] * (HOLD_S - HANG_S)


def test_a_connection_that_never_came_about_counts_as_started_when_it_fails_and_began_before_the_end():
    assert ended(timed_out(END + 2, 40, started=40)) == [*BEFORE, (0, 0), (0, 0), (40, 0)]


def test_time_outs_lie_where_they_began():
    after = [timed_out(END + s, 10 + s) for s in (1, 2, 3)]
    assert ended(*after, request_timeout_ns=4 * 10**9) == [*BEFORE, (11, 0), (12, 0), (13, 0)]


def test_more_failures_than_operations_that_began_since_are_of_earlier_ones():
    """As where a load ends within a second: that one is not judged."""
    resets = Window(END, "generate", started=30, failed={"transport": 230})
    assert ended(resets)[-1] == (200, 0)
    assert ended(Window(END, "generate", started=30, failed={"transport": 30}))[-1] == (0, 0)
    following = [Window(END + s, "generate", started=50, failed={"transport": n}) for s, n in ((0, 0), (1, 300), (2, 60))]
    assert ended(*following, **GOES_ON)[-1] == (210, 0)


def test_time_outs_of_a_following_stage_that_took_too_long_to_be_its_own():
    """Of 20 that took 3 s on average and 3.4 s at most, 17 took 1 s, 15 took 2 s, and none surely more than 3 s."""
    after = [timed_out(END + s, 20, started=100, took_s=3.0) for s in range(6)]
    assert sum(n for n, _ in ended(*after, **GOES_ON, request_timeout_ns=3 * 10**9)) == 17 + 15
    assert sum(n for n, _ in ended(*after, **GOES_ON)) == 0
    short = [timed_out(END + s, 20, started=100, took_s=0.9) for s in range(6)]  # of users of another time-out
    assert sum(n for n, _ in ended(*short, **GOES_ON, request_timeout_ns=60 * 10**9)) == 0
    own = [late(second=END + s, count=500, started=1000, ns=2_000_000, failed={"timeout": 500 * (s >= 10)},
                service_sum_ns=int(500 * (s >= 10) * 10e9 + 1e9)) for s in range(60)]  # fmt: skip
    assert (
        sum(n for n, _ in ended(*own, **{**GOES_ON, "load_ended_ns": (END + 60) * 10**9}, request_timeout_ns=60 * 10**9)) == 0
    )


def test_what_succeeded_since_is_no_failure_of_earlier_ones():
    after = [
        late(second=END + s, count=100, started=100, ns=2_000_000, failed={"transport": 300} if s == 3 else {})
        for s in range(9)
    ]
    failed = sum(n for n, _ in ended(*after, **GOES_ON))
    assert failed == 300 - 100  # of the first second's responses nobody knows when they began


def test_failures_of_the_generator_are_none_of_the_service():
    after = [Window(END + s, "generate", started=100, failed={"generator": 100, "transport": 100}) for s in range(3)]
    seconds = begun_by_second(
        dataclasses.replace(hanging(after), facts=dataclasses.replace(hanging(after).facts, **GOES_ON)),
        ["generate"],
        find_steady(measurements(rate=RATE)),
    )
    assert [w.failed for s in seconds for w in s if w.failed] == [{"transport": 100}] * 3


def test_responses_of_more_than_a_minute_are_the_longest_of_all():
    minute = Window(END + 3, "generate", started=9, ok=7, response=from_values(np.full(7, 61 * 10**9)))
    assert sum(n for _, n in ended(minute, **GOES_ON)) == (HOLD_S - HANG_S) * RATE + 7
    later = dataclasses.replace(minute, second=END + 70)
    assert sum(n for _, n in ended(later, **GOES_ON)) == (HOLD_S - HANG_S) * RATE


def test_failures_that_were_long_under_way_leave_success_open_while_the_load_goes_on():
    """Half of what begins in the last three seconds of the judged part fails after three seconds; then a ramp follows."""
    h = from_values(np.full(50, 3 * 10**9))
    after = [
        Window(
            END + s, "generate", started=100, ok=50, response=h, service=h,
            failed={"http_5xx": 50}, service_sum_ns=100 * 3 * 10**9 + 10**8,
        )
        for s in range(3)
    ]  # fmt: skip
    run = hanging(after)
    goes_on = dataclasses.replace(run, facts=dataclasses.replace(run.facts, **GOES_ON, request_timeout_ns=30 * 10**9))
    steady = find_steady(goes_on)
    surely = sum(w.failures for w in ended_later(goes_on, ["generate"], steady))
    assert perhaps_later(goes_on, ["generate"], steady) == 150 - surely > 100
    assert perhaps_later(run, ["generate"], steady) == 0  # after the load all of them are known to have begun before
    allowed = frozenset({"counters", "littles-law", "server-data"})
    a = evaluate(goes_on, LOCAL.agreement, LOCAL.baseline, allowed=allowed)
    success = next(o for o in a.objectives if o.key == "poi_success_rate")
    assert success.status is Status.INCONCLUSIVE
    assert f"{150 - surely} operations failed after the judged part, most of which began in it: with them" in success.reason


def test_quick_failures_of_a_following_stage_leave_nothing_open():
    after = [Window(END + s, "generate", started=100, failed={"http_5xx": 90}, service_sum_ns=90 * 10**6) for s in range(9)]
    run = hanging(after)
    goes_on = dataclasses.replace(run, facts=dataclasses.replace(run.facts, **GOES_ON))
    assert perhaps_later(goes_on, ["generate"], find_steady(goes_on)) == 0
