"""Where a request goes, the rest of its head, and by what its like is known again."""

from __future__ import annotations

import re
from collections.abc import Hashable

from geventhttpclient.url import URL
from locust.contrib.fasthttp import FastRequest

from bizra_load.engine.request_head import request_head
from bizra_load.runtime.lean.response import Asked

_METHOD = re.compile(r"[!#$%&'*+.^_`|~0-9A-Z-]+")  # RFC 9110 section 9.1
# a path that goes into a request as it is; any other is quoted first
PATH = re.compile(r"/[A-Za-z0-9\-._~!$&'()*+,:@/]*(?:\?[A-Za-z0-9\-._~!$&'()*+,:@/?=]+)?")
# kinds of values of which equal ones are sent alike; with the kind, as 1 equals True
_PLAIN = frozenset({str, int, bool, bytes, type(None)})


def target_of(url: URL) -> str:
    """What stands in a request's first line."""
    target: str = url.quoted_uri
    return target if target.startswith("/") else f"/{target}"


def rest_of(request: FastRequest, host: str) -> bytes:
    """What comes behind the target, up to "Content-Length: ". Raises ValueError."""
    lines = {} if "host" in request.headers else {"Host": host}
    for name, value in request.headers.items():  # values are whatever the file has given: numbers, too
        lines[name] = f"{lines[name]}, {value}" if name in lines else str(value)
    if not _METHOD.fullmatch(request.method):
        raise ValueError("a method has letters, digits and signs of a name alone")
    return request_head("GET", "/", lines).removeprefix(b"GET /")


def key_of(asked: Asked) -> Hashable | None:
    """None where something of it may be sent otherwise next time."""
    key: list[Hashable] = [*asked[:3], asked.auth if asked.auth is None else tuple(asked.auth)]
    for pairs in (asked.headers, asked.params):
        if isinstance(pairs, dict):
            kinds = tuple(map(type, pairs.values()))
            if not _PLAIN.issuperset(kinds):
                return None
            key += (tuple(pairs.items()), kinds)
        elif pairs is None or isinstance(pairs, str | bytes):
            key.append(pairs)
        else:
            return None
    return tuple(key)
