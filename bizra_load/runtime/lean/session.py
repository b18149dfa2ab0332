"""LeanHttpSession: FastHttpSession on our client. What that can't do (streams, files, proxies) goes through Locust's own."""

from __future__ import annotations

import ssl
from collections.abc import Callable, Hashable
from time import perf_counter_ns
from typing import Any
from urllib.parse import urlsplit

import gevent
from geventhttpclient.header import Headers
from geventhttpclient.url import DEFAULT_PORTS, URL
from geventhttpclient.useragent import ConnectionError as RequestFailed
from geventhttpclient.useragent import RetriesExceeded
from locust.contrib.fasthttp import FastHttpSession, FastRequest, LocustBadStatusCode
from locust.user import User

from bizra_load.engine.client import PreparedRequest
from bizra_load.engine.errors import EngineError
from bizra_load.runtime.lean.bodies import KINDS, body_of, lines_of, payload_of
from bizra_load.runtime.lean.contents import decoded
from bizra_load.runtime.lean.cookies import Info, Jar
from bizra_load.runtime.lean.failures import failure_of
from bizra_load.runtime.lean.heads import NOTHING, facts_of
from bizra_load.runtime.lean.origins import NO_LIMIT_S, LeanConnection, Limits, Origin, Reply, ignored
from bizra_load.runtime.lean.reporting import reporting_of
from bizra_load.runtime.lean.response import Asked, LeanContext, LeanResponse, Settled
from bizra_load.runtime.lean.targets import PATH, key_of, rest_of, target_of

MAX_RESTS = 100  # of heads: one for each method with other headers
Succeeded = Callable[[str, str, int, int, int], bool]
_differ = dict.__ne__  # of two Headers as they are stored: theirs is Python
_asked = tuple.__new__  # an Asked without the call to its __new__, which is Python


class LeanHttpSession(FastHttpSession):
    """See FastHttpSession, whose arguments these are."""

    def __init__(
        self,
        base_url: str,
        request_event: Any,
        user: User | None,
        insecure: bool = True,
        client_pool: Any = None,
        ssl_context_factory: Callable[[], ssl.SSLContext] | None = None,
        **options: Any,
    ) -> None:
        super().__init__(base_url, request_event, user, insecure, client_pool, ssl_context_factory, **options)
        self._jar = self.cookiejar = self.client.cookiejar = Jar()
        agent = self.client.default_headers
        if "user-agent" not in Headers(options.get("headers")):
            agent["User-Agent"] = "bizra-load"
        self._ours = client_pool is None and not options.get("proxy_host") and not options.get("max_retries")
        exchange_s, connect_s = options.get("network_timeout", 60.0), options.get("connection_timeout", 60.0)
        limits = Limits(*(NO_LIMIT_S if limit is None else float(limit) for limit in (exchange_s, connect_s)))
        factory = ssl_context_factory or (None if insecure else gevent.ssl.create_default_context)
        self._connect = lambda url: LeanConnection(url, limits, factory() if factory and url.startswith("https") else None)
        self._concurrency = int(options.get("concurrency", 10))
        self._origins: dict[tuple[str, str, int | None], Origin] = {}
        self._rests: dict[Hashable, bytes] = {}
        self._pool = self.client.clientpool
        self._close_pool, self._pool.close = self._pool.close, self.close  # type: ignore[method-assign]  # of files that call it
        self._renew()
        # whether everybody knows now of one that succeeded; False where the event has to be fired
        self.succeeded: Succeeded = reporting_of(user.environment).succeeded if user is not None else _nobody

    def __setattr__(self, name: str, value: Any) -> None:
        """Files set what goes into every request."""
        super().__setattr__(name, value)
        if name in ("base_url", "auth_header") and "_base" in self.__dict__:
            self._renew()

    def request(
        self, method: str, url: str, name: str | None = None, data: Any = None, catch_response: bool = False,
        stream: bool = False, headers: dict[str, Any] | None = None, auth: tuple[str | bytes, str | bytes] | None = None,
        json: Any = None, allow_redirects: bool = True, context: dict[str, Any] = {},  # noqa: B006  # nobody writes to it
        params: Any = None, **kwargs: Any,
    ) -> Any:  # fmt: skip
        """See FastHttpSession.request(). Long because every call costs: the common case runs through here."""
        kind, body = None, b""
        if data:
            kind = KINDS.get(data.__class__)
        elif json is not None:
            kind, data = "json", json
        if stream or kwargs or not self._ours or (data and kind is None):
            options = {**kwargs, "params": params} if params is not None else kwargs
            if kind == "json":
                data = None
            return super().request(
                method, url, name, data, catch_response, stream, headers, auth, json, allow_redirects, context, **options
            )
        if kind is not None:
            body = body_of(data, kind)
        asked = _asked(Asked, (method, url, kind, headers, auth, params, body, name or self.request_name or url, context))
        key: Hashable = (method, url, kind)
        if headers or auth or params:
            key = key_of(asked)
        if _differ(self.client.default_headers, self._defaults):
            self._renew()
        origin = self._base if url.startswith("/") else self._origin_of(URL(self._build_url(url)))
        jar = self._jar
        start_ns = perf_counter_ns()
        trouble: BaseException | None = None
        connection = origin.free.pop() if origin.free else origin.take()
        try:
            if jar.version and connection.cookies != jar.now():
                connection.forget(jar.version)
            request = connection.requests.get(key) or self._prepared(origin, connection, key, asked)
            content = connection.exchange(request, body, ignored)
            start_ns += connection.last_held_ns
            facts, done_ns = facts_of(connection.last_head), connection.last_done_ns
        except (EngineError, gevent.Timeout) as error:
            trouble = error
            start_ns += connection.last_held_ns
        finally:
            origin.give_back(connection)
        kind_of = LeanContext if catch_response else LeanResponse
        if trouble is None and facts.plain:
            response = kind_of(self, asked, facts, content, start_ns, done_ns)
            if catch_response or self.succeeded(method, asked[7], start_ns, done_ns, len(content)):
                return response
        else:
            reply = Reply(facts, content, done_ns) if trouble is None else trouble
            response = self._settled(kind_of, asked, reply, start_ns, allow_redirects)
        if not catch_response and (response.error is not None or not self.succeeded(*response.told())):
            self.request_event.fire(**response.meta())
        return response

    def fast_request(self, asked: Asked) -> FastRequest:
        """As FastHttpSession would have made it, with the cookies that are known now. Raises ValueError."""
        built = self._build_url(asked.url)
        lines = self._lines(asked, self._origin_of(URL(built)))
        payload = payload_of(asked.body, asked.kind, lines)
        request = FastRequest(built, method=asked.method, headers=lines, payload=payload, params=asked.params)
        if self._jar.version:
            self._jar.add_cookie_header(request)
        return request

    def close(self) -> None:
        """Connections that nobody uses; later requests open others."""
        self._close_pool()
        for origin in self._origins.values():
            origin.close()

    def _renew(self) -> None:
        """Every request is prepared anew, with the base URL, its credentials and the headers that are set now."""
        self._defaults = dict.copy(self.client.default_headers)
        self._jar.renew()
        base = urlsplit(str(self.base_url))
        self._prefix = base.path if not base.query and not base.fragment and PATH.fullmatch(base.path or "/") else None
        self._base = self._origin_of(URL(str(self.base_url)))

    def _lines(self, asked: Asked, origin: Origin) -> Headers:
        own = self.auth_header if origin is self._base else None
        return lines_of(self.client.default_headers, asked.kind, asked.headers, asked.auth, own)

    def _origin_of(self, url: URL) -> Origin:
        """Raises ValueError for what is no URL of http."""
        key = url.scheme, url.host, url.port
        origin = self._origins.get(key)
        if origin is None:
            host = f"[{url.host}]" if ":" in url.host else url.host
            address = f"{url.scheme}://{host}:{url.port}"
            name = host if url.port == DEFAULT_PORTS.get(url.scheme) else f"{host}:{url.port}"
            origin = self._origins[key] = Origin(address, name, self._concurrency, self._connect)
        return origin

    def _prepared(self, origin: Origin, connection: LeanConnection, key: Hashable, asked: Asked) -> PreparedRequest:
        """What is kept for all requests like it. Raises ValueError."""
        method = asked.method.upper()
        if asked.params is None and self._prefix is not None and PATH.fullmatch(asked.url):
            target = self._prefix + asked.url
        else:
            target = target_of(URL(self._build_url(asked.url), params=asked.params))
        alike = (method, asked.kind, origin.url, self._jar.version, key[3:] if isinstance(key, tuple) else None)
        rest = self._rests.get(alike) if key is not None else None
        if rest is None:
            rest = rest_of(self.fast_request(asked), origin.host)
            if key is not None and self._jar.for_all_paths:
                if len(self._rests) >= MAX_RESTS:
                    self._rests.clear()
                self._rests[alike] = rest
        return connection.prepared(key, method, target, rest)

    def _settled(self, kind_of: type[LeanResponse], asked: Asked, reply: Any, start_ns: int, follow: bool) -> LeanResponse:
        """What comes of a request whose response was no plain one, or that failed."""
        if isinstance(reply, Reply):
            outcome = self._followed(self.fast_request(asked), asked, reply, start_ns, follow)
        else:
            outcome = _failed(reply, self.fast_request(asked))
        response = kind_of(self, asked, outcome.facts, outcome.content, start_ns, outcome.done_ns)
        response.settled(outcome)
        return response

    def _followed(self, request: FastRequest, asked: Asked, reply: Reply, start_ns: int, follow: bool) -> Settled:
        """Take cookies, follow redirects, decode the content."""
        redirects: list[LeanResponse] = []
        most, redirects_of = self.client.max_redirects, self.client.redirect_response_codes
        while True:
            facts = reply.facts
            if facts.sets_cookies:
                self._jar.extract_cookies(Info(facts.headers), request)  # type: ignore[arg-type]
            location = facts.headers.get("location")
            if not (follow and most > 0 and facts.status in redirects_of and isinstance(location, str) and location):
                return _final(request, reply, redirects, self.client.valid_response_codes)
            if len(redirects) == most:
                limit = RetriesExceeded(self._build_url(asked.url), f"Redirection limit reached ({most})")
                return _failed(limit, self.fast_request(asked))
            redirects.append(LeanResponse(self, asked, facts, reply.content, start_ns, reply.done_ns))
            try:
                request.redirect(facts.status, location)
                self._jar.add_cookie_header(request)
                reply = self._sent(request)
            except (EngineError, gevent.Timeout, RequestFailed) as error:
                return _failed(error, self.fast_request(asked))
            except ValueError as error:
                return _failed(RequestFailed(request.url, f"the redirect leads to no URL: {error}"), self.fast_request(asked))

    def _sent(self, request: FastRequest) -> Reply:
        """The response to one that a redirect led to. Raises EngineError, and ValueError for what is no URL."""
        origin = self._origin_of(request.url_split)
        connection = origin.take()
        try:
            rest, payload = rest_of(request, origin.host), request.payload or b""
            prepared = connection.prepared(None, request.method, target_of(request.url_split), rest)
            return connection.reply(prepared, payload.encode() if isinstance(payload, str) else payload)
        finally:
            origin.give_back(connection)


def _nobody(method: str, name: str, start_ns: int, done_ns: int, length: int) -> bool:
    """False: a session without a user has its event alone."""
    return False


def _final(request: FastRequest, reply: Reply, redirects: list[LeanResponse], valid: frozenset[int]) -> Settled:
    facts, content = reply.facts, reply.content
    error: BaseException | None = None
    try:
        content = decoded(facts, content)
        length = len(content)
    except Exception as trouble:  # brotli's is no other's; the content stays as it came
        error, length = trouble, 0
    if facts.status not in valid:
        error = LocustBadStatusCode(request.url, code=facts.status)
    return Settled(facts, content, reply.done_ns, error, request, tuple(redirects) if error is None else (), length)


def _failed(error: BaseException, request: FastRequest) -> Settled:
    """No response, or none that ends it."""
    if isinstance(error, EngineError):
        error = failure_of(error, str(request.url))
    elif isinstance(error, gevent.Timeout):  # one that the locustfile has set
        error = RetriesExceeded(request.url, 0, original=error)
    return Settled(NOTHING, None, perf_counter_ns(), error, request)
