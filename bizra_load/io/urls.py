"""URLs taken apart."""

from __future__ import annotations

from urllib.parse import urlsplit

MAX_NAME, MAX_LABEL = 253, 63  # characters


def host_and_port(url: str) -> tuple[str, int]:
    """The host's name or address, without brackets, and the port: that of the scheme where the URL names none. The name is ""
    where there is none. Raises ValueError for what is no URL, or has a port above 65535.
    """
    parts = urlsplit(url)
    return parts.hostname or "", parts.port or (443 if parts.scheme == "https" else 80)


def check_host(name: str | None) -> None:
    """Whether a URL's host can be a name or an address (RFC 1035, 2.3.4). Python's own encoding of a name that can't raises
    UnicodeError when it is resolved. Raises ValueError, which repeats nothing of the URL.
    """
    name = name or ""
    if not name.isascii():
        raise ValueError("not a URL: its host has letters beyond ASCII (allowed: the name in its xn-- form)")
    labels = name.removesuffix(".").split(".")
    if len(name) > MAX_NAME or not all(0 < len(label) <= MAX_LABEL for label in labels):
        allowed = f"parts of 1 to {MAX_LABEL} characters between the dots, {MAX_NAME} in all"
        raise ValueError(f"not a URL: its host can be no name (allowed: {allowed})")
