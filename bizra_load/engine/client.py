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

from gevent import getcurrent

from bizra_load.engine.channels import READ_BYTES, Channel
from bizra_load.engine.errors import EngineError, ResponseTimeout, TransportError
from bizra_load.engine.http_parser import LAST_CHUNK, Head, Reader, read_response
from bizra_load.engine.reactor import get_reactor
from bizra_load.engine.request_head import request_head
from bizra_load.engine.sockets import closed_by_peer, opened, tls_context, trouble, unacknowledged
from bizra_load.io.urls import check_authority

# After so long without a request a kept connection is looked at before the next one: servers close those that are idle, and
# what has just arrived may not have come through the reactor yet. Looking costs a fifth of a request.
IDLE_NS = 100_000_000
_LENGTHS = tuple(b"%d\r\n\r\n" % n for n in range(4096))  # the ends of most requests' heads
_NO_CONTENT = {"GET", "HEAD", "DELETE", "OPTIONS", "TRACE", "CONNECT"}  # whose content means nothing (RFC 9110 section 9.3)
_clock = time.perf_counter_ns


class PreparedRequest:
    """`head` ends behind "Content-Length: "; only the length and the body remain to be added.

    alone       the whole request without a body: one whose content means nothing has no length then (RFC 9110 section 8.6)
    known       heads of responses, by their text without the blank line
    before      what the last whole response began with, up to its body, and `after`: what came behind that
    in_all      how long it was: one as long that begins and ends so has the same head, and the body between
    """

    __slots__ = ("after", "alone", "before", "head", "in_all", "known", "latest", "method")

    def __init__(self, method: str, head: bytes) -> None:
        self.method, self.head = method, head
        self.alone = head.removesuffix(b"Content-Length: ") + b"\r\n" if method in _NO_CONTENT else head + _LENGTHS[0]
        self.known: dict[bytes, Head] = {}
        self.before = self.after = b""
        self.in_all = -1
        self.latest = Head(0, None, False, False)

    def keep(self, data: bytes, head: Head, body_bytes: int) -> None:
        """A response that arrived in one piece, of a connection that goes on. Its length must follow from what comes before the
        body: a Content-Length, or the size of its only chunk.
        """
        if head.chunked and not body_bytes:
            return  # without a chunk its end begins otherwise
        after = LAST_CHUNK if head.chunked else b""
        begin = len(data) - len(after) - body_bytes
        text = data.find(b"\r\n\r\n") + 4
        only = data.find(b"\r\n", text) + 2 == begin and data.endswith(after) if after else text == begin
        if only:
            self.before, self.after, self.in_all, self.latest = data[:begin], after, len(data), head


class Response(NamedTuple):
    """sent_ns: right before the send; done_ns: right after the last byte arrived (perf_counter_ns); location: where a redirect
    leads.
    """

    status: int
    body: bytes
    sent_ns: int
    done_ns: int
    location: str = ""


_response = tuple.__new__  # a Response without the call to its __new__, which is Python


class Connection:
    """One connection to `base_url` (scheme, host, optional port and path prefix). Opened on first use, reopened when lost.

    Raises ValueError for an unusable URL or header. `reconnects` counts every opening after the first.
    """

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
        self._timeout_ns = int(timeout_s * 1e9)
        self._tls = tls_context(ca_file, insecure) if parts.scheme == "https" else None
        self._channel: Channel | None = None
        self._session: ssl.SSLSession | None = None  # of the last one
        self._opened = 0
        self._done_ns = 0  # when the last response on this connection had arrived; 0 before the first
        self._idle_s: int | None = None
        self._reactor = get_reactor()
        self._hints = self._reactor.hints
        self._waiting = self._reactor.waiting
        self._switch = self._reactor.switch
        self.last_sent_ns = 0
        self.last_started = False
        self.reconnects = 0

    def prepare(self, method: str, path: str, headers: Mapping[str, str] | None = None) -> PreparedRequest:
        """Check and build everything of a request but its body. Raises ValueError where a header could be injected."""
        lines = {"Host": self._host_header, "User-Agent": "bizra-load", **self._headers, **(headers or {})}
        return PreparedRequest(method, request_head(method, self._prefix + path, lines))

    def send(self, request: PreparedRequest, body: bytes, started: Callable[[int], None]) -> Response:
        """Send, call `started(sent_ns)`, and wait for the whole response. Raises EngineError; the connection is then closed.

        Long because every call costs a percent of a request: the common case (an open connection, the request fits the send
        buffer, the head before, the response in one read) runs through here without a further one of our own but the wait.
        """
        self.last_sent_ns = sent_ns = _clock()
        deadline_ns = sent_ns + self._timeout_ns
        doing = "sending"
        try:
            channel = self._channel
            if channel is None or channel.fd in self._hints or sent_ns - self._done_ns > IDLE_NS:
                self.last_started = False
                channel = self._opened_channel(sent_ns, deadline_ns)
                self.last_sent_ns = sent_ns = _clock()
            self.last_started = True
            started(sent_ns)
            if length := len(body):
                asked = b"".join((request.head, _LENGTHS[length] if length < 4096 else b"%d\r\n\r\n" % length, body))
            else:
                asked = request.alone
            try:
                sent = channel.send(asked)
            except BlockingIOError:
                sent = 0
            except (ConnectionResetError, BrokenPipeError):
                if not self._done_ns:
                    raise
                # a kept connection that was cut off before this request: nothing of it has left this machine
                self.close()
                channel, sent = self._open(deadline_ns), 0
            if sent != len(asked):
                self._write_rest(channel, asked, sent, deadline_ns)
            doing = "receiving"
            # a response just asked for is not there yet: as Reactor.receive() does
            self._waiting[channel.fd] = channel
            channel.waiter, channel.deadline_ns = getcurrent(), deadline_ns
            if deadline_ns < self._reactor.sweep_ns:
                self._reactor.sweep_at(deadline_ns)
            data = self._switch()
            if data.__class__ is not bytes:
                raise data
            done_ns = channel.read_ns
            if done_ns > deadline_ns:
                raise ResponseTimeout("no complete response in time")
            if len(data) == request.in_all and data.startswith(request.before) and data.endswith(request.after):
                head = request.latest
                self._done_ns, self._idle_s = done_ns, head.idle_s
                content = data[len(request.before) : len(data) - len(request.after)]
                return _response(Response, (head.status, content, sent_ns, done_ns, head.location))
            return self._receive_rest(request, asked, data, sent_ns, done_ns, deadline_ns)
        except EngineError:
            self.close()
            raise
        except OSError as error:
            where = " on a kept connection" if self._done_ns else ""
            self.close()
            raise trouble(doing + where, error) from None
        except BaseException:
            self.close()  # killed in the middle: the rest of this response must not be read as the next one's
            raise

    def close(self) -> None:
        channel, self._channel = self._channel, None
        if channel is not None:
            self._reactor.unregister(channel)
            self._session = channel.session or self._session
            channel.close()
        self._done_ns = 0

    def _receive_rest(
        self, request: PreparedRequest, asked: bytes, data: bytes, sent_ns: int, done_ns: int, deadline_ns: int
    ) -> Response:
        """A response that did not come as one piece with a known head; done is when its last piece arrived."""
        if not data:
            data, done_ns = self._ask_again(asked, deadline_ns)

        def more() -> bytes:
            nonlocal done_ns
            piece = self._read(self._channel, deadline_ns)
            done_ns = _clock()
            return piece

        reader = Reader(more, data)
        head, body = read_response(reader, request.method, request.known)
        if head.length is None and not head.chunked and self._cut():  # incomplete, says RFC 9112 section 9.8
            raise TransportError("the connection was cut without TLS' close_notify: the response may not be whole")
        if head.keep_alive and not reader.pieces:
            request.keep(data, head, len(body))
        self._done_ns, self._idle_s = done_ns, head.idle_s
        if not head.keep_alive:
            self.close()
        return Response(head.status, body, sent_ns, done_ns, head.location)

    def _ask_again(self, asked: bytes, deadline_ns: int) -> tuple[bytes, int]:
        """The connection ended where a response should begin. If it is a kept one that the peer ended before it got any of the
        request, as its right is at any time (RFC 9112 section 9.5), that goes out once more, on a new connection: it can't have
        been acted on, whatever its method (RFC 9110 section 9.2.2). Otherwise nobody here knows, and it has failed.
        """
        channel = self._channel
        if channel is None or not self._done_ns or unacknowledged(channel) < len(asked):
            raise TransportError(f"the {'kept ' if self._done_ns else ''}connection closed before any response")
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

    def _write_rest(self, channel: Channel, data: bytes, sent: int, deadline_ns: int) -> None:
        """Rare: the send buffer is full."""
        left = memoryview(data)[sent:]
        while left:
            try:
                left = left[channel.send(left) :]
            except BlockingIOError:
                self._reactor.wait_writable(channel, deadline_ns)

    def _opened_channel(self, now_ns: int, deadline_ns: int) -> Channel:
        """The open one, unless something arrived while nothing was asked: the end of the stream, or bytes that belong to no
        request. Or the server said that it ends the connection about now: a request might cross that on its way.
        """
        channel = self._channel
        if channel is not None:
            if not channel.keeps:
                self._hints.discard(channel.fd)
            ends = self._idle_s is not None and now_ns - self._done_ns > self._idle_s * 1_000_000_000 - IDLE_NS
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
