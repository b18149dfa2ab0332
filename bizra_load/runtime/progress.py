"""The live line of a headless run: elapsed, planned and achieved ops/s, p99, failures."""

from __future__ import annotations

import math
from typing import TextIO

from bizra_load.io.terminal import AGAIN, rewritable
from bizra_load.measure.report import Report
from bizra_load.runtime.consumers import Consumer, RunView
from sla.values import histogram
from sla.values.agreement import TASK, planned_of, requests_of
from sla.values.window_sums import WindowSums

RECENT_S = 10
PLAIN_EVERY_S = 10  # where the output is no terminal, a line each ten seconds


class Progress(Consumer):
    def __init__(self, out: TextIO) -> None:
        self._out = out
        self._terminal = rewritable(out)

    def start(self, run: RunView) -> None:
        self._times = run.times
        self._shown_s = -PLAIN_EVERY_S
        self._recent = WindowSums()
        self._reported: dict[str, int] = {}  # by worker: the last second that it has reported
        self._failed = 0

    def add(self, report: Report) -> None:
        for window in report.windows:
            self._recent.add(window)
            self._failed += 0 if window.operation.startswith(TASK) else window.failures
        seconds = [w.second for w in report.windows] + [h.second for h in report.health]
        self._reported[report.worker] = max([self._reported.get(report.worker, 0), *seconds])

    def every_second(self, now_ns: int) -> None:
        """One line; rewritten in place on a terminal."""
        elapsed_s = (now_ns - self._times.started_ns) / 1e9
        second = now_ns // 1_000_000_000
        self._recent.forget_before(second - RECENT_S)
        if elapsed_s < 0 or (not self._terminal and elapsed_s - self._shown_s < PLAIN_EVERY_S):
            return
        self._shown_s = int(elapsed_s)
        complete = self._complete(second)
        curve = self._times.curve
        planned = f"planned {curve.rate_at(max(elapsed_s - (second - complete), 0)):,.0f}, " if curve else ""
        last = [w for w in self._recent.windows() if w.second == complete]
        of_plan = set(planned_of({w.operation for w in last}))  # not a task and its requests
        achieved = sum(w.finished for w in last if w.operation in of_plan)
        line = f"{elapsed_s:5.0f} s  {planned}achieved {achieved:,} ops/s  {self._p99()}  failed {self._failed:,}"
        print(
            (AGAIN if self._terminal else "") + line,
            end="" if self._terminal else "\n",
            file=self._out,
            flush=True,
        )

    def end(self) -> None:
        if self._terminal and self._times.begun:
            print(file=self._out, flush=True)

    def _complete(self, second: int) -> int:
        """The last second that all workers have reported, at most the one before the last: under a load that is too much for
        them their reports come later. A worker that is silent is waited for no longer than RECENT_S.
        """
        recent = [last for last in self._reported.values() if last >= second - RECENT_S]
        return min([second - 2, *recent])

    def _p99(self) -> str:
        windows = self._recent.windows()
        requests = set(requests_of({w.operation for w in windows}))
        merged = histogram.merge(w.response for w in windows if w.operation in requests)
        if not merged.total:
            return "response p99 -"
        p99_ns = merged.quantile_ns(0.99)
        return "response p99 timed out or over 60 s" if math.isinf(p99_ns) else f"response p99 {p99_ns / 1e6:.3f} ms"
