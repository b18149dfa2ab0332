"""What a worker practises before the load: all that its first report does."""

import sys

import numpy as np

from bizra_load.measure.practice import practise
from bizra_load.measure.recorder import Recorder
from bizra_load.measure.report import ReportMaker
from sla.values.histogram import from_values
from sla.values.window import Health

OURS = ("bizra_load.measure", "sla.values")
LAG = from_values(np.array([1_000, 2_000]))


def first_report():
    """As WorkerRun makes it: two operations with failures, an arrival that was not sent, and the generator's own second."""
    recorder = Recorder(0, 0)
    for name in ("generate", "verify"):
        operation = recorder.operation(name)
        for at in range(500):
            operation.started(at * 10**6)
            operation.succeeded(at * 10**6 - 1000, at * 10**6, at * 10**6 + 100_000 + at * 977)
        operation.started(5)
        operation.failed("http_5xx", 5, 5, 6, "status 500")
        operation.started(999_000_000)
        operation.succeeded(999_000_000, 999_000_000, 1_001_000_000)
    recorder.unsent(7)
    maker = recorder.maker(10**9)
    for _ in recorder.steps(maker):
        pass
    health = Health(0, "w", LAG, own_lag=LAG, hub=LAG)
    for _ in ReportMaker().steps(maker.windows, [health], recorder.reasons.take(0)):
        pass


def carried_out(work):
    """Names of this project's functions that run while `work` does."""
    names = set()

    def note(frame, event, _):
        module = frame.f_globals.get("__name__", "")
        if event == "call" and module.startswith(OURS):
            names.add(f"{module}.{frame.f_code.co_qualname}")

    before = sys.getprofile()
    sys.setprofile(note)
    try:
        work()
    finally:
        sys.setprofile(before)
    return names


def test_everything_that_a_first_report_does_was_done_in_practice():
    """Done for the first time it takes several times as long: that is what the load must not wait for."""
    asked = carried_out(first_report)
    assert "bizra_load.measure.seconds.SecondsMaker._finished" in asked
    assert "bizra_load.measure.hdr_codec.compressed" in asked
    assert asked <= carried_out(practise)
