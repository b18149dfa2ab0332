"""What is shown while a run goes, on the page and in the terminal: of this run alone, and of what has been reported."""

import dataclasses
import io
from types import SimpleNamespace as Some

import numpy as np
import pytest

from bizra_load.engine.load_curve import ramp_and_hold
from bizra_load.measure.report import Report
from bizra_load.runtime.progress import Progress
from bizra_load.runtime.run_times import RunTimes
from bizra_load.runtime.webui.live import Live
from sla.values.histogram import EMPTY, from_values
from sla.values.window import SCHEDULE, Window

BEGIN_S = 1_000


def run_of(run_id="a-run", curve=None):
    """A run whose schedule begins at BEGIN_S, as much of it as is shown."""
    times = RunTimes(Some(unix_ns=lambda: BEGIN_S * 10**9), curve, 60.0)
    times.start_in(0)
    times.begun = True
    return Some(run_id=run_id, agreement_name="local", times=times, counters=lambda: {"Workers": 2})


def report(*windows):
    return Report("w", 0, False, windows, (), (), ())


def window(second, ok=0, **failed):
    response = from_values(np.full(ok, 2_000_000, dtype=np.int64))
    return Window(BEGIN_S + second, "generate", ok=ok, failed=failed, response=response)


def test_the_page_shows_planned_and_achieved_of_each_second_since_the_begin():
    live = Live()
    live.start(run_of(curve=ramp_and_hold(100, 0, 60)))
    live.add(report(window(0, ok=90), Window(BEGIN_S, SCHEDULE, unsent=3)))
    live.add(report(window(0, ok=8, timeout=1), window(1, ok=100)))
    values = live.values(BEGIN_S + 3.5)
    assert values["run"] == "a-run"
    assert values["counters"] == {"Operations not sent in time": 3, "Workers": 2}
    assert values["history"][-2:] == [
        {"s": BEGIN_S, "planned": 100.0, "achieved": 99},
        {"s": BEGIN_S + 1, "planned": 100.0, "achieved": 100},
    ]
    assert values["history"][0]["s"] >= BEGIN_S - 1
    [generate] = values["operations"]
    assert (generate["name"], generate["ok"], generate["failed"]) == ("generate", 198, {"timeout": 1})
    assert generate["p99_ms"] == pytest.approx(2.0, rel=1e-3)


def test_the_page_forgets_the_run_before_and_shows_nothing_before_the_first():
    live = Live()
    assert live.values(BEGIN_S) == {
        "run": "", "history": [], "operations": [], "counters": {"Operations not sent in time": 0}, "assessment": None
    }  # fmt: skip
    live.start(run_of())
    live.add(report(window(0, ok=5)))
    live.start(run_of("next"))
    values = live.values(BEGIN_S + 3)
    assert (values["run"], values["operations"]) == ("next", [])
    assert {second["achieved"] for second in values["history"]} == {0}
    assert {second["planned"] for second in values["history"]} == {None}  # a closed model


def lines(progress, out, seconds):
    for second in seconds:
        progress.every_second((BEGIN_S + second) * 10**9)
    return out.getvalue().splitlines()


def test_a_task_and_its_requests_are_one_operation_of_the_planned_rate():
    out = io.StringIO()
    progress = Progress(out)
    curve = ramp_and_hold(100, 0, 60)
    progress.start(run_of(curve=curve))
    live = Live()
    live.start(run_of(curve=curve))
    for second in range(12):
        task = window(second, ok=90, error=10)
        request = window(second, ok=190, http_5xx=10)
        both = report(
            dataclasses.replace(task, operation="task buy", response=EMPTY), dataclasses.replace(request, operation="GET /")
        )
        progress.add(both)
        live.add(both)
    [line] = lines(progress, out, [11])
    assert "planned 100, achieved 100 ops/s" in line
    assert line.endswith("failed 120")
    assert {second["achieved"] for second in live.values(BEGIN_S + 11)["history"][-5:]} == {100}


def test_a_p99_among_what_timed_out_says_so():
    out = io.StringIO()
    progress = Progress(out)
    progress.start(run_of(curve=ramp_and_hold(100, 0, 60)))
    timed_out = EMPTY.with_over_range(5)
    progress.add(report(Window(BEGIN_S + 9, "generate", ok=95, failed={"timeout": 5}, response=timed_out)))
    assert "response p99 timed out or over 60 s" in "".join(lines(progress, out, range(13)))


def test_the_line_comes_every_ten_seconds_where_the_output_is_no_terminal():
    out = io.StringIO()
    progress = Progress(out)
    progress.start(run_of(curve=ramp_and_hold(100, 0, 60)))
    progress.add(report(window(9, ok=100), window(10, ok=97, http_5xx=3)))
    shown = lines(progress, out, range(-3, 13))
    assert [line.split()[0] for line in shown] == ["0", "10"]
    assert lines(progress, out, [22])[-1] == "   22 s  planned 100, achieved 0 ops/s  response p99 -  failed 3"


def test_the_line_shows_the_last_second_that_all_workers_have_reported():
    """Under a load that is too much for them the reports come later, and nothing was achieved in what nobody reported yet."""
    out = io.StringIO()
    progress = Progress(out)
    progress.start(run_of(curve=ramp_and_hold(100, 10, 60)))
    for worker, last in (("ahead", 8), ("behind", 5), ("silent", -20)):
        rows = [window(second, ok=second) for second in range(last + 1)] or [window(last)]
        progress.add(Report(worker, 0, False, tuple(rows), (), (), ()))
    assert lines(progress, out, [10]) == ["   10 s  planned 50, achieved 10 ops/s  response p99 2.000 ms  failed 0"]


def test_a_closed_model_has_no_planned_rate():
    out = io.StringIO()
    progress = Progress(out)
    progress.start(run_of())
    progress.add(report(window(0, ok=7)))
    assert lines(progress, out, [2]) == ["    2 s  achieved 7 ops/s  response p99 2.000 ms  failed 0"]
    progress.end()
    assert len(out.getvalue().splitlines()) == 1


def test_what_is_shown_takes_memory_for_seconds_and_not_for_workers():
    live, progress = Live(), Progress(io.StringIO())
    for shown in (live, progress):
        shown.start(run_of())
    for second in range(100):
        for shown in (live, progress):
            for _ in range(20):  # workers
                shown.add(report(window(second, ok=5)))
        progress.every_second((BEGIN_S + second + 2) * 10**9)
    assert len(live._recent.windows()) <= 20
    assert len(progress._recent.windows()) <= 12
    assert live.values(BEGIN_S + 101)["operations"][0]["ok"] == 100 * 20 * 5
