"""What ends after the judged part, a few operations at a time: which of them surely began in it, and where they are put."""

import numpy as np
import pytest

from sla.judgement.outages.ended_later import ended_later, perhaps_later
from sla.values.assessment import Steady
from sla.values.histogram import EMPTY, from_values
from sla.values.measurements import Measurements, RunFacts
from sla.values.window import Window

S = 10**9
FIRST, END = 100, 110
GOES_ON, OVER = 200, END  # when the load ends
STEADY = Steady(FIRST, END, 0.0, 0.0, "")


def of(*took_s, over=0):
    return from_values(np.array([int(t * S) for t in took_s], dtype=np.int64), over)


def window(second, *took_s, over=0, failures_s=0.0, **fields):
    """Successful operations that took so long; `failures_s`: how long the failures took together."""
    h = of(*took_s, over=over)
    total_ns = int(sum(took_s) * S * 1.001) + int(failures_s * S)  # a bucket's upper edge is over the value
    fields = {"ok": len(took_s), "response": h, "service": h, "service_sum_ns": total_ns, **fields}
    return Window(END + second, "a", **fields)


def run(*windows, load_ended_s=GOES_ON, timeout_s=0):
    return Measurements(windows, (), (), RunFacts(0, load_ended_s * S, request_timeout_ns=int(timeout_s * S)))


def later(*windows, **facts):
    """(second of the judged part, failed, successful, over range) of what began in it."""
    begun = ended_later(run(*windows, **facts), ["a"], STEADY)
    return [(w.second - FIRST, dict(w.failed), w.ok, w.response.over_range) for w in begun]


def failing(second, count, took_s, category="transport", **fields):
    """Failures that took so long each."""
    return window(second, failures_s=count * took_s, failed={category: count}, **fields)


@pytest.mark.parametrize(
    ("second", "took_s", "perhaps"),
    [
        (0, 1.0, 5),  # those of the first second after it: a second and more
        (0, 0.99, 0),
        (2, 3.0, 5),
        (2, 2.9, 0),
        (-1, 5.0, 0),  # they ended in the judged part
    ],
)
def test_failures_that_took_longer_than_the_time_since_perhaps_began_before(second, took_s, perhaps):
    assert perhaps_later(run(failing(second, 5, took_s, started=5)), ["a"], STEADY) == perhaps
    assert perhaps_later(run(failing(second, 5, took_s, started=5), load_ended_s=OVER), ["a"], STEADY) == 0


def test_failures_of_the_generator_itself_are_none_of_the_service():
    mixed = window(0, failures_s=8.0, failed={"transport": 5, "generator": 3}, started=8)
    assert perhaps_later(run(mixed), ["a"], STEADY) == 5
    own = window(0, failures_s=8.0, failed={"generator": 8}, started=8)
    assert perhaps_later(run(own), ["a"], STEADY) == 0


def test_what_surely_began_before_is_not_perhaps_so_again():
    assert perhaps_later(run(failing(0, 5, 1.5, started=2)), ["a"], STEADY) == 2
    assert later(failing(0, 5, 1.5, started=2)) == [(9, {"transport": 3}, 0, 0)]


def test_operations_of_several_names_are_added():
    others = Window(END, "b", started=4, failed={"transport": 4}, service_sum_ns=6 * S)
    assert perhaps_later(run(failing(0, 5, 1.5, started=5), others), ["a", "b"], STEADY) == 9
    assert perhaps_later(run(failing(0, 5, 1.5, started=5), others), ["b"], STEADY) == 4


def test_what_began_since_and_succeeded_at_once_did_not_fail():
    """Of 10 that began since 6 succeeded: 4 of the 9 failures can be of those."""
    assert later(window(1, *[0.5] * 6, started=10, failed={"transport": 9})) == [(9, {"transport": 5}, 0, 0)]
    assert later(window(0, *[0.5] * 6, started=10, failed={"transport": 9})) == []  # at once: they may have begun before
    timed_out = window(1, *[0.5] * 6, over=2, started=10, ok=6, failed={"timeout": 2, "transport": 7})
    assert later(timed_out) == [(9, {"timeout": 2}, 0, 2), (9, {"transport": 3}, 0, 0)]


def test_a_success_of_so_long_that_it_began_before_is_none_that_began_since():
    """In the third second after it: 2 s and more is of before, or of nobody knows."""
    assert later(window(2, *[1.9] * 6, started=10, failed={"transport": 9})) == [(9, {"transport": 5}, 0, 0)]
    assert later(window(2, *[2.1] * 6, started=10, failed={"transport": 9})) == []


def test_what_failed_on_the_generator_counts_as_started_when_it_fails():
    assert later(window(0, started=10, failed={"transport": 9, "generator": 4})) == [(9, {"transport": 3}, 0, 0)]
    assert later(window(0, started=4, failed={"generator": 4})) == []


def test_failures_are_counted_once_over_the_seconds_that_follow():
    two = later(window(0, started=2, failed={"transport": 5}), window(1, started=2, failed={"transport": 3}))
    assert two == [(9, {"transport": 3}, 0, 0), (9, {"transport": 1}, 0, 0)]
    fewer = later(window(0, started=5, failed={"transport": 2}), window(1, started=0, failed={"transport": 4}))
    assert fewer == [(9, {"transport": 1}, 0, 0)]
    assert later(window(-1, started=0, failed={"transport": 9})) == []


@pytest.mark.parametrize(
    ("took_s", "timeout_s", "sure"),
    [
        (2.0, 4, 0),  # together no more than the time since
        (3.0, 4, 5),  # 10 x (3 - 2) / (1.05 x 4 + 0.25 - 2) = 4.08
        (4.4, 4, 10),
        (3.0, 0, 0),  # a time-out that nobody knows
        (3.0, 1.6, 0),  # none can have taken 2 s
        (2.5, 2, 10),
    ],
)
def test_so_many_failures_surely_took_longer_than_the_time_since_as_their_sum_asks_for(took_s, timeout_s, sure):
    begun = later(failing(1, 10, took_s, started=10), timeout_s=timeout_s)
    assert begun == ([(9, {"transport": sure}, 0, 0)] if sure else [])


@pytest.mark.parametrize(("took_s", "second"), [(0.5, 9), (1.0, 9), (2.1, 8), (4.9, 6), (5.9, 5), (59.0, 0)])
def test_after_the_load_what_succeeds_began_so_much_earlier_as_it_took(took_s, second):
    """In the second after the judged part, and never before its first second."""
    assert later(window(1, *[took_s] * 3), load_ended_s=OVER) == [(second, {}, 3, 0)]


def test_after_the_load_all_that_ends_began_before_and_is_put_by_its_kind():
    mixed = window(3, *[3.9] * 3, over=2, ok=3, failed={"timeout": 2, "http_5xx": 4, "generator": 1})
    assert later(mixed, load_ended_s=OVER, timeout_s=5) == [
        (8, {"timeout": 2}, 0, 2),
        (9, {"http_5xx": 4, "generator": 1}, 0, 0),
        (9, {}, 3, 0),
    ]


def test_while_a_load_goes_on_time_outs_are_put_where_they_began():
    assert later(failing(2, 5, 4.0, "timeout", started=0), timeout_s=4) == [(8, {"timeout": 5}, 0, 5)]
    assert later(failing(2, 5, 4.0, "timeout", started=0), timeout_s=100) == [(0, {"timeout": 5}, 0, 5)]
    assert later(failing(20, 5, 4.0, "timeout", started=0), timeout_s=4) == [(9, {"timeout": 5}, 0, 5)]


def test_of_several_kinds_of_failures_the_time_outs_are_the_earlier_ones():
    mixed = window(0, started=5, failed={"bad_json": 2, "transport": 3, "timeout": 3})
    assert later(mixed) == [(9, {"timeout": 3}, 0, 3)]
    mixed = window(0, started=3, failed={"transport": 3, "bad_json": 3, "timeout": 2})
    assert later(mixed) == [(9, {"timeout": 2}, 0, 2), (9, {"bad_json": 3}, 0, 0)]


def latencies(*windows, **facts):
    """(failed, their response times, those of time-outs) of what began in the judged part."""
    begun = ended_later(run(*windows, **facts), ["a"], STEADY)
    return [(dict(w.failed), w.failed_response, w.timeout_response, w.failed_service) for w in begun if w.failed]


def test_failures_of_before_keep_how_long_they_took_the_longest_first():
    took = {"failed_response": of(0.1, 0.2, 5, 6, 7), "failed_service": of(4), "timeout_response": of(9, 10)}
    some = failing(0, 5, 1.5, started=2, **took)
    assert latencies(some) == [({"transport": 3}, of(5, 6, 7), EMPTY, of(4))]
    mixed = window(0, started=3, failed={"transport": 5, "timeout": 2}, **took)
    assert latencies(mixed) == [
        ({"timeout": 1}, EMPTY, of(9), EMPTY),  # each where it began
        ({"timeout": 1}, EMPTY, of(10), EMPTY),
        ({"transport": 2}, of(6, 7), EMPTY, of(4)),
    ]
    after = window(3, failed={"timeout": 2, "transport": 5, "generator": 1}, over=2, ok=0, **took)
    assert latencies(after, load_ended_s=OVER) == [
        ({"timeout": 1}, EMPTY, of(9), EMPTY),
        ({"timeout": 1}, EMPTY, of(10), EMPTY),
        ({"transport": 5, "generator": 1}, took["failed_response"], EMPTY, of(4)),
    ]


def test_time_outs_begin_so_much_earlier_as_each_of_them_waited_where_that_is_known():
    cut_off = window(1, over=3, ok=0, failed={"timeout": 3}, timeout_response=of(2.5, 2.9, 6.2), timeout_service=of(6))
    assert later(cut_off, load_ended_s=OVER, timeout_s=30) == [(8, {"timeout": 2}, 0, 2), (4, {"timeout": 1}, 0, 1)]
    begun = list(ended_later(run(cut_off, load_ended_s=OVER, timeout_s=30), ["a"], STEADY))
    assert sum((w.timeout_service for w in begun), EMPTY) == of(6)
    unknown = window(1, over=3, ok=0, failed={"timeout": 3}, timeout_response=of(2.5, 2.9))
    assert later(unknown, load_ended_s=OVER, timeout_s=4) == [(7, {"timeout": 3}, 0, 3)]


@pytest.mark.parametrize(("took_s", "counts"), [(0.99, False), (1.01, True)])
def test_a_success_that_took_longer_than_the_time_since_began_before(took_s, counts):
    assert bool(later(window(0, took_s, started=1))) is counts


def test_responses_over_range_are_of_before_as_far_as_they_are_no_time_outs():
    slow = window(0, over=5, ok=3, started=5, failed={"timeout": 2})
    assert [w[2:] for w in later(slow) if w[2]] == [(3, 3)]
    much_later = window(60, over=3, ok=3, started=3)  # 61 s since: nobody knows
    assert later(much_later) == []
    assert [w[2:] for w in later(window(58, over=3, ok=3, started=3))] == [(3, 3)]
    assert [w[2:] for w in later(window(59, over=3, ok=3, started=3))] == [(3, 3)]


def test_after_the_load_what_was_over_range_and_no_time_out_succeeded():
    slow = window(3, over=5, ok=3, failed={"timeout": 2})
    assert later(slow, load_ended_s=OVER)[1:] == [(0, {}, 3, 3)]
    untimed = window(3, *[0.5] * 2, over=1, ok=3, failed={"timeout": 4})
    assert later(untimed, load_ended_s=OVER)[1:] == [(9, {}, 3, 0)]
    assert later(window(3, ok=3, untimed=3), load_ended_s=OVER) == [(9, {}, 3, 0)]


@pytest.mark.parametrize(("quick", "slow", "second"), [(5, 5, 9), (4, 5, 4)])
def test_the_successes_of_a_second_are_put_where_the_middle_one_began(quick, slow, second):
    assert later(window(3, *[1.5] * quick, *[8.5] * slow), load_ended_s=OVER)[0][0] == second


def test_failures_on_the_generator_are_not_counted_as_of_before_in_the_seconds_that_follow():
    slow = window(1, failures_s=44.0, failed={"transport": 2, "generator": 8}, started=10)
    following = window(2, started=0, failed={"transport": 5})
    assert later(slow, following, timeout_s=4) == [(9, {"transport": 2}, 0, 0), (9, {"transport": 3}, 0, 0)]


def test_a_time_out_that_ends_just_when_the_time_since_does_proves_nothing():
    """1.05 x 15 s + 0.25 s are the 16 s since."""
    assert later(failing(15, 10, 16.0, started=10), timeout_s=15) == []
