"""Streams that never block, plain and behind TLS. That is over memory buffers (ssl.MemoryBIO): it waits as plain ones do, in
one epoll set, and a request behind TLS costs what the encryption does.
"""

from __future__ import annotations

import _socket
import contextlib
import ssl
from collections.abc import Callable
from typing import Any


class Channel:
    """A connected byte stream that never blocks; `sock` is a connected, non-blocking socket.

    recv      the next bytes of so many at most, b"" at the end; raises BlockingIOError where there are none yet
    send      how many bytes of these could be sent; raises BlockingIOError where none could. What is left must come next
    read_ns   when the reactor last read from it (perf_counter_ns)
    waiter    the greenlet that waits for the next bytes, until `deadline_ns`
    """

    __slots__ = ("deadline_ns", "fd", "read_ns", "recv", "send", "sock", "waiter")

    keeps = False  # something that arrived may be in here, of which no edge tells any more
    cut = False  # it ended without the end that TLS announces
    session: ssl.SSLSession | None = None

    def __init__(self, sock: _socket.socket) -> None:
        sock.setblocking(False)
        self.sock, self.fd = sock, sock.fileno()
        self.recv: Callable[[int], bytes] = sock.recv
        self.send: Callable[[bytes | memoryview], int] = sock.send
        self.deadline_ns = self.read_ns = 0
        self.waiter: Any = None

    def close(self) -> None:
        self.sock.close()


class TlsChannel(Channel):
    """A Channel behind TLS, whose handshake is done: `tls` reads from `incoming` and writes to `outgoing`."""

    __slots__ = ("_incoming", "_outgoing", "_read", "_taken", "_tls", "_unsent", "_write", "cut")

    keeps = True

    def __init__(self, sock: _socket.socket, tls: ssl.SSLObject, incoming: ssl.MemoryBIO, outgoing: ssl.MemoryBIO) -> None:
        super().__init__(sock)
        self._tls, self._incoming, self._outgoing = tls, incoming, outgoing
        inside = getattr(tls, "_sslobj", tls)  # what SSLObject's methods call, without a call of Python's between
        self._read, self._write = inside.read, inside.write
        self._unsent = memoryview(b"")
        self._taken = self.cut = False
        self.recv, self.send = self._recv, self._send

    @property
    def session(self) -> ssl.SSLSession | None:  # type: ignore[override]  # a constant of those without TLS
        """To resume on the next connection (RFC 8446 section 2.2); None where the server gave none."""
        return self._tls.session

    def _recv(self, size: int) -> bytes:
        """One record of TLS at most: no edge of the socket will tell of what came with it."""
        if self._incoming.pending and (plain := self._decrypted(size)) is not None:
            return plain
        while True:
            data = self.sock.recv(size)
            if data:
                self._incoming.write(data)
            else:
                self._incoming.write_eof()
            if (plain := self._decrypted(size)) is not None:
                return plain
            if 0 < len(data) < size:
                raise BlockingIOError  # a part of a record, or what TLS itself had to say

    def _decrypted(self, size: int) -> bytes | None:
        """The next bytes, b"" at the end; None where there are none yet."""
        try:
            plain = self._read(size)
        except ssl.SSLWantReadError:
            plain = None
        except ssl.SSLZeroReturnError:
            plain = b""
        except ssl.SSLEOFError:  # many servers end connections so; what has a length of its own is whole all the same
            self.cut = True
            plain = b""
        if self._outgoing.pending:  # TLS' own, such as a new key
            with contextlib.suppress(OSError):  # what was read is good all the same
                self._flush()
        return plain

    def _send(self, data: bytes | memoryview) -> int:
        """All of it: what was encrypted once is only to be sent, and not to be encrypted again."""
        if not self._taken:
            self._write(data)
            self._taken = True
        self._flush()
        self._taken = False
        return len(data)

    def _flush(self) -> None:
        if self._outgoing.pending:
            encrypted = self._outgoing.read()
            self._unsent = memoryview(bytes(self._unsent) + encrypted if self._unsent else encrypted)
        while self._unsent:
            self._unsent = self._unsent[self.sock.send(self._unsent) :]
