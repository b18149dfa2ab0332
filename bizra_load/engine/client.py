"""A keep-alive HTTP/1.1 connection for one user: pre-built heads, one send, one read in the common case.

Heads of responses repeat (they change with the Date, once a second), so each distinct head is parsed once, strictly, and
then found in a small table.
"""

from __future__ import annotations

import _socket
import base64
import socket
import ssl
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from urllib.parse import unquote, urlsplit

from bizra_load.engine.errors import EngineError, ResponseTimeout, TransportError
from bizra_load.engine.http_parser import Head, Reader, read_response
from bizra_load.engine.reactor import get_reactor
from bizra_load.engine.request_head import request_head
from bizra_load.engine.sockets import closed_by_tls_peer, opened, tls_context, trouble, unacknowledged
from bizra_load.io.urls import check_authority

_CACHED_HEADS = 256
# After so long without a request a kept connection is looked at before the next one: servers close those that are idle, and
# what has just arrived may not have come through the reactor yet. Looking costs a fifth of a request.
IDLE_NS = 100_000_000
_INTERIM = (b"HTTP/1.1 1", b"HTTP/1.0 1")
_clock = time.perf_counter_ns


@dataclass(frozen=True, slots=True)
class PreparedRequest:
    """`head` ends behind "Content-Length: "; only the length and the body remain to be added. `known`: heads of responses."""

    method: str
    head: bytes
    known: dict[bytes, Head]


@dataclass(slots=True)
class Response:
    """sent_ns: right before the send; done_ns: right after the last byte arrived (perf_counter_ns); location: where a redirect
    leads.
    """

    status: int
    body: bytes
    sent_ns: int
    done_ns: int
    location: str = ""


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
        self._socket: _socket.socket | None = None
        self._fd = -1  # of a plain socket in the reactor
        self._opened = 0
        self._done_ns = 0  # when the last response on this connection had arrived; 0 before the first
        self._idle_s: int | None = None
        self._tls_cut = False
        self._reactor = get_reactor()
        self._hints = self._reactor.hints
        self._wait = self._reactor.wait
        self.last_sent_ns = 0
        self.last_started = False
        self.reconnects = 0

    def prepare(self, method: str, path: str, headers: Mapping[str, str] | None = None) -> PreparedRequest:
        """Check and build everything of a request but its body. Raises ValueError where a header could be injected."""
        lines = {"Host": self._host_header, "User-Agent": "bizra-load", **self._headers, **(headers or {})}
        return PreparedRequest(method, request_head(method, self._prefix + path, lines), {})

    def send(self, request: PreparedRequest, body: bytes, started: Callable[[int], None]) -> Response:
        """Send, call `started(sent_ns)`, and wait for the whole response. Raises EngineError; the connection is then closed.

        Long because every call costs a percent of a request: the common case (plain socket, the request fits the send buffer,
        a known head, the response in one read) runs through here without a further one of our own.
        """
        self.last_started = False
        self.last_sent_ns = sent_ns = _clock()
        deadline_ns = sent_ns + self._timeout_ns
        doing = "sending"
        try:
            sock = self._socket
            if (
                sock is not None
                and (self._fd in self._hints or sent_ns - self._done_ns > IDLE_NS)
                and self._ends(sock, sent_ns)
            ):
                self.close()
                sock = None
            if sock is None:
                sock = self._open(deadline_ns)
                self.last_sent_ns = sent_ns = _clock()
            self.last_started = True
            started(sent_ns)
            data = b"%b%d\r\n\r\n%b" % (request.head, len(body), body)
            try:
                sent = sock.send(data) if self._fd >= 0 else self._write_tls(sock, data, deadline_ns)
            except BlockingIOError:
                sent = 0
            except (ConnectionResetError, BrokenPipeError):
                if self._fd < 0 or not self._done_ns:
                    raise
                # a kept connection that was cut off before this request: nothing of it has left this machine
                self.close()
                sock, sent = self._open(deadline_ns), 0
            if sent != len(data):
                self._write_rest(sock, data, sent, deadline_ns)
            doing = "receiving"
            if self._fd >= 0:
                # a response just asked for is not there yet: waiting first saves a read in vain
                self._wait(self._fd, deadline_ns)
            try:
                data = sock.recv(65_536) if self._fd >= 0 else self._read_tls(sock, deadline_ns)
            except BlockingIOError:
                data = self._read(deadline_ns)
            done_ns = _clock()
            if done_ns > deadline_ns:
                raise ResponseTimeout("no complete response in time")
            at = data.find(b"\r\n\r\n")
            head = request.known.get(data[:at]) if at > 0 else None
            if head is not None and head.length == len(data) - at - 4:
                self._done_ns, self._idle_s = done_ns, head.idle_s
                return Response(head.status, data[at + 4 :], sent_ns, done_ns, head.location)
            return self._receive_rest(request, body, data, sent_ns, done_ns, deadline_ns)
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
        sock, self._socket = self._socket, None
        if sock is not None:
            if self._fd >= 0:
                self._reactor.unregister(self._fd)
                self._fd = -1
            sock.close()
        self._done_ns = 0

    def _receive_rest(
        self, request: PreparedRequest, asked: bytes, data: bytes, sent_ns: int, done_ns: int, deadline_ns: int
    ) -> Response:
        """A response that did not come as one piece with a known head; done is when its last piece arrived."""
        if not data:
            data, done_ns = self._ask_again(request, asked, deadline_ns)

        def more() -> bytes:
            nonlocal done_ns
            piece = self._read(deadline_ns)
            done_ns = _clock()
            return piece

        head, body = read_response(Reader(more, data), request.method)
        if self._tls_cut and head.length is None and not head.chunked:  # incomplete, says RFC 9112 section 9.8
            raise TransportError("the connection was cut without TLS' close_notify: the response may not be whole")
        text, _, rest = data.partition(b"\r\n\r\n")
        if head.keep_alive and head.length == len(rest) and not text.startswith(_INTERIM):
            if len(request.known) >= _CACHED_HEADS:
                request.known.clear()
            request.known[text] = head
        self._done_ns, self._idle_s = done_ns, head.idle_s
        if not head.keep_alive:
            self.close()
        return Response(head.status, body, sent_ns, done_ns, head.location)

    def _ask_again(self, request: PreparedRequest, body: bytes, deadline_ns: int) -> tuple[bytes, int]:
        """The connection ended where a response should begin. If it is a kept one that the peer ended before it got any of the
        request, as its right is at any time (RFC 9112 section 9.5), that goes out once more, on a new connection: it can't have
        been acted on, whatever its method (RFC 9110 section 9.2.2). Otherwise nobody here knows, and it has failed.
        """
        asked = b"%b%d\r\n\r\n%b" % (request.head, len(body), body)
        sock = self._socket
        if sock is None or not self._done_ns or unacknowledged(sock) < len(asked):
            raise TransportError(f"the {'kept ' if self._done_ns else ''}connection closed before any response")
        self.close()
        sock = self._open(deadline_ns)
        if self._tls is None:
            self._write_rest(sock, asked, 0, deadline_ns)
        else:
            self._write_tls(sock, asked, deadline_ns)
        data = self._read(deadline_ns)
        if not data:
            raise TransportError("the connection closed before any response")
        return data, _clock()

    def _read(self, deadline_ns: int) -> bytes:
        """The next bytes, b"" at the end of the stream."""
        sock = self._socket
        if sock is None:
            raise TransportError("the connection is closed")
        if self._tls is not None:
            return self._read_tls(sock, deadline_ns)
        while True:
            try:
                data = sock.recv(65_536)
            except BlockingIOError:
                self._reactor.wait(self._fd, deadline_ns)
                continue
            if _clock() > deadline_ns:
                raise ResponseTimeout("no complete response in time")  # a slow drip never lets the sweep see us wait long
            return data

    def _read_tls(self, sock: _socket.socket, deadline_ns: int) -> bytes:
        left_s = (deadline_ns - _clock()) / 1e9
        if left_s <= 0:
            raise ResponseTimeout("no complete response in time")
        sock.settimeout(left_s)
        try:
            return sock.recv(65_536)
        except TimeoutError:
            raise ResponseTimeout("no complete response in time") from None
        except ssl.SSLEOFError:  # many servers end connections so; what has a length of its own is whole all the same
            self._tls_cut = True
            return b""

    def _write_tls(self, sock: _socket.socket, data: bytes, deadline_ns: int) -> int:
        sock.settimeout(max((deadline_ns - _clock()) / 1e9, 0.001))
        try:
            sock.sendall(data)
        except TimeoutError:
            raise ResponseTimeout("sending took too long") from None
        return len(data)

    def _write_rest(self, sock: _socket.socket, data: bytes, sent: int, deadline_ns: int) -> None:
        """Rare: the send buffer is full."""
        while sent != len(data):
            try:
                sent += sock.send(data[sent:])
            except BlockingIOError:
                self._reactor.wait_writable(self._fd, deadline_ns)

    def _ends(self, sock: _socket.socket, now_ns: int) -> bool:
        """Something arrived while nothing was asked: the end of the stream, or bytes that belong to no request. Or the server
        said that it ends the connection about now: a request might cross that on its way.
        """
        if self._idle_s is not None and now_ns - self._done_ns > self._idle_s * 1_000_000_000 - IDLE_NS:
            return True
        if self._fd < 0:
            return closed_by_tls_peer(sock)
        self._hints.discard(self._fd)
        try:
            sock.recv(1, socket.MSG_PEEK)
        except BlockingIOError:
            return False
        except OSError:
            return True
        return True

    def _open(self, deadline_ns: int) -> _socket.socket:
        self._opened += 1
        self.reconnects = self._opened - 1
        sock = opened(*self._address, deadline_ns, self._tls)
        if self._tls is not None:
            self._socket, self._tls_cut = sock, False
            return sock
        # The C socket itself: neither gevent's wait nor (where the process is patched) its wrapper is wanted from here on.
        plain = _socket.socket(sock.family, sock.type, sock.proto, fileno=sock.detach())
        plain.setblocking(False)
        self._fd = plain.fileno()
        self._reactor.register(self._fd)
        self._socket = plain
        return plain
