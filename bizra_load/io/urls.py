"""URLs taken apart."""

from __future__ import annotations

import re
from ipaddress import IPv4Address, IPv6Address
from urllib.parse import urlsplit

MAX_NAME, MAX_LABEL = 253, 63  # characters
_AUTHORITY = re.compile(r"(?P<name>[^\[\]:]*|\[(?P<address>[^\[\]]*)\])(?::[0-9]*)?")  # RFC 3986, 3.2, behind user and password
_NAME = re.compile(r"[A-Za-z0-9._-]*")
_ADDRESS = re.compile(r"[0-9A-Fa-f:.]*(?:%[A-Za-z0-9._~%-]+)?")  # with a zone (RFC 6874)


def host_and_port(url: str) -> tuple[str, int]:
    """The host's name or address, without brackets, and the port: that of the scheme where the URL names none. The name is ""
    where there is none. Raises ValueError for what is no URL, or has a port that is none.
    """
    parts = urlsplit(url)
    name = parts.hostname or ""
    if ":" in name:
        name = name.replace("%25", "%")  # how a URL writes the sign before a zone (RFC 6874, 2)
    if parts.port == 0:
        raise ValueError("port 0 is none to connect to (allowed: 1 to 65535)")
    return name, parts.port or (443 if parts.scheme == "https" else 80)


def check_authority(netloc: str) -> None:
    """Whether what stands between a URL's // and its path, such as me:secret@[::1]:80, names a host. Raises ValueError, which
    repeats nothing of it.
    """
    if "\\" in netloc:  # for a browser it begins the path
        raise ValueError("not a URL: a backslash before its path (allowed: HOST, HOST:PORT, or an IPv6 address in brackets)")
    user, _, host = netloc.rpartition("@")
    if "@" in user:  # RFC 3986, 3.2.1; whoever takes the first one for the end of the user talks to another host
        raise ValueError("not a URL: more than one '@' before its path (allowed: in a user or a password as %40)")
    match = _AUTHORITY.fullmatch(host)
    if match is None or (match["address"] is not None and ":" not in match["address"]):
        raise ValueError("not a URL: its host or port is none (allowed: HOST, HOST:PORT, or an IPv6 address in brackets)")
    check_host(match["address"] or match["name"])


def check_host(name: str | None) -> None:
    """Whether a URL's host can be a name or an address (RFC 1035, 2.3.4). Python's own encoding of a name that can't raises
    UnicodeError when it is resolved. Raises ValueError, which repeats nothing of the URL.
    """
    name = name or ""
    if not name.isascii():
        raise ValueError("not a URL: its host has letters beyond ASCII (allowed: the name in its xn-- form)")
    if ":" in name:
        _check_address(name)
        return
    if not _NAME.fullmatch(name):
        raise ValueError("not a URL: its host can be no name (allowed: letters, digits, '.', '-' and '_')")
    labels = name.removesuffix(".").split(".")
    if labels[-1].isdecimal():  # the URL Standard: what ends in a number is an IPv4 address; RFC 3986 has four of them
        _check_ipv4(name)
        return
    if len(name) > MAX_NAME or not all(0 < len(label) <= MAX_LABEL for label in labels):
        allowed = f"parts of 1 to {MAX_LABEL} characters between the dots, {MAX_NAME} in all"
        raise ValueError(f"not a URL: its host can be no name (allowed: {allowed})")


def _check_ipv4(text: str) -> None:
    try:
        IPv4Address(text)
    except ValueError:
        raise ValueError(
            "not a URL: its host is no IPv4 address (allowed: four numbers up to 255, such as 127.0.0.1)"
        ) from None


def _check_address(text: str) -> None:
    try:
        if not _ADDRESS.fullmatch(text):
            raise ValueError
        IPv6Address(text.partition("%")[0])
    except ValueError:
        raise ValueError("not a URL: its host is no IPv6 address (allowed: such as [::1], also with a zone)") from None
