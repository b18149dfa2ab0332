"""What belongs to the machine that this process runs on: its cores, its addresses, and who listens at them."""

from __future__ import annotations

import contextlib
import math
import os
import platform
import re
import socket
from pathlib import Path

import psutil

_CPU_MAX = Path("/sys/fs/cgroup/cpu.max")  # as a container sees its own quota (cgroups(7), version 2)
_CONNECTS_TO = {"0.0.0.0": "127.0.0.1", "::": "::1"}  # noqa: S104  # ip(7): who connects to any address reaches loopback


def usable_cores() -> int:
    """Those that this process may run on, and no more than its container's quota pays for."""
    cores = len(os.sched_getaffinity(0))
    try:
        quota, period = _CPU_MAX.read_text(encoding="ascii").split()
        return max(min(cores, math.ceil(int(quota) / int(period))), 1)
    except (OSError, ValueError):  # no such limit ("max"), or no such file
        return cores


def cpu_model() -> str:
    """As proc(5) names the first core's; what Python knows of it where that file is not there. May be ""."""
    try:
        text = Path("/proc/cpuinfo").read_text(encoding="utf-8")
    except OSError:
        return platform.processor()
    match = re.search(r"^model name\s*:\s*(.+)$", text, re.MULTILINE)
    return match[1] if match else platform.processor()


def is_this_machine(host: str) -> bool:
    """Whether a name or address is one of this machine's own. False where it can't be resolved."""
    return bool(_own_addresses(host))


def listener_on_this_machine(host: str, port: int) -> int | None:
    """Process id of whatever listens at `host`:`port`, if that is an address of this machine and we may see it."""
    own = _own_addresses(host)
    if not own:
        return None
    own |= {loopback for anyone, loopback in _CONNECTS_TO.items() if anyone in own}
    try:
        for c in psutil.net_connections(kind="tcp"):
            listens = c.status == psutil.CONN_LISTEN and c.laddr and c.laddr.port == port
            if listens and c.pid and c.laddr.ip in {*own, "0.0.0.0", "::"}:  # noqa: S104  # compared, not bound
                return int(c.pid)
    except (OSError, psutil.Error):
        return None
    return None


def _own_addresses(host: str) -> set[str]:
    """Those of a name's addresses that can be bound to: only a machine's own can (all of 127.0.0.0/8, too)."""
    own: set[str] = set()
    if not host:
        return own
    with contextlib.suppress(OSError, UnicodeError):
        for family, kind, protocol, _, address in socket.getaddrinfo(host, 0, type=socket.SOCK_DGRAM):
            with contextlib.suppress(OSError), socket.socket(family, kind, protocol) as probe:
                probe.bind(address)
                own.add(str(address[0]))
    return own
