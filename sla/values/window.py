"""What was measured in one second: of one operation (Window), and of the generator itself (Health).

Both are additive: a second may be reported in several parts, by several workers, in any order; the sum is the second.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from sla.values import histogram
from sla.values.histogram import EMPTY, Histogram
from sla.values.machine import MachineSecond

# An arrival that was planned but never sent has no operation yet (the scenario would have chosen it): it is counted here.
SCHEDULE = "(schedule)"
OTHER = "(other)"  # operations beyond those that are kept

# The generator had no descriptor, port, buffer or address for it: the service was not asked, and is not judged by it.
GENERATOR = "generator"
TIMEOUT = "timeout"
# A task of the locustfile ended with an exception of its own code, which is of no request.
EXCEPTION = "exception"

FAILURE_CATEGORIES = (
    "transport",
    TIMEOUT,
    "http_3xx",
    "http_4xx",
    "http_5xx",
    "bad_json",
    "bad_signature",
    "not_valid",
    "grpc",
    GENERATOR,
    EXCEPTION,
)

# How the names of a window's histograms begin, by what became of an operation.
SUCCESSFUL, FAILED, TIMED_OUT = "", "failed_", "timeout_"
LATENCIES = ("response", "service")
HISTOGRAMS = tuple(outcome + latency for outcome in (SUCCESSFUL, FAILED, TIMED_OUT) for latency in LATENCIES)


def outcome_of(category: str | None) -> str | None:
    """Which histograms hold what ended so (None: successful); None where it has no latency: the service was not asked."""
    if category == GENERATOR:
        return None
    return SUCCESSFUL if category is None else TIMED_OUT if category == TIMEOUT else FAILED


@dataclass(frozen=True)
class Window:
    """One operation in one second (`second`: whole seconds since the Unix epoch).

    planned       arrivals whose intended start lies in this second, sent or not
    unsent        those of them that had not been sent when the test ended (only under the operation SCHEDULE)
    started       operations sent in this second
    ok, failed    operations finished in this second: successful, or failed by category
    untimed       successful ones, counted in `ok`, whose latency is unknown: they are in no latency
    in_flight_ns  time integral of the number in flight over this second, ns x operations, from starts and finishes
                  counted independently of the latency samples (so that Little's law can find lost samples)
    service_sum_ns, response_sum_ns  exact sums over all finished operations, failed ones included
    response      latency from the intended start, of successful operations; a time-out counts as over range
    service       latency from the actual send, likewise
    failed_response, failed_service    how long those took that failed on the service, time-outs apart
    timeout_response, timeout_service  how long the client waited for those that timed out; their latencies are longer
                  These four lack what nobody timed, what was never sent, and all of runs saved before they were measured.
    """

    second: int
    operation: str
    planned: int = 0
    unsent: int = 0
    started: int = 0
    ok: int = 0
    failed: Mapping[str, int] = field(default_factory=dict)
    in_flight_ns: int = 0
    service_sum_ns: int = 0
    response_sum_ns: int = 0
    response: Histogram = EMPTY
    service: Histogram = EMPTY
    untimed: int = 0
    failed_response: Histogram = EMPTY
    failed_service: Histogram = EMPTY
    timeout_response: Histogram = EMPTY
    timeout_service: Histogram = EMPTY

    @property
    def failures(self) -> int:
        """Failed operations of all categories."""
        return sum(self.failed.values())

    @property
    def failures_of_service(self) -> int:
        """Failed operations that the service was asked for: all but those of the category GENERATOR."""
        return self.failures - self.failed.get(GENERATOR, 0)

    def untimed_failures(self, latency: str) -> int:
        """Those that failed on the service, did not time out, and whose latency ("response" or "service") is unknown."""
        return self.failures_of_service - self.failed.get(TIMEOUT, 0) - self.histogram(FAILED, latency).total

    def histogram(self, outcome: str, latency: str) -> Histogram:
        """One of HISTOGRAMS: "response" or "service" of SUCCESSFUL, FAILED or TIMED_OUT operations."""
        chosen: Histogram = getattr(self, outcome + latency)
        return chosen

    @property
    def finished(self) -> int:
        """Operations that ended in this second, successful or not."""
        return self.ok + self.failures


@dataclass(frozen=True)
class Health:
    """The generator's own second on one worker.

    lag          how late the schedule woke each waiting arrival (ns), in the second in which it was woken
    own_lag      the part of each such delay in which this process itself used the CPU (ns): the generator's own doing. The
                 rest is the machine's: another process or the hypervisor had the core
    hub          how long each batch of responses that came together took to hand out (ns, 0 for a single one): the most that
                 the generator added to a service time
    cpu_share    CPU seconds of the worker process per second (1.0 is one core)
    reconnects   connections opened again in this second after the first
    gc_pause_ns  the longest garbage collection that ended in this second
    slots        rate slots (users) that this worker drives
    bad_samples  samples of users that are not ours whose name was no text, or whose time was none
    report_errors  reports that could not be made: what they would have held is lost
    label_offset_ns, wall_offset_ns, clock_error_ns  how far the clock that labels this worker's windows, and its system clock,
                 are ahead of the master's, and how wrong that may be (half a round trip; -1: not measured)
    housekeeping_ns  the longest step of the worker's own work (reports): so long it held the loop, by its CPU clock
    machine      this worker's process and machine in this second; None in runs saved before it was measured
    """

    second: int
    worker: str
    lag: Histogram = EMPTY
    cpu_share: float = 0.0
    reconnects: int = 0
    rss_bytes: int = 0
    gc_pause_ns: int = 0
    slots: int = 0
    label_offset_ns: int = 0
    wall_offset_ns: int = 0
    clock_error_ns: int = -1
    hub: Histogram = EMPTY
    own_lag: Histogram = EMPTY
    housekeeping_ns: int = 0
    machine: MachineSecond | None = None
    bad_samples: int = 0
    report_errors: int = 0


def merge_windows(windows: Iterable[Window]) -> tuple[Window, ...]:
    """One window for each (operation, second), sorted by (operation, second); sums of all parts."""
    groups: dict[tuple[str, int], list[Window]] = {}
    for w in windows:
        groups.setdefault((w.operation, w.second), []).append(w)
    return tuple(_sum(groups[key]) for key in sorted(groups))


def failures_by_category(windows: Iterable[Window]) -> Counter[str]:
    """Failed operations of all windows, by category, in the order in which the categories come."""
    failed = Counter[str]()
    for w in windows:
        failed.update(w.failed)
    return failed


def _sum(parts: list[Window]) -> Window:
    return Window(
        second=parts[0].second,
        operation=parts[0].operation,
        planned=sum(w.planned for w in parts),
        unsent=sum(w.unsent for w in parts),
        started=sum(w.started for w in parts),
        ok=sum(w.ok for w in parts),
        untimed=sum(w.untimed for w in parts),
        failed=dict(sorted(failures_by_category(parts).items())),
        in_flight_ns=sum(w.in_flight_ns for w in parts),
        service_sum_ns=sum(w.service_sum_ns for w in parts),
        response_sum_ns=sum(w.response_sum_ns for w in parts),
        **{name: histogram.merge(getattr(w, name) for w in parts) for name in HISTOGRAMS},
    )
