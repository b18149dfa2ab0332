"""The run folder: run.json; windows, failures, health, server and target as .jsonl; at the end assessment.json.

Rows are additive and are written as they arrive, so a run that is cut short keeps everything up to its last second.
"""

from __future__ import annotations

import dataclasses
import json
import os
import re
import tempfile
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, TypeVar

import orjson

from bizra_load.archive import checksums, merged, run_record
from bizra_load.archive.displaced import beside, is_displaced, put_back
from bizra_load.archive.facts import facts_from_json, facts_with_files
from bizra_load.archive.latest import never_began
from bizra_load.archive.names import CHECKSUMS, FAILURES, HEALTH, RECORD, SERVER, TARGET, WINDOWS
from bizra_load.archive.row_files import is_large, read_rows, read_sums
from bizra_load.archive.run_record import RunRecord
from bizra_load.archive.snapshot_rows import snapshot_from_row, snapshot_row
from bizra_load.archive.spools import of_run, signed_ones, take_in
from bizra_load.exit_codes import UsageError
from bizra_load.io.files import read_text, write_atomically, writing
from bizra_load.io.under_way import under_way
from bizra_load.measure.report import Report
from bizra_load.measure.rows import failure_row, health_row, machine_from_row, machine_row, window_row
from bizra_load.measure.run_sums import WINDOWS_OF_REPORT, RunSums
from bizra_load.measure.stored_rows import stored
from sla.values.failure import FailureReason
from sla.values.from_json import loads
from sla.values.machine import MachineSecond
from sla.values.measurements import Measurements, RunFacts
from sla.values.snapshot import Snapshot
from sla.values.window import Health, Window

MAX_RECORD_BYTES = 16 * 1024 * 1024
T = TypeVar("T")


def plain_name(name: str) -> str:
    """What of a run's name is in that of its folder."""
    return re.sub(r"[^A-Za-z0-9._-]+", "-", name).strip(".-")[:60] or "run"


def new_folder(parent: Path, name: str, now: datetime) -> Path:
    """Make `<utc time>-<name>` in `parent`; the name can't lead out of it. Raises UsageError when that is impossible."""
    stem = f"{now.astimezone(UTC):%Y%m%dT%H%M%SZ}-{plain_name(name)}"
    with writing(f"--out: {parent}"):
        for suffix in ("", *(f"-{n}" for n in range(2, 1000))):
            folder = parent / (stem + suffix)
            try:
                folder.mkdir(parents=True)
                return folder
            except FileExistsError:
                continue
    raise UsageError(f"--out: {parent}: too many runs named {stem}")


class RunWriter:
    """Appends to a run folder. Every append has reached the operating system when it returns; one that can't be written whole
    (a full disk) leaves nothing behind and raises OSError.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        checksums.unseal(folder)
        self._files: dict[str, int] = {}
        self._beside: dict[str, bytes] = {}
        for name in (WINDOWS, FAILURES, HEALTH, SERVER, TARGET):
            self._files[name] = os.open(folder / name, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o644)

    def windows(self, windows: Iterable[Window]) -> None:
        """Append windows. Raises OSError, as every method here."""
        self._append(WINDOWS, (stored(window_row(w)) for w in windows))

    def failures(self, failures: Iterable[FailureReason]) -> None:
        """Append reasons of failures."""
        self._append(FAILURES, map(failure_row, failures))

    def health(self, health: Iterable[Health]) -> None:
        """Append seconds of workers' health."""
        self._append(HEALTH, (stored(health_row(h)) for h in health))

    def report(self, report: Report) -> None:
        """All of a report or nothing; its health comes last, which is the sign that it is whole. Raises OSError."""
        origin = {"worker": report.worker, "sequence": report.sequence}
        before = {name: os.fstat(self._files[name]).st_size for name in (WINDOWS, FAILURES)}
        try:
            self._append(WINDOWS, (stored({**row, **origin}) for row in report.window_rows))
            self._append(FAILURES, ({**failure_row(f), **origin} for f in report.failures))
            rows = [{**row, **origin, "final": report.final} for row in report.health_rows]
            for row in rows[:1]:
                row[WINDOWS_OF_REPORT] = len(report.window_rows)
            self._append(HEALTH, map(stored, rows))
        except OSError:
            for name, size in before.items():
                os.ftruncate(self._files[name], size)
            raise

    @property
    def displaced(self) -> bool:
        """Whether the folder is not in its place any more: somebody deleted or moved it."""
        return is_displaced(self.folder, self._files)

    def put_back(self) -> None:
        """Make the folder again, with all that was in it. Raises OSError where that can't be; it is kept elsewhere then."""
        try:
            put_back(self.folder, self._files, self._beside)
        except OSError as error:
            elsewhere = Path(tempfile.mkdtemp(prefix="bizra-load-")) / self.folder.name
            put_back(elsewhere, self._files, self._beside)
            raise OSError(error.errno, f"{error.strerror} (what was stored by then is in {elsewhere})") from None

    def look_beside(self) -> None:
        """Remember the other files of the folder, which are all there when the load begins. Raises OSError."""
        self._beside = beside(self.folder, self._files)

    def snapshots(self, snapshots: Iterable[Snapshot]) -> None:
        """Append readings of the server's metrics."""
        self._append(SERVER, map(snapshot_row, snapshots))

    def target(self, seconds: Iterable[MachineSecond]) -> None:
        """Append seconds of the process under test."""
        self._append(TARGET, map(machine_row, seconds))

    def record(self, record: RunRecord, facts: RunFacts) -> None:
        """(Re)write run.json. Raises OSError."""
        record = dataclasses.replace(record, folder=self.folder.name)
        text = json.dumps({**record.as_json(), "facts": dataclasses.asdict(facts)}, indent=2) + "\n"
        self._beside[RECORD] = text.encode()  # should the folder be gone: with the keys of all workers so far
        write_atomically(self.folder / RECORD, text)

    def seal(self, record: RunRecord, facts: RunFacts, sums: RunSums | None = None) -> None:
        """Write run.json for the last time, then the checksums of everything. `sums`: what has been written, merged; it is kept
        beside the rows of a large run. Raises OSError.
        """
        if sums is not None and is_large(self.folder):
            merged.write(self.folder, sums)
        self.record(dataclasses.replace(record, sealed=True), facts)
        checksums.seal(self.folder, signed_ones(self.folder, record))

    def close(self) -> None:
        """Nothing can be appended any more; run.json still can be written."""
        while self._files:
            os.close(self._files.popitem()[1])

    def _append(self, name: str, rows: Iterable[dict[str, Any]]) -> None:
        file, data = self._files[name], b"".join(orjson.dumps(row, option=orjson.OPT_APPEND_NEWLINE) for row in rows)
        before = os.fstat(file).st_size
        try:
            while data:
                data = data[os.write(file, data) :]
        except OSError:
            os.ftruncate(file, before)
            raise


@contextmanager
def _refusals(path: Path) -> Iterator[None]:
    """Whatever is wrong with a run.json becomes a UsageError of one line."""
    try:
        yield
    except OSError as error:
        if never_began(path.parent):
            why = "this run ended before its load began: there is nothing to assess"
            raise UsageError(f"{path.parent}: {why} (allowed: a run that began)") from None
        raise UsageError(f"{path}: {error.strerror} (allowed: a folder made by bizra-load run)") from None
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError, OverflowError) as error:
        raise UsageError(f"{path}: not a run record: {type(error).__name__}: {error}") from None


def read_record(folder: Path) -> RunRecord:
    """run.json without the facts. Raises UsageError, also where the checksums say that the folder is not what it was."""
    return _read_record(folder)[0]


def read_facts(folder: Path) -> tuple[str, RunFacts]:
    """The run's name and its facts, without what was measured. Raises UsageError as read_record() does."""
    record, document, _ = _read_record(folder)
    with _refusals(folder / RECORD):
        return record.name or "", facts_from_json(document["facts"])


def add_spools(folder: Path, paths: Sequence[Path]) -> None:
    """Take spool files into a run folder: see spools.take_in(). Raises UsageError."""
    if not paths and (folder / CHECKSUMS).exists():
        return  # nothing comes in unnamed, and to check all of a large run takes seconds: whoever reads it does so
    record, document, covered = _read_record(folder)
    take_in(folder, record, document, paths, sealed=covered is not None)


def _read_record(folder: Path) -> tuple[RunRecord, Any, list[str] | None]:
    """The record, all of the file's JSON, and the files that the run's checksums cover, if it is sealed."""
    covered = checksums.covered(folder)
    with _refusals(folder / RECORD):
        document = loads(read_text(folder / RECORD, MAX_RECORD_BYTES, follow=False))
        return run_record.from_json(document), document, covered


def read_run(folder: Path, sums: RunSums | None = None) -> tuple[Measurements, RunRecord]:
    """Measurements and record of a run folder. A last line that was cut short is left out, and the record names its file under
    `truncated`; anything else that is wrong raises UsageError with file, line and reason. `sums`: what the folder holds of its
    workers, if whoever stored it has merged it on the way; what they left in spools is added to it.
    """
    record, document, covered = _read_record(folder)
    with _refusals(folder / RECORD):
        facts = facts_from_json(document["facts"])
    spools, left_out = of_run(folder, record, covered)
    spooled = [report for spool in spools for report in spool.reports]
    truncated: set[str] = set()
    if sums is None:
        whole = covered is not None and set(merged.NAMES) <= set(covered)
        numbers = {(report.worker, report.sequence) for report in spooled}
        with under_way(f"Reading {folder}"):
            sums = merged.read(folder) if whole else read_sums(folder, numbers, truncated)
    for report in spooled:
        sums.add(report)  # one that is stored, and was not acknowledged in time, counts once
    snapshots = read_rows(folder / SERVER, snapshot_from_row, truncated)
    target = read_rows(folder / TARGET, machine_from_row, truncated)
    if spools or not facts.closed:
        facts = facts_with_files(facts, sums.received, spools, sums.last_second)
    facts = dataclasses.replace(facts, lost_rows=sums.lost_rows)
    measurements = Measurements(
        sums.windows(),
        sums.health(),
        tuple(sorted(snapshots, key=lambda s: (s.at_ns, s.target))),
        facts,
        tuple(sorted(target, key=lambda m: m.second)),
        sums.failures(),
    )
    cut = tuple(name for name in (WINDOWS, HEALTH, FAILURES, SERVER, TARGET) if name in truncated)
    return measurements, dataclasses.replace(record, truncated=cut, left_out=tuple(left_out))
