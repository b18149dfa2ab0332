"""Locust's master and workers as processes of this machine."""

from __future__ import annotations

import os
import signal
import sys
import tomllib
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from pathlib import Path

import psutil

from bizra_load.io.children import adopt_orphans, start
from bizra_load.io.ports import free_port
from bizra_load.launch.request import LoadRequest, holds_password
from bizra_load.products import all_options
from bizra_load.settings.defaults import OBJECTIVE, REHEARSAL_VARIABLE, RUN_FOLDER_VARIABLE

LOCUSTS_OWN = "LOCUST_"  # what its variables begin with
UNCONFIGURED = "bizra_load.runtime.unconfigured"
CONFIGURATION = ("~/.locust.conf", "locust.conf", "pyproject.toml")  # what Locust would read
TOLD_WORKERS_END_WITHIN_S = 10.0  # the master has all of their reports, or has given them up
IDLE_WORKERS_END_WITHIN_S = 1.0  # of a master killed before the load began
WORKERS_END_WITHIN_S = 60.0  # of a killed master; they notice in 8 s, finish what is under way and try to hand over for 10 s


def ignored_variables(environment: Mapping[str, str]) -> str:
    """One line on variables that Locust would read and that `bizra-load run` does not hand on; "" without any. One of them left
    over from another test (tags to choose tasks by, a number of users) would make this one another test, or none.
    """
    names = sorted(name for name in environment if name.startswith(LOCUSTS_OWN))
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


def command_line(request: LoadRequest, processes: int, folder: Path) -> tuple[list[str], dict[str, str]]:
    """Locust's command line and environment; the latter holds what nobody else on this machine is to read."""
    port, variables = free_port(), {option.flag: option.variable for option in all_options()}
    environment = {name: value for name, value in os.environ.items() if not name.startswith(LOCUSTS_OWN)}
    environment |= {RUN_FOLDER_VARIABLE: str(folder.resolve()), "LOCUST_HOST": request.host}
    environment[REHEARSAL_VARIABLE] = "1" if request.rehearsal else ""
    command = [
        *(sys.executable, "-m", UNCONFIGURED, "-f", str(request.locustfile), "--headless", "--only-summary"),
        *("--processes", str(processes), "--expect-workers-max-wait", "60", "--loglevel", request.log_level),
        *("--master-bind-host", "127.0.0.1", "--master-bind-port", str(port), "--master-port", str(port)),
        *("--json-file", str(folder / "locust-stats")),
    ]
    if not holds_password(request.host):
        command += ["-H", request.host]
    for flag, text in request.options:
        if holds_password(text):
            environment[variables[flag]] = text  # everyone on this machine can read a command line
        else:
            command += [flag, text]
    command += [word for name_and_path in request.settings.evidence for word in ("--evidence", name_and_path)]
    command += [word for words in request.settings.objectives for word in (OBJECTIVE, words)]
    if request.enable_rebalancing:
        command.append("--enable-rebalancing")
    if request.stop_timeout_s is not None:
        command += ["--stop-timeout", str(request.stop_timeout_s)]
    return [*command, *request.switches], environment


def supervise(
    command: list[str], environment: dict[str, str], begun: Path, beside: Callable[[int], AbstractContextManager[None]]
) -> int:
    """Run Locust. SIGTERM, SIGINT and SIGHUP end it in good order: all are passed on as SIGTERM, for they may be for us alone
    (after Ctrl+C or a closed terminal, of which Locust hears too, it changes nothing). `beside`, given its process id, is in
    force while it runs. Returns its exit code, or the negative number of the signal that killed it, when its workers have ended
    too: Locust's master does not wait for one that takes longer than it does. Where it was killed before the load began (no
    `begun` yet), they have nothing to hand over, and would look for it for minutes.
    """
    already_there = psutil.Process().children()  # what became our child when a shell became this program (exec)
    adopt_orphans()  # workers whose master is gone become ours, so that we can wait for what they leave behind
    # where a shell started us in the background, Ctrl+C is for others; under nohup a closed terminal is
    ignored = [number for number in (signal.SIGINT, signal.SIGHUP) if signal.getsignal(number) is signal.SIG_IGN]
    numbers = [number for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP) if number not in ignored]
    process = start(command, env=environment)  # our own module; a signal by now ends us, and it with us
    before = [signal.signal(number, lambda *_: process.terminate()) for number in numbers]
    try:
        with beside(process.pid):
            code = process.wait()
            killed_within_s = WORKERS_END_WITHIN_S if begun.exists() else IDLE_WORKERS_END_WITHIN_S
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
