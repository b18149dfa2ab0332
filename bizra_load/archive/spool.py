"""Reports that a worker could not hand over: it leaves them as `spool-<worker>.jsonl` in the run folder, or in a folder that is
its user's alone, signed with its own key of the run. Judging reads them.

A report that is both in a spool and in the run's own files was stored and not acknowledged in time: the stored one counts.
"""

from __future__ import annotations

import hashlib
import os
import re
import stat
import tempfile
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import orjson

from bizra_load.archive.names import RECORD
from bizra_load.exit_codes import UsageError
from bizra_load.io.files import read_bytes, write_atomically
from bizra_load.measure.hdr_codec import WireError
from bizra_load.measure.report import Report, decode_report, report_from_rows
from bizra_load.measure.rows import failure_row
from bizra_load.measure.spool_key import SpoolKey, is_signed

SCHEMA, UNSIGNED = "bizra-load/spool/2", "bizra-load/spool/1"  # the one before had no signature
PATTERN = "spool-*.jsonl"
MAX_BYTES = 1 << 30  # an hour of reports of one worker has some 20 MB
_OF_REST = ("sha256", "signature")


@dataclass(frozen=True)
class Spool:
    """`stopped_ns`: when the worker's schedule had stopped and everything under way was finished. `sha256`: of the file.
    `signed`: what the worker has signed, and its signature; b"" and "" in files of before there was one.
    """

    run: str
    worker: str
    stopped_ns: int
    reports: tuple[Report, ...]
    sha256: str
    signed: tuple[bytes, str]

    def is_of(self, public: str) -> bool:
        """Whether the worker with this public key (hexadecimal) wrote it."""
        return is_signed(*self.signed, public)


def name_of(worker: str) -> str:
    """The file's name; a worker's name can't lead out of its folder."""
    return f"spool-{re.sub(r'[^A-Za-z0-9._-]+', '-', worker)[:100]}.jsonl"


def leave(
    folders: Iterable[Path], run: str, worker: str, stopped_ns: int, messages: Sequence[Mapping[str, Any]], key: SpoolKey
) -> Path:
    """Write the unacknowledged `messages` of an exchange.Sender into the first of `folders` that is the run's own and takes
    them, or else into this user's private folder. Raises OSError when none does.
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
    checked = _with_checksum(head, rest)
    content = orjson.dumps({**checked, "signature": key.sign(orjson.dumps(checked))}) + b"\n" + rest
    for folder in folders:
        try:
            if (folder / RECORD).exists() and os.access(folder, os.W_OK):
                write_atomically(folder / name_of(worker), content)
                return folder / name_of(worker)
        except OSError:
            continue
    path = private_folder() / f"{run}-{name_of(worker)}"
    write_atomically(path, content)
    return path


def private_folder() -> Path:
    """A folder in the temporary one that nobody but this user may enter; it is made. Raises OSError where somebody else has
    taken its name, or may write to it.
    """
    path = Path(tempfile.gettempdir()) / f"bizra-load-{os.getuid()}"
    path.mkdir(mode=0o700, exist_ok=True)
    if not _is_private(path):
        raise OSError(0, "is not a folder of this user alone (mode 0700)", str(path))
    return path


def _is_private(path: Path) -> bool:
    status = os.lstat(path)
    return stat.S_ISDIR(status.st_mode) and status.st_uid == os.getuid() and not status.st_mode & 0o077


def _with_checksum(head: Mapping[str, Any], rest: bytes) -> dict[str, Any]:
    """The first line with a checksum of all lines, since a run's SHA256SUMS may have been written before."""
    return {**head, "sha256": hashlib.sha256(orjson.dumps(head) + rest).hexdigest()}


def read(path: Path) -> Spool:
    """Raises UsageError with file, line and reason, also for a spool that was altered or cut short (it is written at once)."""
    at = 1
    try:
        content = read_bytes(path, MAX_BYTES)
        first, _, rest = content.partition(b"\n")
        head, lines = orjson.loads(first), rest.split(b"\n")
        if head["schema"] not in (SCHEMA, UNSIGNED):
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
        checked = _with_checksum({key: value for key, value in head.items() if key not in _OF_REST}, rest)
        if checked != {key: value for key, value in head.items() if key != "signature"}:
            raise ValueError("it is not what the worker wrote (its SHA-256 differs)")
    except OSError as error:
        raise UsageError(f"{path}: {error.strerror} (allowed: a spool file that a worker left)") from None
    except (WireError, ValueError, KeyError, TypeError, AttributeError, IndexError, OverflowError) as error:
        raise UsageError(f"{path}: line {at}: not a spool file: {error}") from None
    signed = orjson.dumps(checked), str(head.get("signature", ""))
    return Spool(run, worker, stopped_ns, tuple(reports), hashlib.sha256(content).hexdigest(), signed)


def left_behind(run: str) -> list[Path]:
    """Spool files of this run in this user's private folder on this machine."""
    try:
        path = Path(tempfile.gettempdir()) / f"bizra-load-{os.getuid()}"
        return sorted(path.glob(f"{run}-{PATTERN}")) if _is_private(path) else []
    except OSError:
        return []
