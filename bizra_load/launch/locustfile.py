"""What a user's locustfile holds, told by a process of its own (bizra_load.runtime.survey) before anything is started."""

from __future__ import annotations

import ast
import contextlib
import json
import os
import select
import signal
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import bizra_load
from bizra_load.exit_codes import UsageError
from bizra_load.io.children import start
from bizra_load.io.signals import signals_held

_PRINTED = ("list_commands", "show_task_ratio", "show_task_ratio_json")
WITHIN_S = 120.0  # an import that reads test data takes its time; one that waits for something would wait for ever
ENDS_WITHIN_S = 5.0  # its handlers of atexit
SURVEY = "bizra_load.runtime.survey"
PRODUCTS_USERS = {"PoIUser": "poi"}  # public user classes of products
OUR_USERS = ("OpenModelUser", *PRODUCTS_USERS)  # that our schedule drives
_US = bizra_load.__name__
_ADDS_OPTIONS = "init_command_line_parser"  # Locust's event for it
_OF_LOCUST = ("between", "constant", "constant_pacing", "constant_throughput", "events", "tag", "task")
# what Locust makes of no words
_NONE = (
    *("host", "num_users", "run_time", "processes", "loglevel", "master_bind_port", "master_port"),
    *("csv_prefix", "html_file", "json_file", "logfile"),
    *_PRINTED,
)
NOTHING_ASKED: Mapping[str, Any] = {**dict.fromkeys(_NONE), "master": False, "worker": False}


@dataclass(frozen=True)
class Locustfile:
    """A locustfile, and what Locust makes of its command line for it.

    hosts        those that they name
    without_host  the first that makes HTTP requests and names none; "": none does
    product      what their requests are of; "": of any service
    shape        name of its LoadTestShape; "": none
    open_model   our schedule drives it (OpenModelUser with a StagesShape)
    stages       its shape, or one of them, is our StagesShape
    shape_alone  its shape reads none of -u, -r and -t
    own_flags    of the options that it adds to Locust's
    http_hosts   of each class that makes HTTP requests its name, and the host that it names; "": none
    ours         some of its users are OpenModelUsers: options of requests act on those alone
    without_task  one line on user classes to which Locust's tags leave no task; "": each has one
    options      what Locust makes of its words, its variables and its configuration files, by its names
    """

    hosts: tuple[str, ...]
    without_host: str
    product: str
    shape: str
    open_model: bool
    options: Mapping[str, Any]
    stages: bool = False
    own_flags: tuple[str, ...] = ()
    shape_alone: bool = False
    http_hosts: tuple[tuple[str, str], ...] = ()
    ours: bool = False
    without_task: str = ""

    @property
    def makes_no_run(self) -> bool:
        """Locust is asked to print something and to end, or to be a worker, whose master makes the run."""
        return any(self.options[name] for name in (*_PRINTED, "worker"))


def of_ours(file: str) -> Locustfile | None:
    """What a file holds, where its text says for certain that our schedule drives it: a class on our StagesShape, one on a user
    class of ours, and imports of nothing that can fail. None where it does not: then it must be imported to be known, which
    takes seconds of a busy machine.
    """
    try:
        text = Path(file).read_text(encoding="utf-8")
        tree = ast.parse(text)
    except (OSError, ValueError, SyntaxError):  # whoever imports it says so
        return None
    if _ADDS_OPTIONS in text:  # it may have some of the names of ours
        return None
    imported: dict[str, str] = {}  # what a name stands for
    for node in ast.walk(tree):
        if isinstance(node, ast.Import) and not all(_is_standard(alias.name) for alias in node.names):
            return None
        if isinstance(node, ast.ImportFrom):
            names = {alias.asname or alias.name: f"{node.module}.{alias.name}" for alias in node.names}
            if node.level or not all(_is_there(str(node.module), alias.name) for alias in node.names):
                return None
            imported |= names
    classes = [node for node in ast.walk(tree) if isinstance(node, ast.ClassDef)]
    bases = {imported.get(ast.unparse(base)) for node in classes for base in node.bases}
    users = [name for name in OUR_USERS if f"{_US}.{name}" in bases]
    if f"{_US}.StagesShape" not in bases or not users or any(node.name in imported for node in classes):
        return None
    product = next((PRODUCTS_USERS[name] for name in users if name in PRODUCTS_USERS), "")
    return Locustfile((), "", product, "StagesShape", True, NOTHING_ASKED, stages=True, ours=True)


def _is_standard(module: str) -> bool:
    return module.partition(".")[0] in sys.stdlib_module_names


def _is_there(module: str, name: str) -> bool:
    """Whether an import of it is known to succeed, and to bring in no user class of Locust's."""
    package, _, rest = module.partition(".")
    if package != _US:
        return _is_standard(module) or (module == "locust" and name in _OF_LOCUST)
    place = Path(bizra_load.__file__).parent
    return place.joinpath(*rest.split(".")).with_suffix(".py").is_file() if rest else name in bizra_load.__all__


def check_there(file: str) -> None:
    """Raises UsageError where Locust would find none of the comma-separated files, folders and URLs."""
    for part in file.split(","):
        path = Path(part)
        if part.startswith(("http://", "https://")) or path.is_file() or (path.is_dir() and any(path.rglob("*.py"))):
            continue
        raise UsageError(f"-f: {part}: {'holds no .py file' if path.is_dir() else 'no such file'}")


def survey(file: str, words: Sequence[str], environment: Mapping[str, str]) -> Locustfile:
    """What a locustfile holds, or whatever else Locust's -f takes, with these further words. Raises UsageError."""
    try:
        text = _told(("-f", file, *words), environment)
    except TimeoutError:
        raise UsageError(f"-f: {file}: takes longer than {WITHIN_S:g} s to import") from None
    except _EndedError as error:
        raise UsageError(f"-f: {file}: ends its process when it is imported (exit code {error})") from None
    seen: dict[str, Any] = json.loads(text)
    if "error" in seen:
        raise UsageError(f"-f: {file}: {seen['error']}")
    contents: dict[str, Any] = seen["survey"]
    users = contents["users"]
    return Locustfile(
        tuple(dict.fromkeys(user["host"] for user in users if user["host"])),
        next((user["name"] for user in users if user["http"] and not user["host"]), ""),
        next((user["product"] for user in users if user["product"]), ""),
        contents["shape"],
        contents["stages"] and any(user["open"] for user in users),
        contents["options"],
        contents["stages"],
        tuple(contents["own_flags"]),
        contents["shape_alone"],
        tuple((user["name"], user["host"]) for user in users if user["http"]),
        any(user["open"] for user in users),
        contents["without_task"],
    )


class _EndedError(Exception):
    """Without a word; the exit code."""


def _told(words: Sequence[str], environment: Mapping[str, str]) -> bytes:
    """The line of a survey for these words of Locust's. It is a process group of its own: what the locustfile starts when it is
    imported ends with it, after its handlers of atexit. Raises TimeoutError, _EndedError.
    """
    reading, writing = os.pipe()
    try:
        command = [sys.executable, "-m", SURVEY, str(writing), *words]
        nowhere = subprocess.DEVNULL
        process = start(command, env=dict(environment), pass_fds=(writing,), stdin=nowhere, stdout=nowhere, process_group=0)
        try:
            os.close(writing)
            line = _line(reading, process)
            with contextlib.suppress(subprocess.TimeoutExpired):  # a handler, or a thread, that does not end
                process.wait(ENDS_WITHIN_S)
            return line
        finally:
            _end_group(process)
    finally:
        os.close(reading)


def _line(reading: int, process: subprocess.Popen[bytes]) -> bytes:
    """Up to its line end, and not to the end of all: a child that was forked meanwhile may keep the pipe open."""
    text, end = b"", time.monotonic() + WITHIN_S
    while not text.endswith(b"\n"):
        if time.monotonic() > end:
            raise TimeoutError
        ended = process.poll() is not None  # before it is looked for more: nothing comes afterwards
        if select.select([reading], [], [], 0 if ended else 0.1)[0]:
            chunk = os.read(reading, 1 << 16)
            text += chunk
            if chunk:
                continue
            process.wait(ENDS_WITHIN_S)
            ended = True
        if ended:
            raise _EndedError(process.returncode)
    return text


def _end_group(process: subprocess.Popen[bytes]) -> None:
    """Whatever is left of it: SIGTERM, and SIGKILL for what does not end by that."""
    with signals_held(), contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGTERM)
        end = time.monotonic() + 1.0
        while time.monotonic() < end:
            process.poll()
            os.killpg(process.pid, 0)
            time.sleep(0.01)
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()
