"""The generator's own seconds on one worker: how late it was and why, what it used, what its collector and its clocks did."""

from __future__ import annotations

import contextlib
import gc
import os
import time
from collections.abc import Generator, Iterator
from dataclasses import dataclass

import numpy as np

from bizra_load.engine.lags import Lags
from bizra_load.engine.quiet import QuietMoments
from bizra_load.engine.reactor import Reactor
from bizra_load.measure.counting import count_rows
from bizra_load.measure.exchange import Sender
from bizra_load.measure.machine_readings import DIGITS, MachineReader
from bizra_load.measure.seconds import SECOND_NS
from sla.values.histogram import EMPTY, HIGHEST_NS, Histogram
from sla.values.window import Health

LAG_BITS = 4  # lags are kept to a 64th, upwards: half as many bytes, and sla judges by their extremes and by quantiles of them


@dataclass(frozen=True)
class Counts:
    """What a worker counted since its last report (see Health)."""

    reconnects: int = 0
    bad_samples: int = 0
    report_errors: int = 0


class HealthReader:
    """Health rows of one worker, in small steps: run steps() to its end, then `rows` is there."""

    def __init__(self, worker: str, unix_offset_ns: int, lags: Lags, reactor: Reactor, quiet: QuietMoments) -> None:
        self.rows: list[Health] = []
        self._worker = worker
        self._offset_ns = unix_offset_ns
        self._lags = lags
        self._lags.take()  # those of an earlier test in this process are not ours
        self._reactor = reactor
        self._reactor.take_turns()
        self._quiet = quiet
        self._machine = MachineReader(worker)
        self._memory = OwnMemory()
        self._collections = CollectionPauses()
        self._cpu = (time.perf_counter(), time.process_time())

    def close(self) -> None:
        self._collections.close()
        self._memory.close()
        self._machine.close()

    def steps(self, until_ns: int, slots: int, counts: Counts, sender: Sender) -> Iterator[None]:
        """Rows for everything before `until_ns` (perf_counter_ns): one for the second that ends there, and one for each earlier
        one in which arrivals were woken that no row has held yet.
        """
        second = (until_ns + self._offset_ns - 1) // SECOND_NS
        yield from self._machine.steps()
        machine, rss_bytes = self._machine.taken(second), self._memory.rss_bytes()
        yield
        turns = np.minimum(self._reactor.take_turns(), HIGHEST_NS)  # a process that was stopped has long ones
        yield
        counted = yield from count_rows([(np.zeros(turns.size, np.int64), turns, turns)], 1)
        yield
        hub = counted.histograms()[0] if counted else EMPTY
        yield
        hub = hub.rounded_up(LAG_BITS)
        yield
        lags = yield from self._lag_of_seconds(until_ns)
        yield
        share, clocks = self._cpu_share(), sender.take_reading()
        yield
        lag, own_lag = lags.pop(second, (EMPTY, EMPTY))
        self.rows = [Health(s, self._worker, pair[0], share, own_lag=pair[1], slots=slots) for s, pair in sorted(lags.items())]
        self.rows.append(
            Health(
                second=second,
                worker=self._worker,
                lag=lag,
                own_lag=own_lag,
                hub=hub,
                cpu_share=share,
                reconnects=counts.reconnects,
                bad_samples=counts.bad_samples,
                report_errors=counts.report_errors,
                rss_bytes=rss_bytes,
                gc_pause_ns=self._collections.take(),
                slots=slots,
                label_offset_ns=clocks.label_ns if clocks else 0,
                wall_offset_ns=clocks.wall_ns if clocks else 0,
                housekeeping_ns=self._quiet.take_longest(),
                clock_error_ns=clocks.error_ns if clocks else -1,
                machine=machine,
            )
        )

    def _cpu_share(self) -> float:
        wall, cpu = time.perf_counter(), time.process_time()
        share = (cpu - self._cpu[1]) / max(wall - self._cpu[0], 1e-9)
        self._cpu = (wall, cpu)
        return round(share, DIGITS)

    def _lag_of_seconds(self, until_ns: int) -> Generator[None, None, dict[int, tuple[Histogram, Histogram]]]:
        """(lag, own part) by the second of the wake-up; wake-ups are in order."""
        rows = self._lags.take(until_ns)
        yield
        if not rows.woken_ns.size:
            return {}
        first, last = ((int(rows.woken_ns[i]) + self._offset_ns) // SECOND_NS for i in (0, -1))
        edges = np.arange(first + 1, last + 1) * SECOND_NS - self._offset_ns
        lengths = np.diff(np.searchsorted(rows.woken_ns, edges), prepend=0, append=rows.woken_ns.size)
        seconds = [first + int(i) for i in np.flatnonzero(lengths)]
        group = np.repeat(np.arange(len(seconds)), lengths[lengths > 0])
        yield
        counted = yield from count_rows([(group, rows.lag_ns, rows.own_ns)], len(seconds))
        filled = counted.histograms() if counted else []
        yield
        for i, h in enumerate(filled):
            filled[i] = h.rounded_up(LAG_BITS)
            yield
        return {s: (filled[2 * i], filled[2 * i + 1]) for i, s in enumerate(seconds)}


class OwnMemory:
    """psutil takes half a millisecond for one number of this process; statm (proc(5)) takes a hundredth of that."""

    def __init__(self) -> None:
        self._page_bytes = os.sysconf("SC_PAGE_SIZE")
        try:
            self._file = os.open("/proc/self/statm", os.O_RDONLY)
        except OSError:
            self._file = -1

    def rss_bytes(self) -> int:
        """0 where this system does not report it."""
        return int(os.pread(self._file, 200, 0).split()[1]) * self._page_bytes if self._file >= 0 else 0

    def close(self) -> None:
        if self._file >= 0:
            os.close(self._file)
            self._file = -1


class CollectionPauses:
    """The longest garbage collection since the last take(), from the interpreter's own callbacks."""

    def __init__(self) -> None:
        self._began_ns = self._longest_ns = 0
        gc.callbacks.append(self._on_collection)

    def take(self) -> int:
        longest, self._longest_ns = self._longest_ns, 0
        return longest

    def close(self) -> None:
        with contextlib.suppress(ValueError):
            gc.callbacks.remove(self._on_collection)

    def _on_collection(self, phase: str, _: dict[str, int]) -> None:
        now = time.perf_counter_ns()
        if phase == "start":
            self._began_ns = now
        else:
            self._longest_ns = max(self._longest_ns, now - self._began_ns)
