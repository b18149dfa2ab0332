"""Whose certificates are trusted, and which headers go where."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import urlsplit


@dataclass(frozen=True)
class Trust:
    """`ca_file`: a file of authorities to trust ("": those of this machine); `insecure`: certificates are not verified."""

    ca_file: str = ""
    insecure: bool = False

    @property
    def verify(self) -> bool | str:
        """As requests wants it."""
        return False if self.insecure else self.ca_file or True


THIS_MACHINES = Trust()


def headers_for(url: str, given: Mapping[str, str], given_for: str) -> dict[str, str]:
    """Headers that were given for one URL, if the other is of the same scheme, host and port: secrets go nowhere else."""
    return dict(given) if same_origin(url, given_for) else {}


def same_origin(one: str, other: str) -> bool:
    """Whether two URLs are of one scheme, host and port; False where one of them is no URL of any host."""
    try:
        first, second = _origin(one), _origin(other)
    except ValueError:  # a port that is none
        return False
    return first == second and bool(first[1])


def _origin(url: str) -> tuple[str, str | None, int | None]:
    parts = urlsplit(url)
    return parts.scheme, parts.hostname, parts.port or {"http": 80, "https": 443}.get(parts.scheme)
