"""A response of one of the node's ports, and its bytes."""

from __future__ import annotations

import time
from email.utils import formatdate
from http import HTTPStatus
from typing import NamedTuple

import orjson

JSON = b"content-type: application/json\r\n"
_CONNECTION = {True: b"connection: keep-alive\r\n", False: b"connection: close\r\n"}


class NodeResponse(NamedTuple):
    """`headers` are whole lines, without date, length and connection."""

    status: int
    content: bytes
    headers: bytes = JSON


def error(status: int, reason: str, headers: bytes = JSON) -> NodeResponse:
    return NodeResponse(status, orjson.dumps({"error": reason}), headers)


class _Heads:
    """Heads of responses, from the status line to the name of the length; made once a second."""

    def __init__(self) -> None:
        self._second = 0
        self._made: dict[tuple[int, bytes], bytes] = {}

    def of(self, status: int, headers: bytes) -> bytes:
        second = int(time.time())
        if second != self._second:
            self._second = second
            self._made.clear()
        head = self._made.get((status, headers))
        if head is None:
            first = f"HTTP/1.1 {status} {HTTPStatus(status).phrase}\r\ndate: {formatdate(second, usegmt=True)}\r\n"
            head = self._made[status, headers] = first.encode() + headers + b"content-length: "
        return head


_heads = _Heads()


def on_the_wire(response: NodeResponse, keep_alive: bool | None = None, head_only: bool = False) -> bytes:
    """`keep_alive` None: HTTP/1.1's default, which needs no header."""
    status, content, headers = response
    if keep_alive is not None:
        headers += _CONNECTION[keep_alive]
    return b"%b%d\r\n\r\n%b" % (_heads.of(status, headers), len(content), b"" if head_only else content)
