"""What the generator's own machine ran out of: then the target was not even asked, and the failure is not its own."""

from __future__ import annotations

import errno
import os
import resource
import socket
from pathlib import Path

_PORT_RANGE = Path("/proc/sys/net/ipv4/ip_local_port_range")  # ip(7)
RESERVED = 16
_DESCRIPTORS = {errno.EMFILE, errno.ENFILE}
_PORTS = {errno.EADDRNOTAVAIL}  # connect(2): for want of a local port
_MEMORY = {errno.ENOBUFS, errno.ENOMEM}


def keep_some_descriptors(new: int) -> None:
    """Descriptors are given out from the lowest: connections leave the last ones to reports, logs and spool files. Raises
    OSError where the `new` one is among them.
    """
    if new >= resource.getrlimit(resource.RLIMIT_NOFILE)[0] - RESERVED:
        raise OSError(errno.EMFILE, os.strerror(errno.EMFILE))


def is_own(error: OSError) -> bool:
    """Whether this machine had no descriptor, port, buffer or memory for a connection, or could not resolve the name."""
    return isinstance(error, socket.gaierror) or error.errno in _DESCRIPTORS | _PORTS | _MEMORY


def described(error: OSError) -> str:
    """One line: what the system says, with the limit where that is what was reached. Never the bytes of an exchange."""
    text = " ".join(str(error.strerror or error).split())
    if isinstance(error, socket.gaierror):
        return f"the name could not be resolved: {text}"
    if name := errno.errorcode.get(error.errno or 0):
        text = f"{text} ({name})" if name not in text else text
    if error.errno == errno.EMFILE:
        return f"{text}; ulimit -n is {resource.getrlimit(resource.RLIMIT_NOFILE)[0]}"
    if error.errno in _PORTS and (ports := _local_ports()):
        return f"{text}; net.ipv4.ip_local_port_range has {ports} ports"
    return text


def _local_ports() -> int:
    """0 where this system does not tell."""
    try:
        low, high = _PORT_RANGE.read_text(encoding="ascii").split()
        return int(high) - int(low) + 1
    except (OSError, ValueError):
        return 0
