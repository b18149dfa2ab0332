"""Requests out of the bytes of one connection (RFC 9112), parsed by llhttp. Knows no sockets.

What a request may make us keep is bounded: its head, its content, and what frames them (chunk sizes, trailers).
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any, NamedTuple

from httptools import (
    HttpParserCallbackError,
    HttpParserError,
    HttpParserInvalidMethodError,
    HttpParserUpgrade,
    HttpRequestParser,
)

MAX_HEAD_BYTES = 64 * 1024
MAX_REQUEST_BYTES = 1024 * 1024
TOO_LONG = f"the request is longer than {MAX_REQUEST_BYTES} bytes"
_LINE_OVERHEAD = 4  # ": " and the line's end
_METHOD = rb"[\r\n]*([!#$%&'*+\-.^_`|~0-9A-Za-z]+)"
_LINE = re.compile(_METHOD + rb" ([!-~]+) HTTP/1\.[01]\r\n")
_LINE_SO_FAR = re.compile(_METHOD + rb"(?: [!-~]*(?: [HTP/1.0]{0,8}\r?)?)?")


class Refused(Exception):
    """The stream can't be read any further. `status` is the response's."""

    def __init__(self, status: int, reason: str) -> None:
        super().__init__(reason)
        self.status = status


class Request(NamedTuple):
    """`content` is None when it was longer than MAX_REQUEST_BYTES; `ask` whether "connection: keep-alive" was asked for;
    `sender`: what its Host, Origin and Sec-Fetch-Site say.
    """

    method: bytes
    target: bytes
    content: bytes | None
    keep_alive: bool
    ask: bool = False
    sender: tuple[bytes, bytes, bytes] = (b"", b"", b"")


class Requests:
    """`served(request)` is called for each in order, from within `feed`; `proceed()` where "100 Continue" is waited for."""

    def __init__(self, served: Callable[[Request], None], proceed: Callable[[], None]) -> None:
        self._served = served
        self._proceed = proceed
        self._parser: Any = HttpRequestParser(self)
        self.begun = False  # a request has begun and is not complete
        self.completed = False  # the last call of `feed` completed one
        self._ended = False  # the last one asked for the connection's end, or could not be read
        self._wrong: Refused | None = None
        self._start = b""  # of a request line that the bytes so far end in
        self._foreign = False  # its method is unknown to the parser, which is of no more use then
        self._reset()

    def _reset(self) -> None:
        self._target = b""
        self._parts: list[bytes] = []
        self._length = 0
        self._head_length = 0
        self._framing_length = 0
        self._in_content = False
        self._too_long = False
        self._upgrade = False
        self._continue = False
        self._ask = False
        self._framing = b""
        self._codings = b""
        self._hosts = 0
        self._host = self._origin = self._site = b""

    def close(self) -> None:
        """The parser, this object and its owner hold each other: without a collector (the node has none) they would stay."""
        self.end()
        self._parser = None
        del self._served, self._proceed

    def end(self) -> None:
        """Nothing further is read."""
        self._ended, self.begun = True, False

    def feed(self, data: bytes) -> None:
        """Raises Refused."""
        if self._ended:
            return
        begun, self.completed = self.begun, False
        try:
            if self._foreign:
                raise HttpParserInvalidMethodError
            self._parse(data)
        except HttpParserInvalidMethodError:
            self._unknown_method(self._start + data)
            return
        except HttpParserError as error:
            if self._ended:
                return  # bytes behind the last request
            self.end()
            if self._wrong is None and isinstance(error, HttpParserCallbackError):
                raise  # a mistake of our own
            raise self._wrong or Refused(400, f"not HTTP/1.1: {error}") from None
        if self.begun:
            self._incomplete(data, begun)

    def _parse(self, data: bytes) -> None:
        rest: bytes | memoryview = data
        while rest:
            try:
                self._parser.feed_data(rest)
                return
            except HttpParserUpgrade as upgrade:  # CONNECT too
                rest = memoryview(rest)[upgrade.args[0] :]
                head = self._without_upgrade()
                self._parser = HttpRequestParser(self)
                self._parser.feed_data(head)

    def _without_upgrade(self) -> bytes:
        """We stay with HTTP/1.1. The parser took the request for one without content: its head again where it has some."""
        if not self.begun:
            return b""
        connection = (b"close", b"keep-alive")[self._parser.should_keep_alive()]
        parts = (self._parser.get_method(), self._target, self._framing, connection)
        return b"%b %b HTTP/1.1\r\nhost: \r\n%b\r\nconnection: %b\r\n\r\n" % parts

    def _incomplete(self, data: bytes, begun: bool) -> None:
        if not self._target and not self.completed:
            self._start += data
        # Where in `data` a request has begun is not known: then the rest of it is not counted.
        self._framing_length = self._framing_length + len(data) if begun else 0
        if self._framing_length > (MAX_REQUEST_BYTES if self._in_content else 2 * MAX_HEAD_BYTES):
            self.end()
            if self._in_content:
                raise Refused(413, f"what frames the content (chunk sizes, trailers) is longer than {MAX_REQUEST_BYTES} bytes")
            raise _too_large()

    def _unknown_method(self, line: bytes) -> None:
        """Requests with a method unknown to the parser are handed on as the last of their connection; their content is not
        read. Behind other requests in the same bytes they are refused: where they begin is not known.
        """
        parts = None if self.completed else _LINE.match(line)
        if parts:
            self.end()
            self._served(Request(parts[1], parts[2], b"", False))
        elif self.completed or len(line) > MAX_HEAD_BYTES or not _LINE_SO_FAR.fullmatch(line):
            self.end()
            raise Refused(400, "not HTTP/1.1: no method")
        else:
            self._foreign, self._start = True, line

    # What the parser calls

    def on_message_begin(self) -> None:
        self.begun = True
        self._reset()

    def on_url(self, part: bytes) -> None:
        self._target += part
        self._start = b""
        self._count_head(len(part))

    def on_header(self, name: bytes, value: bytes) -> None:
        """Trailers too."""
        name = name.lower()
        if name == b"host":
            self._hosts += 1
            self._host = value
        elif name == b"expect":
            self._continue = value.lower() == b"100-continue"
        elif name == b"connection":
            self._ask = b"keep-alive" in value.lower()
        elif name == b"upgrade":
            self._upgrade = True
        elif name == b"origin":
            self._origin += value  # two are none of any page
        elif name == b"sec-fetch-site":
            self._site += value
        elif name in (b"content-length", b"transfer-encoding"):
            self._framing = name + b": " + value
            if name == b"transfer-encoding":
                self._codings += value.lower() + b","
        self._count_head(len(name) + len(value) + _LINE_OVERHEAD)

    def _count_head(self, more: int) -> None:
        self._head_length += more
        if self._head_length > MAX_HEAD_BYTES:
            self._wrong = _too_large()
            raise self._wrong

    def on_headers_complete(self) -> None:
        self._in_content = True
        if self._hosts != 1:
            self._check_hosts()
        if self._codings:
            self._check_codings()
        if self._continue and self._framing:
            self._continue_or_not()

    def _check_hosts(self) -> None:
        """RFC 9112, 3.2: one, and in HTTP/1.0 perhaps none."""
        if self._hosts or self._parser.get_http_version() == "1.1":
            self._refuse(400, f"not HTTP/1.1: {'more than one' if self._hosts else 'no'} Host")

    def _check_codings(self) -> None:
        """RFC 9112, 6.1. What does not end in "chunked" has no end, and llhttp refuses it."""
        names = [name.strip() for name in self._codings.split(b",") if name.strip()]
        if self._parser.get_http_version() == "1.0":
            self._refuse(400, "not HTTP/1.1: a transfer coding in HTTP/1.0")
        if b"chunked" in names[:-1]:
            self._refuse(400, "not HTTP/1.1: chunked, and coded again")
        if names[1:] and names[-1] == b"chunked":
            self._refuse(501, "the only transfer coding that is understood is chunked")

    def _continue_or_not(self) -> None:
        """Nobody is asked for a content that will not be taken; HTTP/1.0 has no 100 (RFC 9110, 10.1.1)."""
        if self._parser.get_http_version() == "1.0":
            return
        if not self._codings and int(self._framing.partition(b":")[2]) > MAX_REQUEST_BYTES:
            # refused, not handed on as too long: whether a content follows now is not known, so nothing more can be read
            self._refuse(413, TOO_LONG)
        self._proceed()

    def _refuse(self, status: int, reason: str) -> None:
        """What is raised through the parser comes out of `feed`."""
        self._wrong = Refused(status, reason)
        raise self._wrong

    def on_body(self, part: bytes) -> None:
        self._length += len(part)
        self._framing_length -= len(part)
        if self._length <= MAX_REQUEST_BYTES:
            self._parts.append(part)
        elif not self._too_long:  # responded to at once; what comes is read and discarded
            self._too_long = True
            self._parts.clear()
            self._hand_on(None)

    def on_message_complete(self) -> None:
        if self._upgrade and self._framing and self._parser.should_upgrade():
            return  # see _without_upgrade
        self.begun, self.completed = False, True
        if not self._too_long:
            self._hand_on(self._parts[0] if len(self._parts) == 1 else b"".join(self._parts))

    def _hand_on(self, content: bytes | None) -> None:
        parser = self._parser
        keep_alive = parser.should_keep_alive()
        if not keep_alive:
            if parser.get_http_version() not in ("1.0", "1.1"):
                self._refuse(400, "not HTTP/1.1: another version")
            self.end()
        sender = (self._host, self._origin, self._site)
        self._served(Request(parser.get_method(), self._target, content, keep_alive, self._ask, sender))


def _too_large() -> Refused:
    return Refused(431, f"the request's head is longer than {MAX_HEAD_BYTES} bytes")
