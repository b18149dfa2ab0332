"""Whether an HTTP request may come from where it comes from: against other web pages, which can make a browser send requests
anywhere, and against names that somebody else's DNS leads here.

The rule is that of Go's net/http.CrossOriginProtection, with a check of Host before it: browsers say in Origin (RFC 6454, on
every request that changes something) or Sec-Fetch-Site which page a request is from, and no script of a page can change that.
A request without both comes from no browser.
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Collection
from urllib.parse import urlsplit

from bizra_load.exit_codes import one_line

_SAFE = ("GET", "HEAD", "OPTIONS")
_AUTHORITY = re.compile(r"(?:\[[0-9a-fA-F:.]+\]|[0-9A-Za-z_.-]+)(?::[0-9]{1,5})?")
_DEFAULT_PORTS = {"http": ":80", "https": ":443"}
_SHOWN = 100


def authorities(value: str) -> tuple[str, ...]:
    """NAME or NAME:PORT, comma-separated, in lower case. Raises ValueError."""
    names = tuple(word.strip().lower() for word in value.split(",") if word.strip())
    for word in names:
        if _AUTHORITY.fullmatch(word) is None:
            raise ValueError(f"{word[:_SHOWN]!r} (allowed: NAME or NAME:PORT, comma-separated, such as load.example.com)")
    return names


def refusal(
    method: str, host: str, origin: str, fetch_site: str, listed: Collection[str] = (), names: Collection[str] = ()
) -> str:
    """Why a request with these header lines ("": not there) is refused, in one line; "" where it is not.

    listed: authorities() by which the server is reached beside localhost and addresses: a page of any name in it may be read by
    that name; one of an authority in it may send requests (behind a proxy, Host may be another than what the browser shows).
    names: further ones of this server, whatever the port: what else is served under them may be anybody's, and sends nothing.
    """
    host, origin = host.strip().lower(), origin.strip().lower()
    if host and not _is_own(host, (*listed, *names)):
        return one_line(f"the name {host[:_SHOWN]!r} is none of this server's (allowed: localhost, addresses, listed names)")
    if method in _SAFE:
        return ""
    if origin:
        return "" if is_same_origin(host, origin, listed) else _from_elsewhere(origin)
    return "" if fetch_site.strip().lower() in ("", "same-origin", "none") else _from_elsewhere(fetch_site)


def is_same_origin(host: str, origin: str, listed: Collection[str] = ()) -> bool:
    """Whether a page of `origin` (scheme://authority) is one that `host`, or one of `listed`, serves."""
    scheme, _, authority = origin.strip().lower().partition("://")
    default = _DEFAULT_PORTS.get(scheme)
    if default is None:  # "null", and what is no web page's
        return False
    return authority.removesuffix(default) in {name.removesuffix(default) for name in (host.strip().lower(), *listed) if name}


def _from_elsewhere(place: str) -> str:
    return one_line(f"it was sent by another web page ({place[:_SHOWN]!r}; allowed: pages of this server and of listed names)")


def _is_own(host: str, listed: Collection[str]) -> bool:
    """An address always: a page of that address is ours, nobody's DNS is asked for it."""
    if _AUTHORITY.fullmatch(host) is None:
        return False
    name = _name(host)
    if name == "localhost" or name.endswith(".localhost") or name in map(_name, listed):  # RFC 6761, 6.3
        return True
    try:
        ipaddress.ip_address(name)
    except ValueError:
        return False
    return True


def _name(authority: str) -> str:
    """Without port, brackets and the root's dot; "" for none."""
    try:
        return (urlsplit(f"//{authority}").hostname or "").removesuffix(".")
    except ValueError:  # in brackets, and no address
        return ""
