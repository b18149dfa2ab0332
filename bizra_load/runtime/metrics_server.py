"""Serves the generator's metrics over HTTP, and notices who reads them."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterable
from typing import Any

import gevent
from gevent.pywsgi import WSGIServer
from prometheus_client import CollectorRegistry, make_wsgi_app

from bizra_load.exit_codes import UsageError

LONGEST_WAIT_S = 30.0  # for a last reading; slower scrapers than this miss the end of a headless run


class MetricsServer:
    """/metrics of one registry. Raises UsageError when the address can't be had."""

    def __init__(self, address: tuple[str, int], registry: CollectorRegistry) -> None:
        self._app: Callable[..., Iterable[bytes]] = make_wsgi_app(registry)
        self._last_s = -math.inf
        self._interval_s = math.inf
        self._server = WSGIServer(address, self._respond, log=None, error_log=None)
        try:
            self._server.start()
        except OSError as error:
            named = f"{address[0]}:{address[1]}"
            raise UsageError(f"--generator-metrics-port: {named}: {error.strerror} (allowed: a free port)") from None

    @property
    def port(self) -> int:
        port: int = self._server.server_port
        return port

    def wait_for_reading(self) -> bool:
        """Where a Prometheus has scraped at an interval: wait until they have once more, for what has changed since, at most
        one and a half of their intervals and LONGEST_WAIT_S. Whether they have.
        """
        if not math.isfinite(self._interval_s):
            return False
        gevent.sleep(0.05)  # requests that came while the run was judged are served first: their senders have given up since
        begin = time.monotonic()
        end = begin + min(1.5 * self._interval_s + 1, LONGEST_WAIT_S)
        while self._last_s < begin and time.monotonic() < end:
            gevent.sleep(0.02)
        gevent.sleep(0)  # the response is on its way before the process ends
        return self._last_s >= begin

    def stop(self) -> None:
        self._server.stop(timeout=1)

    def _respond(self, environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        if environ["PATH_INFO"] != "/metrics":
            start_response("404 Not Found", [("Content-Type", "text/plain")])
            return [b"only /metrics is here\n"]
        now = time.monotonic()
        self._interval_s = now - self._last_s
        response = self._app(environ, start_response)
        self._last_s = now
        return response
