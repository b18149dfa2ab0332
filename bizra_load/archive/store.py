"""The run folder: run.json, windows.jsonl, health.jsonl, server.jsonl, and at the end assessment.json.

Rows are additive and are written as they arrive, so a run that is cut short keeps everything up to its last second.
"""

from __future__ import annotations

import dataclasses
import json
import re
from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, TextIO, TypeVar

import orjson

from bizra_load.exit_codes import UsageError
from bizra_load.files import write_atomically
from bizra_load.measure.wire import WireError, health_from_row, health_row, window_from_row, window_row
from sla.measurements import Measurements, PlannedSegment, RunFacts
from sla.snapshot import BucketCounts, Snapshot
from sla.window import Health, Window, merge_windows

SCHEMA = "bizra-load/run/1"
RECORD, WINDOWS, HEALTH, SERVER = "run.json", "windows.jsonl", "health.jsonl", "server.jsonl"
ASSESSMENT = "assessment.json"
T = TypeVar("T")


def new_folder(parent: Path, name: str, now: datetime) -> Path:
    """Make `<utc time>-<name>` in `parent`; the name can't lead out of it. Raises UsageError when that is impossible."""
    plain = re.sub(r"[^A-Za-z0-9._-]+", "-", name).strip(".-")[:60] or "run"
    stem = f"{now.astimezone(UTC):%Y%m%dT%H%M%SZ}-{plain}"
    try:
        for suffix in ("", *(f"-{n}" for n in range(2, 1000))):
            folder = parent / (stem + suffix)
            try:
                folder.mkdir(parents=True)
                return folder
            except FileExistsError:
                continue
    except OSError as error:
        raise UsageError(f"--out: {parent}: {error.strerror} (allowed: a folder that can be written)") from None
    raise UsageError(f"--out: {parent}: too many runs named {stem}")


class RunWriter:
    """Appends to a run folder. Every append has reached the operating system when it returns."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._files: dict[str, TextIO] = {}
        for name in (WINDOWS, HEALTH, SERVER):
            self._files[name] = (folder / name).open("a", encoding="utf-8")

    def windows(self, windows: Iterable[Window]) -> None:
        self._append(WINDOWS, map(window_row, windows))

    def health(self, health: Iterable[Health]) -> None:
        self._append(HEALTH, map(health_row, health))

    def snapshots(self, snapshots: Iterable[Snapshot]) -> None:
        self._append(SERVER, map(_snapshot_row, snapshots))

    def record(self, record: dict[str, Any], facts: RunFacts) -> None:
        """(Re)write run.json."""
        whole = {"schema": SCHEMA, **record, "facts": dataclasses.asdict(facts)}
        write_atomically(self.folder / RECORD, json.dumps(whole, indent=2) + "\n")

    def close(self) -> None:
        for file in self._files.values():
            file.close()

    def _append(self, name: str, rows: Iterable[dict[str, Any]]) -> None:
        file = self._files[name]
        file.write("".join(orjson.dumps(row).decode() + "\n" for row in rows))
        file.flush()


def read_record(folder: Path) -> dict[str, Any]:
    """run.json alone. Raises UsageError."""
    try:
        record = json.loads((folder / RECORD).read_text(encoding="utf-8"))
        if record["schema"] != SCHEMA:
            raise ValueError(f"schema is {record['schema']!r} (allowed: {SCHEMA})")
    except OSError as error:
        raise UsageError(f"{folder / RECORD}: {error.strerror} (allowed: a folder made by bizra-load run)") from None
    except (ValueError, KeyError, TypeError) as error:
        raise UsageError(f"{folder / RECORD}: not a run record: {type(error).__name__}: {error}") from None
    found: dict[str, Any] = record
    return found


def read_run(folder: Path) -> tuple[Measurements, dict[str, Any]]:
    """Measurements and record of a run folder. A last line that was cut short is left out, and the record says so under
    "truncated"; anything else that is wrong raises UsageError with file, line and reason.
    """
    record = read_record(folder)
    try:
        facts = _facts(record["facts"])
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise UsageError(f"{folder / RECORD}: not a run record: {type(error).__name__}: {error}") from None
    truncated: list[str] = []
    windows = _rows(folder / WINDOWS, window_from_row, truncated)
    health = _rows(folder / HEALTH, health_from_row, truncated)
    snapshots = _rows(folder / SERVER, _snapshot, truncated)
    if truncated:
        record["truncated"] = truncated
    measurements = Measurements(
        merge_windows(windows),
        tuple(sorted(health, key=lambda h: (h.worker, h.second))),
        tuple(sorted(snapshots, key=lambda s: (s.at_ns, s.instance))),
        facts,
    )
    return measurements, record


def _rows(path: Path, convert: Callable[[object], T], truncated: list[str]) -> list[T]:
    try:
        lines = path.read_bytes().split(b"\n")
    except FileNotFoundError:
        return []
    except OSError as error:
        raise UsageError(f"{path}: {error.strerror}") from None
    if lines[-1]:
        truncated.append(path.name)  # the run was cut off while this line was written
    rows = []
    for number, line in enumerate(lines[:-1], start=1):
        try:
            rows.append(convert(orjson.loads(line)))
        except (WireError, ValueError, KeyError, TypeError, AttributeError) as error:
            raise UsageError(f"{path}: line {number}: {error}") from None
    return rows


def _facts(values: dict[str, Any]) -> RunFacts:
    plan = tuple(PlannedSegment(**segment) for segment in values["plan"])
    values = {"stopped_for": (), **values}  # runs saved before runs could be stopped early
    lists = {key: tuple(values[key]) for key in ("workers", "lost_workers", "stopped_for")}
    return RunFacts(**{**values, "plan": plan, **lists})


def _snapshot_row(s: Snapshot) -> dict[str, Any]:
    histograms = {
        name: {"le": [str(e) for e in h.edges_s], "cumulative": list(h.cumulative), "sum_s": h.sum_s}
        for name, h in s.histograms.items()
    }
    return {
        "at_ns": s.at_ns,
        "took_ns": s.took_ns,
        "instance": s.instance,
        "counters": dict(s.counters),
        "gauges": dict(s.gauges),
        "histograms": histograms,
    }


def _snapshot(row: Any) -> Snapshot:
    histograms = {
        str(name): BucketCounts(tuple(float(e) for e in h["le"]), tuple(float(c) for c in h["cumulative"]), float(h["sum_s"]))
        for name, h in row["histograms"].items()
    }
    numbers = {key: {str(n): float(v) for n, v in row[key].items()} for key in ("counters", "gauges")}
    return Snapshot(int(row["at_ns"]), int(row["took_ns"]), str(row["instance"]), histograms=histograms, **numbers)
