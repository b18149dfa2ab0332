"""What began in the judged part of a run and ended after it: a service that ceases to respond at the end would else be judged
by what it did before.

After the load nothing begins any more: all that ends then began before. While a load goes on, what surely began earlier: so
many failures as there are more of them than operations that began since and did not succeed, or as must have taken longer than
the time since by the sum of their times; and responses that took longer than that.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence

import numpy as np

from sla.values.assessment import Steady
from sla.values.histogram import EMPTY, HIGHEST_NS, Histogram, bucket_high_ns, bucket_low_ns
from sla.values.measurements import Measurements
from sla.values.window import GENERATOR, TIMEOUT, Window

ADDED, ADDED_NS = 1.05, 250e6  # how much later than its time a time-out may be noticed


def ended_later(measurements: Measurements, operations: Sequence[str], steady: Steady) -> Iterator[Window]:
    """Outcomes as windows of the second of the judged part in which they began, as far as that is known, else of its last one.
    They hold no load: neither planned nor started operations, nor sums.
    """
    for operation in operations:
        for w in _surely(measurements, operation, steady.to_second):
            yield from _placed(w, steady, measurements.facts.request_timeout_ns)


def perhaps_later(measurements: Measurements, operations: Sequence[str], steady: Steady) -> int:
    """How many failures while the load went on took so long, on average of those of their second, that most of them must have
    begun in the judged part; less those that surely did.
    """
    end, failures = steady.to_second, 0
    if measurements.facts.load_ended_ns // 10**9 <= end:
        return 0  # after the load all are known to have
    for operation in operations:
        for w in measurements.windows_of(operation):
            of_service = w.failures - w.failed.get(GENERATOR, 0)
            if w.second >= end and of_service and _failures_ns(w) >= w.failures * (w.second + 1 - end) * 1e9:
                failures += of_service
        failures -= sum(w.failures for w in _surely(measurements, operation, end))
    return max(failures, 0)


def _surely(measurements: Measurements, operation: str, end: int) -> Iterator[Window]:
    """Windows of the outcomes from `end` on that are of operations which surely began before."""
    last = measurements.facts.load_ended_ns // 10**9
    failed = begun = counted = 0  # begun: since `end`, and not known to have succeeded
    for w in measurements.windows_of(operation):
        if w.second < end:
            continue
        if w.second > last and last <= end:
            yield w
            continue
        own = w.failed.get(GENERATOR, 0)  # they count as started when they fail
        quick = w.response.total - w.response.over_range - w.response.from_ns((w.second - end) * 1e9).total
        failed, begun = failed + w.failures - own, begun + max(w.started - own - quick, 0)
        since_ns = (w.second + 1 - end) * 1e9
        long = _long_failures(w, since_ns, measurements.facts.request_timeout_ns)
        sure = min(max(failed - begun - counted, long), w.failures - own)
        counted += sure
        response, service = (_long(h, since_ns, w.failed.get(TIMEOUT, 0)) for h in (w.response, w.service))
        failures = _first(w.failed, sure)
        over = failures.get(TIMEOUT, 0)
        others = failures.total() - over
        yield Window(
            w.second, operation, ok=response.total, failed=failures, response=response.with_over_range(over),
            service=service.with_over_range(over), failed_response=w.failed_response.longest(others),
            failed_service=w.failed_service.longest(others), timeout_response=w.timeout_response.longest(over),
            timeout_service=w.timeout_service.longest(over),
        )  # fmt: skip


def _long_failures(w: Window, since_ns: float, timeout_ns: float) -> int:
    """How many of the failures took at least `since_ns`, by the sum of their times, when none takes longer than the time-out
    and what a busy generator adds; 0 where that is not known.
    """
    longest_ns = ADDED * timeout_ns + ADDED_NS
    if not timeout_ns or longest_ns <= since_ns:
        return 0
    return max(math.ceil((_failures_ns(w) - w.failures * since_ns) / (longest_ns - since_ns)), 0)


def _failures_ns(w: Window) -> float:
    """The sum of the failures' service times, at least."""
    return w.service_sum_ns - float((bucket_high_ns(w.service.indices) * w.service.counts).sum())


def _long(h: Histogram, since_ns: float, timed_out: int) -> Histogram:
    """The successful ones that took so long; those over range took over HIGHEST_NS, or are time-outs."""
    return h.from_ns(since_ns).with_over_range(max(h.over_range - timed_out, 0) if since_ns <= HIGHEST_NS else 0)


def _first(failed: Mapping[str, int], count: int) -> Counter[str]:
    """So many of the failures of the service, time-outs first: they are the longest."""
    taken = Counter[str]()
    for category in sorted(failed.keys() - {GENERATOR}, key=lambda name: (name != TIMEOUT, name)):
        taken[category] = min(failed[category], count - taken.total())
    return +taken


def _placed(w: Window, steady: Steady, timeout_ns: int) -> Iterator[Window]:
    """Its time-outs, other failures and successes, each where they began: so much earlier as they took."""

    def second(took_ns: float) -> int:
        took_s = math.ceil(min(took_ns, HIGHEST_NS) / 1e9)
        return min(max(w.second - took_s, steady.from_second), steady.to_second - 1)

    timed_out = w.failed.get(TIMEOUT, 0)
    service = w.timeout_service
    for at, waited, count in _waits(w, timed_out, timeout_ns):
        over = EMPTY.with_over_range(count)
        yield Window(
            second(at), w.operation, failed={TIMEOUT: count}, response=over, service=over, timeout_response=waited,
            timeout_service=service,
        )  # fmt: skip
        service = EMPTY
    if others := {category: n for category, n in w.failed.items() if category != TIMEOUT}:
        at = steady.to_second - 1
        yield Window(at, w.operation, failed=others, failed_response=w.failed_response, failed_service=w.failed_service)
    if w.ok:
        response, service = (h.with_over_range(-min(timed_out, h.over_range)) for h in (w.response, w.service))
        took_ns = response.quantile_ns(0.5) if response.total else 0.0
        yield Window(second(took_ns), w.operation, ok=w.ok, untimed=w.untimed, response=response, service=service)


def _waits(w: Window, timed_out: int, timeout_ns: int) -> Iterator[tuple[float, Histogram, int]]:
    """(how long they waited, ns; their times; how many) of time-outs, second by second. Where not all of their times are known,
    it is the time-out itself.
    """
    known = w.timeout_response
    if not timed_out or known.total != timed_out or known.over_range:
        yield from [(float(timeout_ns), known, timed_out)] * bool(timed_out)
        return
    seconds = np.ceil(bucket_low_ns(known.indices) / 1e9)
    for waited_s in np.unique(seconds):
        here = seconds == waited_s
        part = Histogram(known.indices[here], known.counts[here])
        yield 1e9 * float(waited_s), part, part.total
