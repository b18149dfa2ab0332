"""A report of made-up samples that nobody gets: the pieces of a first report take no longer after it than all others."""

from __future__ import annotations

import numpy as np

from bizra_load.measure.counting import DENSE_GROUPS, count_rows
from bizra_load.measure.recorder import Recorder
from bizra_load.measure.report import encode_report
from bizra_load.measure.seconds import SECOND_NS
from sla.values.window import Health

_SAMPLES = 2_000  # a second of a worker under load, in several chunks of each step
_BEGIN_NS = 100 * SECOND_NS


def practise() -> None:
    """Makes one report of two operations and throws it away. Takes some milliseconds.

    Done for the first time, a piece takes up to several times as long: numpy makes up its mind about each
    kind of array, pages are touched for the first time. Do it before anything is due.
    """
    recorder = Recorder(_BEGIN_NS, _BEGIN_NS)
    latency_ns = np.geomspace(10_000, 50_000_000, _SAMPLES).astype(np.int64)
    for name in ("a", "b"):
        operation = recorder.operation(name)
        for at, took_ns in enumerate(latency_ns.tolist()):
            sent_ns = _BEGIN_NS + at * 490_000
            operation.started(sent_ns)
            operation.succeeded(sent_ns - 1_000, sent_ns, sent_ns + took_ns)
        operation.failed("practice", _BEGIN_NS, _BEGIN_NS, _BEGIN_NS + 1_000)
    recorder.unsent(_BEGIN_NS)
    windows = recorder.take(_BEGIN_NS + SECOND_NS)  # the last ones end in the next second, and are cut off
    counting = count_rows([(np.arange(_SAMPLES) % DENSE_GROUPS, latency_ns, latency_ns)], DENSE_GROUPS)  # by sorting, too
    for _ in counting:
        pass
    health = Health(windows[0].second, "", windows[0].response, 0.0, own_lag=windows[0].service, hub=windows[0].service)
    encode_report(windows, [health], recorder.reasons.take(0))
