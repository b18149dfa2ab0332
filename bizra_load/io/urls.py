"""URLs taken apart."""

from __future__ import annotations

from urllib.parse import urlsplit


def host_and_port(url: str) -> tuple[str, int]:
    """The host's name or address, without brackets, and the port: that of the scheme where the URL names none. The name is ""
    where there is none. Raises ValueError for what is no URL, or has a port above 65535.
    """
    parts = urlsplit(url)
    return parts.hostname or "", parts.port or (443 if parts.scheme == "https" else 80)
