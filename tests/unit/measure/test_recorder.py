"""Samples -> additive windows, and reports that are never lost unseen."""

from datetime import timedelta
from decimal import Decimal
from fractions import Fraction

import numpy as np
import pytest

from bizra_load.measure.exchange import Receiver, Sender
from bizra_load.measure.operation_names import text_of
from bizra_load.measure.recorder import MAX_OPERATIONS, Recorder, milliseconds_to_ns
from bizra_load.measure.rows import window_from_row, window_row
from sla.estimators.littles_law import littles_law
from sla.values.histogram import EMPTY, HIGHEST_NS, from_values
from sla.values.window import HISTOGRAMS, OTHER, SCHEDULE, merge_windows

S = 1_000_000_000
UNIX = 1_800_000_000 * S


def recorded(spans, takes):
    """Operations (intended, sent, done) in ns after a full second, the windows taken at these times and at the end."""
    recorder = Recorder(0, UNIX)
    operation = recorder.operation("a")
    windows = []
    events = sorted([(s, 0, None) for _, s, _ in spans] + [(d, 1, (i, s, d)) for i, s, d in spans])
    for at, kind, span in events:
        while takes and takes[0] <= at:
            windows += recorder.take(takes.pop(0))
        operation.started(at) if kind == 0 else operation.succeeded(*span)
    last = max(d for *_, d in spans)
    return merge_windows(windows + recorder.take(last, everything=True))


def test_each_operation_is_planned_started_and_finished_in_its_own_seconds():
    windows = recorded([(S - 5, S + 5, 2 * S + 7)], [])
    assert [(w.second - UNIX // S, w.planned, w.started, w.ok) for w in windows] == [(0, 1, 0, 0), (1, 0, 1, 0), (2, 0, 0, 1)]
    assert sum(w.in_flight_ns for w in windows) == S + 2
    assert [w.response_sum_ns for w in windows] == [0, 0, S + 12]


@pytest.mark.parametrize("takes", [[], [S, 2 * S, 3 * S], [S // 2, S + 3, 2 * S + S // 3]])
def test_when_windows_are_taken_changes_nothing_and_littles_law_is_exact(takes):
    rng = np.random.default_rng(1)
    spans = []
    for _ in range(500):
        intended = int(rng.integers(0, 4 * S))
        sent = intended + int(rng.exponential(1e6))
        spans.append((intended, sent, sent + int(rng.exponential(2e8)) + 1))
    windows = recorded(spans, list(takes))
    assert windows == recorded(spans, [])
    assert sum(w.ok for w in windows) == sum(w.started for w in windows) == sum(w.planned for w in windows) == 500
    assert littles_law(windows).difference == 0


def test_failures_keep_their_category_and_a_timeout_is_slower_than_anything():
    recorder = Recorder(0, UNIX)
    operation = recorder.operation("a")
    for category in ("http_5xx", "timeout"):
        operation.started(1)
        operation.failed(category, 1, 1, 100)
    [w] = merge_windows(recorder.take(S, everything=True))
    assert dict(w.failed) == {"http_5xx": 1, "timeout": 1}
    assert (w.response.total, w.response.over_range) == (1, 1)


def test_failed_operations_keep_how_long_they_took_apart_from_successful_ones_and_from_time_outs():
    recorder = Recorder(0, UNIX)
    operation = recorder.operation("a")
    operation.succeeded(1, 11, 111)
    operation.failed("http_5xx", 2, 12, 1012)
    operation.failed("not_valid", 3, 33, 1033)
    operation.failed("timeout", 4, 14, 2014)
    operation.failed("generator", 5, 5, 9005)
    operation.failed("transport", 6, 506, 506)  # before it was sent
    operation.failed("transport", 7, 7, 7)  # an event of Locust's without a time
    [w] = recorder.take(S, everything=True)
    held = {name: getattr(w, name) for name in HISTOGRAMS}
    assert held == {
        "response": from_values(np.array([110]), over_range=1),
        "service": from_values(np.array([100]), over_range=1),
        "failed_response": from_values(np.array([1010, 1030, 500])),
        "failed_service": from_values(np.array([1000, 1000])),
        "timeout_response": from_values(np.array([2010])),
        "timeout_service": from_values(np.array([2000])),
    }
    assert (w.untimed_failures("response"), w.untimed_failures("service")) == (1, 2)


def test_a_failure_after_more_than_a_minute_is_over_range():
    recorder = Recorder(0, UNIX)
    recorder.operation("a").failed("http_5xx", 0, 0, HIGHEST_NS + 1)
    *_, w = recorder.take(70 * S, everything=True)
    assert w.failed_response == w.failed_service == EMPTY.with_over_range(1)
    assert w.response == EMPTY


def test_what_was_never_sent_is_counted_in_its_second():
    recorder = Recorder(0, UNIX)
    for at in (1, 2, S + 1):
        recorder.unsent(at)
    windows = recorder.take(2 * S)
    assert [(w.operation, w.unsent, w.planned) for w in windows] == [(SCHEDULE, 2, 2), (SCHEDULE, 1, 1)]


def test_hostile_operation_names_cannot_fill_the_memory():
    recorder = Recorder(0, UNIX)
    names = {recorder.operation(str(n)).name for n in range(MAX_OPERATIONS + 50)}
    assert len(names) == MAX_OPERATIONS + 1


def test_an_operation_that_is_judged_is_kept_however_many_others_came_before():
    recorder = Recorder(0, UNIX, judged=("/pay", "GET /basket"))
    for n in range(MAX_OPERATIONS + 50):
        recorder.operation(f"GET /{n}")
    kept = {recorder.operation(name).name for name in ("POST /pay", "GET /basket", "/pay", "GET /other", "/basket")}
    assert kept == {"POST /pay", "GET /basket", "/pay", "(other)"}


def test_reports_survive_a_transport_that_loses_and_repeats_them():
    kept, lossy = [], iter([False, True, False, True, True] + [True] * 50)
    receiver = Receiver("r", lambda _w, _n, _f, data: kept.append(data))
    receiver.expect("w")

    def send(message):
        if not next(lossy):
            raise OSError("the network is down")
        receiver.receive(message)
        response = receiver.receive(message)  # arrives twice
        sender.acknowledged(response)

    sender = Sender("r", "w", send)
    for data in (b"1", b"2"):
        sender.report(data)
    sender.report(b"3", final=True)
    assert sender.flush(5)
    assert sorted(kept) == [b"1", b"2", b"3"]
    assert (receiver.unfinished(), receiver.missing()) == ((), 0)


def test_a_gap_and_a_silent_worker_are_seen_and_foreign_messages_are_not_used():
    kept = []
    receiver = Receiver("r", lambda _w, _n, _f, data: kept.append(data))
    receiver.expect("silent")
    for sequence in (0, 2):
        receiver.receive({"run": "r", "worker": "w", "sequence": sequence, "data": b"x", "final": sequence == 2})
    assert receiver.missing() == 1
    assert receiver.unfinished() == ("silent", "w")
    for message in (None, {}, {"run": "r", "worker": 3, "sequence": 0, "data": b""}, {"run": "other"}):
        assert receiver.receive(message) is None
    assert len(kept) == 2


class Broken:
    def __float__(self):
        raise ZeroDivisionError


@pytest.mark.parametrize(
    "value",
    [
        None,
        "5",
        b"5",
        True,
        float("nan"),
        float("inf"),
        -float("inf"),
        -3.0,
        timedelta(),
        [],
        10**400,
        np.array([1, 2]),
        Decimal("sNaN"),
        Broken(),
    ],
)
def test_what_is_no_time_is_none(value):
    assert milliseconds_to_ns(value) is None


@pytest.mark.parametrize("value", [5, 5.0, Decimal(5), np.float32(5), np.int64(5), Fraction(5)])
def test_any_number_is_a_time(value):
    assert milliseconds_to_ns(value) == 5_000_000


def test_a_time_beyond_all_is_over_range():
    assert milliseconds_to_ns(1e300) == HIGHEST_NS + 1
    assert milliseconds_to_ns(0) == 0


def test_what_nobody_timed_is_counted_and_in_no_latency():
    recorder = Recorder(0, UNIX)
    operation = recorder.operation("a")
    operation.succeeded(S, S, S + 5)
    operation.succeeded_untimed(S + 7)
    operation.succeeded_untimed(2 * S + 7)
    windows = merge_windows(recorder.take(2 * S) + recorder.take(3 * S))
    shown = [(w.second - UNIX // S, w.ok, w.untimed, w.response.total, w.started) for w in windows]
    assert shown == [(1, 2, 1, 1, 2), (2, 1, 1, 0, 1)]
    assert [window_from_row(window_row(w)) for w in windows] == list(windows)


def test_names_are_kept_bounded_and_apart():
    recorder = Recorder(0, UNIX)
    long = ["/search?q=" + "x" * 400 + end for end in "ab"]
    for name in (*long, "", "bad\udcffname", "a\x00b\nc", "plain"):
        recorder.operation(name).succeeded(1, 1, 2)
        assert recorder.operation(name) is recorder.operation(name)
    windows = recorder.take(S)
    assert [w.ok for w in windows] == [1] * 6
    assert {"(unnamed)", "bad?name", "a\x00b\nc", "plain"} < {w.operation for w in windows}
    assert all(0 < len(w.operation) <= 200 for w in windows)
    assert [window_from_row(window_row(w)) for w in windows] == windows


@pytest.mark.parametrize("name", [SCHEDULE, OTHER])
def test_an_operation_with_a_name_of_ours_is_counted_beside_ours(name):
    recorder = Recorder(0, UNIX)
    recorder.operation(name).failed("timeout", 1, 1, 2)
    recorder.unsent(1)
    counts = {w.operation: (w.unsent, w.failures) for w in recorder.take(S)}
    assert counts.pop(SCHEDULE) == (1, 0)
    assert list(counts.values()) == [(0, 1)]
    assert not {SCHEDULE, OTHER} & set(counts)


def test_a_name_that_is_no_text_is_told_by_its_text_or_its_type():
    class Mute:
        def __str__(self):
            raise ValueError

    assert [text_of(name) for name in (404, None, Mute())] == ["404", "None", "Mute"]


def test_a_request_that_is_called_as_a_task_is_none_and_is_kept_apart_from_it():
    recorder = Recorder(0, UNIX)
    for _ in range(2):
        recorder.task("send").succeeded(1, 1, 2)
    for name in ("task send", "(task) send", "task send"):
        recorder.operation(name).succeeded(1, 1, 2)
    counts = {w.operation: w.ok for w in recorder.take(S)}
    assert counts.pop("task send") == 2
    assert counts.pop("(task) send") == 2
    assert list(counts.values()) == [1]
