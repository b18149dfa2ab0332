"""HTTP servers of a test's own: one that answers every GET with what a function gives, and one that tells what it was asked."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


class _Silent(BaseHTTPRequestHandler):
    def log_message(self, *_: object) -> None:
        pass

    def answer(self, content: bytes, content_type: str) -> None:
        self.send_response(200)
        self.send_header("Content-Type", content_type)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)


@contextmanager
def answering(content_type: str, body: Callable[[], bytes]) -> Iterator[str]:
    """host:port while the block runs; `body` is called for each request, from a thread of its own."""

    class Handler(_Silent):
        def do_GET(self) -> None:
            self.answer(body(), content_type)

    with _served(Handler) as address:
        yield address


@contextmanager
def listening(asked: list[tuple[str, str, str | None, str | None]]) -> Iterator[str]:
    """URL of a server whose every request's (method, path, Authorization, X-Key) goes to `asked`."""

    class Handler(_Silent):
        def do_GET(self) -> None:
            self.rfile.read(int(self.headers.get("Content-Length") or 0))
            asked.append((self.command, self.path, self.headers.get("Authorization"), self.headers.get("X-Key")))
            self.answer(b"{}", "application/json")

        do_POST = do_GET

    with _served(Handler) as address:
        yield f"http://{address}"


@contextmanager
def _served(handler: type[BaseHTTPRequestHandler]) -> Iterator[str]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    server.daemon_threads = True  # a kept connection may outlive the block
    thread = threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True)
    thread.start()
    try:
        yield f"127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
