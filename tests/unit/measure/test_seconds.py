"""All operations of a report at once give the windows that counting each sample by hand gives."""

import numpy as np
import pytest

from bizra_load.measure.counting import CHUNK
from bizra_load.measure.recorder import Recorder
from sla.values.histogram import from_values
from sla.values.window import HISTOGRAMS

S = 1_000_000_000
UNIX = 1_800_000_000 * S


def by_hand(rows, operation, second):
    """(planned, started, ok, failures by category, all of HISTOGRAMS) of one operation in one second."""
    mine = [r for r in rows if r[0] == operation]
    done = [r for r in mine if r[4] // S == second]
    ok = [r for r in done if r[1] is None]
    failed = {}
    for r in done:
        if r[1] is not None:
            failed[r[1]] = failed.get(r[1], 0) + 1
    timed_out = [r for r in done if r[1] == "timeout"]
    answered = [r for r in done if r[1] == "http_5xx"]
    histograms = [(ok, len(timed_out)), (answered, 0), (timed_out, 0)]
    return (
        sum(r[2] // S == second for r in mine),
        sum(r[3] // S == second for r in mine),
        len(ok),
        failed,
        [from_values(np.array([r[4] - r[at] for r in some], np.int64), over) for some, over in histograms for at in (2, 3)],
    )


@pytest.mark.parametrize("count", [0, 1, 50, 3 * CHUNK])
def test_windows_hold_what_was_recorded_whatever_the_number_of_operations_outcomes_and_seconds(count):
    rng = np.random.default_rng(count)
    rows = []
    for _ in range(count):
        intended = int(rng.integers(0, 3 * S))
        sent = intended + int(rng.exponential(1e6))
        category = [None, None, None, "timeout", "http_5xx", "generator"][rng.integers(6)]
        rows.append((str(rng.integers(3)), category, intended, sent, sent + 1 + int(rng.exponential(3e8))))
    rows.sort(key=lambda r: r[4])
    recorder = Recorder(0, UNIX)
    for name, category, *times in rows:
        operation = recorder.operation(name)
        operation.started(times[1])
        operation.succeeded(*times) if category is None else operation.failed(category, *times)
    windows = {(w.operation, w.second - UNIX // S): w for w in recorder.take(60 * S, everything=True)}
    seconds = range(max((r[4] for r in rows), default=0) // S + 1)
    for operation in {r[0] for r in rows}:
        for second in seconds:
            w = windows.get((operation, second))
            expected = by_hand(rows, operation, second)
            shown = (w.planned, w.started, w.ok, dict(w.failed), [getattr(w, h) for h in HISTOGRAMS]) if w else None
            assert shown == expected or (w is None and not any(expected[:4]))
    assert sum(w.response_sum_ns for w in windows.values()) == sum(r[4] - r[2] for r in rows)
    assert sum(w.service_sum_ns for w in windows.values()) == sum(r[4] - r[3] for r in rows)


def test_the_work_is_in_pieces_of_a_bounded_number_of_samples():
    recorder = Recorder(0, UNIX)
    operation = recorder.operation("a")
    for i in range(10_000):
        operation.started(i)
        operation.succeeded(i, i, i + 5)
    maker = recorder.maker(2 * S)
    assert sum(1 for _ in recorder.steps(maker)) > 20  # whoever counts more than a thousand at once holds the loop too long
    assert sum(w.ok for w in maker.windows) == 10_000


def test_what_ends_while_a_report_is_made_is_in_the_next_one():
    recorder = Recorder(0, UNIX)
    for name in "ab":
        recorder.operation(name).started(5)
    recorder.operation("a").succeeded(5, 5, S - 1)
    maker = recorder.maker(S)
    steps = recorder.steps(maker)
    next(steps)
    recorder.operation("b").succeeded(5, 5, S + 1)
    for _ in steps:
        pass
    later = recorder.take(2 * S)
    assert {w.operation: w.ok for w in maker.windows} == {"a": 1, "b": 0}
    assert {w.operation: w.ok for w in later} == {"b": 1}


def test_samples_of_locusts_own_events_count_as_started_when_they_end_successful_or_not():
    recorder = Recorder(0, UNIX)
    recorder.operation("a").succeeded(1, 1, 5)
    recorder.operation("a").failed("http_5xx", 1, 1, 6)
    [w] = recorder.take(S)
    assert (w.started, w.ok, dict(w.failed), w.planned, w.in_flight_ns) == (2, 1, {"http_5xx": 1}, 0, 0)
