"""Responses that fill a read, or that never end: what comes behind belongs to nobody else, and others have their turn."""

import select
import subprocess
import sys
import threading
from contextlib import closing

import gevent
import pytest

from bizra_load.engine.client import Connection
from bizra_load.engine.core_pure import READ_BYTES
from tests.unit.engine.hostile_server import hostile_server, read_request, respond

HEAD = b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n"
OK = HEAD % 5 + b"hello"


def filling(letter):
    """A response that one read takes, and that fills it."""
    head = HEAD % (READ_BYTES - len(HEAD % READ_BYTES))
    return head + letter * (READ_BYTES - len(head))


def test_a_response_that_nobody_asked_for_is_not_taken_for_the_next_one():
    """It came behind one of several pieces, and the hub has not run since."""
    go = threading.Event()

    def more_than_asked(connection):
        read_request(connection)
        connection.sendall(filling(b"a"))
        assert go.wait(5)
        connection.sendall(OK)
        read_request(connection)

    def right(connection):
        read_request(connection)
        connection.sendall(filling(b"c"))

    with hostile_server(more_than_asked, right) as url, closing(Connection(url, timeout_s=5)) as connection:
        request = connection.prepare("GET", "/")
        assert set(connection.send(request, b"", lambda _: None).body) == {ord("a")}
        go.set()
        assert select.select([connection._channel.fd], [], [], 5)[0]
        assert set(connection.send(request, b"", lambda _: None).body) == {ord("c")}
        assert connection.reconnects == 1


ENDLESS = """
import socket
listener = socket.create_server(("127.0.0.1", 0))
print(listener.getsockname()[1], flush=True)
connection, _ = listener.accept()
connection.recv(1000)
connection.sendall(b"HTTP/1.1 200 OK\\r\\nTransfer-Encoding: chunked\\r\\n\\r\\n")
while True:
    connection.sendall((b"a\\r\\n" + b"x" * 10 + b"\\r\\n") * 10_000)
"""


def test_a_response_that_never_ends_leaves_others_their_turn():
    """Each reads all that is there before it waits, and there is always more, from a process of its own."""
    with (
        subprocess.Popen(
            [sys.executable, "-c", ENDLESS], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
        ) as server,
        hostile_server(respond(OK)) as url,
        closing(Connection(f"http://127.0.0.1:{int(server.stdout.readline())}", timeout_s=5)) as bad,
        closing(Connection(url, timeout_s=4)) as good,
    ):
        reading = gevent.spawn(bad.send, bad.prepare("GET", "/"), b"", lambda _: None)
        gevent.sleep(0.1)
        request, done = good.prepare("GET", "/"), 0
        while not reading.ready() and done < 3:
            assert good.send(request, b"", lambda _: None).body == b"hello"
            done += 1
        reading.kill()
        server.kill()
    assert done == 3, reading.exception


@pytest.mark.parametrize("of_all", [True, False])
@pytest.mark.parametrize("name", ["Host", "host", "HOST", "user-agent", "X-Mine"])
def test_a_header_is_sent_once_however_its_name_is_written(name, of_all):
    sent = []

    def script(connection):
        sent.append(read_request(connection))
        connection.sendall(OK)

    own = {name: "mine.example"}
    with hostile_server(script) as url, closing(Connection(url, headers=own if of_all else {name.upper(): "x"})) as connection:
        connection.send(connection.prepare("GET", "/", None if of_all else own), b"", lambda _: None)
    lines = [line for line in sent[0].decode().split("\r\n") if line.lower().startswith(f"{name.lower()}:")]
    assert lines == [f"{name}: mine.example"]
    assert sent[0].lower().count(b"\r\nhost: ") == 1
