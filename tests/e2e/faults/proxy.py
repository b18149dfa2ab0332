"""A user-space TCP proxy that delays, throttles, cuts and lies: the kernel here has no netem."""

from __future__ import annotations

import asyncio
import contextlib
import socket
import threading
from collections.abc import Callable
from typing import Any

GARBAGE = b"\x00\xff\x16garbage that is no HTTP\r\n\r\n" * 3


class Proxy:
    """Listens on a free port of 127.0.0.1 and forwards to `host:port`. The attributes may be changed at any time.

    delay_s      each piece arrives so much later, in both directions
    bytes_per_s  each connection's speed in each direction (0: unlimited)
    swallow      what clients send is read and forwarded to nobody: accepted, never answered
    garbage      what clients send is answered with GARBAGE and forwarded to nobody

    after_end    how often something was forwarded that came behind the end of its own stream: no HTTP server or proxy acts on
                 that, for nobody could be answered, so that clients send it again
    """

    def __init__(self, host: str, port: int) -> None:
        self.target = (host, port)
        self.delay_s = 0.0
        self.bytes_per_s = 0.0
        self.swallow = self.garbage = False
        self.after_end = 0
        self._links: set[_End] = set()
        self._loop = asyncio.new_event_loop()
        self._server: asyncio.Server | None = None
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self._thread.start()
        self.port = 0
        self.accept()

    def accept(self) -> None:
        """Listen (again)."""
        self._run(self._listen())

    def refuse(self) -> None:
        """Listen no more and cut what there is: connecting is refused."""
        self._run(self._close())
        self.cut()

    def cut(self) -> int:
        """Reset every connection; how many there were."""
        return self._call(lambda: [end.abort() for end in list(self._links)].__len__())

    def half_close(self) -> int:
        """Send the end of the stream to every client and go on reading from it: half-closed connections."""
        return self._call(lambda: [end.half_close() for end in list(self._links) if end.is_client].__len__())

    def __enter__(self) -> Proxy:
        return self

    def __exit__(self, *_: object) -> None:
        self.refuse()
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(timeout=10)
        self._loop.close()

    def _run(self, coroutine: Any) -> Any:
        return asyncio.run_coroutine_threadsafe(coroutine, self._loop).result(timeout=10)

    def _call(self, function: Callable[[], int]) -> int:
        async def called() -> int:
            return function()

        return int(self._run(called()))

    async def _listen(self) -> None:
        server = await self._loop.create_server(lambda: _End(self, None), "127.0.0.1", self.port)
        self._server, self.port = server, server.sockets[0].getsockname()[1]

    async def _close(self) -> None:
        if self._server is not None:
            self._server.close()
            self._server = None


class _End(asyncio.Protocol):
    """One end of a forwarded connection; `peer` None: a client's, which opens the other end."""

    def __init__(self, proxy: Proxy, peer: _End | None) -> None:
        self.proxy, self.peer = proxy, peer
        self.is_client = peer is None
        self.transport: asyncio.Transport | None = None
        self._ended = False
        self._early = b""
        self._free_at = 0.0

    def connection_made(self, transport: Any) -> None:
        self.transport = transport
        transport.get_extra_info("socket").setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.proxy._links.add(self)
        if self.peer is None:
            self.proxy._loop.create_task(self._open())
        else:
            self.peer.peer = self
            early, self.peer._early = self.peer._early, b""
            if early:
                transport.write(early)

    async def _open(self) -> None:
        try:
            await self.proxy._loop.create_connection(lambda: _End(self.proxy, self), *self.proxy.target)
        except OSError:
            self.abort()

    def data_received(self, data: bytes) -> None:
        proxy = self.proxy
        proxy.after_end += self._ended
        if self.is_client and proxy.garbage and self.transport is not None:
            self.transport.write(GARBAGE)
        elif self.is_client and proxy.swallow:
            pass
        elif proxy.delay_s or proxy.bytes_per_s:
            now = proxy._loop.time()
            self._free_at = max(now, self._free_at) + (len(data) / proxy.bytes_per_s if proxy.bytes_per_s else 0.0)
            proxy._loop.call_at(self._free_at + proxy.delay_s, self._forward, data)
        else:
            self._forward(data)

    def _forward(self, data: bytes) -> None:
        if self.peer is None or self.peer.transport is None:
            self._early += data
        elif not self.peer.transport.is_closing():
            with contextlib.suppress(RuntimeError):  # half closed: it takes nothing more
                self.peer.transport.write(data)

    def eof_received(self) -> bool:
        return False

    def connection_lost(self, exc: Exception | None) -> None:
        self.proxy._links.discard(self)
        if self.peer is not None and self.peer.transport is not None:
            self.peer.transport.close()

    def half_close(self) -> None:
        if self.transport is not None:
            with contextlib.suppress(OSError, RuntimeError):
                self.transport.write_eof()
                self._ended = True

    def abort(self) -> None:
        if self.transport is not None:
            self.transport.abort()
