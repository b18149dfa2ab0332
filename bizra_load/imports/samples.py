"""Samples of other tools, by operation and outcome, as one-second windows."""

from __future__ import annotations

from array import array
from collections import Counter, defaultdict
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import TypeVar

import numpy as np

from bizra_load.imports.transactions import Threads
from bizra_load.measure.operation_names import kept_name
from bizra_load.measure.reasons import Reasons
from sla.values import histogram
from sla.values.histogram import EMPTY, Histogram, IntArray
from sla.values.measurements import FailedCheck
from sla.values.window import LATENCIES, OTHER, SCHEDULE, TIMEOUT, Window, outcome_of

MAX_OPERATIONS = 1000
MAX_CHECKS = 100  # whose names are kept
MOST_UNSENT = 1e15
MAX_SAMPLES = 100_000_000  # in two numbers each
SECOND_NS = 1_000_000_000
MOST_TIMELESS = 10_000  # that wait for the first one with a time
_UNTIMED_NS = -1
_T = TypeVar("_T")


@dataclass(frozen=True)
class ImportedSample:
    """One operation that ended: `category` is "" where it succeeded, `reason` says why it failed; finished_ns is Unix time.
    What the file does not hold is None: without a time it counts where the one before it ended, else where the next one does;
    without a latency it is counted, and in no latency.
    """

    operation: str
    category: str
    finished_ns: int | None
    latency_ns: int | None
    reason: str = ""
    scenario: str = ""


@dataclass
class ImportedSamples:
    """Finish times and latencies (ns) by operation and outcome ("" for successful ones).

    iterations, dropped   how many were made, by scenario; how many were planned and never begun, by second and scenario
    sent                  how many samples there are, by scenario
    checks                how often the script's own checks failed, by name
    notes                 what a reader of the results must know
    reasons               of those that failed
    threads               JMeter's, and the rows of transactions that were left out
    bad, first_bad        rows with a time or a latency that is none; what the first one holds
    """

    finished: dict[tuple[str, str], array[int]] = field(default_factory=dict)
    latency: dict[tuple[str, str], array[int]] = field(default_factory=dict)
    iterations: Counter[str] = field(default_factory=Counter)
    dropped: dict[int, Counter[str]] = field(default_factory=lambda: defaultdict(Counter))
    sent: Counter[str] = field(default_factory=Counter)
    checks: Counter[str] = field(default_factory=Counter)
    notes: set[str] = field(default_factory=set)
    reasons: Reasons = field(default_factory=Reasons)
    threads: Threads = field(default_factory=Threads)
    bad: int = 0
    first_bad: str = ""
    _bad_value: str = ""
    _last_ns: int | None = None
    _count: int = 0
    _whole: int = 0
    _timeless: list[ImportedSample] = field(default_factory=list)
    _timeless_dropped: Counter[str] = field(default_factory=Counter)
    _latest: tuple[str, int, str] | None = None  # operation, finish time, category

    def value(self, read: Callable[[], _T]) -> _T | None:
        """What `read` gives, None where it raises ValueError: then the row under way is a bad one."""
        try:
            return read()
        except ValueError as error:
            self._bad_value = self._bad_value or str(error)
            return None

    def end_row(self, line: int) -> None:
        """Counts the row under way where a value of it was bad."""
        if self._bad_value:
            self.bad += 1
            self.first_bad = self.first_bad or f"line {line}: {self._bad_value}"
            self._bad_value = ""

    @property
    def count(self) -> int:
        """How many samples there are."""
        return self._count

    @property
    def all_bad(self) -> bool:
        """Whether not one sample was whole: that is no mishap, but another kind of file."""
        return self.bad > 0 and not self._whole

    def add(self, sample: ImportedSample) -> None:
        """Raises ValueError for too many names and outcomes, and for too many samples."""
        self._whole += not self._bad_value
        self.sent[sample.scenario] += 1
        self._keep(sample)

    def fail_latest(self, operation: str, finished_ns: int | None, category: str, reason: str) -> None:
        """A later row says that the latest sample failed. Where that is another operation's, it counts as a failed check: which
        sample it is of is not known.
        """
        name, latest = kept_name(operation), self._latest
        if latest is None or latest[:2] != (name, finished_ns):
            self.add_failed_check(reason)
        elif not latest[2]:
            key = (name, "")
            self.finished[key].pop()
            latency_ns = self.latency[key].pop()
            if not self.finished[key]:
                del self.finished[key], self.latency[key]
            self._count -= 1
            self._keep(ImportedSample(operation, category, finished_ns, None if latency_ns < 0 else latency_ns, reason))

    def _keep(self, sample: ImportedSample) -> None:
        if sample.finished_ns is None and self._last_ns is None:
            if len(self._timeless) >= MOST_TIMELESS:
                raise ValueError(f"more than {MOST_TIMELESS:,} rows before the first one with a time")
            self._timeless.append(sample)
            return
        finished_ns = self._last_ns if sample.finished_ns is None else sample.finished_ns
        assert finished_ns is not None
        key = (kept_name(sample.operation), sample.category)
        if key not in self.finished:
            if len(self.finished) >= MAX_OPERATIONS:
                raise ValueError(f"more than {MAX_OPERATIONS} names and outcomes: group them first")
            self.finished[key], self.latency[key] = array("q"), array("q")
        self.finished[key].append(finished_ns)
        self.latency[key].append(_UNTIMED_NS if sample.latency_ns is None else sample.latency_ns)
        if sample.category:
            self.reasons.add(*key, sample.reason, finished_ns)
        self._last_ns, self._latest = finished_ns, (key[0], finished_ns, key[1])
        self._count += 1
        if self._count > MAX_SAMPLES:
            raise ValueError(f"more than {MAX_SAMPLES:,} samples: part the file by time")
        while self._timeless:
            self._keep(replace(self._timeless.pop(), finished_ns=finished_ns))
        if self._timeless_dropped:
            self.dropped[finished_ns // SECOND_NS] += self._timeless_dropped
            self._timeless_dropped = Counter()

    def add_dropped(self, count: int, at_ns: int | None, scenario: str = "") -> None:
        """Iterations that were planned and never begun; at_ns as ImportedSample.finished_ns."""
        if (at_ns := self._last_ns if at_ns is None else at_ns) is None:
            self._timeless_dropped[scenario] += count
        else:
            self.dropped[at_ns // SECOND_NS][scenario] += count

    def add_failed_check(self, name: str) -> None:
        """One check of the script that failed; the names beyond MAX_CHECKS count as one."""
        name = kept_name(name)
        self.checks[name if name in self.checks or len(self.checks) < MAX_CHECKS else OTHER] += 1

    def failed_checks(self) -> tuple[FailedCheck, ...]:
        """The most frequent first."""
        return tuple(FailedCheck(name, count) for name, count in self.checks.most_common())

    def windows(self) -> list[Window]:
        """One-second windows by the time of finishing."""
        windows = []
        for (operation, category), finished in self.finished.items():
            seconds = np.array(finished, dtype=np.int64) // SECOND_NS
            latency = np.array(self.latency[operation, category], dtype=np.int64)
            order = np.argsort(seconds, kind="stable")
            labels, starts = np.unique(seconds[order], return_index=True)
            for second, part in zip(labels.tolist(), np.split(latency[order], starts[1:]), strict=True):
                windows.append(_window(second, operation, category, part))
        return windows + self._unsent(windows)

    def _per_iteration(self, scenario: str) -> float:
        """Operations of an iteration: those of its scenario, else of all; one where that is not known."""
        own, of_all = (self.sent[scenario], self.iterations[scenario]), (self.sent.total(), self.iterations.total())
        for sent, iterations in (own, of_all):
            if sent and iterations:
                return sent / iterations
        return 1.0

    def _unsent(self, windows: list[Window]) -> list[Window]:
        """What was planned and never sent, in operations: an iteration stands for as many as the others made."""
        if not self.dropped:
            return []
        sent: dict[int, int] = defaultdict(int)
        for w in windows:
            sent[w.second] += w.started
        unsent = {
            second: round(sum(count * self._per_iteration(scenario) for scenario, count in dropped.items()))
            for second, dropped in self.dropped.items()
        }
        if sum(unsent.values()) > MOST_UNSENT:
            raise ValueError(f"{sum(unsent.values()):.3g} operations were dropped (allowed: {MOST_UNSENT:g})")
        seconds = sorted(sent.keys() | unsent.keys())
        return [Window(s, SCHEDULE, planned=sent.get(s, 0) + unsent.get(s, 0), unsent=unsent.get(s, 0)) for s in seconds]


def finished(
    second: int, operation: str, count: int, total_ns: int, h: Histogram, category: str = "", untimed: int = 0
) -> Window:
    """A window whose response time is its service time. `h`: of those of them whose latency is known."""
    ok, failed = (0, {category: count}) if category else (count, {})
    timed_out = EMPTY.with_over_range(failed.get(TIMEOUT, 0))  # a time-out is slower than anything measured
    latencies = dict.fromkeys(LATENCIES, timed_out if category else h)
    outcome = outcome_of(category or None)
    if category and outcome is not None:
        latencies |= {outcome + latency: h for latency in LATENCIES}
    sums = {"service_sum_ns": total_ns, "response_sum_ns": total_ns}
    return Window(second, operation, started=count, ok=ok, failed=failed, untimed=untimed, **sums, **latencies)  # type: ignore[arg-type]


def _window(second: int, operation: str, category: str, latencies_ns: IntArray) -> Window:
    latency_ns, count = latencies_ns[latencies_ns != _UNTIMED_NS], int(latencies_ns.size)
    h = histogram.from_values(latency_ns)
    if category:  # some tools write 0 where a request was never sent, or its time was never known
        h = h.without_zeros()
    untimed = 0 if category else count - int(latency_ns.size)
    return finished(second, operation, count, int(latency_ns.sum()), h, category, untimed)
