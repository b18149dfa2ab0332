"""A small HTTP/1.1 service of the tests' own that counts what it was asked."""

from __future__ import annotations

import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


@dataclass
class Shop:
    """`asked`: requests by method and path without a query."""

    url: str = ""
    asked: Counter[tuple[str, str]] = field(default_factory=Counter)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def total(self) -> int:
        with self.lock:
            return self.asked.total()


@contextmanager
def serving() -> Iterator[Shop]:
    """/slow takes 50 ms, /never does not end, /broken fails with status 500, /empty has no body, all else is a small JSON."""
    shop, ended = Shop(), threading.Event()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        disable_nagle_algorithm = True

        def log_message(self, *_: object) -> None:
            pass

        def do_GET(self) -> None:
            self.rfile.read(int(self.headers.get("Content-Length") or 0))
            path = self.path.partition("?")[0]
            with shop.lock:
                shop.asked[self.command, path] += 1
            if path == "/slow":
                time.sleep(0.05)
            if path == "/never":
                ended.wait()
                return
            body = b"" if path == "/empty" else b'{"items": [1, 2, 3], "ok": true}'
            self.send_response(500 if path == "/broken" else 200)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        do_POST = do_PUT = do_DELETE = do_GET

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True)
    thread.start()
    shop.url = f"http://127.0.0.1:{server.server_port}"
    try:
        yield shop
    finally:
        ended.set()
        server.shutdown()
        server.server_close()
