"""The head of a request. Pure: whatever checks a header or a path asks here, without loading the client."""

from __future__ import annotations

import re
from collections.abc import Mapping

_FORBIDDEN = frozenset(chr(c) for c in range(32)) | {chr(127)}
_HEADER_NAME = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")


def request_head(method: str, target: str, lines: Mapping[str, str]) -> bytes:
    """A request's head up to "Content-Length: ". Raises ValueError where something could be injected; shows no value."""
    if not method.isalpha() or not method.isupper():
        raise ValueError("a method is upper-case letters")
    for text in (target, *lines.keys(), *lines.values()):
        if not _FORBIDDEN.isdisjoint(text):
            raise ValueError("a request line or header must not contain control characters")
    if not target.startswith("/") or " " in target or any(not _HEADER_NAME.fullmatch(k) for k in lines):
        raise ValueError("a path starts with / and has no spaces; a header name has neither spaces nor colons")
    if {k.lower() for k in lines} & {"content-length", "transfer-encoding"}:
        raise ValueError("Content-Length and Transfer-Encoding are set by the client itself")
    head = f"{method} {target} HTTP/1.1\r\n" + "".join(f"{k}: {v}\r\n" for k, v in lines.items())
    try:
        return (head + "Content-Length: ").encode("latin-1")
    except UnicodeEncodeError:
        raise ValueError("a request line or header has a character that HTTP/1.1 can't carry") from None
