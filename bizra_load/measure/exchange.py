"""Reports from worker to master: numbered, acknowledged, sent again until they are; nothing is lost unseen.

Locust's own statistics travel without sequence numbers and the last report can be lost, hence this second channel.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import gevent

from bizra_load.measure.cluster_key import ClusterKey
from bizra_load.measure.sequences import Sequences
from bizra_load.measure.wire import MAX_NAME, MAX_REPORT_BYTES

MAX_WORKERS = 10_000
MAX_SEQUENCE = 1 << 31  # 68 years of one-second reports
REPORT = "bizra_report"
ACKNOWLEDGE = "bizra_ack"
START = "bizra_start"
DRAIN = "bizra_drain"

RESEND_AFTER_S = 2.0
MAX_UNACKNOWLEDGED = 3600  # an hour of one-second reports; beyond it the oldest are dropped and show as missing


class Sender:
    """The worker's end. `send(message)` hands one mapping to the transport and may raise; a failed send is repeated."""

    def __init__(self, run: str, worker: str, send: Callable[[dict[str, Any]], None], key: ClusterKey | None = None) -> None:
        self._run = run
        self._key = key or ClusterKey()
        self._worker = worker
        self._send = send
        self._next = 0
        self._waiting: dict[int, tuple[float, dict[str, Any]]] = {}

    def report(self, data: bytes, final: bool = False) -> None:
        """Number and send one report; `final` says that no other follows."""
        sequence = self._next
        self._next += 1
        mac = self._key.sign(REPORT, self._run, self._worker, sequence, final, data)
        message = {"run": self._run, "worker": self._worker, "sequence": sequence, "final": final, "data": data, "mac": mac}
        if len(self._waiting) >= MAX_UNACKNOWLEDGED:
            del self._waiting[min(self._waiting)]
        self._waiting[sequence] = (0.0, message)
        self.resend()

    def acknowledged(self, message: Mapping[str, Any]) -> None:
        """The master's answer; one that is not signed, or of another run, changes nothing."""
        if not isinstance(message, Mapping):
            return
        run, sequence = message.get("run"), message.get("sequence")
        if (
            run == self._run
            and isinstance(sequence, int)
            and self._key.holds(message.get("mac"), ACKNOWLEDGE, run, self._worker, sequence)
        ):
            self._waiting.pop(sequence, None)

    def resend(self) -> None:
        """Send what was never sent, or sent more than RESEND_AFTER_S ago and not acknowledged."""
        now = time.monotonic()
        for sequence, (sent_at, message) in list(self._waiting.items()):
            if now - sent_at > RESEND_AFTER_S:
                self._waiting[sequence] = (now, message)
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
class _Worker:
    received: Sequences = field(default_factory=Sequences)
    last: int | None = None  # sequence number of the final report


class Receiver:
    """The master's end. `keep(worker, data)` must have stored the report when it returns: only then is it acknowledged."""

    def __init__(self, run: str, keep: Callable[[str, bytes], None], key: ClusterKey | None = None) -> None:
        self._run = run
        self._key = key or ClusterKey()
        self.unsigned = 0  # messages refused because they were not signed with the cluster's key
        self.malformed = 0  # messages refused because no worker of ours makes such ones
        self._keep = keep
        self._workers: dict[str, _Worker] = {}

    def expect(self, worker: str) -> None:
        self._workers.setdefault(worker, _Worker())

    def receive(self, message: object) -> dict[str, Any] | None:
        """Store one report and return its acknowledgement; a repeated one is acknowledged and not stored twice.

        Returns None for a report of another run or one that is malformed: nothing of it is used.
        """
        if not isinstance(message, dict) or message.get("run") != self._run:
            self.malformed += not isinstance(message, dict)
            return None
        worker, sequence, data = message.get("worker"), message.get("sequence"), message.get("data")
        final = message.get("final") is True
        if not (
            isinstance(worker, str)
            and 0 < len(worker) <= MAX_NAME
            and type(sequence) is int
            and 0 <= sequence < MAX_SEQUENCE
            and isinstance(data, bytes)
            and len(data) <= MAX_REPORT_BYTES
        ):
            self.malformed += 1
            return None
        if not self._key.holds(message.get("mac"), REPORT, self._run, worker, sequence, final, data):
            self.unsigned += 1
            return None
        state = self._workers.get(worker) or _Worker()
        if (worker not in self._workers and len(self._workers) >= MAX_WORKERS) or not state.received.acceptable(sequence):
            self.malformed += 1
            return None
        self._workers[worker] = state
        if sequence not in state.received:
            self._keep(worker, data)
            state.received.add(sequence)
        if final:
            state.last = sequence
        return {"run": self._run, "sequence": sequence, "mac": self._key.sign(ACKNOWLEDGE, self._run, worker, sequence)}

    @property
    def workers(self) -> tuple[str, ...]:
        return tuple(sorted(self._workers))

    def unfinished(self) -> tuple[str, ...]:
        """Workers whose final report, or one before it, has not arrived."""
        return tuple(sorted(w for w, s in self._workers.items() if s.last is None or len(s.received) <= s.last))

    def missing(self) -> int:
        """Reports known to have been made (a later one arrived) and not received."""
        return sum(s.received.highest + 1 - len(s.received) for s in self._workers.values())
