"""What takes in a run's windows: one that fails costs neither the report nor the others, and nothing is taken in unstored."""

import errno
from types import SimpleNamespace as Some

import pytest

from bizra_load.engine.load_curve import ramp_and_hold
from bizra_load.measure.report import Report
from bizra_load.runtime.consumers import Consumer, Consumers
from bizra_load.runtime.run_times import RunTimes
from bizra_load.runtime.storage import RunStorage

REPORT = Report("w", 0, False, (), (), (), ())
CALLS = {"start": (None,), "add": (REPORT,), "every_second": (1,), "end": (), "assessed": (None,)}


class Noting(Consumer):
    """Notes each call in `calls`; with `fails_at` it raises there."""

    def __init__(self, name, calls, fails_at=""):
        def note(method):
            def call(*_):
                calls.append((name, method))
                if method == fails_at:
                    raise ValueError("no\nroom")

            return call

        for method in CALLS:
            setattr(self, method, note(method))


def call_all(consumers):
    for method, arguments in CALLS.items():
        getattr(consumers, method)(*arguments)


def test_each_gets_every_call_in_the_order_of_the_list():
    calls = []
    call_all(Consumers([Noting("a", calls), Noting("b", calls)]))
    assert calls == [(name, method) for method in CALLS for name in ("a", "b")]


@pytest.mark.parametrize("method", CALLS)
def test_one_that_fails_is_left_out_from_then_on_with_one_line(method, capsys):
    calls = []
    call_all(Consumers([Noting("a", calls, fails_at=method), Noting("b", calls)]))
    assert [m for name, m in calls if name == "b"] == list(CALLS)
    assert [m for name, m in calls if name == "a"] == list(CALLS)[: list(CALLS).index(method) + 1]
    error = capsys.readouterr().err
    assert error == "bizra-load: Noting failed and gets nothing more of this run: ValueError: no room\n"


def test_a_consumer_needs_only_the_methods_that_it_has_a_use_for():
    class Idle(Consumer):
        pass

    call_all(Idle())


class Writer:
    """A run folder on a disk that may be full."""

    full = False
    displaced = False

    def __init__(self):
        self.stored = []

    def report(self, report):
        if self.full:
            raise OSError(errno.ENOSPC, "No space left on device")
        self.stored.append(report)

    def close(self):
        pass


def test_a_report_that_cannot_be_stored_is_refused_and_so_is_every_later_one():
    writer, failures = Writer(), []
    storage = RunStorage(writer, lambda: failures.append(1))
    storage.add(REPORT)
    writer.full = True
    for _ in range(2):
        with pytest.raises(OSError, match="No space left"):
            storage.add(REPORT)
    writer.full = False
    with pytest.raises(OSError, match="No space left"):
        storage.add(REPORT)  # one that is missing in between is worse than none after it
    assert (writer.stored, failures, storage.error.errno) == ([REPORT], [1], errno.ENOSPC)


def test_a_report_after_the_end_is_refused():
    writer = Writer()
    storage = RunStorage(writer)
    storage.close()
    with pytest.raises(OSError, match="the run has ended"):
        storage.add(REPORT)
    assert writer.stored == []
    assert storage.error is None


def times(curve, **options):
    now = Some(ns=1_000 * 10**9)
    return now, RunTimes(Some(unix_ns=lambda: now.ns), curve, 10.0, **options)


def test_a_load_that_is_stopped_before_the_end_of_its_plan_is_interrupted():
    now, run = times(ramp_and_hold(100, 0, 10))
    assert run.seconds_left is None
    run.start_in(2)
    run.begun = True
    assert (run.seconds_left, run.elapsed_s, run.length_s) == (12, -2, 10)
    now.ns += 5 * 10**9
    assert (run.seconds_left, run.planned_per_s()) == (7, 100)
    run.stop()
    assert (run.interrupted, run.length_s, run.seconds_left) == (True, 3, None)


def test_a_load_that_ends_by_its_plan_ends_then_whenever_that_is_noticed():
    now, run = times(ramp_and_hold(100, 0, 10))
    run.start_in(0)
    now.ns += 11 * 10**9
    run.stop()
    assert (run.interrupted, run.length_s, run.planned_per_s()) == (False, 10, 0)


def test_a_load_that_is_stopped_before_it_began_has_no_length():
    _, run = times(ramp_and_hold(100, 0, 10))
    run.start_in(3600)
    run.stop()
    assert (run.interrupted, run.length_s) == (True, 0)


@pytest.mark.parametrize(("after_s", "interrupted"), [(4, True), (10, False)])
def test_a_closed_model_of_our_own_shape_is_interrupted_too(after_s, interrupted):
    now, run = times(None)
    run.start_in(0)
    now.ns += after_s * 10**9
    run.stop()
    assert (run.interrupted, run.length_s) == (interrupted, after_s)


@pytest.mark.parametrize("after_s", [4, 30])
def test_the_load_of_another_shape_ends_when_it_is_stopped(after_s):
    now, run = times(None, ends_by_plan=False)
    run.start_in(0)
    now.ns += after_s * 10**9
    run.stop()
    assert (run.plan, run.interrupted, run.length_s, run.planned_per_s()) == ((), False, after_s, 0)


def test_a_closed_model_has_no_plan():
    now, run = times(None)
    run.start_in(0)
    now.ns += 30 * 10**9
    run.stop()
    assert (run.plan, run.interrupted, run.length_s, run.planned_per_s()) == ((), False, 30, 0)
