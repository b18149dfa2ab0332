"""What a Connection makes of hostile servers, for scripts that come as lines of JSON: run as a process for each core.

A script has `connections`, each a list of responses, each a list of pieces (latin-1); behind the last one, and where the client
waits for more than that, the connection is closed. `requests` are (method, body). The response says of each request what came
of it, and what the server received.
"""

from __future__ import annotations

import contextlib
import fcntl
import json
import select
import socket
import struct
import sys
import termios
import threading
import time
from typing import Any

import gevent

from bizra_load.engine import core
from bizra_load.engine.client import Connection
from bizra_load.engine.errors import EngineError
from tests.unit.engine.hostile_server import hostile_server, read_request

LONG = "\xa7"  # stands for a body that takes several reads
WITHIN_S = 60.0  # nothing here depends on it: every connection is closed in the end


class Client(Connection):
    idle = True


def whole(text: str) -> bytes:
    return text.replace(LONG, "z" * 70_000).encode("latin-1")


def short(data: bytes) -> str:
    return data.decode("latin-1") if len(data) < 2_000 else f"{len(data)} bytes, {hash(data)}"


def readable(here: socket.socket) -> bool:
    return bool(select.select([here], [], [], 0)[0])


def queued(sock: Any, what: int) -> int:
    number: tuple[int] = struct.unpack("i", fcntl.ioctl(sock.fileno(), what, bytes(4)))
    return number[0]


def asking(client: list[Client]) -> bool:
    """Whether the client is in the middle of an exchange."""
    return not client[0].idle


def stalled(client: list[Client], here: socket.socket) -> bool:
    """Whether the client waits for bytes that nobody has sent, and nothing of its own is on the way."""
    channel = client[0]._channel
    if channel is None or channel.fd not in client[0]._reactor.waiting:
        return False
    with contextlib.suppress(OSError, ValueError):  # it was closed meanwhile
        return not (
            queued(here, termios.TIOCOUTQ) or queued(channel.sock, termios.FIONREAD) or queued(channel.sock, termios.TIOCOUTQ)
        )
    return False


class Server:
    """One connection of a script. `settled`: it waits for the next request, or has ended the stream: from then on nothing of
    the next exchange depends on who was sooner.
    """

    def __init__(self, responses: list[list[str]], client: list[Client]) -> None:
        self.responses, self.client = responses, client
        self.received: list[bytes] = []
        self.settled, self.ended = threading.Event(), False
        self.unasked = False  # something was sent behind the end of a response

    def run(self, here: socket.socket) -> None:
        for number, response in enumerate(self.responses):
            while not readable(here) and not stalled(self.client, here):
                time.sleep(0.0005)
            if not readable(here):
                break
            self.settled.clear()
            self.received.append(read_request(here))
            for piece in response:
                while asking(self.client) and not stalled(self.client, here):
                    time.sleep(0.0005)  # until the one before was read: or chance decides whether both are
                self.unasked = self.unasked or not asking(self.client)
                here.sendall(whole(piece))
            if number + 1 < len(self.responses):
                self.settled.set()
        here.shutdown(socket.SHUT_WR)
        self.ended = True
        self.settled.set()
        while here.recv(65_536):  # until the client closes: no reset tells it anything
            pass


def settle(connection: Client, servers: list[Server]) -> None:
    """Between two requests: the client knows of what came unasked, and of the end of the stream."""
    while (channel := connection._channel) is not None:
        server = servers[connection.reconnects] if connection.reconnects < len(servers) else servers[-1]
        if server.settled.is_set() and (not (server.ended or server.unasked) or channel.fd in connection._reactor.hints):
            return
        gevent.sleep(0.0005)


def outcome(script: dict[str, Any]) -> list[Any]:
    client: list[Client] = []
    servers = [Server(responses, client) for responses in script["connections"]]
    servers += [Server([], client) for _ in range(2 * len(script["requests"]))]
    events: list[Any] = []
    with hostile_server(*(server.run for server in servers)) as url:
        connection = Client(url, WITHIN_S)
        client.append(connection)
        prepared = {method: connection.prepare(method, "/x") for method, _ in script["requests"]}
        for method, body in script["requests"]:
            times: list[int] = []
            connection.idle = False
            try:
                response = connection.send(prepared[method], whole(body), times.append)
                assert [response.sent_ns] == times
                assert response.sent_ns <= response.done_ns
                events.append([response.status, short(response.body), response.location])
            except EngineError as error:
                events.append([type(error).__name__, str(error), connection.last_started, len(times)])
            connection.idle = True
            settle(connection, servers)
        connection.close()
        port = url.rpartition(":")[2].encode()
    received = [short(data.replace(port, b"PORT")) for server in servers for data in server.received]
    return [events, connection.reconnects, received]


def main() -> None:
    print(core.KIND, flush=True)
    for line in sys.stdin:
        with contextlib.suppress(BrokenPipeError):
            print(json.dumps(outcome(json.loads(line))), flush=True)


if __name__ == "__main__":
    main()
