"""Samples of other tools, by operation and outcome, as one-second windows."""

from __future__ import annotations

from array import array
from collections import Counter, defaultdict
from dataclasses import dataclass, field

import numpy as np

from bizra_load.measure.names import OTHER, kept_name
from bizra_load.measure.reasons import Reasons
from sla.values import histogram
from sla.values.histogram import Histogram, IntArray
from sla.values.measurements import FailedCheck
from sla.values.window import SCHEDULE, Window

MAX_OPERATIONS = 1000
MAX_CHECKS = 100  # whose names are kept
MOST_UNSENT = 1e15
MAX_SAMPLES = 100_000_000  # in two numbers each
SECOND_NS = 1_000_000_000


@dataclass(frozen=True)
class Sample:
    """One operation that ended: `category` is "" where it succeeded, `reason` says why it failed; finished_ns is Unix time."""

    operation: str
    category: str
    finished_ns: int
    latency_ns: int
    reason: str = ""


@dataclass
class Samples:
    """Finish times and latencies (ns) by operation and outcome ("" for successful ones).

    iterations, dropped   how many were made; how many were planned and never begun, by the second
    checks                how often the script's own checks failed, by name
    notes                 what a reader of the results must know
    reasons               of those that failed
    """

    finished: dict[tuple[str, str], array[int]] = field(default_factory=dict)
    latency: dict[tuple[str, str], array[int]] = field(default_factory=dict)
    iterations: int = 0
    dropped: dict[int, float] = field(default_factory=lambda: defaultdict(float))
    checks: Counter[str] = field(default_factory=Counter)
    notes: set[str] = field(default_factory=set)
    reasons: Reasons = field(default_factory=Reasons)
    _last_ns: int | None = None
    _count: int = 0
    _timeless: list[tuple[str, str, int, str]] = field(default_factory=list)

    def add(self, sample: Sample) -> None:
        """Raises ValueError for too many names and outcomes."""
        key = (kept_name(sample.operation), sample.category)
        if key not in self.finished:
            if len(self.finished) >= MAX_OPERATIONS:
                raise ValueError(f"more than {MAX_OPERATIONS} names and outcomes: group them first")
            self.finished[key], self.latency[key] = array("q"), array("q")
        self.finished[key].append(sample.finished_ns)
        self.latency[key].append(sample.latency_ns)
        if sample.category:
            self.reasons.add(*key, sample.reason, sample.finished_ns)
        self._last_ns = sample.finished_ns
        self._count += 1
        if self._count > MAX_SAMPLES:
            raise ValueError(f"more than {MAX_SAMPLES:,} samples: part the file by time")
        while self._timeless:
            operation, category, latency_ns, reason = self._timeless.pop()
            self.add(Sample(operation, category, sample.finished_ns, latency_ns, reason))

    def add_without_time(self, operation: str, category: str, latency_ns: int, reason: str = "") -> None:
        """One whose time the tool did not keep: it counts where the one before it ended, else where the next one does."""
        if self._last_ns is None:
            self._timeless.append((operation, category, latency_ns, reason))
        else:
            self.add(Sample(operation, category, self._last_ns, latency_ns, reason))

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

    def _unsent(self, windows: list[Window]) -> list[Window]:
        """What was planned and never sent, in operations: an iteration stands for as many as the others made."""
        if not self.dropped:
            return []
        sent: dict[int, int] = defaultdict(int)
        for w in windows:
            sent[w.second] += w.started
        each = sum(sent.values()) / self.iterations if self.iterations else 1.0
        unsent = {second: round(count * each) for second, count in self.dropped.items()}
        if sum(unsent.values()) > MOST_UNSENT:
            raise ValueError(f"{sum(unsent.values()):.3g} operations were dropped (allowed: {MOST_UNSENT:g})")
        seconds = sorted(sent.keys() | unsent.keys())
        return [Window(s, SCHEDULE, planned=sent.get(s, 0) + unsent.get(s, 0), unsent=unsent.get(s, 0)) for s in seconds]


def finished(second: int, operation: str, count: int, total_ns: int, h: Histogram, category: str = "") -> Window:
    """A window whose response time is its service time."""
    ok, failed = (0, {category: count}) if category else (count, {})
    sums = {"service_sum_ns": total_ns, "response_sum_ns": total_ns}
    return Window(second, operation, started=count, ok=ok, failed=failed, response=h, service=h, **sums)


def _window(second: int, operation: str, category: str, latency_ns: IntArray) -> Window:
    if category:  # a timed-out operation is slower than anything measured; other failures have no latency worth comparing
        h = histogram.from_values(latency_ns[:0], over_range=latency_ns.size if category == "timeout" else 0)
    else:
        h = histogram.from_values(latency_ns)
    return finished(second, operation, int(latency_ns.size), int(latency_ns.sum()), h, category)
