"""A handler of our own behind the node's HTTP, on a real socket and the node's own event loop."""

import asyncio
import contextlib
import socket

import uvloop

from bizra_load.node.http import ServerConnection
from bizra_load.node.responses import NodeResponse


def run(scenario):
    """The scenario's result; one that hangs fails."""
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        return runner.run(asyncio.wait_for(scenario, 20))


class Serving:
    """`handled`: targets in the order in which the handler saw them; `open_ones`: the connections."""

    def __init__(self, handle):
        self._handle = handle
        self.handled = []
        self.open_ones = set()

    def _noted(self, method, target, content):
        self.handled.append(target.decode())
        return self._handle(method, target, content)

    async def __aenter__(self):
        loop = asyncio.get_running_loop()
        listening = socket.create_server(("127.0.0.1", 0))
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 65_536)  # for its connections too, on any machine the same
        self.port = listening.getsockname()[1]
        self._server = await loop.create_server(lambda: ServerConnection(self._noted, self.open_ones), sock=listening)
        return self

    async def __aexit__(self, *_):
        self._server.close()
        for connection in list(self.open_ones):
            connection.abort()
        await until(lambda: not self.open_ones)

    async def connect(self):
        return await asyncio.open_connection("127.0.0.1", self.port)

    async def answer_to(self, *pieces, close=True):
        """All that comes back for these bytes, sent in these pieces; `close` ends our side after them."""
        reader, writer = await self.connect()
        for piece in pieces:
            writer.write(piece)
            await writer.drain()
        if close:
            writer.write_eof()
        got = await reader.read()
        writer.close()
        with contextlib.suppress(ConnectionError):
            await writer.wait_closed()
        return got


def echo(method, target, content):
    """Method, target and content, at once; a target that ends in a number waits for so many ms."""
    result = NodeResponse(200, b"%b %b %b" % (method, target, content if content is not None else b"too long"), b"")
    wait_ms = target.rpartition(b"/")[2]
    return _late(result, int(wait_ms) / 1e3) if wait_ms.isdigit() else result


async def _late(response, wait_s):
    await asyncio.sleep(wait_s)
    return response


async def until(condition):
    while not condition():
        await asyncio.sleep(0.005)


def contents(stream):
    """(status, content) of each answer of a whole stream of them; fails on anything else in it."""
    responses = []
    while stream:
        head, blank, rest = stream.partition(b"\r\n\r\n")
        assert blank, stream
        first, *lines = head.decode().split("\r\n")
        headers = dict(line.split(": ", 1) for line in lines)
        length = int(headers["content-length"]) if "content-length" in headers else 0
        assert len(rest) >= length
        responses.append((int(first.split()[1]), rest[:length].decode()))
        stream = rest[length:]
    return responses
