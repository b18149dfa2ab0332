"""The node over RSGI: the service, its metrics and its admin interface, each on a port of its own.

The time inside an operation is taken around the operation alone; injected latency counts as part of it. A stall holds
finished answers back and stays outside, as a frozen network or process pause would.

The metrics are rendered in the same event loop (0.4 ms a scrape): a thread of its own would fight for the interpreter
lock in the middle of operations, here a scrape falls between them and never into a measured time.
"""

from __future__ import annotations

import asyncio
import contextlib
import time
from typing import Any

import orjson

from bizra_load.node.attestations import Attestor, BadRequest, json_object
from bizra_load.node.faults import FaultError, Faults
from bizra_load.node.metrics import NodeMetrics
from bizra_load.node.precise_sleep import PreciseSleep

MAX_REQUEST_BYTES = 1024 * 1024
_JSON = [("content-type", "application/json")]
_METHODS = {
    "/api/v1/poi/generate": "POST",
    "/api/v1/poi/verify": "POST",
    "/api/v1/finality": "POST",
    "/health": "GET",
}
_OPERATIONS = {
    "/api/v1/poi/generate": "generate",
    "/api/v1/poi/verify": "verify",
    "/api/v1/finality": "finality",
}


class Node:
    """State shared by the three interfaces; everything runs in one event loop, so counters are exact without locks."""

    def __init__(self, attestor: Attestor, metrics: NodeMetrics, faults: Faults) -> None:
        self._attestor = attestor
        self._metrics = metrics
        self._faults = faults
        self._sleep = PreciseSleep()
        self._faults_changed = asyncio.Event()

    async def service(self, scope: Any, protocol: Any) -> None:
        if scope.proto != "http":
            return
        status, answer = await self._answer(scope, protocol)
        while (left_s := self._faults.stalled_until - time.monotonic()) > 0:
            with contextlib.suppress(asyncio.TimeoutError):
                await asyncio.wait_for(self._faults_changed.wait(), left_s)
        headers = [*_JSON, ("allow", _METHODS[scope.path])] if status == 405 else _JSON
        protocol.response_bytes(status, headers, answer)

    def release(self) -> None:
        """All faults off, and the answers that a stall holds back are sent."""
        self._faults.clear()
        self._tell_stalled()

    def _tell_stalled(self) -> None:
        self._faults_changed.set()
        self._faults_changed = asyncio.Event()

    async def _answer(self, scope: Any, protocol: Any) -> tuple[int, bytes]:
        expected = _METHODS.get(scope.path)
        if expected is None:
            return 404, _error("no such path")
        if scope.method != expected:
            return 405, _error(f"only {expected} is allowed here")
        operation = _OPERATIONS.get(scope.path)
        if operation is None:
            return 200, b'{"status":"ok"}'
        try:
            return await self._operate(operation, json_object(await _request(scope, protocol)))
        except BadRequest as reason:
            return 400, _error(str(reason))

    async def _operate(self, operation: str, request: dict[str, Any]) -> tuple[int, bytes]:
        attestor, faults, metrics = self._attestor, self._faults, self._metrics.operations[operation]
        if operation == "generate":
            argument: Any = attestor.evidence_of(request)
        elif operation == "verify":
            argument = attestor.signed_parts(request)
        else:
            argument = attestor.hash_of(request)
        failing = faults.error_rate and faults.rng.random() < faults.error_rate.get(operation, 0.0)
        begin_ns = time.perf_counter_ns()
        if latency := faults.latency.get(operation):
            await self._sleep.until(begin_ns + int(latency() * 1e9))
        if failing:
            if metrics.failed:
                metrics.failed.inc()
            return 500, _error("fault injection: this operation failed")
        if operation == "generate":
            result = attestor.generate(argument)
        elif operation == "verify":
            result = {"valid": attestor.verify(*argument)}
        else:
            result = {"finalized": attestor.is_final(argument)}
        took_ns = time.perf_counter_ns() - begin_ns
        metrics.seconds.observe(took_ns / 1e9)
        metrics.total.inc()
        if operation != "generate":
            result["latency_us"] = took_ns / 1e3
        elif faults.wrong_signature_rate and faults.rng.random() < faults.wrong_signature_rate:
            first = result["signature"][0]
            result["signature"] = ("1" if first == "0" else "0") + result["signature"][1:]
        return 200, orjson.dumps(result)

    async def metrics(self, scope: Any, protocol: Any) -> None:
        if scope.proto != "http":
            return
        if scope.path != "/metrics":
            protocol.response_str(404, [("content-type", "text/plain")], "only /metrics is here\n")
            return
        if self._faults.metrics_latency_s:
            await asyncio.sleep(self._faults.metrics_latency_s)
        if self._faults.metrics_down:
            protocol.response_str(503, [("content-type", "text/plain")], "fault injection: metrics are down\n")
            return
        content = [("content-type", "text/plain; version=0.0.4; charset=utf-8")]
        protocol.response_bytes(
            200, content, self._metrics.process_text() if self._faults.metrics_empty else self._metrics.text()
        )

    async def admin(self, scope: Any, protocol: Any) -> None:
        """GET, POST and DELETE /faults."""
        if scope.proto != "http":
            return
        status, answer = 200, b""
        if scope.path != "/faults":
            status, answer = 404, _error("only /faults is here")
        elif scope.method == "POST":
            try:
                self._faults.set(json_object(await _request(scope, protocol)))
            except (FaultError, BadRequest) as error:
                status, answer = 400, _error(str(error))
        elif scope.method == "DELETE":
            self._faults.clear()
        elif scope.method != "GET":
            status, answer = 405, _error("only GET, POST and DELETE are allowed here")
        if scope.method != "GET" and status == 200:
            self._tell_stalled()
        protocol.response_bytes(status, _JSON, answer or orjson.dumps(self._faults.shown()))


async def _request(scope: Any, protocol: Any) -> bytes:
    """The request's content. Raises BadRequest when it is too long, after reading no more of it than that."""
    length = scope.headers.get("content-length")
    if length is not None and int(length) <= MAX_REQUEST_BYTES:
        whole: bytes = await protocol()
        return whole
    parts = bytearray()
    async for part in protocol:
        parts += part
        if len(parts) > MAX_REQUEST_BYTES:
            raise BadRequest(f"the request is longer than {MAX_REQUEST_BYTES} bytes")
    return bytes(parts)


def _error(reason: str) -> bytes:
    return orjson.dumps({"error": reason})
