"""How the node responds: the service, its metrics and its admin interface, each on a port of its own.

The time inside an operation is taken around the operation alone; injected latency counts as part of it. A stall holds
finished responses back and stays outside, as a frozen network or process pause would.

The metrics are rendered in the same event loop: a thread of its own would fight for the interpreter lock in the middle of
operations, here a scrape falls between them and never into a measured time.
"""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import Callable, Coroutine
from typing import Any, NamedTuple
from urllib.parse import unquote_to_bytes

import orjson
from httptools import HttpParserInvalidURLError, parse_url

from bizra_load.node.attestations import Attestor, BadRequest, json_object
from bizra_load.node.faults import FaultError, Faults
from bizra_load.node.http_requests import TOO_LONG
from bizra_load.node.metrics import NodeMetrics, OperationSeries
from bizra_load.node.precise_sleep import PreciseSleep
from bizra_load.node.responses import NodeResponse, error

_HEALTH = NodeResponse(200, b'{"status":"ok"}')
_TEXT = b"content-type: text/plain\r\n"
_METRICS = b"content-type: text/plain; version=0.0.4; charset=utf-8\r\n"
Coming = Coroutine[Any, Any, NodeResponse]


class _Operation(NamedTuple):
    """`checked` turns a request into the argument of `carry_out`, or raises BadRequest. What `carry_out` returns is the whole
    response, or the value of `key` in it.
    """

    name: str
    checked: Callable[[dict[str, Any]], Any]
    carry_out: Callable[[Any], Any]
    key: str
    metrics: OperationSeries


class Node:
    """State shared by the three interfaces; everything runs in one event loop, so counters are exact without locks."""

    def __init__(self, attestor: Attestor, metrics: NodeMetrics, faults: Faults) -> None:
        self._metrics = metrics
        self._faults = faults
        self._sleep = PreciseSleep()
        self._faults_changed = asyncio.Event()
        of = metrics.operations
        generate = _Operation("generate", attestor.evidence_of, attestor.generate, "", of["generate"])
        verify = _Operation("verify", attestor.signed_parts, lambda p: attestor.verify(*p), "valid", of["verify"])
        finality = _Operation("finality", attestor.hash_of, attestor.is_final, "finalized", of["finality"])
        self._routes: dict[bytes, tuple[bytes, _Operation | None]] = {
            b"/api/v1/poi/generate": (b"POST", generate),
            b"/api/v1/poi/verify": (b"POST", verify),
            b"/api/v1/finality": (b"POST", finality),
            b"/health": (b"GET", None),
        }

    def service(self, method: bytes, target: bytes, content: bytes | None) -> NodeResponse | Coming:
        response = self._respond(method, target, content)
        if self._faults.stalled_until > time.monotonic() and isinstance(response, NodeResponse):
            return self._after_stall(response)
        return response

    def release(self) -> None:
        """All faults off, and the responses that a stall holds back are sent."""
        self._faults.clear()
        self._tell_stalled()

    def _tell_stalled(self) -> None:
        self._faults_changed.set()
        self._faults_changed = asyncio.Event()

    async def _after_stall(self, response: NodeResponse) -> NodeResponse:
        while (left_s := self._faults.stalled_until - time.monotonic()) > 0:
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(left_s):
                    await self._faults_changed.wait()
        return response

    def _respond(self, method: bytes, target: bytes, content: bytes | None) -> NodeResponse | Coming:
        route = self._routes.get(target) or self._routes.get(_path(target))
        if route is None:
            return error(404, "no such path")
        allowed, operation = route
        if method != allowed and not (method == b"HEAD" and allowed == b"GET"):
            name = "GET, HEAD" if allowed == b"GET" else allowed.decode()
            return error(405, f"allowed here: {name}", f"content-type: application/json\r\nallow: {name}\r\n".encode())
        if content is None:
            return error(413, TOO_LONG)
        if operation is None:
            return _HEALTH
        try:
            argument = operation.checked(json_object(content))
        except BadRequest as reason:
            return error(400, str(reason))
        faults = self._faults
        failing = bool(faults.error_rate) and faults.rng.random() < faults.error_rate.get(operation.name, 0.0)
        if latency := faults.latency.get(operation.name):
            return self._late(operation, argument, failing, time.perf_counter_ns(), latency())
        return self._operate(operation, argument, failing, time.perf_counter_ns())

    async def _late(self, operation: _Operation, argument: Any, failing: bool, begin_ns: int, latency_s: float) -> NodeResponse:
        await self._sleep.until(begin_ns + int(latency_s * 1e9))
        return await self._after_stall(self._operate(operation, argument, failing, begin_ns))

    def _operate(self, operation: _Operation, argument: Any, failing: bool, begin_ns: int) -> NodeResponse:
        _, _, carry_out, key, metrics = operation
        if failing:
            if metrics.failed:
                metrics.failed.inc()
            return error(500, "fault injection: this operation failed")
        outcome = carry_out(argument)
        took_ns = time.perf_counter_ns() - begin_ns
        metrics.seconds.observe(took_ns / 1e9)
        metrics.total.inc()
        if key:
            return NodeResponse(200, orjson.dumps({key: outcome, "latency_us": took_ns / 1e3}))
        faults = self._faults
        if faults.wrong_signature_rate and faults.rng.random() < faults.wrong_signature_rate:
            first = outcome["signature"][0]
            outcome["signature"] = ("1" if first == "0" else "0") + outcome["signature"][1:]
        return NodeResponse(200, orjson.dumps(outcome))

    def metrics(self, method: bytes, target: bytes, content: bytes | None) -> NodeResponse | Coming:
        """/metrics, whatever the method."""
        if _path(target) != b"/metrics":
            return NodeResponse(404, b"only /metrics is here\n", _TEXT)
        return self._late_metrics(self._faults.metrics_latency_s) if self._faults.metrics_latency_s else self._page()

    async def _late_metrics(self, wait_s: float) -> NodeResponse:
        await asyncio.sleep(wait_s)
        return self._page()

    def _page(self) -> NodeResponse:
        if self._faults.metrics_down:
            return NodeResponse(503, b"fault injection: metrics are down\n", _TEXT)
        return NodeResponse(200, self._metrics.process_text() if self._faults.metrics_empty else self._metrics.text(), _METRICS)

    def admin(self, method: bytes, target: bytes, content: bytes | None) -> NodeResponse:
        """GET, HEAD, POST and DELETE /faults."""
        if _path(target) != b"/faults":
            return error(404, "only /faults is here")
        if content is None:
            return error(413, TOO_LONG)
        if method == b"POST":
            try:
                self._faults.set(json_object(content))
            except (FaultError, BadRequest) as reason:
                return error(400, str(reason))
        elif method == b"DELETE":
            self._faults.clear()
        elif method not in (b"GET", b"HEAD"):
            allow = b"content-type: application/json\r\nallow: GET, HEAD, POST, DELETE\r\n"
            return error(405, "allowed here: GET, HEAD, POST, DELETE", allow)
        if method in (b"POST", b"DELETE"):
            self._tell_stalled()
        return NodeResponse(200, orjson.dumps(self._faults.in_force()))


def _path(target: bytes) -> bytes:
    """The path of a request's target: without host and query, percent-decoded."""
    try:
        path = parse_url(target).path
    except HttpParserInvalidURLError:
        path = target
    return unquote_to_bytes(path or b"/")
