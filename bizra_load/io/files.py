"""The one place that writes whole files (to a temporary name in the same folder, then replaced) and that reads small ones."""

from __future__ import annotations

import fcntl
import os
import stat
import sys
import tempfile
from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from bizra_load.exit_codes import UsageError

CHUNK_BYTES = 1 << 20
MAX_TEXT_BYTES = 1024 * 1024
MAX_FILE_NAME_BYTES = 255
BEFORE = "before"  # the folder that holds what a verb wrote the time before


def write_atomically(path: Path, content: str | bytes) -> None:
    """Write bytes, or text as UTF-8, so that `path` holds either its old content or all of the new one; folders that are not
    there are made. Raises OSError with a strerror, also for a `path` that is anything but a regular file.
    """
    write_together({path: content})


def write_together(contents: Mapping[Path, str | bytes]) -> None:
    """write_atomically() for files of one piece of work, in their order: where one of them does not fit on the disk, all keep
    their old content.
    """
    staged: list[tuple[str, Path]] = []
    for path in contents:
        check_replaceable(path)
    try:
        for path, content in contents.items():
            path.parent.mkdir(parents=True, exist_ok=True)
            handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
            staged.append((temporary, path))
            with os.fdopen(handle, "wb") as file:
                file.write(content.encode() if isinstance(content, str) else content)
                file.flush()
                os.fsync(file.fileno())
            os.chmod(temporary, 0o644)
        while staged:
            os.replace(*staged[0])
            del staged[0]
    except BaseException:
        for temporary, _ in staged:
            os.unlink(temporary)
        raise


@contextmanager
def writing(place: object, what: str = "a folder") -> Iterator[None]:
    """An OSError of the block becomes a UsageError that names `place`: a folder or `what`, with the option that gave it."""
    try:
        yield
    except OSError as error:
        raise UsageError(f"{place}: {error.strerror} (allowed: {what} that can be written)") from None


def check_writable(path: Path, place: object) -> None:
    """Whether a file can be written there, its missing folders too, tried before there is anything to write; nothing is left.
    Raises UsageError, which names `place`.
    """
    with writing(place, "a file"):
        if os.path.lexists(path):
            if path.is_dir() or path.is_file():  # opening a pipe would wait for its reader
                path.open("ab").close()
            return
        folder = next(parent for parent in path.absolute().parents if os.path.lexists(parent))
        with tempfile.TemporaryFile(dir=folder):
            pass


@contextmanager
def alone_in(folder: Path, place: object) -> Iterator[None]:
    """While the block runs, nobody else that asks for it has the folder: flock(2), which ends with the process. Raises
    UsageError where somebody has it. A file system without locks gives it to everybody.
    """
    with writing(place):
        descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise UsageError(f"{place}: another process writes there now (allowed: a folder of its own)") from None
        except OSError:
            pass
        yield
    finally:
        os.close(descriptor)


def check_replaceable(path: Path) -> None:
    """Raises OSError where there is something that is no regular file: a device, a pipe or a link would be gone, and what was
    written not where it leads to.
    """
    try:
        mode = os.lstat(path).st_mode
    except FileNotFoundError:
        return
    if not stat.S_ISREG(mode):
        what = "a folder" if stat.S_ISDIR(mode) else "a symbolic link" if stat.S_ISLNK(mode) else "a device or a pipe"
        raise OSError(0, f"is {what}, not a file", str(path))


def set_aside(folder: Path, names: Collection[str], place: object, kept: Collection[Path] = ()) -> None:
    """Move files of these names into BEFORE: what a verb wrote the time before says nothing of this time, which may end before
    it writes its own. Those that are in `kept`, as resolved paths, stay. Raises UsageError as writing(place) does.
    """
    with writing(place):
        old = [name for name in names if os.path.lexists(folder / name) and (folder / name).resolve() not in kept]
        if old:
            (folder / BEFORE).mkdir(exist_ok=True)
        for name in old:
            (folder / name).replace(folder / BEFORE / name)


def out_folder(value: str) -> Path:
    """A folder that is there, or can be made, and can be written. Raises ValueError with one line, as out_file() does."""
    path = Path(value)
    there = path
    while not there.exists():
        there = there.parent
    try:
        with tempfile.TemporaryFile(dir=there):  # root may write anywhere by os.access(), and not to /proc
            pass
    except OSError:
        raise ValueError(f"{value}: {there} is no folder that can be written") from None
    if any(len(os.fsencode(part)) > MAX_FILE_NAME_BYTES for part in path.parts):
        raise ValueError(f"{value[:50]}...: a folder's name has at most {MAX_FILE_NAME_BYTES} bytes")
    return path


def out_file(value: str) -> Path:
    """A file in a folder as of out_folder()."""
    path = Path(value)
    if not path.name or len(os.fsencode(path.name)) > MAX_FILE_NAME_BYTES:
        raise ValueError(f"{value[:50]!r}: is no name for a file")
    out_folder(str(path.parent))
    try:
        check_replaceable(path)
    except OSError as error:
        raise ValueError(f"{value}: {error.strerror} (allowed: a regular file, or a new one)") from None
    return path


def open_regular(path: Path, follow: bool = True) -> int:
    """File descriptor for reading. Raises OSError, also for what is no regular file: a pipe or a device may never end.
    With `follow` False a symbolic link is none either: a run folder from somewhere else may point at anything.
    """
    handle = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC | (0 if follow else os.O_NOFOLLOW))
    mode = os.fstat(handle).st_mode
    if stat.S_ISREG(mode):
        return handle
    os.close(handle)
    raise OSError(0, "is a folder, not a file" if stat.S_ISDIR(mode) else "is not a regular file", str(path))


def read_bytes(path: Path, limit_bytes: int, follow: bool = True) -> bytes:
    """A whole file. Raises OSError with a strerror, also for one that is larger."""
    data = bytearray()
    with os.fdopen(open_regular(path, follow), "rb") as file:
        while chunk := file.read(CHUNK_BYTES):  # read(limit) would ask for that much memory at once
            data += chunk
            if len(data) > limit_bytes:
                raise OSError(0, f"is larger than {limit_bytes:,} bytes", str(path))
    return bytes(data)


def read_text(path: Path, limit_bytes: int = MAX_TEXT_BYTES, follow: bool = True) -> str:
    """A whole small UTF-8 file. Raises OSError with a strerror, also for a file that is too large or not text."""
    try:
        return read_bytes(path, limit_bytes, follow).decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise OSError(0, f"is not UTF-8 text (byte {error.start})", str(path)) from None


def append(path: Path, text: str) -> None:
    """Add text as UTF-8 to the end of a file, which is made where there is none. Raises OSError with a strerror, also for a
    name that is none, and for a pipe that nobody reads.
    """
    try:
        handle = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_NONBLOCK | os.O_CLOEXEC, 0o644)
    except ValueError as error:  # a null character
        raise OSError(0, str(error), str(path)) from None
    with os.fdopen(handle, "w", encoding="utf-8") as file:
        file.write(text)


def put_or_compare(folder: Path, texts: Mapping[str, str], compare: bool, made_by: str) -> list[Path]:
    """Write generated files and print their paths; or only find those that are not current, and say how to make them.
    Raises UsageError.
    """
    paths = {folder / name: text for name, text in texts.items()}
    stale = []
    try:
        if not compare:
            write_together(paths)
            print(*paths, sep="\n")
            return []
        for path, text in paths.items():
            if not path.is_file() or path.read_text(encoding="utf-8") != text:
                stale.append(path)
    except (OSError, UnicodeDecodeError) as error:
        where = getattr(error, "filename", None) or folder
        raise UsageError(f"--out: {where}: {getattr(error, 'strerror', None) or error}") from None
    if stale:
        print(f"not current: {', '.join(map(str, stale))} ({made_by} makes them)", file=sys.stderr)
    return stale
