"""The run folder of a run that goes: what has been added to it is on disk, and only then acknowledged."""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence

from bizra_load.archive.run_record import RunRecord
from bizra_load.archive.store import RunWriter
from bizra_load.measure.report import Report
from bizra_load.measure.run_sums import RunSums
from sla.values.machine import MachineSecond
from sla.values.measurements import RunFacts
from sla.values.snapshot import Snapshot


class RunStorage:
    """`error` is the first write that failed, after which no report is taken any more; `on_failure` is called then, and when
    the folder was deleted or moved.
    """

    def __init__(self, writer: RunWriter, on_failure: Callable[[], None] = lambda: None) -> None:
        self.error: OSError | None = None
        self.on_failure = on_failure
        self._closed = False
        self._writer = writer

    def add(self, report: Report) -> None:
        """Store a report. Raises OSError where it is not stored: it is not acknowledged then, and stays with its worker."""
        if self.error is not None:
            raise self.error
        if self._closed:
            raise OSError(0, "the run has ended")  # its worker keeps it in a spool
        try:
            self._look_after_folder()
            self._writer.report(report)
        except OSError as error:
            self._fail(error)
            raise

    def begun(self) -> None:
        """The load begins: all that the folder will hold at first is there."""
        self._try(self._writer.look_beside)

    def server(self, snapshots: Sequence[Snapshot], process: Sequence[MachineSecond] = ()) -> None:
        """Store readings of the server's metrics and of its process."""
        self._try(lambda: self._store_server(snapshots, process))

    def record(self, record: RunRecord, facts: RunFacts) -> None:
        """(Re)write run.json."""
        self._try(lambda: self._writer.record(record, facts))

    def seal(self, record: RunRecord, facts: RunFacts, sums: RunSums) -> None:
        """Write run.json for the last time, then the checksums; nothing where a write has failed before. `sums`: of all reports
        that were added.
        """
        if self.error is None:
            self._try(lambda: self._writer.seal(record, facts, sums))

    def close(self) -> None:
        self._closed = True
        self._writer.close()

    def _store_server(self, snapshots: Sequence[Snapshot], process: Sequence[MachineSecond]) -> None:
        self._writer.snapshots(snapshots)
        self._writer.target(process)

    def _look_after_folder(self) -> None:
        """One that was deleted or moved is put back, and the load is stopped. Raises OSError."""
        if self.error is None and self._writer.displaced:
            self._writer.put_back()
            print(
                f"bizra-load: the run folder was deleted or moved: it is put back, the load is stopped: {self._writer.folder}",
                file=sys.stderr,
                flush=True,
            )
            self.on_failure()

    def _try(self, write: Callable[[], None]) -> None:
        try:
            self._look_after_folder()
            write()
        except OSError as error:
            self._fail(error)

    def _fail(self, error: OSError) -> None:
        if self.error is None:
            self.error = error
            self.on_failure()
