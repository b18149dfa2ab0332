"""Values of Locust's own options that Locust would end with a traceback for, wait on for ever, or understand otherwise."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from bizra_load.exit_codes import UsageError
from bizra_load.settings.inputs import LAST_PORT

PORTS = {"master_bind_port": "--master-bind-port", "master_port": "--master-port"}


def check_options(options: Mapping[str, Any]) -> None:
    """`options`: Locust's, as its command line, its variables and its configuration make them; those that are None were not
    asked for. Raises UsageError.
    """
    for name, flag in PORTS.items():
        check_port(flag, options[name])


def check_port(flag: str, port: int | None) -> None:
    """Raises UsageError."""
    if port is not None and not 1 <= port <= LAST_PORT:
        raise UsageError(f"{flag}: {port} (allowed: 1 to {LAST_PORT})")
