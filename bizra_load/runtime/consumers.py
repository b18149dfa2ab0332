"""What takes in a run's windows on the master: one Protocol, and the list of those that a run has.

A new place for windows to go is a class with the methods that it needs, in a file of its own, and one entry in
MasterEvents._consumers().
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from typing import Protocol

from bizra_load.exit_codes import one_line
from bizra_load.measure.report import Report
from bizra_load.runtime.run_times import RunTimes
from sla.values.assessment import Assessment


class RunView(Protocol):
    """What a consumer may read of its run while it goes."""

    @property
    def run_id(self) -> str:
        """The name of its folder."""
        ...

    @property
    def agreement_name(self) -> str: ...

    @property
    def times(self) -> RunTimes: ...

    def counters(self) -> dict[str, int]:
        """Counts of the run itself (reports that did not arrive, ...) by the text that names them."""
        ...


class Consumer(Protocol):
    """Each method does nothing unless a consumer has its own."""

    def start(self, run: RunView) -> None:
        """A run starts; nothing has been reported yet."""
        return

    def add(self, report: Report) -> None:
        """A worker's report has arrived, and is stored."""
        return

    def every_second(self, now_ns: int) -> None:
        """Once a second (Unix ns), when all workers have reported the second before."""
        return

    def end(self) -> None:
        """Every worker has handed over what it had, or is lost."""
        return

    def assessed(self, assessment: Assessment) -> None:
        """The run has been judged."""
        return


class Consumers(Consumer):
    """Several as one, in their order. One that fails is left out from then on: the report is stored by then, and whatever only
    shows it must not cost the run.
    """

    def __init__(self, consumers: Sequence[Consumer]) -> None:
        self._consumers = list(consumers)

    def start(self, run: RunView) -> None:
        self._each(lambda consumer: consumer.start(run))

    def add(self, report: Report) -> None:
        self._each(lambda consumer: consumer.add(report))

    def every_second(self, now_ns: int) -> None:
        self._each(lambda consumer: consumer.every_second(now_ns))

    def end(self) -> None:
        self._each(lambda consumer: consumer.end())

    def assessed(self, assessment: Assessment) -> None:
        self._each(lambda consumer: consumer.assessed(assessment))

    def _each(self, call: Callable[[Consumer], None]) -> None:
        for consumer in tuple(self._consumers):
            try:
                call(consumer)
            except Exception as error:
                self._consumers.remove(consumer)
                reason = one_line(f"{type(error).__name__}: {error}")
                name = type(consumer).__name__
                print(f"bizra-load: {name} failed and gets nothing more of this run: {reason}", file=sys.stderr, flush=True)
