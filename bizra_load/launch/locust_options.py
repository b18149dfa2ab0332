"""Values of Locust's own options that Locust would end with a traceback for, wait on for ever, or understand otherwise."""

from __future__ import annotations

import socket
from collections.abc import Mapping, Sequence
from ipaddress import ip_address
from pathlib import Path
from typing import Any

from bizra_load.exit_codes import UsageError
from bizra_load.io.files import check_writable
from bizra_load.io.ports import listening_refused
from bizra_load.settings.inputs import LAST_PORT, MAX_DURATION_S, MAX_USERS

_VERSION, _HELP = "locust --version; bizra-load --version for ours", "locust --help; bizra-load run --help for ours"
ELSEWHERE = {"-V": _VERSION, "--version": _VERSION, "-h": _HELP, "--help": _HELP}
FILES = {
    "csv_prefix": ("--csv", "_stats.csv"),
    "html_file": ("--html", ""),
    "json_file": ("--json-file", ""),
    "logfile": ("--logfile", ""),
}
OF_A_ROLE = {
    "master": ("--expect-workers", "--expect-workers-max-wait"),
    "worker": ("--master-host", "--master-port"),
}
PORTS = {"master_bind_port": "--master-bind-port", "master_port": "--master-port"}


def check_words(words: Sequence[str]) -> None:
    """Raises UsageError for what Locust would print, and end, before it has a locustfile."""
    for word, instead in ELSEWHERE.items():
        if word in words:
            raise UsageError(f"{word}: is Locust's own (allowed: {instead})")


def check_options(options: Mapping[str, Any]) -> None:
    """`options`: Locust's, as its command line, its variables and its configuration make them; those that are None were not
    asked for. Raises UsageError.
    """
    for name, flag in PORTS.items():
        check_port(flag, options[name])
    for name, (flag, end) in FILES.items():
        if options[name] is not None:
            check_writable(Path(f"{options[name]}{end}"), f"{flag}: {options[name]}")
    users, run_time_s = options["num_users"], options["run_time"]
    if users is not None and not 1 <= users <= MAX_USERS:
        raise UsageError(f"-u/--users: {users} (allowed: 1 to {MAX_USERS})")
    if run_time_s is not None and not 0 < run_time_s <= MAX_DURATION_S:
        raise UsageError(f"-t/--run-time: {run_time_s} s (allowed: more than 0, up to {MAX_DURATION_S / 86_400:.0f} days)")


def check_role(words: Sequence[str], options: Mapping[str, Any]) -> None:
    """Raises UsageError for words of a master or a worker on its own, where this is none."""
    for role, flags in OF_A_ROLE.items():
        for word in words:
            if (flag := word.partition("=")[0]) in flags and not options[role]:
                raise UsageError(f"{flag}: workers on this machine know it themselves (allowed: with --{role})")


def check_master_address(options: Mapping[str, Any]) -> None:
    """Where a master listens for its workers: an address, or a network interface; ZeroMQ takes no name. Raises UsageError."""
    host, port = str(options["master_bind_host"]), int(options["master_bind_port"])
    if host in (name for _, name in socket.if_nameindex()):
        return
    address = "" if host == "*" else host
    try:
        if address:
            ip_address(address)
    except ValueError:
        allowed = "an address of this machine, the name of a network interface, or *"
        raise UsageError(f"--master-bind-host: {host!r} (allowed: {allowed})") from None
    if reason := listening_refused((address, 0)):
        raise UsageError(f"--master-bind-host: {host}: {reason}")
    if reason := listening_refused((address, port)):
        raise UsageError(f"--master-bind-port: {port}: {reason}")


def check_port(flag: str, port: int | None) -> None:
    """Raises UsageError."""
    if port is not None and not 1 <= port <= LAST_PORT:
        raise UsageError(f"{flag}: {port} (allowed: 1 to {LAST_PORT})")
