"""A connection of the node: responses leave in the order of their requests, within the event loop's own call where possible.

A response that is known at once costs no task and no further turn of the loop. A request that has to wait (an injected
latency, a stall) gets a task, and what comes behind it waits for its turn: reading stops meanwhile, so that a connection
can make us keep no more than one read (256 KiB) and what its transport holds back (64 KiB, and one response).
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable, Coroutine
from functools import partial
from typing import Any

from bizra_load.io.cross_origin import refusal
from bizra_load.node.http_requests import Refused, Request, Requests
from bizra_load.node.responses import NodeResponse, error, on_the_wire

WITHIN_S = 30.0  # a request from its first byte to its last; a response that nobody takes
LINGER_S = 2.0  # closing with bytes unread resets the connection, which could destroy the response on its way

# (method, target, content; None: too long) -> the response, or a coroutine that returns it
Handler = Callable[[bytes, bytes, bytes | None], NodeResponse | Coroutine[Any, Any, NodeResponse]]


class ServerConnection(asyncio.Protocol):
    """`open_ones` holds every connection from its beginning to its end."""

    def __init__(self, handle: Handler, open_ones: set[ServerConnection]) -> None:
        self._handle = handle
        self._open_ones = open_ones
        self._requests = Requests(self._served, self._proceed)
        self._transport: Any = None
        self._task: asyncio.Task[None] | None = None  # the request that waits for its response
        self._turns: deque[Callable[[], None]] = deque()  # what comes behind it
        self._clogged = False  # the other side does not read: nothing more is done for it until it does
        self._last = False  # no request comes any more
        self._finished = False  # the last response was written
        self._timer: asyncio.TimerHandle | None = None

    # What the transport calls

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = transport
        self._open_ones.add(self)

    def data_received(self, data: bytes) -> None:
        requests = self._requests
        try:
            requests.feed(data)
        except Refused as refused:
            self._in_turn(partial(self._refuse, refused.status, str(refused)))
        if requests.begun:
            if self._timer is None or requests.completed:
                self._watch(WITHIN_S)
        elif self._timer is not None and not self._clogged and not self._finished:
            self._unwatch()

    def eof_received(self) -> bool:
        """True keeps the connection for the responses that are still to come."""
        self._last = True
        if self._task is not None or self._turns:
            return True
        self._watch(WITHIN_S)
        return False

    def connection_lost(self, exc: Exception | None) -> None:
        """An operation under way is carried out all the same, as it was asked for."""
        self._unwatch()
        self._open_ones.discard(self)
        self._turns.clear()
        self._requests.close()
        self._transport = None

    def pause_writing(self) -> None:
        self._clogged = True
        self._watch(WITHIN_S)

    def resume_writing(self) -> None:
        self._clogged = False
        if self._finished or self._transport.is_closing():
            return  # the time for the end runs on
        self._unwatch()
        if self._requests.begun:
            self._watch(WITHIN_S)
        self._go_on()

    # What the server calls

    def end(self) -> None:
        """Close once every request so far has its response."""
        self._last = True
        self._go_on()

    def abort(self) -> None:
        """Close at once."""
        if self._transport is not None:
            self._transport.abort()

    # One after the other

    def _served(self, request: Request) -> None:
        if self._task is None and not self._turns and not self._clogged:
            self._serve(request)
        else:
            self._in_turn(partial(self._serve, request))

    def _proceed(self) -> None:
        self._in_turn(partial(self._write, b"HTTP/1.1 100 Continue\r\n\r\n"))

    def _in_turn(self, step: Callable[[], None]) -> None:
        if self._task is None and not self._turns and not self._clogged:
            step()
        else:
            self._turns.append(step)
            self._transport.pause_reading()

    def _go_on(self) -> None:
        while self._turns and self._task is None and not self._clogged:
            self._turns.popleft()()
        if self._turns or self._task is not None or self._transport is None or self._transport.is_closing():
            return
        if self._last:
            self._close()
        elif not self._clogged:
            self._transport.resume_reading()

    def _serve(self, request: Request) -> None:
        try:
            response = self._handle(request.method, request.target, request.content)
        except Exception as reason:
            response = _failed(reason)
        if isinstance(response, NodeResponse):
            self._give(request, response)
        else:
            self._task = asyncio.get_running_loop().create_task(self._wait_for(request, response))

    async def _wait_for(self, request: Request, coming: Coroutine[Any, Any, NodeResponse]) -> None:
        try:
            response = await coming
        except Exception as reason:
            response = _failed(reason)
        self._task = None
        self._give(request, response)
        self._go_on()

    def _give(self, request: Request, response: NodeResponse) -> None:
        keep_alive = request.keep_alive and (True if request.ask else None)
        self._write(on_the_wire(response, keep_alive, request.method == b"HEAD"))
        if keep_alive is False:
            self._finish()

    def _refuse(self, status: int, reason: str) -> None:
        self._write(on_the_wire(error(status, reason), False))
        self._finish()

    def _write(self, data: bytes) -> None:
        if self._transport is not None and not self._transport.is_closing():
            self._transport.write(data)

    # The end

    def _finish(self) -> None:
        """The last response was written. What still comes is read and thrown away until the other side closes, too."""
        self._finished = True
        self._turns.clear()
        if self._transport is None or self._transport.is_closing():
            return
        if self._last:
            self._close()
        else:
            self._transport.write_eof()
            self._transport.resume_reading()
            self._watch(LINGER_S)

    def _close(self) -> None:
        """What was written is still sent."""
        self._transport.close()
        self._watch(WITHIN_S)

    def _watch(self, within_s: float) -> None:
        self._unwatch()
        self._timer = asyncio.get_running_loop().call_later(within_s, self._overdue)

    def _unwatch(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _overdue(self) -> None:
        self._timer = None
        transport = self._transport
        if transport is None:
            return
        if self._clogged or transport.is_closing():
            transport.abort()
        elif self._finished:
            self._close()
        elif self._task is not None or self._turns:
            self._watch(WITHIN_S)  # it is we who do not read
        else:
            self._requests.end()
            self._refuse(408, f"the request did not come whole within {WITHIN_S:g} s")


class OwnPagesConnection(ServerConnection):
    """One that another web page can't use through somebody's browser (see bizra_load.io.cross_origin)."""

    def _serve(self, request: Request) -> None:
        host, origin, site = (text.decode("latin-1") for text in request.sender)
        if reason := refusal(request.method.decode("latin-1"), host, origin, site):
            self._give(request, error(403, f"refused: {reason}"))
        else:
            super()._serve(request)


def _failed(reason: Exception) -> NodeResponse:
    asyncio.get_running_loop().call_exception_handler({"message": "a request could not be served", "exception": reason})
    return error(500, "the node failed to respond")
