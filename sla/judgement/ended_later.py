"""What began in the judged part of a run and ended after it: a service that ceases to respond at the end would else be judged
by what it did before.

After the load nothing begins any more: all that ends then began before. While a load goes on, what surely began earlier: so
many failures as there are more of them than operations that began since, time-outs, and responses that took longer than the
time since.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence

from sla.values.assessment import Steady
from sla.values.histogram import EMPTY, HIGHEST_NS, Histogram
from sla.values.measurements import Measurements
from sla.values.window import Window

TIMEOUT = "timeout"


def ended_later(measurements: Measurements, operations: Sequence[str], steady: Steady) -> Iterator[Window]:
    """Outcomes as windows of the second of the judged part in which they began, as far as that is known, else of its last one.
    They hold no load: neither planned nor started operations, nor sums.
    """
    for operation in operations:
        for w in _surely(measurements, operation, steady.to_second):
            yield from _placed(w, steady, measurements.facts.request_timeout_ns)


def _surely(measurements: Measurements, operation: str, end: int) -> Iterator[Window]:
    """Windows of the outcomes from `end` on that are of operations which surely began before."""
    last = measurements.facts.load_ended_ns // 10**9
    failed = started = counted = 0
    for w in measurements.windows_of(operation):
        if w.second < end:
            continue
        if w.second > last and last <= end:
            yield w
            continue
        failed, started = failed + w.failures, started + w.started
        since_ns = (w.second + 1 - end) * 10**9
        timed_out = w.failed.get(TIMEOUT, 0) if measurements.facts.request_timeout_ns >= since_ns else 0
        timed_out = min(timed_out, w.response_sum_ns // since_ns)  # users that are not ours may have other time-outs
        sure = min(max(failed - started - counted, timed_out), w.failures)
        counted += sure
        response, service = (_long(h, since_ns, w.failed.get(TIMEOUT, 0)) for h in (w.response, w.service))
        failures = _first(w.failed, sure)
        over = failures.get(TIMEOUT, 0)
        yield Window(
            w.second, operation, ok=response.total, failed=failures, response=_with_over(response, over),
            service=_with_over(service, over),
        )  # fmt: skip


def _long(h: Histogram, since_ns: float, timed_out: int) -> Histogram:
    """The successful ones that took so long; those over range took over HIGHEST_NS, or are time-outs."""
    return _with_over(h.from_ns(since_ns), h.over_range - timed_out if since_ns <= HIGHEST_NS else 0)


def _with_over(h: Histogram, over_range: int) -> Histogram:
    return Histogram(h.indices, h.counts, h.over_range + over_range) if over_range > 0 else h


def _first(failed: Mapping[str, int], count: int) -> dict[str, int]:
    """So many of the failures, time-outs first: they are the longest."""
    taken: dict[str, int] = {}
    for category in sorted(failed, key=lambda name: (name != TIMEOUT, name)):
        taken[category] = min(failed[category], count - sum(taken.values()))
    return {category: n for category, n in taken.items() if n}


def _placed(w: Window, steady: Steady, timeout_ns: int) -> Iterator[Window]:
    """Its time-outs, other failures and successes, each where they began: so much earlier as they took."""

    def second(took_ns: float) -> int:
        took_s = math.ceil(min(took_ns, HIGHEST_NS) / 1e9)
        return min(max(w.second - took_s, steady.from_second), steady.to_second - 1)

    timed_out = w.failed.get(TIMEOUT, 0)
    if timed_out:
        over = Histogram(EMPTY.indices, EMPTY.counts, timed_out)
        yield Window(second(timeout_ns), w.operation, failed={TIMEOUT: timed_out}, response=over, service=over)
    if others := {category: n for category, n in w.failed.items() if category != TIMEOUT}:
        yield Window(steady.to_second - 1, w.operation, failed=others)
    if w.ok:
        response, service = (
            _with_over(Histogram(h.indices, h.counts), h.over_range - timed_out) for h in (w.response, w.service)
        )
        took_ns = response.quantile_ns(0.5) if response.total else 0.0
        yield Window(second(took_ns), w.operation, ok=w.ok, untimed=w.untimed, response=response, service=service)
