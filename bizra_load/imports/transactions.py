"""Which rows of JMeter's Transaction Controllers hold requests that have rows of their own."""

from __future__ import annotations

import re
from array import array
from collections.abc import Mapping
from dataclasses import dataclass, field
from itertools import takewhile

# what a Transaction Controller writes after the samples that it holds, or in their place ("Generate parent sample")
_TRANSACTION = re.compile(r"Number of samples in transaction : (\d+), number of failing samples : \d+")
MOST_THREADS = 100_000  # whose requests are known apart
MOST_LABELS = 1000
MOST_HELD = 1000  # requests of one transaction
JITTER_NS = 5_000_000  # JMeter rounds times to ms, and corrects its clock between two samples
_OTHERS = ""


@dataclass
class _Thread:
    """When its requests began, the last 1 to 2 MOST_HELD of them; when the last one ended."""

    begun_ns: array[int] = field(default_factory=lambda: array("q"))
    ended_ns: int = 0


@dataclass
class Threads:
    """Tells a transaction beside its requests (left out) from one in their place (an operation): the former holds as many
    requests of its thread as it says. All of one label are of one kind, and in one thread no two requests overlap. Where that
    does not hold, such as in results of two machines with the same names, no transaction is left out.

    keep_labels, keep_threads   whose transactions a first reading could not tell: they are kept
    """

    keep_labels: frozenset[str] = frozenset()
    keep_threads: frozenset[str] = frozenset()
    _threads: dict[str, _Thread] = field(default_factory=dict)
    _left_out: dict[str, int] = field(default_factory=dict)
    _in_place: set[str] = field(default_factory=set)
    _mixed: set[str] = field(default_factory=set)
    _overlapping: set[str] = field(default_factory=set)
    _leaving: set[str] = field(default_factory=set)
    _nameless: int = 0
    _kept: int = 0

    def leaves_out(self, row: Mapping[str, str], begun_ns: int | None, latency_ns: int | None) -> bool:
        """Whether a row is a transaction of requests that have rows of their own. A response can't say so of itself: a request
        has a URL and a data type, where there are such columns.
        """
        name = row.get("threadName") or ""
        thread = self._thread(name)
        match = _TRANSACTION.fullmatch((row.get("responseMessage") or "").strip())
        if match is None or (row.get("URL") or "null") != "null" or row.get("dataType"):
            if thread and begun_ns is not None:
                self._request(name, thread, begun_ns, latency_ns)
            return False
        if not (held := int(match[1][:9])):
            if (row.get("success") or "").strip().lower() == "false" or (row.get("ErrorCount") or "0").strip() != "0":
                return False  # nothing else tells that it failed
            self._left_out[_OTHERS] = self._left_out.get(_OTHERS, 0) + 1
            return True
        if thread is None:
            self._nameless += 1
            return False
        return self._transaction(row["label"], name, thread, begun_ns, held)

    def forget(self) -> None:
        """What comes now is of another file, in which the same threads begin once more."""
        self._threads.clear()

    def unresolved(self) -> Threads | None:
        """For a second reading: who left transactions out that are to be kept. None where all were reported."""
        labels = frozenset(self._left_out) & (self._in_place | self._mixed)
        threads = frozenset(self._overlapping & self._leaving)
        return Threads(keep_labels=labels, keep_threads=threads) if labels or threads else None

    def notes(self) -> list[str]:
        """What was left out, and what was kept because it can't be distinguished."""
        left_out = sum(self._left_out.values())
        notes = [f"rows of transactions left out: {left_out:,}"] if left_out else []
        if self._nameless:
            notes.append(f"rows of transactions kept as operations: {self._nameless:,} without a thread's name")
        if self._kept:
            notes.append(
                f"rows of transactions kept as operations: {self._kept:,}, since threads of one name overlap, or hold other"
                " requests than the transaction says (results of several machines?)"
            )
        return notes

    def _thread(self, name: str) -> _Thread | None:
        if name not in self._threads:
            if not name or len(self._threads) >= MOST_THREADS:
                return None
            self._threads[name] = _Thread()
        return self._threads[name]

    def _request(self, name: str, thread: _Thread, begun_ns: int, latency_ns: int | None) -> None:
        if begun_ns < thread.ended_ns - JITTER_NS:
            self._overlapping.add(name)
        if latency_ns is not None:
            thread.ended_ns = max(thread.ended_ns, begun_ns + latency_ns)
        thread.begun_ns.append(begun_ns)
        if len(thread.begun_ns) > 2 * MOST_HELD:
            del thread.begun_ns[:MOST_HELD]

    def _transaction(self, label: str, name: str, thread: _Thread, begun_ns: int | None, held: int) -> bool:
        # without a time it is as the others of its label
        within = held if begun_ns is None else _within(thread.begun_ns, begun_ns, held)
        label = label if label in self._left_out or len(self._left_out) < MOST_LABELS else _OTHERS
        if not within:
            self._in_place.add(label)
            if begun_ns is not None:  # for the transactions around it, it is one request
                thread.begun_ns.append(begun_ns)
        elif within != held:
            self._mixed.add(label)
        keep = label in self.keep_labels or name in self.keep_threads
        if within != held or keep:
            self._kept += within != 0 or keep
            return False
        self._left_out[label] = self._left_out.get(label, 0) + 1
        self._leaving.add(name)
        return True


def _within(begun_ns: array[int], since_ns: int, held: int) -> int:
    """How many of a thread's last requests began since then: `held`, where it is as many but for the jitter of clocks."""
    if held <= min(len(begun_ns), MOST_HELD) and begun_ns[-held] >= since_ns - JITTER_NS:
        before_ns = begun_ns[-held - 1] if len(begun_ns) > held else since_ns
        if before_ns <= since_ns + JITTER_NS:
            return held
    return sum(1 for _ in takewhile(lambda at_ns: at_ns >= since_ns, reversed(begun_ns)))
