"""From samples to windows: all operations of a report at once, in small steps.

A worker does this between arrivals. Whatever holds its loop makes arrivals late, so the work is a generator that stops after
every piece: none takes longer than some ten thousandths of a second, whatever the rate, and the caller decides when to go on.
"""

from __future__ import annotations

from collections.abc import Generator, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from bizra_load.measure.counting import count_rows
from sla.values.grouped_counts import GroupedCounts
from sla.values.histogram import EMPTY, IntArray
from sla.values.window import HISTOGRAMS, LATENCIES, SUCCESSFUL, TIMEOUT, Window, outcome_of

SECOND_NS = 1_000_000_000
ROWS = 4096  # that one numpy call works on: some 20 us
_SPAN = 1 << 32  # seconds of one block's keys; every label is under it

Rows = tuple[IntArray, IntArray, IntArray]  # intended, sent, done (ns), all of shape (n,)
Block = tuple["Samples", str | None, Rows]  # those of one category of failures, None for the successful ones
Steps = Iterator[None]


@dataclass(frozen=True)
class Samples:
    """What one operation's buffers held. `finished`: by failure category, None for the successful ones. `in_flight`: how many
    were under way before the first of these. `events_only`: starts are known only with the finish.
    """

    name: str
    events_only: bool
    in_flight: int
    starts: IntArray
    finished: dict[str | None, Rows]
    untimed: IntArray  # ends of successful ones that nobody timed


_COUNTS = ("planned", "unsent", "started", "ok", "untimed", "in_flight_ns", "response_sum_ns", "service_sum_ns")


@dataclass
class _Draft:
    """A window in the making."""

    counts: dict[str, int] = field(default_factory=lambda: dict.fromkeys(_COUNTS, 0))
    failed: dict[str, int] = field(default_factory=dict)
    groups: dict[str, int] = field(default_factory=dict)  # of the histograms, by outcome


class SecondsMaker:
    """Windows of the seconds in [from_ns, to_ns), perf_counter_ns. Run steps() to its end, then `windows` is there."""

    def __init__(self, from_ns: int, to_ns: int, unix_offset_ns: int) -> None:
        self._from_ns, self.to_ns, self._offset_ns = from_ns, to_ns, unix_offset_ns
        self._drafts: dict[tuple[str, int], _Draft] = {}
        self._groups = 0
        self.windows: list[Window] = []

    def steps(self, samples: Sequence[Samples]) -> Steps:
        """Fill `windows` with everything in `samples`."""
        for s in samples:
            yield from self._flow(s)
            yield
            for second, count in per_second(s.untimed, self._offset_ns):
                self._add(s.name, second, started=count if s.events_only else 0, ok=count, untimed=count)
        blocks = [(s, category, rows) for s in samples for category, rows in s.finished.items() if rows[0].size]
        if blocks:
            yield from self._finished(blocks)
        else:
            yield from self._close(None)

    def unsent(self, operation: str, intended_ns: IntArray) -> None:
        """Arrivals that were never sent: planned, and nothing else. Call it before steps()."""
        for second, count in per_second(intended_ns, self._offset_ns):
            self._add(operation, second, planned=count, unsent=count)

    def _add(self, operation: str, second: int, **counts: int) -> _Draft:
        draft = self._drafts.setdefault((operation, second), _Draft())
        for key, count in counts.items():
            draft.counts[key] += count
        return draft

    def _flow(self, s: Samples) -> Steps:
        """Starts and the exact in-flight integral of each second: N0 * 1 s + sum(end - start) - sum(end - done)."""
        if s.events_only:  # nothing independent to count
            return
        dones = np.concatenate([rows[2] for rows in s.finished.values()])
        yield
        in_flight = s.in_flight
        for begin in range(self._from_ns, self.to_ns, SECOND_NS):
            started, started_ns = yield from _within(s.starts, begin if begin > self._from_ns else None, begin + SECOND_NS)
            ended, ended_ns = yield from _within(dones, begin if begin > self._from_ns else None, begin + SECOND_NS)
            area = in_flight * SECOND_NS + started_ns - ended_ns
            in_flight += started - ended
            if area or started:
                second = (begin + self._offset_ns) // SECOND_NS
                self._add(s.name, second, started=started, in_flight_ns=max(area, 0))

    def _finished(self, blocks: Sequence[Block]) -> Steps:
        """All of them, ROWS at a time; those that have a latency are counted in the end."""
        timed: list[Rows] = []
        for block, rows in _batches(blocks):
            yield
            yield from self._some(blocks, block, rows, timed)
            yield
        counted = yield from count_rows(timed, self._groups)
        yield
        yield from self._close(counted)

    def _some(self, blocks: Sequence[Block], block: IntArray, rows: Rows, timed: list[Rows]) -> Steps:
        """Some rows; `block`, of shape (n,), says of which of the blocks each is. `timed` gets the groups, response and service
        times of those that have one.
        """
        intended, sent, done = rows
        for s_key, times in (("planned", intended), ("started", sent)):
            keys = block * _SPAN + (times + self._offset_ns) // SECOND_NS
            yield
            for at, second, count in _per_block(keys):
                samples = blocks[at][0]
                if samples.events_only == (s_key == "started"):
                    self._add(samples.name, second, **{s_key: count})
            yield
        key = block * _SPAN + (done + self._offset_ns) // SECOND_NS
        yield
        if bool((np.diff(key) < 0).any()):
            order = np.argsort(key, kind="stable")
            key, intended, sent, done = key[order], intended[order], sent[order], done[order]
            yield
        starts = np.concatenate((np.zeros(1, np.int64), np.flatnonzero(np.diff(key)) + 1))
        lengths = np.diff(starts, append=key.size)
        response, service = done - intended, done - sent
        yield
        sums = np.add.reduceat(response, starts).tolist(), np.add.reduceat(service, starts).tolist()
        yield
        group = np.repeat(self._outcomes(blocks, key[starts].tolist(), lengths.tolist(), sums), lengths)
        kept = group >= 0
        timed.append((group[kept], response[kept], service[kept]))

    def _outcomes(
        self,
        blocks: Sequence[Block],
        keys: list[int],
        counts: list[int],
        sums: tuple[list[int], ...],
    ) -> IntArray:
        """Count so many that ended in the block and second of each key, all of shape (n,); `sums`: of response and of service
        times. Returns the groups of their latencies, -1 for those that have none.
        """
        groups = []
        for k, n, response_ns, service_ns in zip(keys, counts, *sums, strict=True):
            samples, category, _ = blocks[k // _SPAN]
            ok = n if category is None else 0
            draft = self._add(samples.name, k % _SPAN, ok=ok, response_sum_ns=response_ns, service_sum_ns=service_ns)
            if category is not None:
                draft.failed[category] = draft.failed.get(category, 0) + n
            outcome = outcome_of(category)
            if outcome is not None and outcome not in draft.groups:
                draft.groups[outcome] = self._groups
                self._groups += 1
            groups.append(-1 if outcome is None else draft.groups[outcome])
        return np.array(groups, np.int64)

    def _close(self, counted: GroupedCounts | None) -> Steps:
        """Group g holds response times under 2 g and service times under 2 g + 1."""
        filled = counted.histograms() if counted else []
        yield
        for (operation, second), draft in sorted(self._drafts.items()):
            failed = dict(sorted(draft.failed.items()))
            values: dict[str, Any] = {**draft.counts, **dict.fromkeys(HISTOGRAMS, EMPTY), "failed": failed}
            for outcome, group in draft.groups.items():
                for latency, h in zip(LATENCIES, filled[2 * group : 2 * group + 2], strict=True):
                    values[outcome + latency] = h if outcome == SUCCESSFUL else h.without_zeros()
            if timeouts := failed.get(TIMEOUT, 0):  # one is slower than anything measured
                for latency in LATENCIES:
                    values[latency] = values[latency].with_over_range(timeouts)
            self.windows.append(Window(second, operation, **values))
            yield


def _batches(blocks: Sequence[Block]) -> Iterator[tuple[IntArray, Rows]]:
    """About ROWS rows at a time: of which block each is, and they themselves. Parts of a long block are not copied."""
    parts: list[tuple[int, Sequence[IntArray]]] = []
    size = 0
    for number, (_, _, rows) in enumerate(blocks):
        for at in range(0, rows[0].size, ROWS):
            parts.append((number, [column[at : at + ROWS] for column in rows]))
            size += parts[-1][1][0].size
            if size >= ROWS:
                yield _batch(parts)
                parts, size = [], 0
    if parts:
        yield _batch(parts)


def _batch(parts: Sequence[tuple[int, Sequence[IntArray]]]) -> tuple[IntArray, Rows]:
    numbers, sizes = [number for number, _ in parts], [rows[0].size for _, rows in parts]
    columns = parts[0][1] if len(parts) == 1 else map(np.concatenate, zip(*(rows for _, rows in parts), strict=True))
    intended, sent, done = columns
    return np.repeat(numbers, sizes), (intended, sent, done)


def _within(times: IntArray, begin_ns: int | None, end_ns: int) -> Generator[None, None, tuple[int, int]]:
    """How many of `times` lie in [begin, end), without a begin before the end; and how long (ns) before the end in all."""
    count = before_ns = 0
    for at in range(0, times.size, ROWS):
        some = times[at : at + ROWS]
        inside = some < end_ns
        here = some[inside if begin_ns is None else inside & (some >= begin_ns)]
        count += here.size
        before_ns += int((end_ns - here).sum())
        yield
    return count, before_ns


def per_second(times_ns: IntArray, offset_ns: int) -> list[tuple[int, int]]:
    """(second, how many) of perf_counter_ns times; `offset_ns` makes them Unix time."""
    seconds, counts = np.unique((times_ns + offset_ns) // SECOND_NS, return_counts=True)
    return list(zip(seconds.tolist(), counts.tolist(), strict=True))


def _per_block(keys: IntArray) -> list[tuple[int, int, int]]:
    """(block, second, how many) of keys block * _SPAN + second."""
    changes = np.flatnonzero(np.diff(keys, prepend=-1))  # runs: within a block times ascend but for a few
    lengths = np.diff(changes, append=keys.size).tolist()
    return [(k // _SPAN, k % _SPAN, n) for k, n in zip(keys[changes].tolist(), lengths, strict=True)]
