"""HTTP/1.1 responses (RFC 9112): strict where leniency would let one response be taken for another. Knows no sockets.

`more()` gives the next bytes of the stream, b"" at its end; everything it can't parse raises ProtocolError.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass

from bizra_load.engine.errors import ProtocolError, TransportError

MAX_HEAD_BYTES = 65_536
MAX_BODY_BYTES = 16 * 1024 * 1024
MAX_INTERIM = 10

_STATUS_LINE = re.compile(rb"HTTP/1\.([01]) ([1-9]\d\d)(?: [^\r\n\x00]*)?")
_NAME = re.compile(rb"[!#$%&'*+\-.^_`|~0-9A-Za-z]+")
_IDLE = re.compile(rb"(?:^|[,\s])timeout=(\d{1,9})(?![^,\s])", re.IGNORECASE)
_CHUNK = re.compile(rb"([0-9A-Fa-f]{1,8})[ \t]*(?:;[^\r\n\x00]*)?")


@dataclass(frozen=True, slots=True)
class Head:
    """length is None when the body ends with the connection or is chunked; location: that of a redirect (3xx); idle_s: how long
    the server says that it keeps the connection when nothing is asked, None where it says nothing (Keep-Alive: timeout=, RFC
    2068 section 19.7.1.1).
    """

    status: int
    length: int | None
    chunked: bool
    keep_alive: bool
    location: str = ""
    idle_s: int | None = None


def parse_head(head: bytes, method: str) -> Head:
    """Status line and headers, without the blank line. Raises ProtocolError."""
    first, *lines = head.split(b"\r\n")
    match = _STATUS_LINE.fullmatch(first)
    if match is None:
        raise ProtocolError("the response has no HTTP/1.x status line")
    status = int(match[2])
    lengths: set[bytes] = set()
    codings: list[bytes] = []
    connection: set[bytes] = set()
    location = ""
    idle_s: int | None = None
    for line in lines:
        name, colon, value = line.partition(b":")
        if not colon or _NAME.fullmatch(name) is None or b"\n" in value or b"\r" in value or b"\x00" in value:
            raise ProtocolError("malformed header line")
        lowered = name.lower()
        if lowered == b"content-length":
            lengths.update(part.strip() for part in value.split(b","))
        elif lowered == b"transfer-encoding":
            codings += [part.strip().lower() for part in value.split(b",")]
        elif lowered == b"connection":
            connection.update(part.strip().lower() for part in value.split(b","))
        elif lowered == b"location" and 300 <= status < 400:
            location = value.strip().decode("latin-1")
        elif lowered == b"keep-alive" and (timeout := _IDLE.search(value)):
            idle_s = int(timeout[1])
    keep_alive = b"close" not in connection and (match[1] == b"1" or b"keep-alive" in connection)
    if method == "HEAD" or status in (204, 304) or status < 200:
        return Head(status, 0, False, keep_alive, location, idle_s)
    if codings:
        if codings != [b"chunked"]:
            raise ProtocolError("transfer coding other than chunked")
        if lengths:
            raise ProtocolError("both Content-Length and Transfer-Encoding")
        return Head(status, None, True, keep_alive, location, idle_s)
    if not lengths:
        return Head(status, None, False, False, location)
    [length, *others] = lengths
    if others or re.fullmatch(rb"\d{1,15}", length) is None:
        raise ProtocolError("wrong or contradictory Content-Length")
    if int(length) > MAX_BODY_BYTES:
        raise ProtocolError(f"the response announces more than {MAX_BODY_BYTES} bytes")
    return Head(status, int(length), False, keep_alive, location, idle_s)


class Reader:
    """Takes lines and lengths from a stream that arrives in arbitrary pieces."""

    def __init__(self, more: Callable[[], bytes], buffer: bytes = b"") -> None:
        self._more = more
        self.buffer = buffer

    def _pull(self) -> None:
        data = self._more()
        if not data:
            raise TransportError("the connection closed before the response was complete")
        self.buffer += data

    def until(self, mark: bytes, limit: int) -> bytes:
        """Bytes before `mark`, which is taken too."""
        searched = 0
        while (at := self.buffer.find(mark, searched)) < 0:
            if len(self.buffer) > limit:
                raise ProtocolError(f"a line or head of more than {limit} bytes")
            if b"\n\n" in self.buffer[max(searched - 1, 0) :] and mark == b"\r\n\r\n":
                raise ProtocolError("lines end without CR")
            searched = max(len(self.buffer) - len(mark) + 1, 0)
            self._pull()
        if at > limit:
            raise ProtocolError(f"a line or head of more than {limit} bytes")
        taken, self.buffer = self.buffer[:at], self.buffer[at + len(mark) :]
        return taken

    def exactly(self, length: int) -> bytes:
        if len(self.buffer) < length:
            parts, have = [self.buffer], len(self.buffer)
            while have < length:
                data = self._more()
                if not data:
                    raise TransportError("the connection closed before the response was complete")
                parts.append(data)
                have += len(data)
            self.buffer = b"".join(parts)
        taken, self.buffer = self.buffer[:length], self.buffer[length:]
        return taken

    def to_end(self) -> bytes:
        parts, have = [self.buffer], len(self.buffer)
        while data := self._more():
            parts.append(data)
            have += len(data)
            if have > MAX_BODY_BYTES:
                raise ProtocolError(f"the response is longer than {MAX_BODY_BYTES} bytes")
        self.buffer = b""
        return b"".join(parts)


def read_response(reader: Reader, method: str) -> tuple[Head, bytes]:
    """One final response; interim ones (1xx) are passed over. Raises ProtocolError or what `more` raises."""
    for _ in range(MAX_INTERIM + 1):
        head = parse_head(reader.until(b"\r\n\r\n", MAX_HEAD_BYTES), method)
        if head.status == 101:
            raise ProtocolError("the server switched protocols unasked")
        if head.status >= 200:
            break
    else:
        raise ProtocolError(f"more than {MAX_INTERIM} interim responses")
    if head.chunked:
        body = _chunked(reader)
    elif head.length is None:
        body = reader.to_end()
    else:
        body = reader.exactly(head.length)
    if reader.buffer:
        raise ProtocolError("more bytes than one response")
    return head, body


def _chunked(reader: Reader) -> bytes:
    parts: list[bytes] = []
    total = 0
    while True:
        match = _CHUNK.fullmatch(reader.until(b"\r\n", MAX_HEAD_BYTES))
        if match is None:
            raise ProtocolError("wrong chunk size")
        size = int(match[1], 16)
        if size == 0:
            break
        total += size
        if total > MAX_BODY_BYTES:
            raise ProtocolError(f"the response is longer than {MAX_BODY_BYTES} bytes")
        parts.append(reader.exactly(size))
        if reader.exactly(2) != b"\r\n":
            raise ProtocolError("a chunk longer than its size")
    trailers = 0
    while line := reader.until(b"\r\n", MAX_HEAD_BYTES):
        trailers += len(line)
        if trailers > MAX_HEAD_BYTES:
            raise ProtocolError(f"trailers of more than {MAX_HEAD_BYTES} bytes")
    return b"".join(parts)
