"""Reading the files of rows of a run folder: a line at a time, merged as they are read; large ones by all cores.

A further process reads a part of each file and hands its sums over. It is a fresh one, not a fork: whoever judges may have
threads. Where it fails, its part is read here, and whatever is wrong is said here.
"""

from __future__ import annotations

import os
import pickle
import subprocess
import sys
from collections.abc import Callable, Iterator, Set
from contextlib import ExitStack
from pathlib import Path
from typing import IO, Any, TypeVar

import orjson

from bizra_load.archive.names import FAILURES, HEALTH, WINDOWS
from bizra_load.exit_codes import UsageError
from bizra_load.io.files import open_regular
from bizra_load.io.this_machine import usable_cores
from bizra_load.measure.hdr_codec import WireError
from bizra_load.measure.run_sums import RunSums

MAX_LINE_BYTES = 16 * 1024 * 1024  # twice a report
LARGE_BYTES = 64 * 1024 * 1024  # from here on a further process saves more than its start takes
MOST_PARTS = 8
Key = tuple[str, int]  # a worker and the number of its report
T = TypeVar("T")


def read_sums(folder: Path, spooled: Set[Key], truncated: set[str]) -> RunSums:
    """Everything in the files of workers' rows; names of files whose last line was cut short go into `truncated`.
    `spooled`: reports that are in a spool. Of one that was stored without its health, which is the sign that it is whole, the
    rest is left out where it is there. Raises UsageError.
    """
    parts = min(usable_cores(), MOST_PARTS) if not spooled and is_large(folder) else 1
    with ExitStack() as stack:
        processes = [_process(folder, part, parts) for part in range(1, parts)]
        others = [stack.enter_context(process) if process else None for process in processes]
        sums, cut = _part(folder, 0, parts, spooled)
        truncated |= cut
        for part, other in enumerate(others, start=1):
            more, cut = _result(other) or _part(folder, part, parts, spooled)
            sums.join(more)
            truncated |= cut
    return sums


def read_rows(path: Path, convert: Callable[[object], T], truncated: set[str]) -> list[T]:
    """All rows of a file; [] where it is not there. Raises UsageError."""
    rows: list[T] = []
    _each(path, 0, 1, lambda row: rows.append(convert(row)), truncated)
    return rows


def _process(folder: Path, part: int, parts: int) -> subprocess.Popen[bytes] | None:
    code = "import sys; sys.path[:] = sys.argv[4:]; from bizra_load.archive.row_files import main; main(*sys.argv[1:4])"
    command = [sys.executable, "-c", code, str(folder), str(part), str(parts), *sys.path]
    try:
        return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)  # noqa: S603  # no shell, own module
    except OSError:  # no further process is allowed here, or there is no interpreter of that name
        return None


def main(folder: str, part: str, parts: str) -> None:
    """In the further process: its sums, for _result()."""
    pickle.dump(_part(Path(folder), int(part), int(parts), frozenset()), sys.stdout.buffer, protocol=pickle.HIGHEST_PROTOCOL)
    sys.stdout.buffer.flush()


def _result(other: subprocess.Popen[bytes] | None) -> tuple[RunSums, set[str]] | None:
    """None where the process failed. What is unpickled was written by our own code, through a pipe of our own."""
    if other is None or other.stdout is None:
        return None
    try:
        result = pickle.load(other.stdout)  # noqa: S301
    except Exception:  # whatever came instead: what it is says nothing of the rows
        return None
    return result if other.wait() == 0 else None


def _part(folder: Path, part: int, parts: int, spooled: Set[Key]) -> tuple[RunSums, set[str]]:
    """Health first: it tells which reports are whole."""
    sums, truncated = RunSums(), set[str]()

    def health(row: Any) -> None:
        if "sequence" in row:
            sums.receive(str(row["worker"]), int(row["sequence"]), row.get("final") is True)
        sums.add_health_row(row)

    def unless_half(add: Callable[[object], None]) -> Callable[[Any], None]:
        return lambda row: None if halves and (row.get("worker"), row.get("sequence")) in halves else add(row)

    _each(folder / HEALTH, part, parts, health, truncated)
    halves = {(worker, sequence) for worker, sequence in spooled if not sums.has(worker, sequence)}
    _each(folder / WINDOWS, part, parts, unless_half(sums.add_window_row), truncated)
    _each(folder / FAILURES, part, parts, unless_half(sums.add_failure_row), truncated)
    return sums, truncated


def _each(path: Path, part: int, parts: int, take: Callable[[object], None], truncated: set[str]) -> None:
    """Hand the values of each line that begins in a part of the file to `take`. Raises UsageError for what is no such file, or
    what `take` refuses.
    """
    try:
        handle = open_regular(path, follow=False)
    except FileNotFoundError:
        return
    except OSError as error:
        raise UsageError(f"{path}: {error.strerror}") from None
    with os.fdopen(handle, "rb") as file:
        size = os.fstat(handle).st_size
        for line in _lines(file, path, size * part // parts, size * (part + 1) // parts, last=part + 1 == parts):
            if not line.endswith(b"\n"):
                truncated.add(path.name)  # the run was cut off while this line was written
                return
            try:
                take(orjson.loads(line))
            except (WireError, ValueError, KeyError, TypeError, AttributeError, OverflowError) as error:
                raise UsageError(f"{path}: line {_number(path, file.tell())}: {error}") from None


def _lines(file: IO[bytes], path: Path, begin: int, end: int, last: bool) -> Iterator[bytes]:
    """Lines that begin in [begin, end); of the last part, all to the end of a file that may still grow."""
    if begin:
        file.seek(begin - 1)
        while (rest := file.readline(MAX_LINE_BYTES)) and not rest.endswith(b"\n"):
            continue  # whoever reads the part before says so
    at = file.tell()
    while (last or at < end) and (line := file.readline(MAX_LINE_BYTES)):
        at += len(line)
        if len(line) == MAX_LINE_BYTES and not line.endswith(b"\n"):
            raise UsageError(f"{path}: line {_number(path, at)}: longer than {MAX_LINE_BYTES:,} bytes")
        yield line


def _number(path: Path, end: int) -> int:
    """The number of the line that ends at byte `end`."""
    lines, left = 1, end - 1
    with open(path, "rb") as file:
        while left > 0 and (piece := file.read(min(left, 1 << 20))):
            lines += piece.count(b"\n")
            left -= len(piece)
    return lines


def is_large(folder: Path) -> bool:
    """Whether there are so many rows that merging them takes seconds."""
    try:
        return os.stat(folder / HEALTH).st_size >= LARGE_BYTES
    except OSError:
        return False  # whoever reads it says so
