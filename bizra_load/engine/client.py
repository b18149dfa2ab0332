"""A keep-alive HTTP/1.1 connection for one user: pre-built heads, one send, one read in the common case.

Heads of responses repeat (they change with the Date, once a second), so each distinct head is parsed once, strictly. A response
that begins with the head before and is as long is that head and a body; others are looked up in a small table.
"""

from __future__ import annotations

import base64
import ssl
import time
from collections.abc import Callable, Mapping
from typing import NamedTuple
from urllib.parse import unquote, urlsplit

import gevent

from bizra_load.engine.core import BaseConnection, BaseRequest, Channel
from bizra_load.engine.core_pure import IDLE_NS, READ_BYTES
from bizra_load.engine.errors import ResponseTimeout, TransportError
from bizra_load.engine.http_parser import LAST_CHUNK, Head, Reader, read_response
from bizra_load.engine.outcomes import Unsent
from bizra_load.engine.reactor import Reactor, get_reactor
from bizra_load.engine.request_head import request_head
from bizra_load.engine.sockets import abandon, closed_by_peer, opened, tls_context, unacknowledged
from bizra_load.io.urls import check_authority

YIELD_NS = 1_000_000  # so long one response is read without a pause before everybody else gets a turn
_NO_CONTENT = {"GET", "HEAD", "DELETE", "OPTIONS", "TRACE", "CONNECT"}  # whose content means nothing (RFC 9110 section 9.3)
_clock = time.perf_counter_ns


class PreparedRequest(BaseRequest):
    """Ready to be sent, but for its body."""

    __slots__ = ()

    def __init__(self, method: str, head: bytes) -> None:
        no_length = method in _NO_CONTENT
        super().__init__(method, head, head.removesuffix(b"Content-Length: ") + b"\r\n" if no_length else head + b"0\r\n\r\n")


class Response(NamedTuple):
    """sent_ns: right before the send; done_ns: right after the last byte arrived (perf_counter_ns); location: where a redirect
    leads.
    """

    status: int
    body: bytes
    sent_ns: int
    done_ns: int
    location: str = ""


class Connection(BaseConnection):
    """One connection to `base_url` (scheme, host, optional port and path prefix). Opened on first use, reopened when lost.

    Raises ValueError for an unusable URL or header. `reconnects` counts every opening after the first.
    """

    _reactor: Reactor

    def __init__(
        self,
        base_url: str,
        timeout_s: float = 10.0,
        headers: Mapping[str, str] | None = None,
        ca_file: str | None = None,
        insecure: bool = False,
    ) -> None:
        parts = urlsplit(base_url)
        if parts.scheme not in ("http", "https") or not parts.hostname:
            raise ValueError("the target must be a URL such as http://127.0.0.1:8080")
        check_authority(parts.netloc)
        self._address = (parts.hostname, parts.port or (443 if parts.scheme == "https" else 80))
        self._host_header = parts.netloc.rpartition("@")[2]
        self._prefix = parts.path.rstrip("/")
        self._headers = dict(headers or {})
        if parts.username is not None and "authorization" not in {name.lower() for name in self._headers}:
            pair = f"{unquote(parts.username)}:{unquote(parts.password or '')}"  # RFC 7617
            self._headers["Authorization"] = "Basic " + base64.b64encode(pair.encode()).decode("ascii")
        super().__init__(get_reactor(), int(timeout_s * 1e9))
        self._tls = tls_context(ca_file, insecure) if parts.scheme == "https" else None
        self._session: ssl.SSLSession | None = None  # of the last one
        self._opened = 0
        self.reconnects = 0

    def prepare(self, method: str, path: str, headers: Mapping[str, str] | None = None) -> PreparedRequest:
        """Check and build everything of a request but its body. Raises ValueError where a header could be injected."""
        given = {"Host": self._host_header, "User-Agent": "bizra-load"}, self._headers, headers or {}
        lines = {name.lower(): (name, value) for some in given for name, value in some.items()}  # RFC 9110 section 5.1
        return PreparedRequest(method, request_head(method, self._prefix + path, dict(lines.values())))

    def send(self, request: PreparedRequest, body: bytes, started: Callable[[int], None]) -> Response:
        """Send, call `started(sent_ns)`, and wait for the whole response. Raises EngineError; the connection is then closed."""
        content = self.exchange(request, body, started)
        head = self.last_head
        return Response(head.status, content, self.last_sent_ns, self.last_done_ns, head.location)

    def close(self) -> None:
        channel, self._channel = self._channel, None
        if channel is not None:
            self._reactor.unregister(channel)
            self._session = channel.session or self._session
            channel.close()
        self._done_ns = 0

    def _receive_rest(self, request: BaseRequest, asked: bytes, data: bytes, done_ns: int, deadline_ns: int) -> bytes:
        """A response that did not come as one piece with a known head; done is when its last piece arrived."""
        if not data:
            data, done_ns = self._ask_again(asked, deadline_ns)

        yielded_ns = _clock()

        def more() -> bytes:
            nonlocal done_ns, yielded_ns
            if _clock() - yielded_ns > YIELD_NS:
                gevent.sleep(0)
                yielded_ns = _clock()
            piece = self._read(self._channel, deadline_ns)
            done_ns = _clock()
            return piece

        reader = Reader(more, data)
        head, body = read_response(reader, request.method, request.known)
        if head.length is None and not head.chunked and self._cut():  # incomplete, says RFC 9112 section 9.8
            raise TransportError("the connection was cut without TLS' close_notify: the response may not be whole")
        if head.keep_alive and not reader.pieces:
            keep(request, data, head, len(body))
        self.last_head, self._done_ns, self.last_done_ns = head, done_ns, done_ns
        if self._channel is not None and (reader.pieces or len(data) == READ_BYTES):
            self._reactor.hints.add(self._channel.fd)  # its last edge may also be that of what came behind it
        if not head.keep_alive:
            self.close()
        return body

    def _ask_again(self, asked: bytes, deadline_ns: int) -> tuple[bytes, int]:
        """The connection ended where a response should begin. If it is a kept one that the peer ended before it got any of the
        request, as its right is at any time (RFC 9112 section 9.5), that goes out once more, on a new connection: it can't have
        been acted on, whatever its method (RFC 9110 section 9.2.2). Otherwise nobody here knows, and it has failed.
        """
        channel = self._channel
        if channel is None or not self._done_ns or unacknowledged(channel) < len(asked):
            raise TransportError(f"the {'kept ' if self._done_ns else ''}connection closed before any response")
        abandon(channel)  # else the server might still get it, and act on it twice
        self.close()
        channel = self._open(deadline_ns)
        self._write_rest(channel, asked, 0, deadline_ns)
        data = self._read(channel, deadline_ns)
        if not data:
            raise TransportError("the connection closed before any response")
        return data, _clock()

    def _read(self, channel: Channel | None, deadline_ns: int) -> bytes:
        """The next bytes, b"" at the end of the stream."""
        if channel is None:
            raise TransportError("the connection is closed")
        try:
            data = channel.recv(READ_BYTES)
        except BlockingIOError:
            data = self._reactor.receive(channel, deadline_ns)
        if _clock() > deadline_ns:
            raise ResponseTimeout("no complete response in time")  # a slow drip never lets the sweep see us wait long
        return data

    def _opened_anew(self, error: OSError, deadline_ns: int) -> Channel:
        """Instead of a kept channel that was cut off before this request: nothing of that has left this machine."""
        if not self._done_ns:
            raise error
        self.close()
        return self._open(deadline_ns)

    def _send_rest(self, channel: Channel, asked: bytes, unsent: Unsent, deadline_ns: int) -> Channel:
        """As exchange() does where a send has not taken the whole request; the channel where it is."""
        if isinstance(unsent.error, (ConnectionResetError, BrokenPipeError)):
            channel = self._opened_anew(unsent.error, deadline_ns)
        elif unsent.error is not None:
            raise unsent.error
        self._write_rest(channel, asked, unsent.sent, deadline_ns)
        return channel

    def _write_rest(self, channel: Channel, data: bytes, sent: int, deadline_ns: int) -> None:
        """Rare: the send buffer is full. Where the server closes meanwhile, it may have responded to what it had: a body that
        is too large, a wrong token. That is read next, or that there is nothing.
        """
        left = memoryview(data)[sent:]
        while left:
            try:
                left = left[channel.send(left) :]
            except BlockingIOError:
                self._reactor.wait_writable(channel, deadline_ns)
            except (ConnectionResetError, BrokenPipeError):
                return

    def _opened_channel(self, now_ns: int, deadline_ns: int) -> Channel:
        """The open one, unless something arrived while nothing was asked: the end of the stream, or bytes that belong to no
        request. Or the server said that it ends the connection about now: a request might cross that on its way.
        """
        channel = self._channel
        if channel is not None:
            if not channel.keeps:
                self._reactor.hints.discard(channel.fd)
            idle_s = self.last_head.idle_s
            ends = idle_s is not None and now_ns - self._done_ns > idle_s * 1_000_000_000 - IDLE_NS
            if not ends and not closed_by_peer(channel):
                return channel
            self.close()
        return self._open(deadline_ns)

    def _cut(self) -> bool:
        return self._channel is not None and self._channel.cut

    def _open(self, deadline_ns: int) -> Channel:
        self._opened += 1
        self.reconnects = self._opened - 1
        channel = opened(*self._address, deadline_ns, self._tls, self._session)
        self._reactor.register(channel)
        self._channel = channel
        return channel


def keep(request: BaseRequest, data: bytes, head: Head, body_bytes: int) -> None:
    """Remember the response to know the next one by it: one that arrived in one piece, of a connection that goes on. Its length
    must follow from what comes before the body: a Content-Length, or the size of its only chunk.
    """
    if (head.chunked and not body_bytes) or len(data) == READ_BYTES:
        return  # without a chunk its end begins otherwise; behind a full read there may be more
    after = LAST_CHUNK if head.chunked else b""
    begin = len(data) - len(after) - body_bytes
    text = data.find(b"\r\n\r\n") + 4
    only = data.find(b"\r\n", text) + 2 == begin and data.endswith(after) if after else text == begin
    if only:
        request.before, request.after, request.in_all, request.latest = data[:begin], after, len(data), head
