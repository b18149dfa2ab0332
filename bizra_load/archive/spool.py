"""Reports that a worker could not hand over: it leaves them beside the run as `spool-<worker>.jsonl`, and judging reads them.

A report that is both in a spool and in the run's own files was stored and not acknowledged in time: it counts once.
"""

from __future__ import annotations

import hashlib
import os
import re
import tempfile
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import orjson

from bizra_load.exit_codes import UsageError
from bizra_load.io.files import write_atomically, writing
from bizra_load.measure.hdr_codec import WireError
from bizra_load.measure.report import Report, decode_report, report_from_rows
from bizra_load.measure.rows import failure_row

SCHEMA = "bizra-load/spool/1"
PATTERN = "spool-*.jsonl"


@dataclass(frozen=True)
class Spool:
    """`stopped_ns`: when the worker's schedule had stopped and everything under way was finished."""

    run: str
    worker: str
    stopped_ns: int
    reports: tuple[Report, ...]


def name_of(worker: str) -> str:
    """The file's name; a worker's name can't lead out of its folder."""
    return f"spool-{re.sub(r'[^A-Za-z0-9._-]+', '-', worker)[:100]}.jsonl"


def leave(folders: Iterable[Path], run: str, worker: str, stopped_ns: int, messages: Sequence[Mapping[str, Any]]) -> Path:
    """Write the unacknowledged `messages` of an exchange.Sender into the first of `folders` that takes them, or else into the
    temporary folder. Raises OSError when none does.
    """
    head = {"schema": SCHEMA, "run": run, "worker": worker, "stopped_ns": stopped_ns, "reports": len(messages)}
    lines = []
    for message in messages:
        report = decode_report(worker, message["sequence"], message["final"], message["data"])
        rows = {
            "windows": report.window_rows,
            "health": report.health_rows,
            "failures": list(map(failure_row, report.failures)),
        }
        line = {"sequence": report.sequence, "final": report.final, **rows}
        lines.append(orjson.dumps(line, option=orjson.OPT_APPEND_NEWLINE))
    rest = b"".join(lines)
    content = orjson.dumps(_with_checksum(head, rest)) + b"\n" + rest
    trouble: OSError | None = None
    for folder in (*folders, Path(tempfile.gettempdir())):
        inside = (folder / "run.json").exists()
        path = folder / (name_of(worker) if inside else f"{run}-{name_of(worker)}")
        try:
            if folder.is_dir() and os.access(folder, os.W_OK):
                write_atomically(path, content)
                return path
        except OSError as error:
            trouble = error
    raise trouble or OSError("no folder to write to")


def _with_checksum(head: Mapping[str, Any], rest: bytes) -> dict[str, Any]:
    """The first line with a checksum of all lines, since a run's SHA256SUMS may have been written before."""
    return {**head, "sha256": hashlib.sha256(orjson.dumps(head) + rest).hexdigest()}


def read(path: Path) -> Spool:
    """Raises UsageError with file, line and reason, also for a spool that was altered or cut short (it is written at once)."""
    at = 1
    try:
        first, _, rest = path.read_bytes().partition(b"\n")
        head, lines = orjson.loads(first), rest.split(b"\n")
        if head["schema"] != SCHEMA:
            raise ValueError(f"its schema is another (allowed: {SCHEMA})")
        run, worker, stopped_ns, expected = str(head["run"]), str(head["worker"]), int(head["stopped_ns"]), int(head["reports"])
        reports = []
        for at, line in enumerate(lines[:-1], start=2):  # noqa: B007  # the message names this line when it can't be read
            row = orjson.loads(line)
            sequence, final = int(row["sequence"]), row["final"] is True
            reports.append(report_from_rows(worker, sequence, final, row["windows"], row["health"], row.get("failures", ())))
        if lines[-1] or len(reports) != expected:
            raise ValueError(f"cut short: {len(reports)} of {expected} reports")
        at = 1
        if _with_checksum({key: value for key, value in head.items() if key != "sha256"}, rest) != head:
            raise ValueError("it is not what the worker wrote (its SHA-256 differs)")
    except OSError as error:
        raise UsageError(f"{path}: {error.strerror} (allowed: a spool file that a worker left)") from None
    except (WireError, ValueError, KeyError, TypeError, AttributeError, IndexError, OverflowError) as error:
        raise UsageError(f"{path}: line {at}: not a spool file: {error}") from None
    return Spool(run, worker, stopped_ns, tuple(reports))


def take_in(folder: Path, paths: Iterable[Path]) -> None:
    """Copy spool files of this run into its folder, where judging finds them. Raises UsageError, and copies nothing then."""
    spools = [(path, read(path)) for path in paths]
    for path, spool in spools:
        if spool.run != folder.resolve().name:
            raise UsageError(f"--spool: {path}: belongs to the run {spool.run} (allowed: a spool of {folder.resolve().name})")
    for path, spool in spools:
        target = folder / name_of(spool.worker)
        if target.resolve() != path.resolve():
            with writing(target):
                write_atomically(target, path.read_bytes())


def left_behind(folder: Path) -> list[Path]:
    """Spool files of this run on this machine that are not in its folder yet: beside it, or in the temporary folder."""
    run = folder.resolve().name
    places = {folder.resolve().parent, Path(tempfile.gettempdir()).resolve()}
    return sorted(p for place in places for p in place.glob(f"{run}-{PATTERN}") if p.is_file() and os.access(p, os.R_OK))
