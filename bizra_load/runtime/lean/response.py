"""Responses as FastHttpUser gives them, made of what nobody can do without: all else when it is asked for."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from functools import cached_property
from typing import TYPE_CHECKING, Any, NamedTuple

import orjson
from charset_normalizer import detect
from geventhttpclient.header import Headers
from locust.contrib.fasthttp import FastRequest, FastResponse, LocustBadStatusCode, ResponseContextManager

from bizra_load.runtime.lean.contents import Stream
from bizra_load.runtime.lean.heads import NOTHING, HeadFacts

if TYPE_CHECKING:
    from bizra_load.runtime.lean.session import LeanHttpSession


class Asked(NamedTuple):
    """What request() was called with. `kind`: of its body, one of BODIES, None without one."""

    method: str
    url: str
    kind: str | None
    headers: Any
    auth: Any
    params: Any
    body: bytes
    name: str
    context: dict[str, Any]


class Settled(NamedTuple):
    """What came of a request. `content` is None where no whole response came; times are perf_counter_ns."""

    facts: HeadFacts
    content: bytes | None
    done_ns: int
    error: BaseException | None = None
    request: FastRequest | None = None
    redirects: tuple[FastResponse, ...] = ()
    length: int = 0


class LeanResponse(FastResponse):
    """See FastResponse. The content is decoded; None, as the headers are, where no whole response came."""

    content: bytes | None = None  # type: ignore[assignment]  # FastHttpUser's is, too
    error: BaseException | None = None
    redirects: tuple[FastResponse, ...] = ()

    def __init__(
        self, session: LeanHttpSession, asked: Asked, facts: HeadFacts, content: bytes | None, start_ns: int, done_ns: int
    ) -> None:
        self.session, self.asked, self.facts, self.content = session, asked, facts, content
        self.start_ns, self.done_ns = start_ns, done_ns

    @property
    def status_code(self) -> int:
        return self.facts.status

    @cached_property
    def headers(self) -> Headers | None:  # type: ignore[override]
        return None if self.facts is NOTHING else self.facts.headers.copy()

    @cached_property
    def request(self) -> FastRequest:  # type: ignore[override]
        return self.session.fast_request(self.asked)

    @property
    def url(self) -> str:
        return str(self.request.url) if "request" in self.__dict__ else self.session._build_url(self.asked.url)

    @property
    def text(self) -> str | None:  # type: ignore[override]  # of geventhttpclient's, as Locust's own is
        if self.content is None:
            return None
        encoding = self.encoding or self.facts.encoding or detect(self.content)["encoding"]
        if encoding is None:
            return None
        self.encoding = str(encoding)
        return str(self.content, self.encoding, errors="replace")

    def json(self) -> Any:
        content = self.content
        if content and self.encoding is None and (content.isascii() or self.facts.encoding == "utf-8"):
            try:
                return orjson.loads(content)
            except orjson.JSONDecodeError:  # NaN, and what is none at all: the standard library's word is what is known
                pass
        return json.loads(self.text)  # type: ignore[arg-type]  # None raises TypeError, as there

    @cached_property
    def _response(self) -> Stream:  # type: ignore[override]
        return Stream(self.facts, self.content or b"")

    @property
    def _elapsed(self) -> float:  # type: ignore[override]
        return (self.done_ns - self.start_ns) / 1e9

    @property
    def _history(self) -> list[FastResponse]:  # type: ignore[override]
        return list(self.redirects)

    def iter_content(self, chunk_size: int = 1024, decode_content: bool = True) -> Iterator[Any]:
        content = self.content or b""
        for at in range(0, len(content), chunk_size):
            piece = content[at : at + chunk_size]
            try:
                yield piece.decode() if decode_content else piece
            except UnicodeDecodeError:
                yield piece

    def settled(self, outcome: Settled) -> None:
        """It took more than one plain response."""
        self.error, self.redirects = outcome.error, outcome.redirects
        self.__dict__["length"] = outcome.length
        if outcome.request is not None:
            self.__dict__["request"] = outcome.request
        if (error := outcome.error) is not None:  # what geventhttpclient's exceptions have
            error.__dict__["request"] = outcome.request
            if isinstance(error, LocustBadStatusCode):
                error.__dict__["response"] = self

    def told(self) -> tuple[str, str, int, int, int]:
        """What LeanHttpSession.succeeded() takes."""
        length = self.__dict__["length"] if "length" in self.__dict__ else len(self.content or b"")
        return self.asked.method, self.asked.name, self.start_ns, self.done_ns, length

    def shown(self) -> LeanResponse:
        """The response as listeners get it."""
        return self

    def meta(self) -> dict[str, Any]:
        """What Locust's request event is fired with."""
        asked, user = self.asked, self.session.user
        return {
            "request_type": asked.method,
            "name": asked.name,
            "context": {**user.context(), **asked.context} if user else asked.context,
            "response": self.shown(),
            "exception": self.error,
            "start_time": time.time() - (time.perf_counter_ns() - self.start_ns) / 1e9,
            "url": self.session._build_url(asked.url),
            "response_length": self.told()[4],
            "response_time": (self.done_ns - self.start_ns) / 1e6,
        }


class LeanContext(LeanResponse, ResponseContextManager):
    """See ResponseContextManager."""

    _catch_response = True

    @property
    def _request_event(self) -> Any:
        return self.session.request_event

    @cached_property
    def request_meta(self) -> dict[str, Any]:
        return self.meta()

    def shown(self) -> LeanResponse:
        """Without what the block says of it."""
        response = LeanResponse(self.session, self.asked, self.facts, self.content, self.start_ns, self.done_ns)
        for name in ("error", "redirects", "length", "request"):
            if name in self.__dict__:
                response.__dict__[name] = self.__dict__[name]
        return response

    def __exit__(self, exc: Any, value: Any, traceback: Any) -> bool:  # type: ignore[override]
        """The common case: nothing was raised, nobody has touched what the event would have."""
        result = self._manual_result
        good = result is True or (result is None and self.error is None)
        if exc is None and good and "request_meta" not in self.__dict__ and self.session.succeeded(*self.told()):
            return True
        return bool(super().__exit__(exc, value, traceback))  # type: ignore[no-untyped-call]  # Locust's
