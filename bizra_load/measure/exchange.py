"""Reports from worker to master: numbered, acknowledged, sent again until they are; nothing is lost unseen.

Locust's own statistics travel without sequence numbers and the last report can be lost, hence this second channel.
"""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import gevent

from bizra_load.measure.clock import ClockReading, SteadyClock, reading
from bizra_load.measure.cluster_key import ClusterKey
from bizra_load.measure.operation_names import MAX_NAME
from bizra_load.measure.report import MAX_REPORT_BYTES
from bizra_load.measure.sequences import MAX_SEQUENCE, Sequences
from bizra_load.measure.spool_key import PUBLIC_BYTES, SpoolKey

MAX_WORKERS = 10_000
REPORT = "bizra_report"
ACKNOWLEDGE = "bizra_ack"
START = "bizra_start"
DRAIN = "bizra_drain"
HELLO = "bizra_hello"  # a worker can hear START from now on: before, Locust drops it

RESEND_AFTER_S = 2.0
MAX_UNACKNOWLEDGED = 3600  # an hour of one-second reports; beyond it the oldest are dropped and show as missing


@dataclass(frozen=True)
class Start:
    """The master's START: the run, how long ago its schedule began (negative: it will; None: another START says when), the
    master's time of day, and the perf_counter_ns of the HELLO that it responds to (0: none).
    """

    run: str
    elapsed_ns: int | None
    unix_ns: int
    hello_ns: int


def read_start(data: object, worker: str, key: ClusterKey) -> Start:
    """Raises ValueError for what no master of this cluster has sent to `worker`."""
    if not isinstance(data, Mapping):
        raise ValueError("that no master makes")
    run, elapsed_ns, unix_ns, hello_ns = (data.get(k) for k in ("run", "elapsed_ns", "unix_ns", "hello_ns"))
    if not (isinstance(run, str) and isinstance(elapsed_ns, int | None)):
        raise ValueError("that no master makes")
    if not (isinstance(unix_ns, int) and isinstance(hello_ns, int)):
        raise ValueError("that no master makes")
    if not re.fullmatch(r"[A-Za-z0-9_][A-Za-z0-9._-]{0,200}", run):  # it becomes part of a file's name
        raise ValueError("of a run with an impossible name")
    if not key.holds(data.get("mac"), START, run, worker, elapsed_ns, unix_ns):
        raise ValueError("that is not signed with this cluster's key")
    return Start(run, elapsed_ns, unix_ns, hello_ns)


class Sender:
    """The worker's end. `send(message)` hands one mapping to the transport and may raise; a failed send is repeated."""

    def __init__(
        self,
        run: str,
        worker: str,
        send: Callable[[dict[str, Any]], None],
        key: ClusterKey | None = None,
        clock: SteadyClock | None = None,
    ) -> None:
        self._run = run
        self._key = key or ClusterKey()
        self._worker = worker
        self._send = send
        self._clock = clock or SteadyClock()
        self.spool_key = SpoolKey()
        self._next = 0
        self._waiting: dict[int, tuple[float, dict[str, Any]]] = {}
        self._sent_ns: dict[int, int] = {}
        self._reading: ClockReading | None = None
        self.acknowledgements = 0  # those that were valid: signs of life of the master

    def report(self, data: bytes, final: bool = False) -> None:
        """Number and send one report; `final` says that no other follows."""
        sequence = self._next
        self._next += 1
        public = self.spool_key.public
        mac = self._key.sign(REPORT, self._run, self._worker, sequence, final, data, public)
        message = {"run": self._run, "worker": self._worker, "sequence": sequence, "final": final, "data": data, "mac": mac}
        message["spool_key"] = public
        if len(self._waiting) >= MAX_UNACKNOWLEDGED:
            oldest = min(self._waiting)
            del self._waiting[oldest]
            self._sent_ns.pop(oldest, None)
        self._waiting[sequence] = (0.0, message)
        self.resend()

    def acknowledged(self, message: Mapping[str, Any]) -> None:
        """Take in the master's acknowledgement; one that is not signed, or of another run, changes nothing."""
        if not isinstance(message, Mapping):
            return
        run, sequence, master_ns = message.get("run"), message.get("sequence"), message.get("master_ns")
        if (
            run == self._run
            and isinstance(sequence, int)
            and isinstance(master_ns, int)
            and self._key.holds(message.get("mac"), ACKNOWLEDGE, run, self._worker, sequence, master_ns)
        ):
            self.acknowledgements += 1
            self._waiting.pop(sequence, None)
            sent_ns = self._sent_ns.pop(sequence, None)
            if sent_ns is not None:
                now_ns = self._clock.unix_ns()
                latest = reading(sent_ns, now_ns, master_ns, time.time_ns() - now_ns)
                if self._reading is None or latest.error_ns < self._reading.error_ns:
                    self._reading = latest

    def take_reading(self) -> ClockReading | None:
        """The clocks' difference by the shortest round trip since the last call."""
        best, self._reading = self._reading, None
        return best

    def waiting(self) -> list[dict[str, Any]]:
        """The reports that were not acknowledged, by sequence number."""
        return [self._waiting[sequence][1] for sequence in sorted(self._waiting)]

    @property
    def made(self) -> int:
        """How many reports were made so far."""
        return self._next

    def resend(self) -> None:
        """Send what was never sent, or sent more than RESEND_AFTER_S ago and not acknowledged."""
        now = time.monotonic()
        for sequence, (sent_at, message) in list(self._waiting.items()):
            if now - sent_at > RESEND_AFTER_S:
                self._waiting[sequence] = (now, message)
                # the first time: which of several sendings is acknowledged nobody can say (Karn and Partridge 1987, SIGCOMM),
                # and the master's time lies behind all of the way from the first one
                self._sent_ns.setdefault(sequence, self._clock.unix_ns())
                try:
                    self._send(message)
                except Exception:
                    # whatever the transport's trouble is, the report is kept and the next call tries again
                    self._waiting[sequence] = (0.0, message)
                    return

    def flush(self, deadline_s: float) -> bool:
        """Wait until everything is acknowledged; False when it is not by the deadline."""
        end = time.monotonic() + deadline_s
        while self._waiting and time.monotonic() < end:
            self.resend()
            gevent.sleep(0.01)
        return not self._waiting


@dataclass
class _Reports:
    received: Sequences = field(default_factory=Sequences)
    last: int | None = None  # sequence number of the final report
    spool_key: str = ""  # public, hexadecimal

    @property
    def complete(self) -> bool:
        return self.last is not None and len(self.received) > self.last


class Receiver:
    """The master's end. `keep(worker, sequence, final, data)` must have stored the report when it returns, or raise OSError:
    only what is stored is acknowledged.
    """

    def __init__(
        self,
        run: str,
        keep: Callable[[str, int, bool, bytes], None],
        key: ClusterKey | None = None,
        clock: SteadyClock | None = None,
    ) -> None:
        self._clock = clock or SteadyClock()
        self._run = run
        self._key = key or ClusterKey()
        self.unsigned = 0  # messages refused because they were not signed with the cluster's key
        self.malformed = 0  # messages refused because no worker of ours makes such ones
        self._keep = keep
        self._workers: dict[str, _Reports] = {}

    def expect(self, worker: str) -> None:
        """A worker takes part: it is unfinished until its final report has arrived."""
        self._workers.setdefault(worker, _Reports())

    def receive(self, message: object) -> dict[str, Any] | None:
        """Store one report and return its acknowledgement; a repeated one is acknowledged and not stored twice.

        Returns None for a report of another run or one that is malformed: nothing of it is used.
        """
        if not isinstance(message, dict) or message.get("run") != self._run:
            self.malformed += not isinstance(message, dict)
            return None
        worker, sequence, data = message.get("worker"), message.get("sequence"), message.get("data")
        final, public = message.get("final") is True, message.get("spool_key", b"")
        if not (
            isinstance(worker, str)
            and 0 < len(worker) <= MAX_NAME
            and type(sequence) is int
            and 0 <= sequence < MAX_SEQUENCE
            and isinstance(data, bytes)
            and len(data) <= MAX_REPORT_BYTES
            and isinstance(public, bytes)
            and len(public) in (0, PUBLIC_BYTES)
        ):
            self.malformed += 1
            return None
        if not self._key.holds(message.get("mac"), REPORT, self._run, worker, sequence, final, data, *[public] * bool(public)):
            self.unsigned += 1
            return None
        state = self._workers.get(worker) or _Reports()
        if (worker not in self._workers and len(self._workers) >= MAX_WORKERS) or not state.received.acceptable(sequence):
            self.malformed += 1
            return None
        self._workers[worker] = state
        state.spool_key = state.spool_key or public.hex()
        if sequence not in state.received:
            self._keep(worker, sequence, final, data)
            state.received.add(sequence)
        if final:
            state.last = sequence
        master_ns = self._clock.unix_ns()
        mac = self._key.sign(ACKNOWLEDGE, self._run, worker, sequence, master_ns)
        return {"run": self._run, "sequence": sequence, "master_ns": master_ns, "mac": mac}

    @property
    def workers(self) -> tuple[str, ...]:
        """Names of all workers that were expected or have reported, sorted."""
        return tuple(sorted(self._workers))

    @property
    def spool_keys(self) -> dict[str, str]:
        """By worker, of those that have reported: with it they sign what they leave in a spool file."""
        return {worker: state.spool_key for worker, state in sorted(self._workers.items()) if state.spool_key}

    def unfinished(self) -> tuple[str, ...]:
        """Workers whose final report, or one before it, has not arrived."""
        return tuple(sorted(w for w, s in self._workers.items() if not s.complete))

    def last_received(self, worker: str) -> int:
        """Highest sequence number received of a worker; -1 for none."""
        return self._workers[worker].received.highest if worker in self._workers else -1

    def missing(self) -> int:
        """Reports known to have been made (a later one arrived) and not received."""
        return sum(s.received.highest + 1 - len(s.received) for s in self._workers.values())
