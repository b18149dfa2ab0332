"""Our client's connections for users who ask for anything: one origin's, and what is prepared for each."""

from __future__ import annotations

import socket
import ssl
from collections import deque
from collections.abc import Callable, Hashable
from dataclasses import dataclass
from time import perf_counter_ns

from gevent.lock import Semaphore

from bizra_load.engine.client import Connection, PreparedRequest
from bizra_load.engine.core import Channel
from bizra_load.engine.exhaustion import trouble
from bizra_load.engine.http_parser import Head
from bizra_load.runtime.lean.heads import HeadFacts, facts_of

NO_LIMIT_S = 1e9  # of users who set no limit: thirty years
MAX_PREPARED = 1_000  # requests of one connection: ids make a new one each time
ignored: Callable[[int], None] = deque[int](maxlen=0).append  # when it was sent; nothing in C costs least


@dataclass(frozen=True)
class Reply:
    """A response as it arrived: `done_ns` is when it was there (perf_counter_ns)."""

    facts: HeadFacts
    content: bytes
    done_ns: int


@dataclass(frozen=True)
class Limits:
    """How long an exchange may take, and until it is connected."""

    exchange_s: float
    connect_s: float


class LeanConnection(Connection):
    """A connection that belongs to one greenlet at a time, and so do the requests that are prepared on it."""

    def __init__(self, origin: str, limits: Limits, context: ssl.SSLContext | None) -> None:
        """An unusable URL fails when it is connected, as an unknown name does."""
        self._unusable = ""
        try:
            super().__init__(origin, timeout_s=limits.exchange_s, insecure=True)
        except ValueError as error:
            super().__init__("http://unusable.invalid", timeout_s=limits.exchange_s)
            self._unusable = str(error)
        if context is not None:
            self._tls = context
        self._connect_ns = int(limits.connect_s * 1e9)
        self._known: dict[str, dict[bytes, Head]] = {}
        self.requests: dict[Hashable, PreparedRequest] = {}
        self._latest: dict[bytes, PreparedRequest] = {}
        self.cookies = 0  # the version of the jar that `requests` are of

    def prepared(self, key: Hashable | None, method: str, target: str, rest: bytes) -> PreparedRequest:
        """The request for `target`, whose head goes on with `rest`; kept under `key`. Both have been checked."""
        request = PreparedRequest(method, b"%b %b%b" % (method.encode(), target.encode(), rest))
        request.known = self._known.setdefault(method, {})
        like = self._latest.get(rest) if key is not None else None
        if like is not None:  # the last one of this method and these headers: its response may be as this one's
            request.before, request.after, request.in_all, request.latest = like.before, like.after, like.in_all, like.latest
        if key is not None:
            if len(self.requests) >= MAX_PREPARED:
                self.forget(self.cookies)
            self.requests[key] = self._latest[rest] = request
        return request

    def forget(self, cookies: int) -> None:
        """What was prepared, with another version of the jar."""
        self.cookies = cookies
        self.requests.clear()
        self._latest.clear()

    def reply(self, request: PreparedRequest, body: bytes) -> Reply:
        """Raises EngineError. The common case is in LeanHttpSession.request()."""
        content = self.exchange(request, body, ignored)
        return Reply(facts_of(self.last_head), content, self.last_done_ns)

    def _open(self, deadline_ns: int) -> Channel:
        if self._unusable:
            raise trouble("connecting", socket.gaierror(socket.EAI_NONAME, self._unusable))
        return super()._open(min(deadline_ns, perf_counter_ns() + self._connect_ns))


class Origin:
    """One scheme, host and port, with at most `concurrency` connections. `free`: those that nobody uses."""

    def __init__(self, url: str, host: str, concurrency: int, connect: Callable[[str], LeanConnection]) -> None:
        self.url, self.host = url, host
        self.free: list[LeanConnection] = []
        self._waiting = 0
        self._left = concurrency
        self._connect = connect
        self._given_back = Semaphore(0)

    def take(self) -> LeanConnection:
        """A connection of one's own, as soon as there is one."""
        while not self.free:
            if self._left > 0:
                connection = self._connect(self.url)
                self._left -= 1
                return connection
            self._waiting += 1
            try:
                self._given_back.acquire()
            finally:
                self._waiting -= 1
        return self.free.pop()

    def give_back(self, connection: LeanConnection) -> None:
        """It is free: for one of those that wait."""
        self.free.append(connection)
        if self._waiting:
            self._given_back.release()

    def close(self) -> None:
        """All that nobody uses."""
        for connection in self.free:
            connection.close()
