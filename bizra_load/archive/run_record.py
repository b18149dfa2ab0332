"""Where, when, with what and how a run was made: enough to make it again, and no secrets."""

from __future__ import annotations

import os
import platform
import re
import sys
from collections.abc import Sequence
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit, urlunsplit

_PACKAGES = ("bizra-load", "locust", "gevent", "numpy", "scipy", "orjson")
_SECRET = re.compile(r"token|key|password|passwd|secret|login|auth", re.IGNORECASE)


def build(name: str, started: datetime, argv: Sequence[str], target: str, agreement: dict[str, str]) -> dict[str, Any]:
    """The record as plain values. `agreement` holds its name and the SHA-256 of its text."""
    return {
        "name": name,
        "started": f"{started.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}",
        "command": without_secrets(argv),
        "target": without_userinfo(target),
        "agreement": agreement,
        "versions": {"python": platform.python_version(), **{package: version(package) for package in _PACKAGES}},
        "host": {
            "name": platform.node(),
            "cpu": cpu_model(),
            "cores": os.cpu_count(),
            "usable_cores": len(os.sched_getaffinity(0)),  # as a baseline counts them (bizra_load.node.baseline)
            "kernel": platform.release(),
            "machine": platform.machine(),
        },
    }


def without_secrets(argv: Sequence[str]) -> list[str]:
    """The command line with the values of options that may hold a secret, and user information in URLs, replaced."""
    shown: list[str] = []
    hide_next = False
    for word in argv:
        if hide_next and not word.startswith("--"):
            word = "***"
        hide_next = False
        if word.startswith("-") and _SECRET.search(word.partition("=")[0]):
            flag, equals, _ = word.partition("=")
            word, hide_next = (flag + "=***" if equals else word), not equals
        shown.append(without_userinfo(word))
    return shown


def without_userinfo(word: str) -> str:
    """user:password@ taken out of a URL; any other word as it is."""
    if "://" not in word or "@" not in word:
        return word
    flag, equals, url = word.partition("=") if word.startswith("-") else ("", "", word)
    try:
        parts = urlsplit(url)
    except ValueError:
        return flag + equals + "***"  # no URL of any host, and it may still hold a password
    return flag + equals + urlunsplit(parts._replace(netloc=parts.netloc.rpartition("@")[2]))


def cpu_model() -> str:
    try:
        text = Path("/proc/cpuinfo").read_text(encoding="utf-8")
    except OSError:
        return platform.processor()
    match = re.search(r"^model name\s*:\s*(.+)$", text, re.MULTILINE)
    return match[1] if match else platform.processor()


def command_line() -> list[str]:
    return [Path(sys.argv[0]).name, *sys.argv[1:]]
