"""The common case of a request, in Python: an open connection, a request that fits the send buffer, a head known from the
response before, the response in one read. What is rare is done by the subclasses: Reactor and Connection.

core_compiled.pyx has the same classes, line by line; engine.core chooses. What is changed here is changed there.
"""

from __future__ import annotations

import time
from array import array
from collections.abc import Callable
from select import EPOLLERR, EPOLLHUP, EPOLLRDHUP
from typing import Any

from gevent import Timeout, getcurrent

from bizra_load.engine.appenders import Recorded, appender, rows_appender
from bizra_load.engine.channels import Channel
from bizra_load.engine.errors import EngineError, ResponseTimeout
from bizra_load.engine.exhaustion import trouble
from bizra_load.engine.http_parser import Head
from bizra_load.engine.outcomes import SUSPECT, Unsent, Unsettled

INTERFACE = 2  # with the rest of the engine: raised here and in core_compiled.pyx where that changes
READ_BYTES = 65_536
TURN_NS = 200_000  # so long responses are taken before everything else gets its turn
# So long requests of users who got their responses together are held back, to be sent together: the first send wakes the server
# up, which is a tenth of a request, and the others find it awake.
HOLD_NS = 100_000
# After so long without a request a kept connection is looked at before the next one: servers close those that are idle, and
# what has just arrived may not have come through the reactor yet. Looking costs a fifth of a request.
IDLE_NS = 100_000_000
_LENGTHS = tuple(b"%d\r\n\r\n" % n for n in range(4096))  # the ends of most requests' heads
_CLOSED = EPOLLRDHUP | EPOLLHUP | EPOLLERR
_clock = time.perf_counter_ns
__all__ = ["BaseConnection", "BaseReactor", "BaseRequest", "Channel", "appender", "rows_appender"]


class BaseReactor:
    """Whoever waits, by descriptor. `epoll` has all their sockets, edge-triggered.

    hints     descriptors with an edge that nobody waited for: perhaps closed by the peer; the next user checks before sending
              (each time those of channels that keep something)
    turns     how long (ns) each batch of responses took to read, 0 for a single one
    sweep_ns  when whoever waits in vain is timed out next
    holding   whether requests are held back, with others that `held` has
    hold_ns   so long at most, but for what is being worked on then
    """

    def __init__(self, epoll: Any, hub: Any) -> None:
        self._poll = epoll.poll
        self.waiting: dict[int, Channel] = {}
        self.writing: dict[int, Channel] = {}
        self.hints: set[int] = set()
        self.turns = array("q")
        self.sweep_ns = 1 << 62
        self.switch = hub.switch
        self.holding, self.hold_ns = False, HOLD_NS
        self.held: list[tuple[Channel, BaseConnection, bytes, Callable[[int], None]]] = []

    def sweep_at(self, due_ns: int) -> None:
        """Time out whoever waits in vain at `due_ns`."""
        raise NotImplementedError

    def receive(self, channel: Channel, deadline_ns: int) -> bytes:
        """Wait for the next bytes."""
        raise NotImplementedError

    def ready(self) -> None:
        """Take what is ready, and while somebody waits what has become ready meanwhile, before the hub's own turn: that turn
        costs as much as half a request. At most TURN_NS, so that due arrivals and everything else get theirs.
        """
        waiting, hints, poll, add_turn = self.waiting, self.hints, self._poll, self.turns.append
        now_ns = _clock()
        end_ns = now_ns + TURN_NS
        while events := poll(0):
            begun_ns, ready = now_ns, list[tuple[Any, bytes | OSError | None]]()
            for fd, flags in events:
                channel = waiting.pop(fd, None)
                if channel is None or flags & _CLOSED:  # a response and the end behind it may share one edge
                    hints.add(fd)
                    if channel is None:
                        if fd in self.writing:
                            ready.append((self.writing.pop(fd).waiter, None))
                        continue
                data: bytes | OSError
                try:
                    data = channel.recv(READ_BYTES)
                except BlockingIOError:  # a part of what TLS can decrypt
                    waiting[fd] = channel
                    continue
                except OSError as error:
                    data = error
                channel.read_ns = now_ns = _clock()
                ready.append((channel.waiter, data))
            add_turn(now_ns - begun_ns if len(ready) > 1 else 0)
            self.holding, until_ns = len(ready) > 1, now_ns + self.hold_ns
            try:
                for waiter, what in ready:
                    waiter.switch(what)
                    if self.held and _clock() > until_ns:
                        self._send_held()
                        until_ns = _clock() + self.hold_ns
            finally:
                self.holding = False
                self._send_held()
            now_ns = _clock()
            if not waiting or now_ns >= end_ns:
                break

    def _send_held(self) -> None:
        """All that are held back, but of those that were closed meanwhile. Who could not send the whole of it is told so."""
        left, self.held = iter(self.held), []
        try:
            for channel, connection, asked, started in left:
                if self.waiting.get(channel.fd) is not channel:
                    continue
                sent_ns = _clock()
                connection.last_held_ns, connection.last_sent_ns = sent_ns - connection.last_sent_ns, sent_ns
                connection.last_started = True
                sent, error = 0, None
                try:
                    started(sent_ns)
                    sent = channel.send(asked)
                except BlockingIOError:
                    pass
                except Exception as trouble:  # whatever it is, it is this request's alone
                    error = trouble
                if sent != len(asked):
                    self.waiting.pop(channel.fd, None)
                    channel.waiter.switch(Unsent(sent, error))
                    error = None  # its traceback holds this frame
        finally:
            self.held[:0] = left  # none, but where something ends this process


class BaseRequest:
    """`head` ends behind "Content-Length: "; only the length and the body remain to be added.

    alone       the whole request without a body: one whose content means nothing has no length then (RFC 9110 section 8.6)
    known       heads of responses, by their text without the blank line
    before      what the last whole response began with, up to its body, and `after`: what came behind that
    in_all      how long it was: one as long that begins and ends so has the same head, `latest`, and the body between
    """

    __slots__ = ("after", "alone", "before", "head", "in_all", "known", "latest", "method")

    def __init__(self, method: str, head: bytes, alone: bytes) -> None:
        self.method, self.head, self.alone = method, head, alone
        self.known: dict[bytes, Head] = {}
        self.before = self.after = b""
        self.in_all = -1
        self.latest = Head(0, None, False, False)


class BaseConnection:
    """One request after the other on one channel, opened by the subclass.

    last_sent_ns    when the last request was sent, right before it was (perf_counter_ns)
    last_held_ns    how long it had been held back before that
    last_started    whether that was said to `started`
    last_done_ns    when the last byte of its response had arrived
    last_head       what its response began with
    last_bytes      of its content (of attempt())
    """

    def __init__(self, reactor: BaseReactor, timeout_ns: int) -> None:
        self._reactor, self._timeout_ns = reactor, timeout_ns
        self._hints, self._waiting, self._switch = reactor.hints, reactor.waiting, reactor.switch
        self._channel: Channel | None = None
        self._done_ns = 0  # when the last response on this connection had arrived; 0 before the first
        self.last_sent_ns = self.last_held_ns = self.last_done_ns = self.last_bytes = 0
        self.last_started = False
        self.last_head = Head(0, None, False, False)

    def exchange(self, request: BaseRequest, body: bytes, started: Callable[[int], None]) -> bytes:
        """Send, call `started(sent_ns)`, wait for the whole response, and return its body. Raises EngineError, and has
        closed the connection then.

        Long because every call costs a percent of a request: the common case runs through here without a further one of our own
        but the wait.
        """
        self.last_sent_ns = sent_ns = _clock()
        reactor, deadline_ns = self._reactor, sent_ns + self._timeout_ns
        doing, self.last_held_ns = "sending", 0
        try:
            channel = self._channel
            if channel is None or channel.fd in self._hints or sent_ns - self._done_ns > IDLE_NS:
                self.last_started = False
                channel = self._opened_channel(sent_ns, deadline_ns)
                self.last_sent_ns = _clock()
            if length := len(body):
                asked = b"".join((request.head, _LENGTHS[length] if length < 4096 else b"%d\r\n\r\n" % length, body))
            else:
                asked = request.alone
            if reactor.holding:
                self.last_started = False
                reactor.held.append((channel, self, asked, started))
            else:
                self.last_started = True
                started(self.last_sent_ns)
                try:
                    sent = channel.send(asked)
                except BlockingIOError:
                    sent = 0
                except (ConnectionResetError, BrokenPipeError) as error:
                    channel, sent = self._opened_anew(error, deadline_ns), 0
                if sent != len(asked):
                    self._write_rest(channel, asked, sent, deadline_ns)
            doing = "receiving"
            # a response just asked for is not there yet: as Reactor.receive() does
            self._waiting[channel.fd] = channel
            channel.waiter, channel.deadline_ns = getcurrent(), deadline_ns
            if deadline_ns < reactor.sweep_ns:
                reactor.sweep_at(deadline_ns)
            data = self._switch()
            if data.__class__ is Unsent:
                doing = "sending"
                channel = self._send_rest(channel, asked, data, deadline_ns)
                doing = "receiving"
                data = reactor.receive(channel, deadline_ns)
            if data.__class__ is not bytes:
                raise data
            done_ns = channel.read_ns
            if done_ns > deadline_ns:
                raise ResponseTimeout("no complete response in time")
            if len(data) == request.in_all and data.startswith(request.before) and data.endswith(request.after):
                self.last_head = request.latest
                self._done_ns = self.last_done_ns = done_ns
                return data[len(request.before) : len(data) - len(request.after)]
            return self._receive_rest(request, asked, data, done_ns, deadline_ns)
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

    def attempt(
        self, operation: Recorded, request: BaseRequest, body: bytes, check: Callable[[bytes], Any], intended_ns: int
    ) -> Any:
        """exchange(), and what `check` returns for the body: a success, which is recorded. Raises EngineError as exchange()
        does, and Unsettled where nothing is recorded yet.
        """
        content = self.exchange(request, body, operation.started)
        self.last_bytes = len(content)
        if not 200 <= self.last_head.status < 300:
            raise Unsettled(content)
        try:
            result = check(content)
        except (Exception, Timeout) as error:  # a timer that the check itself set, and gevent's is no Exception
            raise Unsettled(content, None, error) from None
        if result.__class__ in SUSPECT and result is not True:
            raise Unsettled(content, result)
        operation.succeeded(intended_ns, self.last_sent_ns, self.last_done_ns)
        return result

    def close(self) -> None:
        """Close the channel, if there is one."""
        raise NotImplementedError

    def _opened_channel(self, now_ns: int, deadline_ns: int) -> Channel:
        """The open one, or another."""
        raise NotImplementedError

    def _open(self, deadline_ns: int) -> Channel:
        """A new one."""
        raise NotImplementedError

    def _opened_anew(self, error: OSError, deadline_ns: int) -> Channel:
        """A new one instead of one on which nothing could be sent."""
        raise NotImplementedError

    def _send_rest(self, channel: Channel, asked: bytes, unsent: Unsent, deadline_ns: int) -> Channel:
        """Send what is left of a held request, or raise what it failed by; the channel where it is."""
        raise NotImplementedError

    def _write_rest(self, channel: Channel, data: bytes, sent: int, deadline_ns: int) -> None:
        """Send what is behind the first `sent` bytes."""
        raise NotImplementedError

    def _receive_rest(self, request: BaseRequest, asked: bytes, data: bytes, done_ns: int, deadline_ns: int) -> bytes:
        """The body of a response that did not come as one piece with a known head; sets `last_head` and `last_done_ns`."""
        raise NotImplementedError
