"""Whether Locust's web UI is asked for, and what would keep it from opening: Locust ends with a traceback then, or with 1."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from typing import Any

from bizra_load.exit_codes import UsageError
from bizra_load.io.ports import listening_refused
from bizra_load.launch.locust_options import check_port

# Locust's own options that only its web UI has a use for, and ours for it; others that begin as these do are the locustfile's
WORDS = (
    *("--web-host", "--web-port", "-P", "--web-host-display-name", "--web-base-path", "--web-login", "--web-auth"),
    *("--tls-cert", "--tls-key", "--class-picker", "--autostart", "--autoquit", "--headful", "--build-path", "--legacy-ui"),
    *("--web-names", "--web-files"),
)


def is_asked_for(switch: bool, words: Sequence[str]) -> bool:
    """By `switch` (--web-ui), or by one of `words` of Locust's. Raises UsageError where --headless is there too."""
    asked_by = "--web-ui" if switch else next((flag for word in words if (flag := word.partition("=")[0]) in WORDS), "")
    if asked_by and "--headless" in words:
        raise UsageError(f"{asked_by} and --headless: give only one of them")
    return bool(asked_by)


def check_web_ui(options: Mapping[str, Any]) -> None:
    """`options`: Locust's, as its command line, its variables and its configuration make them. Raises UsageError."""
    base_path = options["web_base_path"] or ""
    if base_path and not base_path.startswith("/"):
        raise UsageError(f"--web-base-path: {base_path!r} (allowed: a path that starts with /)")
    if options["autoquit"] != -1 and not options["autostart"]:
        raise UsageError("--autoquit: is given without --autostart (allowed: both)")
    for name, flag in (("tls_cert", "--tls-cert"), ("tls_key", "--tls-key")):
        path = options[name]
        if path and not os.access(path, os.R_OK):
            raise UsageError(f"{flag}: {path}: no such file, or one that can't be read")
    if bool(options["tls_cert"]) != bool(options["tls_key"]):
        raise UsageError("--tls-cert and --tls-key: give both of them")
    check_port("--web-port", options["web_port"])
    host = "" if options["web_host"] in (None, "*") else str(options["web_host"])
    if reason := listening_refused((host, int(options["web_port"]))):
        raise UsageError(f"--web-port: {host}{':' if host else ''}{options['web_port']}: {reason}")
