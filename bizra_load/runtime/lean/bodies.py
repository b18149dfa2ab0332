"""Bodies of requests, and what they and the caller put into a request's head, as FastHttpSession has it."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any
from urllib.parse import urlencode

from geventhttpclient.header import Headers
from locust.contrib.fasthttp import _construct_basic_auth_str

JSON = "application/json"
CONTENT_TYPES = {
    "form": "application/x-www-form-urlencoded; charset=utf-8",
    "text": "text/plain; charset=utf-8",
    "bytes": "application/octet-stream",
}
KINDS = {dict: "form", str: "text", bytes: "bytes"}  # of bodies, by the type of `data`


def _json_encoder() -> Callable[[Any], str]:
    """json.dumps() makes its encoder anew for each text, which takes most of its time for a small one."""
    make: Any = getattr(json.encoder, "c_make_encoder", None)
    if make is None:
        return json.dumps
    plain = json.JSONEncoder()
    encode = make(None, plain.default, json.encoder.encode_basestring_ascii, None, ": ", ", ", False, False, True)

    def dumps(content: Any) -> str:
        try:
            return "".join(encode(content, 0))
        except RecursionError:  # without the look for circles: this one has it
            return json.dumps(content)

    return dumps


_json = _json_encoder()


def body_of(data: Any, kind: str) -> bytes:
    """`data`, of a type in KINDS or anything for "json", as bytes."""
    if kind == "json":
        return _json(data).encode()
    if kind == "form":
        return urlencode(data).encode()
    return data.encode() if kind == "text" else bytes(data)


def payload_of(body: bytes, kind: str | None, lines: Headers) -> Any:
    """A body as FastHttpSession's requests have it: text where their Content-Type was known before, None of none."""
    known = kind == "json" or (kind == "text" and lines.get("content-type") != CONTENT_TYPES["text"])
    return (body.decode() if known else body) or None


def lines_of(defaults: Headers, kind: str | None, headers: Any, auth: Any, own_auth: str | None) -> Headers:
    """A request's headers, but Host and its length. `own_auth`: the Authorization of the base URL."""
    given = dict(headers) if headers else {}
    if auth:
        given["Authorization"] = _construct_basic_auth_str(auth[0], auth[1])
    elif own_auth:
        given["Authorization"] = own_auth
    if "Accept-Encoding" not in given and "accept-encoding" not in given:
        given["Accept-Encoding"] = "gzip, deflate, br"
    if kind == "json":
        for name in ("Content-Type", "Accept"):
            if name not in given and name.lower() not in given:
                given[name] = JSON
    lines = defaults.copy()
    lines.update(given)
    if kind in CONTENT_TYPES and not lines.get("content-type"):
        lines["content-type"] = CONTENT_TYPES[kind]
    for name in ("content-length", "transfer-encoding"):  # as it is sent
        lines.discard(name)
    return lines
