"""A WebSocket server that sends back what it is sent."""

from __future__ import annotations

import socketserver
import threading
from collections.abc import Iterator
from contextlib import contextmanager

from wsproto import ConnectionType, WSConnection
from wsproto.events import AcceptConnection, CloseConnection, Request, TextMessage


class _Echo(socketserver.BaseRequestHandler):
    def handle(self) -> None:
        connection = WSConnection(ConnectionType.SERVER)
        while data := self.request.recv(4096):
            connection.receive_data(data)
            for event in connection.events():
                if isinstance(event, Request):
                    self.request.sendall(connection.send(AcceptConnection()))
                elif isinstance(event, TextMessage):
                    self.request.sendall(connection.send(TextMessage(event.data)))
                elif isinstance(event, CloseConnection):
                    self.request.sendall(connection.send(event.response()))
                    return


class _Server(socketserver.ThreadingTCPServer):
    daemon_threads = allow_reuse_address = True


@contextmanager
def echoing() -> Iterator[str]:
    """URL of the server while the block runs."""
    with _Server(("127.0.0.1", 0), _Echo) as server:
        threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
        try:
            yield f"ws://127.0.0.1:{server.server_address[1]}"
        finally:
            server.shutdown()
