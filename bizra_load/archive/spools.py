"""Which spool files belong to a run, and how later ones come in.

While a run is not sealed (its master was lost), those count that its workers have signed. A sealed run is what it was when it
was sealed: a spool file comes in by name only (--spool), run.json says so, and the run is sealed again.
"""

from __future__ import annotations

import contextlib
import dataclasses
import json
from collections.abc import Collection, Iterable
from pathlib import Path
from typing import Any

from bizra_load.archive import checksums
from bizra_load.archive.names import CHECKSUMS, RECORD
from bizra_load.archive.run_record import RunRecord, TakenIn
from bizra_load.archive.spool import PATTERN, Spool, left_behind, name_of, read
from bizra_load.exit_codes import UsageError
from bizra_load.io.files import write_atomically, write_together, writing
from bizra_load.io.utc import utc_now


def of_run(folder: Path, record: RunRecord, sealed: Collection[str] | None) -> tuple[list[Spool], list[str]]:
    """(the spool files in a run folder that belong to it, the others with a reason). `sealed`: names of the files that the
    run's checksums cover; None where it is not sealed. Raises UsageError for one that belongs to it and can't be read.
    """
    spools, left_out = [], []
    added = {t.file: t.sha256 for t in record.taken_in or ()}
    for path in sorted(folder.glob(PATTERN)):
        if record.spool_keys is None or path.name in (sealed or ()):
            spools.append(read(path))  # of before there were keys; or as it was when the run was sealed
        elif sealed is not None:
            left_out.append(f"{path.name} (it came after the run had ended; bizra-load assess RUN --spool {path.name} adds it)")
        else:
            spool, reason = _checked(path, folder, record, added)
            spools += [spool] if spool else []
            left_out += [f"{path.name} ({reason})"] if reason else []
    return spools, left_out


def _checked(path: Path, folder: Path, record: RunRecord, added: dict[str, str]) -> tuple[Spool | None, str]:
    try:
        spool = read(path)
    except UsageError as error:
        return None, str(error)
    if spool.sha256 == added.get(path.name) or _is_signed(spool, folder, record):
        return spool, ""
    return None, "not signed by a worker of this run"


def _is_signed(spool: Spool, folder: Path, record: RunRecord) -> bool:
    key = (record.spool_keys or {}).get(spool.worker)
    return key is not None and spool.run == folder.resolve().name and spool.is_of(key)


def signed_ones(folder: Path, record: RunRecord) -> list[str]:
    """Names of the spool files in the folder that belong to a run which is about to be sealed."""
    return [name_of(spool.worker) for spool in of_run(folder, record, None)[0]]


def take_in(folder: Path, record: RunRecord, document: dict[str, Any], paths: Iterable[Path], sealed: bool) -> None:
    """Copy spool files of this run into its folder: those that were named, and where it is not sealed, those that its workers
    signed and left in the private folder. Raises UsageError, and changes nothing then.
    """
    run = folder.resolve().name
    named = [(path, read(path)) for path in paths]
    for path, spool in named:
        if spool.run != run:
            raise UsageError(f"--spool: {path}: belongs to the run {spool.run} (allowed: a spool of {run})")
        known = (record.spool_keys or {}).get(spool.worker)
        if known is not None and not spool.is_of(known):
            raise UsageError(f"--spool: {path}: not signed by {spool.worker} (allowed: what a worker of this run left)")
    unnamed = [] if sealed or record.spool_keys is None else _readable(left_behind(run))
    unnamed = [(path, spool) for path, spool in unnamed if _is_signed(spool, folder, record)]
    for path, spool in (*named, *unnamed):
        target = folder / name_of(spool.worker)
        if target.resolve() != path.resolve():
            with writing(target):
                write_atomically(target, path.read_bytes())
    if named:
        _record(folder, record, document, [spool for _, spool in named], sealed)


def _readable(paths: Iterable[Path]) -> list[tuple[Path, Spool]]:
    """A damaged one must not keep the run from being judged: its worker is reported as missing then."""
    spools = []
    for path in paths:
        with contextlib.suppress(UsageError):
            spools.append((path, read(path)))
    return spools


def _record(folder: Path, record: RunRecord, document: dict[str, Any], spools: Iterable[Spool], sealed: bool) -> None:
    """Say in run.json what was added, and seal the run again if it was."""
    at = utc_now()
    taken_in = {t.file: t for t in record.taken_in or ()}
    for spool in spools:
        name = name_of(spool.worker)
        if name not in taken_in or taken_in[name].sha256 != spool.sha256:
            taken_in[name] = TakenIn(name, spool.sha256, at, _is_signed(spool, folder, record))
    rows = [dataclasses.asdict(t) for t in taken_in.values()]
    covered = checksums.covered(folder) or ()
    text = json.dumps({**document, "taken_in": rows}, indent=2) + "\n"
    contents: dict[Path, str | bytes] = {folder / RECORD: text}
    with writing(folder):
        if sealed:
            sealed_spools = {*(n for n in covered if n.startswith("spool-")), *taken_in}
            contents[folder / CHECKSUMS] = checksums.lines(folder, sealed_spools, {RECORD: text.encode()})
        write_together(contents)
