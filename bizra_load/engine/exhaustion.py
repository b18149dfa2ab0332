"""What the generator's own machine ran out of: then the target was not even asked, and the failure is not its own."""

from __future__ import annotations

import errno
import os
import resource
import socket
import ssl
from pathlib import Path
from typing import Any

from bizra_load.engine.errors import EngineError, GeneratorError, TransportError

_PORT_RANGE = Path("/proc/sys/net/ipv4/ip_local_port_range")  # ip(7)
RESERVED = 16
_DESCRIPTORS = {errno.EMFILE, errno.ENFILE}
_PORTS = {errno.EADDRNOTAVAIL}  # connect(2): no local port is free
_MEMORY = {errno.ENOBUFS, errno.ENOMEM}
# connect(2) and socket(2): no route, no interface or no such protocol here, so that no packet left this machine. EHOSTUNREACH
# is not among them: a router says it (ICMP), or a neighbour that does not respond leads to it. It is unknown whose fault that
# is, and it stays the target's. A router's "network unreachable" is ENETUNREACH too, and over IPv6 its "prohibited" is EACCES:
# see UnreachableError. EPERM is a firewall of this machine: no packet from elsewhere leads to it.
_NETWORK = {errno.ENETUNREACH, errno.ENETDOWN, errno.EAFNOSUPPORT, errno.EPERM}
_UNREACHABLE = (errno.ENETUNREACH, errno.EHOSTUNREACH, errno.EACCES)


def keep_some_descriptors(new: int) -> None:
    """Descriptors are given out from the lowest: connections leave the last ones to reports, logs and spool files. Raises
    OSError where the `new` one is among them.
    """
    if new >= resource.getrlimit(resource.RLIMIT_NOFILE)[0] - RESERVED:
        raise OSError(errno.EMFILE, os.strerror(errno.EMFILE))


class UnreachableError(OSError):
    """An address that could not be reached: `here`, for lack of a route on this machine, or beyond it, as a router reported."""

    def __init__(self, error: OSError, here: bool) -> None:
        super().__init__(error.errno, error.strerror)
        self.here = here


def whose(error: OSError, family: int, address: tuple[Any, ...]) -> OSError:
    """The error of connecting to an address; where that was unreachable, with whose word that is. A datagram socket looks its
    route up while it connects, and sends nothing.
    """
    if error.errno not in _UNREACHABLE:
        return error
    try:
        with socket.socket(family, socket.SOCK_DGRAM) as asking:
            asking.connect(address)
    except OSError as of_lookup:
        return UnreachableError(error, here=of_lookup.errno in _UNREACHABLE)
    return UnreachableError(error, here=False)


def is_own(error: OSError) -> bool:
    """Whether this machine had no descriptor, port, buffer, memory or route for a connection, forbade it, or could not resolve
    the name.
    """
    if isinstance(error, UnreachableError):
        return error.here
    return isinstance(error, socket.gaierror) or _number(error) in _DESCRIPTORS | _PORTS | _MEMORY | _NETWORK


def described(error: OSError) -> str:
    """One line: what the system says, with the limit where that is what was reached. Never the bytes of an exchange."""
    text = " ".join(str(error.strerror or error).split())
    if isinstance(error, socket.gaierror):
        return f"the name could not be resolved: {text}"
    number = _number(error)
    if name := errno.errorcode.get(number):
        text = f"{text} ({name})" if name not in text else text
    if number == errno.EMFILE:
        return f"{text}; ulimit -n is {resource.getrlimit(resource.RLIMIT_NOFILE)[0]}"
    if isinstance(error, UnreachableError) and error.here:
        forbidden = number == errno.EACCES
        return f"{text}; {'a route of this machine forbids it' if forbidden else 'this machine has no route there'}"
    if number == errno.EPERM:
        return f"{text}; a firewall of this machine forbids it"
    if number in _PORTS and (ports := _local_ports()):
        return f"{text}; net.ipv4.ip_local_port_range has {ports} ports"
    return text


def _number(error: OSError) -> int:
    """The system's number of an error; 0 without one: that of an SSLError is OpenSSL's."""
    return 0 if isinstance(error, ssl.SSLError) else error.errno or 0


def _local_ports() -> int:
    """0 where this system does not report it."""
    try:
        low, high = _PORT_RANGE.read_text(encoding="ascii").split()
        return int(high) - int(low) + 1
    except (OSError, ValueError):
        return 0


def trouble(doing: str, error: OSError) -> EngineError:
    """The error with what went wrong in one line. While receiving nothing is this machine's own fault any more."""
    kind = GeneratorError if not doing.startswith("receiving") and is_own(error) else TransportError
    failure = kind(f"{doing} failed: {described(error)}")
    failure.error = error
    return failure
