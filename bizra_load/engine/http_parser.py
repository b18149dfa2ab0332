"""HTTP/1.1 responses (RFC 9112): strict where leniency would let one response be taken for another. Knows no sockets.

`more()` gives the next bytes of the stream, b"" at its end; everything it can't parse raises ProtocolError.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field

from bizra_load.engine.errors import ProtocolError, TransportError

MAX_HEAD_BYTES = 65_536
MAX_BODY_BYTES = 16 * 1024 * 1024
MAX_INTERIM = 10
KNOWN_HEADS = 256  # of one request: they differ by their Date, once a second, and by the length
LAST_CHUNK = b"\r\n0\r\n\r\n"  # without trailers, behind a chunk

_STATUS_LINE = re.compile(rb"HTTP/1\.([01]) ([1-9]\d\d)(?: [^\r\n\x00]*)?")
_NAME = re.compile(rb"[!#$%&'*+\-.^_`|~0-9A-Za-z]+")
_IDLE = re.compile(rb"(?:^|[,\s])timeout=(\d{1,9})(?![^,\s])", re.IGNORECASE)
_CHUNK = re.compile(rb"([0-9A-Fa-f]{1,8})[ \t]*(?:;[^\r\n\x00]*)?")


@dataclass(frozen=True, slots=True)
class Head:
    """length is None when the body ends with the connection or is chunked; location: that of a redirect (3xx); idle_s: how long
    the server says that it keeps the connection when nothing is asked, None where it says nothing (Keep-Alive: timeout=, RFC
    2068 section 19.7.1.1); text: all of it as it came.
    """

    status: int
    length: int | None
    chunked: bool
    keep_alive: bool
    location: str = ""
    idle_s: int | None = None
    text: bytes = field(default=b"", compare=False)


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
        return Head(status, 0, False, keep_alive, location, idle_s, head)
    if codings:
        if codings != [b"chunked"]:
            raise ProtocolError("transfer coding other than chunked")
        if lengths:
            raise ProtocolError("both Content-Length and Transfer-Encoding")
        return Head(status, None, True, keep_alive, location, idle_s, head)
    if not lengths:
        return Head(status, None, False, False, location, text=head)
    [length, *others] = lengths
    if others or re.fullmatch(rb"\d{1,15}", length) is None:
        raise ProtocolError("wrong or contradictory Content-Length")
    if int(length) > MAX_BODY_BYTES:
        raise ProtocolError(f"the response announces more than {MAX_BODY_BYTES} bytes")
    return Head(status, int(length), False, keep_alive, location, idle_s, head)


class Reader:
    """Takes lines and lengths from a stream that arrives in arbitrary pieces, the first of which is `buffer`."""

    def __init__(self, more: Callable[[], bytes], buffer: bytes = b"") -> None:
        self._more = more
        self._buffer, self._at = buffer, 0  # what lies before `_at` is taken
        self.pieces = 0  # that were asked for

    @property
    def left(self) -> bool:
        """Whether something that has arrived is not taken yet."""
        return self._at < len(self._buffer)

    def _pull(self) -> bytes:
        data = self._more()
        self.pieces += 1
        if not data:
            raise TransportError("the connection closed before the response was complete")
        return data

    def until(self, mark: bytes, limit: int) -> bytes:
        """Bytes before `mark`, which is taken too."""
        searched = begin = self._at
        while (at := self._buffer.find(mark, searched)) < 0:
            if len(self._buffer) - begin > limit:
                raise ProtocolError(f"a line or head of more than {limit} bytes")
            if mark == b"\r\n\r\n" and self._buffer.find(b"\n\n", max(searched - 1, begin)) >= 0:
                raise ProtocolError("lines end without CR")
            searched = max(len(self._buffer) - len(mark) + 1, begin) - begin
            self._buffer, self._at, begin = self._buffer[begin:] + self._pull(), 0, 0
        if at - begin > limit:
            raise ProtocolError(f"a line or head of more than {limit} bytes")
        self._at = at + len(mark)
        return self._buffer[begin:at]

    def exactly(self, length: int) -> bytes:
        end = self._at + length
        if len(self._buffer) < end:
            parts, have = [self._buffer[self._at :]], len(self._buffer) - self._at
            while have < length:
                parts.append(self._pull())
                have += len(parts[-1])
            over = have - length
            last = parts[-1]
            if over:
                parts[-1] = last[:-over]
            self._buffer, self._at = last, len(last) - over
            return b"".join(parts)  # the only copy of a large body
        begin, self._at = self._at, end
        return self._buffer[begin:end]

    def to_end(self) -> bytes:
        parts, have = [self._buffer[self._at :]], len(self._buffer) - self._at
        while data := self._more():
            self.pieces += 1
            parts.append(data)
            have += len(data)
            if have > MAX_BODY_BYTES:
                raise ProtocolError(f"the response is longer than {MAX_BODY_BYTES} bytes")
        self._buffer, self._at = b"", 0
        return b"".join(parts)


def read_response(reader: Reader, method: str, known: dict[bytes, Head]) -> tuple[Head, bytes]:
    """One final response; interim ones (1xx) are passed over. `known`: heads by their text, of responses to this method; new
    ones are added. Raises ProtocolError or what `more` raises.
    """
    for _ in range(MAX_INTERIM + 1):
        text = reader.until(b"\r\n\r\n", MAX_HEAD_BYTES)
        head = known.get(text)
        if head is None:
            if len(known) >= KNOWN_HEADS:
                known.clear()
            head = known[text] = parse_head(text, method)
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
    if reader.left:
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
