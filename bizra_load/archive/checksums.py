"""SHA256SUMS of a run folder: written once at the end of a run, checked by whoever reads it.

The format is that of sha256sum(1): `cd RUN && sha256sum -c SHA256SUMS` checks the same. It detects damage and slips, not
intent: whoever may write the folder can write this file too.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
from collections.abc import Iterable, Mapping
from pathlib import Path

from bizra_load.archive.names import (
    AGREEMENT,
    ASSESSMENT,
    ASSESSMENT_CHECKSUM,
    BASELINE,
    CHECKSUMS,
    FAILURES,
    HEALTH,
    MERGED_COLUMNS,
    MERGED_ROWS,
    RECORD,
    SERVER,
    TARGET,
    WINDOWS,
)
from bizra_load.exit_codes import UsageError
from bizra_load.io.files import open_regular, read_text, write_atomically

# what was measured, and what it is judged by; assessments can be made again from these
_ROWS = (WINDOWS, FAILURES, HEALTH, SERVER, TARGET)
COVERED = (RECORD, *_ROWS, MERGED_ROWS, MERGED_COLUMNS, AGREEMENT, BASELINE)
_SPOOL = re.compile(r"spool-[A-Za-z0-9._-]+\.jsonl")
_LINE = re.compile(r"([0-9a-f]{64}) [ *]([A-Za-z0-9._-]+)")


def seal(folder: Path, spools: Iterable[str] = ()) -> None:
    """(Re)write the checksums of the covered files that are there, and of spool files. Raises OSError."""
    write_atomically(folder / CHECKSUMS, lines(folder, spools, {}))


def lines(folder: Path, spools: Iterable[str], instead: Mapping[str, bytes]) -> str:
    """What seal() writes, with contents that are written together with it `instead` of those that are there. Raises OSError."""
    names = [name for name in (*COVERED, *sorted(spools)) if (folder / name).exists()]
    sums = {name: hashlib.sha256(content).hexdigest() for name, content in instead.items()}
    return "".join(_line(sums.get(name) or sha256_of(folder / name), name) for name in names)


def _line(sha256: str, name: str) -> str:
    """As sha256sum writes it."""
    return f"{sha256}  {name}\n"


def unseal(folder: Path) -> None:
    """Take the checksums away: the files are about to change."""
    (folder / CHECKSUMS).unlink(missing_ok=True)


def covered(folder: Path) -> list[str] | None:
    """Names of the files that are covered where every one of them is as it was when the run was sealed; None where there are no
    checksums: the run was cut off, or is an old one.

    Raises UsageError with the file that differs.
    """
    path = folder / CHECKSUMS
    try:
        read = read_text(path, follow=False).splitlines()
    except FileNotFoundError:
        if _was_sealed(folder):
            raise UsageError(f"{path}: is missing: the run folder is not whole") from None
        return None
    except OSError as error:
        raise UsageError(f"{path}: {error.strerror}") from None
    listed = []
    for number, line in enumerate(read, start=1):
        match = _LINE.fullmatch(line)
        if match is None or not (match[2] in COVERED or _SPOOL.fullmatch(match[2])):
            raise UsageError(f"{path}: line {number}: not a checksum of a run's file")
        listed.append(match[2])
        try:
            actual = sha256_of(folder / match[2])
        except OSError as error:
            raise UsageError(
                f"{folder / match[2]}: {error.strerror}, but {CHECKSUMS} lists it: the run folder is damaged"
            ) from None
        if actual != match[1]:
            raise UsageError(
                f"{folder / match[2]}: is not what it was when the run ended (its SHA-256 differs from {CHECKSUMS})"
            )
    for name in COVERED:
        if name not in listed and (folder / name).exists():
            raise UsageError(f"{folder / name}: is not in {CHECKSUMS}: it was added after the run had ended")
    return listed


def of_measured(folder: Path) -> str:
    """SHA-256 of SHA256SUMS, and with it of all that was measured; "" where the run was cut off. Raises UsageError."""
    path = folder / CHECKSUMS
    try:
        return sha256_of(path)
    except FileNotFoundError:
        return ""
    except OSError as error:
        raise UsageError(f"{path}: {error.strerror}") from None


def named(folder: Path | None) -> dict[str, str]:
    """What a document says of the run that it is of; without one the same keys, with "". Raises UsageError."""
    return {"run": str(folder or ""), "measured_sha256": of_measured(folder) if folder else ""}


def line_of_assessment(judged: bytes) -> str:
    """What ASSESSMENT_CHECKSUM holds of assessment.json, which SHA256SUMS leaves out: a run may be judged again."""
    return _line(hashlib.sha256(judged).hexdigest(), ASSESSMENT)


def check_assessment(folder: Path) -> None:
    """Raises UsageError where assessment.json is not what was judged, OSError where there is none. Earlier versions wrote
    no checksum.
    """
    path, actual = folder / ASSESSMENT_CHECKSUM, _line(sha256_of(folder / ASSESSMENT), ASSESSMENT)
    try:
        judged = read_text(path, follow=False)
    except FileNotFoundError:
        return
    except OSError as error:
        raise UsageError(f"{path}: {error.strerror}") from None
    if judged != actual:
        raise UsageError(
            f"{folder / ASSESSMENT}: is not what was judged (its SHA-256 differs from {path.name}; "
            "allowed: judge it again: bizra-load assess RUN)"
        )


def _was_sealed(folder: Path) -> bool:
    try:
        record = json.loads(read_text(folder / COVERED[0], 16 * 1024 * 1024, follow=False))
    except (OSError, ValueError, RecursionError):
        return False
    return isinstance(record, dict) and bool(record.get("sealed"))


def sha256_of(path: Path) -> str:
    """SHA-256 of the bytes of a regular file, as 64 hexadecimal digits. Raises OSError, also for a symbolic link."""
    with os.fdopen(open_regular(path, follow=False), "rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
