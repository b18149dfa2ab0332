"""A server that misbehaves on purpose: every accepted connection is handed to a script, a function of the socket."""

from __future__ import annotations

import contextlib
import socket
import ssl
import struct
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import trustme

Script = Callable[[socket.socket], None]


@contextmanager
def hostile_server(*scripts: Script, buffer_bytes: int = 0) -> Iterator[str]:
    """URL of a server whose n-th connection runs the n-th script (the last one again and again). `buffer_bytes`: so much is
    received before the script reads it (0: as the system has it).
    """
    listener = socket.socket()
    if buffer_bytes:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, buffer_bytes)
    listener.bind(("127.0.0.1", 0))
    listener.listen()
    port = listener.getsockname()[1]

    def serve() -> None:
        number = 0
        with contextlib.suppress(OSError):
            while True:
                connection, _ = listener.accept()
                script = scripts[min(number, len(scripts) - 1)]
                number += 1
                threading.Thread(target=_run, args=(script, connection), daemon=True).start()

    threading.Thread(target=serve, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{port}"
    finally:
        listener.close()


def _run(script: Script, connection: socket.socket) -> None:
    connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    with connection, contextlib.suppress(OSError):
        script(connection)


def secured(authority: trustme.CA, name: str, script: Script) -> Script:
    """The script behind TLS, with a certificate of `authority` for `name`."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert(name).configure_cert(context)

    def behind(connection: socket.socket) -> None:
        with context.wrap_socket(connection, server_side=True) as secure:
            script(secure)

    return behind


def read_request(connection: socket.socket) -> bytes:
    """One whole request: head, and the body if it has a Content-Length."""
    data = b""
    while b"\r\n\r\n" not in data:
        piece = connection.recv(65_536)
        if not piece:
            raise OSError("closed by the client")
        data += piece
    head, _, body = data.partition(b"\r\n\r\n")
    length = int(head.partition(b"Content-Length: ")[2].partition(b"\r\n")[0] or 0)
    while len(body) < length:
        body += connection.recv(65_536)
    return head + b"\r\n\r\n" + body


def respond(*pieces: bytes, close: bool = False, reset: bool = False) -> Script:
    """Send these pieces to every request, each in a segment of its own."""

    def script(connection: socket.socket) -> None:
        while True:
            read_request(connection)
            for piece in pieces:
                connection.sendall(piece)
            if reset:
                connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            if close or reset:
                return

    return script


def silent(connection: socket.socket) -> None:
    """Read the request and never respond."""
    while connection.recv(65_536):
        pass
