"""A channel behind TLS, over memory buffers (ssl.MemoryBIO): it waits as plain ones do, in one epoll set, and a request behind
TLS costs what the encryption does.
"""

from __future__ import annotations

import _socket
import contextlib
import ssl

from bizra_load.engine.core_pure import Channel


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
