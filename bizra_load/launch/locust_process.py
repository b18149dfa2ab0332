"""Locust's master and workers as processes of this machine."""

from __future__ import annotations

import json
import os
import signal
import sys
import tomllib
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path

import psutil

from bizra_load.exit_codes import INCONCLUSIVE, INVALID, KEPT, NO_GO, USAGE, InvalidRunError
from bizra_load.io.children import adopt_orphans, start
from bizra_load.io.ports import free_port
from bizra_load.launch.request import LoadRequest, holds_password
from bizra_load.settings.defaults import (
    LOCUSTS_OWN,
    LOCUSTS_WEB_UI,
    OPTIONS_VARIABLE,
    REHEARSAL_VARIABLE,
    RUN_FOLDER_VARIABLE,
    UNCONFIGURED_VARIABLE,
    WEB_UI_VARIABLE,
)

_OURS = (KEPT, NO_GO, INCONCLUSIVE, INVALID, USAGE)
ATTACHED = "bizra_load.runtime.attached"
CONFIGURATION = ("~/.locust.conf", "locust.conf", "pyproject.toml")  # what Locust would read
TOLD_WORKERS_END_WITHIN_S = 10.0  # the master has all of their reports, or has given them up
ENDS_SOMETIME_S = 1e9  # as good as never; a wait with an end, see supervise()
WORKERS_COME_WITHIN_S = "60"  # Locust would wait for ever
IDLE_WORKERS_END_WITHIN_S = 1.0  # of a master killed before the load began
WORKERS_END_WITHIN_S = 60.0  # of a killed master; they notice in 8 s, finish what is under way and try to hand over for 10 s


def ignored_variables(environment: Mapping[str, str], web_ui: bool = False) -> str:
    """One line on variables that Locust would read and that our own scenarios are not handed; "" without any. One of them left
    over from another test (tags to choose tasks by, a number of users) would make this one another test, or none.
    """
    names = sorted(name for name in environment if name.startswith(LOCUSTS_OWN) and not (web_ui and _of_web_ui(name)))
    return f"{', '.join(names)}: not handed on to Locust (allowed: the options of bizra-load run)" if names else ""


def ignored_files() -> str:
    """The same for Locust's configuration files."""
    names = [name for name in CONFIGURATION if _configures_locust(Path(name).expanduser())]
    return f"{', '.join(names)}: Locust's settings there are not used (allowed: the options of bizra-load run)" if names else ""


def _configures_locust(path: Path) -> bool:
    if path.suffix != ".toml":
        return path.is_file()
    try:
        return "locust" in tomllib.loads(path.read_text(encoding="utf-8")).get("tool", {})
    except (OSError, ValueError, AttributeError, TypeError):  # nobody's business here
        return False


def _of_web_ui(name: str) -> bool:
    return name.startswith(LOCUSTS_WEB_UI)


def command_line(request: LoadRequest, processes: int, folder: Path | None) -> tuple[list[str], dict[str, str]]:
    """Locust's command line and environment; the latter holds what nobody else on this machine is to read. `processes` are
    started with the master, unless workers come from elsewhere; 0: the master has the users itself. Without a `folder` it is
    for the web UI, under which each run has one of its own.
    """
    environment = _environment(request) | {
        RUN_FOLDER_VARIABLE: str(folder.resolve()) if folder else "",
        WEB_UI_VARIABLE: "" if folder else "1",
        OPTIONS_VARIABLE: json.dumps(request.options),
        REHEARSAL_VARIABLE: "1" if request.rehearsal else "",
    }
    printing = () if "--print-stats" in request.locust_words else ("--only-summary",)
    command = [
        *(("--headless", *printing, "--json-file", str(folder / "locust-stats")) if folder else ("--headful",)),
        *(() if request.waits_for_workers else ("--expect-workers-max-wait", WORKERS_COME_WITHIN_S)),
        *(() if request.workers_come or not processes else _on_this_machine(processes)),
    ]
    if request.log_level:
        command += ["--loglevel", request.log_level]
    return _started(request, *command), environment


def hand_over(request: LoadRequest) -> int:
    """To Locust, whose exit code it is, what makes no run here: a worker, or what is printed of a locustfile (--list). Where a
    signal ends it before it hears of any: 128 and the signal's number. Raises InvalidRunError.
    """
    command = () if request.processes is None else ("--processes", str(request.processes))
    came: list[int] = []
    code = supervise(_started(request, *command), _environment(request), None, lambda _: nullcontext(), came)
    if code < 0 or (came and code not in _OURS):  # killed, or on its way out of an import with Python's own code
        return 128 + (came[0] if came else -code)
    return checked_code(code, began=False)


def checked_code(code: int, began: bool) -> int:
    """The exit code of Locust where it is one of ours, or where a load `began` and it is the locustfile's own. Raises
    InvalidRunError for others: those are of Locust, for whatever it could not do, and of Python.
    """
    if began or code < 0 or code in _OURS:
        return code
    raise InvalidRunError(f"Locust ended with exit code {code} before a load began: its own lines say why")


def _started(request: LoadRequest, *words: str) -> list[str]:
    host = ("-H", request.host) if request.host and not holds_password(request.host) else ()
    return [sys.executable, "-m", ATTACHED, "-f", request.locustfile, *host, *words, *request.locust_words]


def _environment(request: LoadRequest) -> dict[str, str]:
    environment = {name: value for name, value in os.environ.items() if _is_handed_on(request, name)}
    environment[UNCONFIGURED_VARIABLE] = "" if request.configured else "1"
    return environment | ({"LOCUST_HOST": request.host} if request.host else {})


def _is_handed_on(request: LoadRequest, name: str) -> bool:
    return request.configured or not name.startswith(LOCUSTS_OWN) or (request.web_ui and _of_web_ui(name))


def _on_this_machine(processes: int) -> tuple[str, ...]:
    """Words for so many workers, and for a master that nobody else reaches."""
    port = str(free_port())
    own = ("--master-bind-host", "127.0.0.1", "--master-bind-port", port, "--master-port", port)
    return ("--processes", str(processes), *own)


def supervise(
    command: list[str],
    environment: dict[str, str],
    begun: Path | None,
    beside: Callable[[int], AbstractContextManager[None]],
    came: list[int] | None = None,
) -> int:
    """Run Locust. SIGTERM, SIGINT and SIGHUP end it in good order: all are passed on as SIGTERM, for they may be for us alone
    (after Ctrl+C or a closed terminal, of which Locust hears too, it changes nothing). `beside`, given its process id, is in
    force while it runs. Returns its exit code, or the negative number of the signal that killed it, when its workers have ended
    too: Locust's master does not wait for one that takes longer than it does. Where it was killed before the load began (no
    `begun` yet, None: it makes no run), they have nothing to hand over, and would look for it for minutes. `came` gets the
    numbers of the signals that were passed on.
    """
    already_there = psutil.Process().children()  # what became our child when a shell became this program (exec)
    adopt_orphans()  # workers whose master is gone become ours, so that we can wait for what they leave behind
    # where a shell started us in the background, Ctrl+C is for others; under nohup a closed terminal is
    ignored = [number for number in (signal.SIGINT, signal.SIGHUP) if signal.getsignal(number) is signal.SIG_IGN]
    numbers = [number for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP) if number not in ignored]
    # its first second is imports, of which Ctrl+C would print where they are; SIGTERM, passed on, ends it then
    process = start(command, held=(signal.SIGINT,), env=environment)  # our own module; a signal by now ends us, and it with us
    passed_on = [] if came is None else came

    def pass_on(number: int, _: object) -> None:
        passed_on.append(number)
        process.terminate()

    before = [signal.signal(number, pass_on) for number in numbers]
    try:
        with beside(process.pid):
            # of signals that come at once, another thread may take them all, and leave this one in its wait: one with an end
            # looks every 50 ms, and handlers run in between
            code = process.wait(timeout=ENDS_SOMETIME_S)
            killed_within_s = WORKERS_END_WITHIN_S if begun is not None and begun.exists() else IDLE_WORKERS_END_WITHIN_S
            _wait_for_orphans(already_there, killed_within_s if code < 0 else TOLD_WORKERS_END_WITHIN_S)
            return code
    finally:
        for number, handler in zip(numbers, before, strict=True):
            signal.signal(number, handler)


def _wait_for_orphans(already_there: list[psutil.Process], within_s: float) -> None:
    """Wait for the workers of a master that is gone: they stop by themselves; one that does not is killed."""
    left = [child for child in psutil.Process().children() if child not in already_there]
    workers = [child for child in left if os.getpgid(child.pid) == os.getpgrp()]  # a daemon of a locustfile is none
    for worker in psutil.wait_procs(workers, timeout=within_s)[1]:
        worker.kill()
        worker.wait()
